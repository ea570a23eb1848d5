"""Work that takes more than a moment: it shows its progress, can be stopped, and ends with its viewer."""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from lossviz.common.plain_text import error_for_markdown
from lossviz.ui.page import small

T = TypeVar("T")
BEAT = 0.1  # seconds between two words


def progress_bar(text: str) -> tuple[Callable[[float], object], Callable[[], object]]:
    """Show a progress bar.

    Telling is also where the work ends if the viewer has asked for something else meanwhile, or has left. So
    work tells as often as it can; the bar moves a few times a second.
    """
    bar = st.progress(0.0, text)
    shown, last = 0.0, time.monotonic()

    def say(share: float) -> None:
        nonlocal shown, last
        if time.monotonic() - last >= BEAT:
            shown, last = max(shown, min(share, 1.0)), time.monotonic()
            bar.progress(shown, text)

    return update, bar.empty


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
        stop_button(page, stopped, wanted)
    try:
        result = work()
    except ValueError as error:
        st.markdown(f"**{refused}:** {error_for_markdown(error)}.")
        found = None
    st.session_state[known].add(wanted)
    place.empty()
    return result


def offer_to_stop(page: str, stopped: str, wanted: Hashable) -> None:
    """The button that notes, under ``stopped`` in the viewer's session, that this work is not to go on."""
    stop_button(page, st.session_state.__setitem__, stopped, wanted)


def stop_button(page: str, stop: Callable[..., None], *args: object) -> None:
    """A click ends the run that works, calls ``stop``, and runs the page anew."""
    st.button(
        "Stop",
        key=f"{page}_stop",
        type="tertiary",
        icon=":material/stop_circle:",
        on_click=stop,
        args=args,
    )


def resume_button(page: str, stopped: str, words: str) -> None:
    """Say that the work is stopped, with a button that removes what `stop_button` has stored."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Go on", key=f"{page}_go", on_click=st.session_state.pop, args=(stopped,))
        caption(f"Stopped. {words}")
