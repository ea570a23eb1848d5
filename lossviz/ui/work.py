"""Long computations of a page: a progress bar, a button that stops them, an end when the viewer leaves."""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from lossviz.common.plain_text import error_for_markdown
from lossviz.ui.page import caption

T = TypeVar("T")
INTERVAL = 0.1  # seconds between two updates of a progress bar


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar while the ``with`` block runs.

    Args:
        text: What is being done.

    Yields:
        A function for ``progress=``: it is called with the number of finished units of work, and of all. In a
        call Streamlit ends the work if the viewer has asked for something else or has left, so the work
        reports as often as it can; the bar moves a few times a second.
    """
    bar = st.progress(0.0, text)
    shown, last = 0.0, time.monotonic()

    def update(done: int, total: int) -> None:
        nonlocal shown, last
        if time.monotonic() - last >= INTERVAL:
            shown, last = max(shown, min(done / total, 1.0)), time.monotonic()
            bar.progress(shown, text)

    try:
        yield update
    finally:
        bar.empty()


def stoppable(
    page: str, wanted: Hashable, work: Callable[[], T], refused: str = "This cannot be computed"
) -> T | None:
    """Do some work with a button beside it that stops it.

    Args:
        page: Prefix of the keys under which the state is stored in the viewer's session.
        wanted: What is computed; a stop holds until something else is wanted.
        work: Does it. A ValueError that it raises is shown as a sentence.
        refused: How that sentence begins.

    Returns:
        What the work returns; None while it is stopped, or if it cannot be done.
    """
    stopped, known = f"{page}_stopped", f"{page}_known"
    if st.session_state.get(stopped) == wanted:
        resume_button(page, stopped, "Nothing else has changed.")
        return None
    if wanted in st.session_state.setdefault(known, set()):
        return work()
    place = st.empty()
    with place:
        stop_button(page, st.session_state.__setitem__, stopped, wanted)
    try:
        result = work()
    except ValueError as error:
        st.markdown(f"**{refused}:** {error_for_markdown(error)}.")
        result = None
    st.session_state[known].add(wanted)
    place.empty()
    return result


def stop_button(page: str, on_click: Callable[..., None], *args: object) -> None:
    """Show a button whose click ends the present run, calls ``on_click(*args)``, and runs the page anew."""
    st.button(
        "Stop",
        key=f"{page}_stop",
        type="tertiary",
        icon=":material/stop_circle:",
        on_click=on_click,
        args=args,
    )


def resume_button(page: str, stopped: str, words: str) -> None:
    """Say that the work is stopped, with a button that removes the mark ``stopped`` from the session."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Go on", key=f"{page}_go", on_click=st.session_state.pop, args=(stopped,))
        caption(f"Stopped. {words}")
