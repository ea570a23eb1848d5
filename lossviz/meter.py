"""Progress of long work: a tqdm bar for a person, a call for an app, silence for a script."""

import time
from collections.abc import Callable
from typing import Any

Say = Callable[[float], object]  # is told how much is done, 0 to 1; what it raises ends the work
Progress = bool | Callable[[int, int], object]  # a callback is given (done, total)

PATIENCE = 1.0  # seconds of work before a bar is worth showing


def silent(share: float) -> None:
    """For who does not want to be told."""


class Meter:
    """Counts what is done. Use it as a context, so that a bar is closed whatever happens."""

    def __init__(self, progress: Progress, total: int, label: str, done: int = 0) -> None:
        if not isinstance(progress, bool) and not callable(progress):
            raise ValueError(f"progress must be True, False or a function of (done, total); got {progress!r}")
        self._progress, self._total, self._label, self.done = progress, total, label, done
        self._start = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def add(self, count: int) -> None:
        """Says that ``count`` more are done. What a callback raises ends the work."""
        self.done += count
        if callable(self._progress):
            self._progress(self.done, self._total)
        elif self._progress:
            if self._bar is None and time.monotonic() - self._start > PATIENCE and self.done < self._total:
                from tqdm.auto import tqdm  # half a tenth of a second to load: only for who waits anyway

                self._bar = tqdm(total=self._total, initial=self.done - count, desc=self._label, unit="point")
            if self._bar is not None:
                self._bar.update(count)
