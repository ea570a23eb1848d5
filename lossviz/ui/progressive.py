"""A result that is computed from coarse to fine; each stage is shown, and the work can be interrupted.

There is no thread. A run of the page draws the whole page with the finest result so far, and only then
computes the next one; any use of a control interrupts that. What is done by then is stored in the viewer's
session, and the next run goes on from there.
"""

import io
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Generic, TypeVar

import streamlit as st

from lossviz.common.plain_text import error_for_markdown
from lossviz.ui.work import resume_button, stop_button

T = TypeVar("T")
Callback = Callable[[int, int], object]  # called with how many of how many points are done
FIRST_WITHIN = 0.4  # seconds: a result is shown if the next, of four times as many points, would take longer
SILENT_FOR = 0.3  # seconds of work without a progress bar
UPDATE_EVERY = 0.1  # seconds between two updates of the bar


class UnclosableFile(io.BytesIO):
    """A file in memory that ignores ``close``: interrupted work may still write when the viewer has left."""

    def close(self) -> None:
        pass


@dataclass(eq=False)
class ProgressiveWork(Generic[T]):
    """One viewer's result while it is computed.

    Args:
        wanted: What is computed.
        begin: Makes its stages, each finer than the one before, from a progress callback and from a file that
            an interrupted computation goes on from.
        share: Of the points that a result holds, from 0 to 1.
        latest: The finest result so far.
    """

    wanted: Hashable
    begin: Callable[[Callback, IO[bytes]], Iterator[T]]
    share: Callable[[T], float]
    latest: T | None = None
    _stream: Iterator[T] | None = None
    _file: IO[bytes] = field(default_factory=UnclosableFile)
    _progress: Callback = lambda done, total: None

    @property
    def done(self) -> float:
        """The share of all points that the finest result holds."""
        return 0.0 if self.latest is None else self.share(self.latest)

    def first(self, progress: Callback) -> None:
        """Compute the finest result that takes little time: the whole one, if it is small."""
        self._open()
        start = time.monotonic()
        self.finer(progress)
        while self.done < 1 and 4 * (time.monotonic() - start) < FIRST_WITHIN:
            self.finer(progress)

    def finer(self, progress: Callback) -> None:
        """Compute the next finer result. Whatever interrupts it, what is done is not done again."""
        self._progress = progress
        stream, self._stream = self._open(), None
        known = self.done
        for result in stream:
            if self.share(result) > known:
                self.latest, self._stream = result, stream
                return

    def _open(self) -> Iterator[T]:
        if self._stream is None:
            self._stream = self.begin(lambda done, total: self._progress(done, total), self._file)
        return self._stream


class ProgressiveResult(Generic[T]):
    """The work on one result in one run of a page.

    Args:
        page: Prefix of the keys under which the state is stored in the viewer's session.
        wanted: What is computed.
        begin: As of `ProgressiveWork`.
        share: As of `ProgressiveWork`.
        place: An empty element for the progress bar and the buttons.
        text: What is being done, beside the bar.
    """

    def __init__(
        self,
        page: str,
        wanted: Hashable,
        begin: Callable[[Callback, IO[bytes]], Iterator[T]],
        share: Callable[[T], float],
        place: Any,
        text: str,
    ) -> None:
        self._page, self._place, self._text = page, place, text
        self._key, self._stopped = f"{page}_unfinished", f"{page}_stopped"
        work = st.session_state.get(self._key)
        if work is None or work.wanted != wanted:
            work = st.session_state[self._key] = ProgressiveWork(wanted, begin, share)
        self._work: ProgressiveWork[T] = work
        self._bar: Any = None
        self._updated = time.monotonic()

    @property
    def stopped(self) -> bool:
        """Whether the viewer has stopped it."""
        return bool(st.session_state.get(self._stopped) == self._work.wanted)

    def best_so_far(self, refused: str) -> T | None:
        """Return the finest result so far; None if there is none, or if there cannot be one.

        Args:
            refused: How the sentence begins that says why there cannot be one, from a ValueError.
        """
        if self.stopped:
            coarse = self._work.latest is not None
            with self._place:
                words = "This is how far it came." if coarse else "Nothing else has changed."
                resume_button(self._page, self._stopped, words)
            return self._work.latest
        if self._work.latest is None:
            try:
                self._work.first(self._update)
            except ValueError as error:
                st.markdown(f"**{refused}:** {error_for_markdown(error)}.")
                return None
        if self._work.done < 1:
            self._show(self._work.done)
        else:
            self._place.empty()
        return self._work.latest

    def refine(self) -> None:
        """Compute the next finer result, for the next run of the page, which follows at once."""
        if not self.stopped and self._work.latest is not None and self._work.done < 1:
            self._work.finer(self._update)
            st.rerun()

    def discard(self) -> None:
        """Remove all of it from the session, once the whole result is stored elsewhere."""
        st.session_state.pop(self._key, None)

    def _update(self, done: int, total: int) -> None:
        """Update the bar. Here Streamlit ends the work if the viewer has asked for something else."""
        if time.monotonic() - self._updated > (SILENT_FOR if self._bar is None else UPDATE_EVERY):
            self._show(done / total)

    def _show(self, share: float) -> None:
        self._updated = time.monotonic()
        if self._bar is not None:
            self._bar.progress(share, self._text)
            return
        with self._place.container(horizontal=True, vertical_alignment="center"):
            stop_button(self._page, st.session_state.__setitem__, self._stopped, self._work.wanted)
            self._bar = st.progress(share, self._text)
