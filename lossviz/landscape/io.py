"""Surface files: an .npz that holds numbers and one JSON text, written whole or not at all.

A file may come from anyone, so nothing in it is trusted; `npz` says how it is read.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from lossviz.common import npz
from lossviz.common.npz import File, Shape
from lossviz.common.plain_text import quoted
from lossviz.landscape.grid import coarse, skips

FORMAT = "lossviz surface"
VERSION = 1
MOST_POINTS = 4001  # along an axis: a file of 128 MB
UNFIT = "this is not a whole lossviz surface file: its arrays do not fit together"


@dataclass(frozen=True)
class Facts:
    """How a surface was made: what a reader needs to judge it."""

    method: str  # of the plane
    axes: tuple[str, str]  # labels of a and b
    explained: tuple[float, float] | None  # share of variance of each direction, for a PCA plane
    lengths: tuple[float, float]  # of the two directions
    cosine: float  # of the angle between them
    weights: int  # how many move
    loss_name: str
    examples: int
    batches: int
    subset: bool  # max_batches left something out
    was_training: bool  # the model was in train mode; it was evaluated in eval mode
    dtype: str
    device: str
    evaluator: str  # "vectorized" or "reference"
    reason: str  # why that one
    torch: str  # version
    stride: int = 1  # above 1: a coarse picture, every stride-th point of the grid


def write(
    file: File,
    a: np.ndarray,
    b: np.ndarray,
    loss: np.ndarray,
    facts: Facts,
    done: np.ndarray | None = None,
    key: str = "",
) -> None:
    """Writes a surface; with ``done`` (k, k) bool and its ``key``, one that may be unfinished."""
    about = json.dumps({"format": FORMAT, "version": VERSION, "facts": asdict(facts), "key": key})
    arrays: dict[str, np.ndarray] = {"about": np.frombuffer(about.encode(), dtype=np.uint8)}
    arrays |= {"a": a, "b": b, "loss": loss}
    if done is not None and not done.all():
        arrays["done"] = done
    npz.write(file, arrays)


def read(file: File, most: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, Facts]:
    """a, b, loss and facts. Raises ValueError for anything but a whole surface file.

    With ``most``, of a grid with more points along an axis every 2nd, or 3rd ... is kept, the last among
    them, and ``facts.stride`` says so. The others are read row by row: only what is kept is in memory.
    """
    arrays, facts, _ = content(file, most)
    if "done" in arrays:
        done = arrays["done"]
        raise ValueError(
            f"this surface is unfinished, {int(done.sum())} of {done.size} points; "
            "go on with surface(..., resume=file)"
        )
    return arrays["a"], arrays["b"], arrays["loss"], facts


def content(file: File, most: int | None = None) -> tuple[dict[str, np.ndarray], Facts, str]:
    """The arrays a, b, loss and, of an unfinished surface, done; its facts; the key of who made it.

    With ``most``, the loss of a finished surface is thinned as `read` says.
    """
    with npz.reading(file, "surface") as archive:
        names = npz.members(archive, "surface", {"about", "a", "b", "loss"}, {"done"})
        given = json.loads(npz.array(archive, "about", "|u1", _up_to(1, 2**16)).tobytes())
        about = npz.about(given, "surface", VERSION, {"facts", "key"})
        facts = _facts(about["facts"])
        a, b = (npz.array(archive, name, "<f8", _up_to(1)) for name in ("a", "b"))
        grid = (len(b), len(a))
        arrays = {"a": a, "b": b}
        skip = 1 if most is None else skips(grid, most)
        if skip == 1:
            arrays["loss"] = npz.array(archive, "loss", "<f8", _up_to(2))
        if "done" in names:
            arrays["done"] = npz.array(archive, "done", "|b1", _up_to(2))
        elif skip > 1:
            rows, columns = coarse(len(b), skip), coarse(len(a), skip)
            arrays["loss"] = npz.thinned(archive, "loss", "<f8", _exactly(grid), rows, columns)
    if skip == 1 and any(arrays[name].shape != grid for name in arrays if name not in "ab"):
        raise ValueError(UNFIT)
    if not (
        np.isfinite(a).all() and np.isfinite(b).all() and (a[1:] > a[:-1]).all() and (b[1:] > b[:-1]).all()
    ):
        raise ValueError("this is not a whole lossviz surface file: its coordinates do not rise")
    if skip > 1 and "done" not in arrays:
        arrays |= {"a": a[columns], "b": b[rows]}
        facts = replace(facts, stride=facts.stride * skip)
    return arrays, facts, str(about.get("key", ""))


def _facts(given: Any) -> Facts:
    if not isinstance(given, dict) or set(given) != {field.name for field in fields(Facts)}:
        raise ValueError("this is not a whole lossviz surface file: its facts are not those of a surface")
    pairs = {"axes": str, "lengths": float, "explained": float}
    kinds = {"weights": int, "examples": int, "batches": int, "stride": int, "subset": bool,
             "was_training": bool, "cosine": float}  # fmt: skip
    clean: dict[str, Any] = {}
    for name, value in given.items():
        if name in pairs:
            if value is None and name == "explained":
                clean[name] = None
                continue
            first, second = value
            clean[name] = (pairs[name](first), pairs[name](second))
        else:
            kind = kinds.get(name, str)
            numbers = kind is int and (type(value) is not int or value < (name == "stride"))
            if numbers or not isinstance(value, (int, float) if kind is float else kind):
                raise ValueError(f"this is not a whole lossviz surface file: {name} is {quoted(value, 40)}")
            clean[name] = value
    return Facts(**clean)


def _up_to(ndim: int, longest: int = MOST_POINTS) -> Any:
    """Refuses a shape of another number of axes, or of more than ``longest`` entries along one."""

    def refusal(shape: Shape) -> str | None:
        if len(shape) != ndim:
            return f"must be {ndim}-dimensional; got shape {str(shape)[:80]}"
        if not all(0 < size <= longest for size in shape):
            return f"must have from 1 to {longest} entries along an axis; got shape {str(shape)[:80]}"
        return None

    return refusal


def _exactly(wanted: Shape) -> Any:
    """Refuses any other shape."""

    def refusal(shape: Shape) -> str | None:
        return None if shape == wanted else f"must have shape {wanted}; got {str(shape)[:80]}"

    return refusal
