"""An unfinished surface in a file: taken up, gone on with, and left there again."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from lossviz.loop import Task
from lossviz.surface_file import FORMAT, VERSION, Facts, File, content, write

CHECKED = 3  # places at which the loss is compared with what the file says


def expect_place(resume: Any) -> None:
    """ValueError for what is no place for a file: before the work, and not after it."""
    if isinstance(resume, (str, os.PathLike)):
        if not os.path.isdir(os.path.dirname(os.path.abspath(resume))) or os.path.isdir(resume):
            raise ValueError(f"resume must name a file in a folder that exists; got {os.fspath(resume)!r}")
    elif resume is not None and not (hasattr(resume, "read") and hasattr(resume, "write")):
        raise ValueError(f"resume must be a path, a file in memory or None; got {type(resume).__name__}")


def take_up(
    file: File,
    key: str,
    losses: Callable[[np.ndarray], np.ndarray],
    a: np.ndarray,
    b: np.ndarray,
    loss: np.ndarray,
    done: np.ndarray,
) -> None:
    """Fills loss and done (k, k) in place from an unfinished or finished file, if there is one.

    ``key`` is the surface's `fingerprint`; ``losses`` evaluates it at places (m, 2). Raises ValueError if
    the file is of another surface, so that nobody's numbers are mixed or lost.
    """
    there = Path(file).exists() if isinstance(file, (str, os.PathLike)) else file.seek(0, os.SEEK_END)
    if not there:
        return
    name = repr(os.fspath(file)) if isinstance(file, (str, os.PathLike)) else "this file"
    arrays, _, found = content(file)
    if found != key or arrays["loss"].shape != loss.shape:
        raise ValueError(
            f"{name} belongs to another surface (its model, data, plane, span or points "
            "differ); choose another file for resume"
        )
    done[:] = arrays.get("done", True)
    loss[done] = arrays["loss"][done]
    rows, columns = np.nonzero(done)
    if not len(rows):
        return
    # The key knows the weights, the data and the loss's name, but not what the model and the loss do.
    some = np.unique(np.linspace(0, len(rows) - 1, CHECKED).astype(int))
    rows, columns = rows[some], columns[some]
    now = losses(np.stack([a[columns], b[rows]], axis=1))
    if not np.allclose(now, loss[rows, columns], rtol=1e-4, atol=0, equal_nan=True):
        raise ValueError(
            f"{name} belongs to another surface (its loss or model says other numbers); "
            "choose another file for resume"
        )


def leave(
    file: File,
    a: np.ndarray,
    b: np.ndarray,
    loss: np.ndarray,
    facts: Facts,
    done: np.ndarray,
    key: str,
) -> None:
    """Writes what `take_up` takes up, in place of what was there."""
    if not isinstance(file, (str, os.PathLike)):
        file.seek(0)
        file.truncate()
    write(file, a, b, loss, facts, done, key)


def fingerprint(a: np.ndarray, b: np.ndarray, task: Task, facts: Facts) -> str:
    """What two calls share if and only if their surfaces can be mixed."""
    digest = hashlib.sha256(repr((FORMAT, VERSION, facts.loss_name, facts.dtype)).encode())
    for array in (a, b, task.directions):
        digest.update(np.ascontiguousarray(array).tobytes())
    for buffer in task.model.buffers():
        digest.update(_bytes(buffer))
    for batch in task.batches.rows:
        for value in (*batch.positional, *batch.named.values(), batch.targets):
            if isinstance(value, Tensor):
                digest.update(_bytes(value))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().numpy().tobytes())
