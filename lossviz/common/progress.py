"""Progress of long computations: a tqdm bar in a terminal or notebook, a callback, or nothing."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

Progress = bool | Callable[[int, int], object]  # True for a bar, or a callback of (done, total)

BAR_DELAY = 1.0  # seconds of work before a bar is shown


class ProgressBar:
    """Counts finished units of work and reports them.

    Use it as a context manager, so that the bar is closed when the computation fails, too.

    Args:
        progress: True shows a tqdm bar once the work has taken a second, False shows nothing, and a function
            is called with (done, total) after each update.
        total: Number of units of work.
        description: Text in front of the bar.
        done: Number of units that were finished before, for example by an interrupted run.

    Raises:
        ValueError: If ``progress`` is neither a bool nor callable.
    """

    def __init__(self, progress: Progress, total: int, description: str, done: int = 0) -> None:
        if not isinstance(progress, bool) and not callable(progress):
            raise ValueError(f"progress must be True, False or a function of (done, total); got {progress!r}")
        self._progress, self._total, self._description, self.done = progress, total, description, done
        self._start = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, count: int) -> None:
        """Report that ``count`` more units are done; an exception of the callback ends the computation."""
        self.done += count
        if callable(self._progress):
            self._progress(self.done, self._total)
        elif self._progress:
            if self._bar is None and time.monotonic() - self._start > BAR_DELAY and self.done < self._total:
                from tqdm.auto import tqdm  # imported late: it takes 50 ms

                self._bar = tqdm(
                    total=self._total, initial=self.done - count, desc=self._description, unit="point"
                )
            if self._bar is not None:
                self._bar.update(count)
