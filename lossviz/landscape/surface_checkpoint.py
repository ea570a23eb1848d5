"""A checkpoint of a surface that is being computed: a file to resume from, written again and again."""

import hashlib
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lossviz.common import atomic
from lossviz.common.npz import File
from lossviz.common.typing import Floats
from lossviz.engine.reference import Task
from lossviz.landscape.io import FORMAT, VERSION, SurfaceFacts, read_content, write

if sys.platform != "win32":
    import fcntl

VERIFIED_POINTS = 3  # points of a checkpoint whose loss is computed again before it is used
WRITE_INTERVAL = 30.0  # seconds: at most so much work is lost if the process is killed
_IN_MEMORY_LOCK = threading.Lock()  # held while a file in memory is read or written: threads may share one


def check_resume(resume: Any, points: int) -> None:
    """Raise ValueError unless a surface of points x points can be written to ``resume``."""
    if isinstance(resume, (str, os.PathLike)):
        name = repr(os.fspath(resume))
        if not os.path.isdir(os.path.dirname(os.path.abspath(resume))) or os.path.isdir(resume):
            raise ValueError(f"resume must name a file in a folder that exists; got {name}")
        try:
            atomic.check_writable(resume, 9 * points**2 + 2**14)
        except OSError as error:
            reason = _reason(error)
            raise ValueError(f"resume must name a file that can be written; {name}: {reason}") from error
    elif resume is not None and not (hasattr(resume, "read") and hasattr(resume, "write")):
        raise ValueError(f"resume must be a path, a file in memory or None; got {type(resume).__name__}")
    elif resume is not None:
        for ability in ("readable", "writable", "seekable"):
            if not getattr(resume, ability, lambda: True)():
                raise ValueError(f"resume must be a file open for reading and writing; got one not {ability}")


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


class SurfaceCheckpoint:
    """The losses of a surface that have been computed, and the file in which they are saved.

    Several computations of the same surface may share a file at the same time: each adds what it has computed
    to what is in the file.
    """

    def __init__(
        self, file: "File | None", a: Floats, b: Floats, facts: SurfaceFacts, fingerprint: str
    ) -> None:
        """``fingerprint`` is that of the surface, of the function of that name; file None saves nothing."""
        self.loss: Floats = np.full((len(b), len(a)), np.nan)
        self.done: NDArray[np.bool_] = np.zeros((len(b), len(a)), dtype=bool)
        self._file, self._a, self._b, self._metadata, self._fingerprint = file, a, b, facts, fingerprint
        self._last_write = time.monotonic()
        self._unsaved = False  # whether a loss has been computed that is not in the file
        self._warned = False

    @property
    def _name(self) -> str:
        return repr(os.fspath(self._file)) if isinstance(self._file, (str, os.PathLike)) else "this file"

    def restore(self, evaluate: Callable[[Floats], Floats]) -> None:
        """Take over what is in the file, if it exists; ``evaluate`` returns the loss at coordinates (m, 2).

        Raises ValueError if the file is of another surface, so that two are never mixed nor one overwritten.
        """
        if self._file is None:
            return
        with _exclusive(self._file):
            self._merge_file()
        rows, columns = np.nonzero(self.done)
        if not len(rows):
            return
        # The fingerprint covers weights, data and the loss's name, but not what model and loss compute.
        chosen = np.unique(np.linspace(0, len(rows) - 1, VERIFIED_POINTS).astype(int))
        rows, columns = rows[chosen], columns[chosen]
        losses = evaluate(np.stack([self._a[columns], self._b[rows]], axis=1))
        if not np.allclose(losses, self.loss[rows, columns], rtol=1e-4, atol=0, equal_nan=True):
            raise self._mismatch()

    def _mismatch(self) -> ValueError:
        return ValueError(
            f"{self._name} belongs to another surface (its loss or model gives other numbers); "
            "choose another file for resume"
        )

    def add(self, rows: NDArray[np.intp], columns: NDArray[np.intp], losses: Floats) -> None:
        """Add losses (m,) at grid points; write the file if that was not done for `WRITE_INTERVAL`."""
        self.loss[rows, columns] = losses
        self.done[rows, columns] = True
        self._unsaved = True
        if time.monotonic() - self._last_write >= WRITE_INTERVAL:
            self.write()

    def write(self) -> None:
        """Write what `restore` reads. A RuntimeWarning if that fails: the work must not be lost with it."""
        if self._file is None or not self._unsaved:
            return
        self._last_write = time.monotonic()
        try:
            with _exclusive(self._file):
                self._merge_file()
                if not isinstance(self._file, (str, os.PathLike)):
                    self._file.seek(0)
                    self._file.truncate()
                arrays = (self._a, self._b, self.loss)
                write(self._file, *arrays, self._metadata, self.done, self._fingerprint)
        except (OSError, ValueError) as error:
            reason = _reason(error) if isinstance(error, OSError) else error
            if not self._warned:
                self._warned = True
                message = f"the surface is not lost, but it cannot be kept in {self._name}: {reason}"
                warnings.warn(message, RuntimeWarning, stacklevel=4)
            return
        self._unsaved = False

    def _merge_file(self) -> None:
        """Add the losses in the file to those computed so far. ValueError if it is of another surface."""
        file = self._file
        assert file is not None
        if not (os.path.exists(file) if isinstance(file, (str, os.PathLike)) else file.seek(0, os.SEEK_END)):
            return
        arrays, _, fingerprint = read_content(file)
        if fingerprint != self._fingerprint or arrays["loss"].shape != self.loss.shape:
            raise ValueError(
                f"{self._name} belongs to another surface (its model, data, plane, span or points "
                "differ); choose another file for resume"
            )
        saved = arrays.get("done", np.ones_like(self.done))
        both, added = saved & self.done, saved & ~self.done
        if not np.allclose(arrays["loss"][both], self.loss[both], rtol=1e-4, atol=0, equal_nan=True):
            raise self._mismatch()
        self.loss[added] = arrays["loss"][added]
        self.done |= added


@contextmanager
def _exclusive(file: File) -> Iterator[None]:
    """Let one thread of one process of this machine at a time read and write a file."""
    if not isinstance(file, (str, os.PathLike)):
        with _IN_MEMORY_LOCK:
            yield
        return
    if sys.platform == "win32":
        yield
        return
    # The folder is locked, since each write replaces the file by a new one.
    folder = os.open(os.path.dirname(os.path.realpath(file)), os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def fingerprint(a: Floats, b: Floats, task: Task, facts: SurfaceFacts) -> str:
    """A hash of grid, weights, directions, buffers, data and the loss's name."""
    digest = hashlib.sha256(repr((FORMAT, VERSION, facts.loss_name, facts.dtype)).encode())
    for array in (a, b, task.directions):
        digest.update(np.ascontiguousarray(array).tobytes())
    for buffer in task.model.buffers():
        digest.update(_bytes(buffer))
    if task.state or task.recompute:
        digest.update(facts.buffers.encode())
    for part in (task.state.linear if task.state else {}).values():
        digest.update(_bytes(part.rows))
    for batch in task.batches.items:
        for value in (*batch.args, *batch.kwargs.values(), batch.targets):
            if isinstance(value, Tensor):
                digest.update(_bytes(value))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().numpy().tobytes())
