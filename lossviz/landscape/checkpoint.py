"""An unfinished surface in a file: taken up, gone on with, and written again while the work goes on."""

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
from torch import Tensor

from lossviz.common import npz
from lossviz.common.npz import File
from lossviz.engine.reference import Task
from lossviz.landscape.io import FORMAT, VERSION, Facts, content, write

if sys.platform != "win32":
    import fcntl

CHECKED = 3  # places at which the loss is compared with what the file says
EVERY = 30.0  # seconds of work that are lost at most if the process is killed
_IN_MEMORY = threading.Lock()  # held while a file in memory is read or written: threads may share one


def expect_place(resume: Any, points: int) -> None:
    """ValueError for what is no place for a file of so many points along an axis: before the work begins."""
    if isinstance(resume, (str, os.PathLike)):
        name = repr(os.fspath(resume))
        if not os.path.isdir(os.path.dirname(os.path.abspath(resume))) or os.path.isdir(resume):
            raise ValueError(f"resume must name a file in a folder that exists; got {name}")
        try:
            npz.try_to_write(resume, 9 * points**2 + 2**14)
        except OSError as error:
            why = _reason(error)
            raise ValueError(f"resume must name a file that can be written; {name}: {why}") from error
    elif resume is not None and not (hasattr(resume, "read") and hasattr(resume, "write")):
        raise ValueError(f"resume must be a path, a file in memory or None; got {type(resume).__name__}")
    elif resume is not None:
        for ability in ("readable", "writable", "seekable"):
            if not getattr(resume, ability, lambda: True)():
                raise ValueError(f"resume must be a file open for reading and writing; got one not {ability}")


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


class Checkpoint:
    """What of a surface is done, and the file that it is kept in: ``loss`` and ``done``, both (k, k).

    Other work on the same surface may use the same file at the same time. What one of them has found is
    added to what is there, so that none takes anything from another.
    """

    def __init__(self, file: "File | None", a: np.ndarray, b: np.ndarray, facts: Facts, key: str) -> None:
        """``key`` is the surface's `fingerprint`; ``file`` None keeps nothing."""
        self.loss = np.full((len(b), len(a)), np.nan)
        self.done = np.zeros((len(b), len(a)), dtype=bool)
        self._file, self._a, self._b, self._facts, self._key = file, a, b, facts, key
        self._written = time.monotonic()
        self._new = False  # something is done that is not in the file
        self._warned = False

    @property
    def _name(self) -> str:
        return repr(os.fspath(self._file)) if isinstance(self._file, (str, os.PathLike)) else "this file"

    def take_up(self, losses: Callable[[np.ndarray], np.ndarray]) -> None:
        """Begins with what is in the file, if there is one; ``losses`` evaluates the loss at places (m, 2).

        Raises ValueError if the file is of another surface, so that nobody's numbers are mixed or lost.
        """
        if self._file is None:
            return
        with _only_one(self._file):
            self._add()
        rows, columns = np.nonzero(self.done)
        if not len(rows):
            return
        # The key knows the weights, the data and the loss's name, but not what the model and the loss do.
        some = np.unique(np.linspace(0, len(rows) - 1, CHECKED).astype(int))
        rows, columns = rows[some], columns[some]
        now = losses(np.stack([self._a[columns], self._b[rows]], axis=1))
        if not np.allclose(now, self.loss[rows, columns], rtol=1e-4, atol=0, equal_nan=True):
            raise self._other_numbers()

    def _other_numbers(self) -> ValueError:
        return ValueError(
            f"{self._name} belongs to another surface (its loss or model says other numbers); "
            "choose another file for resume"
        )

    def add(self, rows: np.ndarray, columns: np.ndarray, losses: np.ndarray) -> None:
        """Takes losses (m,) at places of the grid, and writes all if that was not done for a while."""
        self.loss[rows, columns] = losses
        self.done[rows, columns] = True
        self._new = True
        if time.monotonic() - self._written >= EVERY:
            self.write()

    def write(self) -> None:
        """Writes what `take_up` takes up, in place of what was there. A warning if that cannot be: the work
        is worth more than its copy."""
        if self._file is None or not self._new:
            return
        self._written = time.monotonic()
        try:
            with _only_one(self._file):
                self._add()
                if not isinstance(self._file, (str, os.PathLike)):
                    self._file.seek(0)
                    self._file.truncate()
                write(self._file, self._a, self._b, self.loss, self._facts, self.done, self._key)
        except (OSError, ValueError) as error:
            why = _reason(error) if isinstance(error, OSError) else error
            if not self._warned:
                self._warned = True
                words = f"the surface is not lost, but it cannot be kept in {self._name}: {why}"
                warnings.warn(words, RuntimeWarning, stacklevel=4)
            return
        self._new = False

    def _add(self) -> None:
        """Adds what is in the file by now to what is done here. ValueError if it is not of this surface."""
        file = self._file
        assert file is not None
        if not (os.path.exists(file) if isinstance(file, (str, os.PathLike)) else file.seek(0, os.SEEK_END)):
            return
        arrays, _, found = content(file)
        if found != self._key or arrays["loss"].shape != self.loss.shape:
            raise ValueError(
                f"{self._name} belongs to another surface (its model, data, plane, span or points "
                "differ); choose another file for resume"
            )
        there = arrays.get("done", np.ones_like(self.done))
        both, more = there & self.done, there & ~self.done
        if not np.allclose(arrays["loss"][both], self.loss[both], rtol=1e-4, atol=0, equal_nan=True):
            raise self._other_numbers()
        self.loss[more] = arrays["loss"][more]
        self.done |= more


@contextmanager
def _only_one(file: File) -> Iterator[None]:
    """Reading and writing a file one after the other, for all threads, and all processes of the machine."""
    if not isinstance(file, (str, os.PathLike)):
        with _IN_MEMORY:
            yield
        return
    if sys.platform == "win32":
        yield
        return
    # Of the file itself there is a new one after each writing; the folder stays.
    folder = os.open(os.path.dirname(os.path.realpath(file)), os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def fingerprint(a: np.ndarray, b: np.ndarray, task: Task, facts: Facts) -> str:
    """What two calls share if and only if their surfaces can be mixed."""
    digest = hashlib.sha256(repr((FORMAT, VERSION, facts.loss_name, facts.dtype)).encode())
    for array in (a, b, task.directions):
        digest.update(np.ascontiguousarray(array).tobytes())
    for buffer in task.model.buffers():
        digest.update(_bytes(buffer))
    for batch in task.batches.items:
        for value in (*batch.all_inputs, batch.targets):
            if isinstance(value, Tensor):
                digest.update(_bytes(value))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().numpy().tobytes())
