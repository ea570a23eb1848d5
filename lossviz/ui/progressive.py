"""A picture that comes from coarse to fine: it can be looked at, left and stopped while it gets finer.

There is no thread. A run of the page shows the finest picture that there is, whole page and all, and only
then works on the next one; any touch of the page interrupts that. What is done by then is kept in the
viewer's session, and the next run goes on from there.
"""

import io
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Generic, TypeVar

import streamlit as st

from lossviz.common.plain_text import error_for_markdown
from lossviz.ui.work import offer_to_go_on, offer_to_stop

T = TypeVar("T")
Say = Callable[[int, int], object]  # told how many of how many points are done
SOON = 0.4  # seconds: a picture is shown if the next, with four times as many points, would come later
CALM = 0.3  # seconds before there is a word of any work
BEAT = 0.1  # seconds between two words


class Kept(io.BytesIO):
    """A file that stays open: what is interrupted by the end of a session still writes into it."""

    def close(self) -> None:
        pass


@dataclass(eq=False)
class Unfinished(Generic[T]):
    """One viewer's picture on its way. ``begin`` makes its stages; the file is what they go on from."""

    wanted: Hashable
    begin: Callable[[Say, IO[bytes]], Iterator[T]]
    share: Callable[[T], float]  # of the points that a picture holds
    latest: T | None = None
    _stream: Iterator[T] | None = None
    _file: IO[bytes] = field(default_factory=Kept)
    _say: Say = lambda done, total: None

    @property
    def done(self) -> float:
        return 0.0 if self.latest is None else self.share(self.latest)

    def first(self, say: Say) -> None:
        """The finest picture that comes soon: the whole one, if it is small."""
        self._open()
        start = time.monotonic()
        self.finer(say)
        while self.done < 1 and 4 * (time.monotonic() - start) < SOON:
            self.finer(say)

    def finer(self, say: Say) -> None:
        """The next finer picture. Whatever interrupts it, what is done is not done again."""
        self._say = say
        stream, self._stream = self._open(), None
        known = self.done
        for picture in stream:
            if self.share(picture) > known:
                self.latest, self._stream = picture, stream
                return

    def _open(self) -> Iterator[T]:
        if self._stream is None:
            self._stream = self.begin(lambda done, total: self._say(done, total), self._file)
        return self._stream


class Unfolding(Generic[T]):
    """The work on one picture in one run of a page; ``page`` names what is kept in the viewer's session.

    ``place`` is where the word of the work stands: an empty element.
    """

    def __init__(
        self,
        page: str,
        wanted: Hashable,
        begin: Callable[[Say, IO[bytes]], Iterator[T]],
        share: Callable[[T], float],
        place: Any,
        text: str,
    ) -> None:
        self._page, self._place, self._text = page, place, text
        self._key, self._stopped = f"{page}_unfinished", f"{page}_stopped"
        found = st.session_state.get(self._key)
        if found is None or found.wanted != wanted:
            found = st.session_state[self._key] = Unfinished(wanted, begin, share)
        self._work: Unfinished[T] = found
        self._bar: Any = None
        self._since = time.monotonic()

    @property
    def stopped(self) -> bool:
        return bool(st.session_state.get(self._stopped) == self._work.wanted)

    def finest(self, refused: str) -> T | None:
        """The finest picture so far; None if there is none, or if a ValueError says that there cannot be."""
        if self.stopped:
            rough = self._work.latest is not None
            with self._place:
                words = "This is how far it came." if rough else "Nothing else has changed."
                offer_to_go_on(self._page, self._stopped, words)
            return self._work.latest
        if self._work.latest is None:
            try:
                self._work.first(self._told)
            except ValueError as error:
                st.markdown(f"**{refused}:** {error_for_markdown(error)}.")
                return None
        if self._work.done < 1:
            self._show(self._work.done)
        else:
            self._place.empty()
        return self._work.latest

    def go_on(self) -> None:
        """The next finer picture, for the next run of the page, which follows at once."""
        if not self.stopped and self._work.latest is not None and self._work.done < 1:
            self._work.finer(self._told)
            st.rerun()

    def end(self) -> None:
        """Forget it all: the whole picture is kept elsewhere."""
        st.session_state.pop(self._key, None)

    def _told(self, done: int, total: int) -> None:
        """Also where the work ends if the viewer has asked for something else meanwhile."""
        if time.monotonic() - self._since > (CALM if self._bar is None else BEAT):
            self._show(done / total)

    def _show(self, share: float) -> None:
        self._since = time.monotonic()
        if self._bar is not None:
            self._bar.progress(share, self._text)
            return
        with self._place.container(horizontal=True, vertical_alignment="center"):
            offer_to_stop(self._page, self._stopped, self._work.wanted)
            self._bar = st.progress(share, self._text)
