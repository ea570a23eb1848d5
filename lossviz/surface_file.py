"""Surface files: an .npz that holds numbers and one JSON text, written whole or not at all.

A file may come from anyone, so nothing in it is trusted: no pickle is ever read, and no array is made
before its declared size was compared with a limit and with the bytes that are there.
"""

import io
import json
import os
import tokenize
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from lossviz.windows import coarse, skips

FORMAT = "lossviz surface"
VERSION = 1
MOST_POINTS = 4001  # along an axis: a file of 128 MB
PIECE = 2**20  # bytes that are read at a time
UNFIT = "this is not a whole lossviz surface file: its arrays do not fit together"

File = str | os.PathLike[str] | IO[bytes]


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
    evaluator: str  # "stacked" or "loop"
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
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # numpy's stub takes a name for allow_pickle
    if not isinstance(file, (str, os.PathLike)):
        file.write(content.getvalue())
        return
    target = Path(file)
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        half.write_bytes(content.getvalue())
        os.replace(half, target)  # whoever looks sees the old file or the new one
    finally:
        with suppress(FileNotFoundError):
            half.unlink()


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


WHAT_BREAKS = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError,
    UnicodeDecodeError, RecursionError, OverflowError, SyntaxError, tokenize.TokenError,
)  # fmt: skip


def opened(file: File) -> zipfile.ZipFile:
    """A file of ours, whose members are stored or deflated: decoders that nobody needs are not let near it.

    ValueError for what is neither a path nor a file, and for members that are packed in another way.
    """
    if not isinstance(file, (str, os.PathLike)) and not hasattr(file, "read"):
        raise ValueError(f"it must be a path or a file opened for reading bytes; got {type(file).__name__}")
    archive = zipfile.ZipFile(file)
    if {info.compress_type for info in archive.infolist()} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return archive
    archive.close()
    raise ValueError("it is compressed in a way that no file of ours is")


def why_not(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def content(file: File, most: int | None = None) -> tuple[dict[str, np.ndarray], Facts, str]:
    try:
        with opened(file) as archive:
            names = [info.filename for info in archive.infolist()]
            if len(names) != len(set(names)) or not {"about.npy", "a.npy", "b.npy", "loss.npy"} <= set(names):
                raise ValueError("this is not a lossviz surface file: it lacks what one has")
            if not set(names) <= {"about.npy", "a.npy", "b.npy", "loss.npy", "done.npy"}:
                raise ValueError("this is not a lossviz surface file: it holds what none has")
            about = json.loads(_array(archive, "about", "|u1", 1, 2**16).tobytes())
            facts = _facts(about)
            a, b = (_array(archive, name, "<f8", 1, MOST_POINTS) for name in ("a", "b"))
            arrays = {"a": a, "b": b}
            skip = 1 if most is None else skips((len(b), len(a)), most)
            if skip == 1:
                arrays["loss"] = _array(archive, "loss", "<f8", 2, MOST_POINTS)
            if "done.npy" in names:
                arrays["done"] = _array(archive, "done", "|b1", 2, MOST_POINTS)
            elif skip > 1:
                rows, columns = coarse(len(b), skip), coarse(len(a), skip)
                arrays["loss"] = _thinned(archive, (len(b), len(a)), rows, columns)
    except ValueError as error:
        if str(error).startswith("this "):  # said by us, and said well
            raise
        raise ValueError(f"this is not a whole lossviz surface file: {why_not(error)}") from error
    except WHAT_BREAKS as error:
        raise ValueError(f"this is not a whole lossviz surface file: {why_not(error)}") from error
    if skip == 1 and any(arrays[name].shape != (len(b), len(a)) for name in arrays if name not in "ab"):
        raise ValueError(UNFIT)
    if not (
        np.isfinite(a).all() and np.isfinite(b).all() and (np.diff(a) > 0).all() and (np.diff(b) > 0).all()
    ):
        raise ValueError("this is not a whole lossviz surface file: its coordinates do not rise")
    if skip > 1 and "done" not in arrays:
        arrays |= {"a": a[columns], "b": b[rows]}
        facts = replace(facts, stride=facts.stride * skip)
    return arrays, facts, str(about.get("key", ""))


def _facts(about: Any) -> Facts:
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError("this is not a lossviz surface file: it does not say that it is one")
    version = about.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"this surface file has no version that makes sense: {version!r:.40}")
    if version > VERSION:
        raise ValueError(
            f"this surface file is of version {version!r:.40}; this lossviz reads up to {VERSION}"
        )
    given = about["facts"]
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
                raise ValueError(f"this is not a whole lossviz surface file: {name} is {str(value)[:40]!r}")
            clean[name] = value
    return Facts(**clean)


def _array(archive: zipfile.ZipFile, name: str, dtype: str, ndim: int, longest: int) -> np.ndarray:
    """An array of one dtype and number of axes, none longer than ``longest``."""
    with archive.open(f"{name}.npy") as stream:
        array = np.empty(_shape(stream, name, dtype, ndim, longest), dtype)
        _fill(stream, name, array, array.nbytes)
        _end(stream, name, array.nbytes)
    return array


def _thinned(
    archive: zipfile.ZipFile, shape: tuple[int, int], rows: list[int], columns: list[int]
) -> np.ndarray:
    """Those rows and columns of a loss of that shape; one row at a time is in memory."""
    kept, row = np.empty((len(rows), len(columns))), np.empty(shape[1])
    with archive.open("loss.npy") as stream:
        if _shape(stream, "loss", "<f8", 2, MOST_POINTS) != shape:
            raise ValueError(UNFIT)
        place = 0
        for number in range(shape[0]):
            _fill(stream, "loss", row, shape[0] * row.nbytes)
            if number == rows[place]:  # the last row is among them
                kept[place] = row[columns]
                place += 1
        _end(stream, "loss", shape[0] * row.nbytes)
    return kept


def _shape(stream: IO[bytes], name: str, dtype: str, ndim: int, longest: int) -> tuple[int, ...]:
    """What the array's header says, if it is one of ours."""
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} is written in a way that no surface file is")
    shape, fortran, found = np.lib.format.read_array_header_1_0(stream)
    if found != np.dtype(dtype) or fortran or len(shape) != ndim:
        raise ValueError(
            f"{name} must be a {ndim}-dimensional array of {np.dtype(dtype)}; got {found} {shape}"
        )
    if not all(0 < size <= longest for size in shape):
        raise ValueError(f"{name} must have from 1 to {longest} entries along an axis; got shape {shape}")
    return tuple(shape)


def _fill(stream: IO[bytes], name: str, array: np.ndarray, count: int) -> None:
    """Reads an array, which has all or a part of the ``count`` bytes that there must be, a piece at a time:
    the memory of what is not there is never touched."""
    view, at = array.reshape(-1).data.cast("B"), 0
    while at < len(view):
        piece = stream.read(min(PIECE, len(view) - at))
        if not piece:
            raise ValueError(f"{name} must have {count} bytes; the file has fewer")
        view[at : at + len(piece)] = piece
        at += len(piece)


def _end(stream: IO[bytes], name: str, count: int) -> None:
    if stream.read(1):
        raise ValueError(f"{name} must have {count} bytes; the file has more")
