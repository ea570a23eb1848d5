"""Surface files: an .npz archive of arrays and one JSON text, written whole or not at all.

A file may come from anyone, so nothing in it is trusted; `lossviz.common.npz` says how it is read.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossviz.common import npz
from lossviz.common.npz import File, Shape
from lossviz.common.plain_text import quoted
from lossviz.common.typing import Floats
from lossviz.landscape.grid import coarse_indices, stride_for

FORMAT = "lossviz surface"
VERSION = 1
MAX_POINTS = 4001  # along an axis: a file of 128 MB
INVALID = "this is not a whole lossviz surface file"

ShapeCheck = Callable[[Shape], str | None]  # returns what is wrong with a shape, or None


@dataclass(frozen=True)
class SurfaceFacts:
    """How a surface or a profile was computed."""

    method: str  # how the plane's directions were chosen
    axes: tuple[str, str]  # labels of a and b
    explained: tuple[float, float] | None  # share of variance of each direction, for a PCA plane
    lengths: tuple[float, float]  # Euclidean lengths of the two directions
    cosine: float  # of the angle between them
    weights: int  # number of weights that move
    loss_name: str
    examples: int  # number of examples that the loss is averaged over
    batches: int  # number of batches
    subset: bool  # whether max_batches left out some of the data
    was_training: bool  # whether the model was in train mode; it was evaluated in eval mode
    dtype: str  # of the weights, as "float32"
    device: str  # of the weights, as "cpu"
    evaluator: str  # name of the evaluator, "vectorized" or "reference"
    reason: str  # why that evaluator was chosen
    torch: str  # version of torch
    stride: int = 1  # above 1, only every stride-th point of a finer grid is included
    still: str = ""  # which parameters the directions do not move, as biases
    buffers: str = ""  # how buffers change over the plane; "" for a model without BatchNorm
    averaging: str = ""  # how the loss is made of several batches; "" in a file that does not tell
    rounding: str = ""  # what is lost where the weights are of half precision


def write(
    file: File,
    a: Floats,
    b: Floats,
    loss: Floats,
    facts: SurfaceFacts,
    done: NDArray[np.bool_] | None = None,
    fingerprint: str = "",
) -> None:
    """Write a surface, or an unfinished one: ``done`` (k, k) says which points have been computed."""
    header = {"format": FORMAT, "version": VERSION, "facts": asdict(facts), "fingerprint": fingerprint}
    arrays: dict[str, np.ndarray] = {"about": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)}
    arrays |= {"a": a, "b": b, "loss": loss}
    if done is not None and not done.all():
        arrays["done"] = done
    npz.write(file, arrays)


def read(file: File, max_points: int | None = None) -> tuple[Floats, Floats, Floats, SurfaceFacts]:
    """a, b, loss and facts of a finished surface. Raises ValueError for anything else.

    With ``max_points``, of a grid with more points along an axis only every 2nd, 3rd ... is read, and
    ``facts.stride`` says so. The file is read row by row: only what is returned is ever in memory.
    """
    arrays, facts, _ = read_content(file, max_points)
    if "done" in arrays:
        done = arrays["done"]
        raise ValueError(
            f"this surface is unfinished, {int(done.sum())} of {done.size} points; "
            "go on with surface(..., resume=file)"
        )
    return arrays["a"], arrays["b"], arrays["loss"], facts


def read_content(
    file: File, max_points: int | None = None
) -> tuple[dict[str, np.ndarray], SurfaceFacts, str]:
    """The arrays a, b, loss and, if the surface is unfinished, done; its facts; its fingerprint.

    With ``max_points``, the loss of a finished surface is thinned as in `read`.
    """
    with npz.open_archive(file, "surface") as archive:
        names = npz.member_names(archive, "surface", {"about", "a", "b", "loss"}, {"done"})
        text = npz.read_array(archive, "about", "|u1", _at_most(1, 2**17)).tobytes()
        header = npz.check_metadata(json.loads(text), "surface", VERSION, {"facts", "fingerprint"})
        facts = _metadata(header["facts"])
        a, b = (npz.read_array(archive, name, "<f8", _at_most(1)) for name in ("a", "b"))
        grid = (len(b), len(a))
        arrays = {"a": a, "b": b}
        stride = 1 if max_points is None else stride_for(grid, max_points)
        if stride == 1:
            arrays["loss"] = npz.read_array(archive, "loss", "<f8", _at_most(2))
        if "done" in names:
            arrays["done"] = npz.read_array(archive, "done", "|b1", _at_most(2))
        elif stride > 1:
            rows, columns = coarse_indices(len(b), stride), coarse_indices(len(a), stride)
            arrays["loss"] = npz.read_subsampled(archive, "loss", "<f8", _exactly(grid), rows, columns)
    if stride == 1 and any(arrays[name].shape != grid for name in arrays if name not in "ab"):
        raise ValueError(f"{INVALID}: its arrays do not fit together")
    if not (
        np.isfinite(a).all() and np.isfinite(b).all() and (a[1:] > a[:-1]).all() and (b[1:] > b[:-1]).all()
    ):
        raise ValueError(f"{INVALID}: its coordinates do not rise")
    if stride > 1 and "done" not in arrays:
        arrays |= {"a": a[columns], "b": b[rows]}
        facts = replace(facts, stride=facts.stride * stride)
    return arrays, facts, str(header.get("fingerprint", ""))


def _metadata(values: Any) -> SurfaceFacts:
    """The facts in a file's header, every field checked."""
    known = fields(SurfaceFacts)
    needed = {field.name for field in known if field.default is MISSING}  # older files lack the others
    if not isinstance(values, dict) or not needed <= set(values) <= {field.name for field in known}:
        raise ValueError(f"{INVALID}: its facts are not those of a surface")
    pairs = {"axes": str, "lengths": float, "explained": float}
    types = {"weights": int, "examples": int, "batches": int, "stride": int, "subset": bool,
             "was_training": bool, "cosine": float}  # fmt: skip
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name in pairs:
            if value is None and name == "explained":
                checked[name] = None
                continue
            first, second = value
            checked[name] = (pairs[name](first), pairs[name](second))
        else:
            expected = types.get(name, str)
            no_count = expected is int and (type(value) is not int or value < (name == "stride"))
            if no_count or not isinstance(value, (int, float) if expected is float else expected):
                raise ValueError(f"{INVALID}: {name} is {quoted(value, 40)}")
            checked[name] = value
    return SurfaceFacts(**checked)


def _at_most(ndim: int, longest: int = MAX_POINTS) -> ShapeCheck:
    """Refuses a shape with another number of axes, or with more than ``longest`` entries along one."""

    def refusal(shape: Shape) -> str | None:
        if len(shape) != ndim:
            return f"must be {ndim}-dimensional; got shape {str(shape)[:80]}"
        if not all(0 < size <= longest for size in shape):
            return f"must have from 1 to {longest} entries along an axis; got shape {str(shape)[:80]}"
        return None

    return refusal


def _exactly(wanted: Shape) -> ShapeCheck:
    """Refuses any other shape."""

    def refusal(shape: Shape) -> str | None:
        return None if shape == wanted else f"must have shape {wanted}; got {str(shape)[:80]}"

    return refusal
