"""Work that takes more than a moment: it shows its progress, can be stopped, and ends with its viewer."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from lossviz.common.plain_text import sentence
from lossviz.ui.page import caption

T = TypeVar("T")
INTERVAL = 0.04  # of the whole work, between two updates of a progress bar


def progress_bar(text: str) -> tuple[Callable[[float], object], Callable[[], object]]:
    """Show a progress bar.

    Args:
        text: What is being done.

    Returns:
        A function that is called with the share of the work that is done, from 0 to 1, and one that removes
        the bar. In a call of the first, Streamlit ends the work if the viewer has asked for something else.
    """
    bar = st.progress(0.0, text)
    shown = 0.0

    def update(share: float) -> None:
        nonlocal shown
        if share >= shown + INTERVAL:
            shown = share
            bar.progress(min(share, 1.0), text)

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
        st.markdown(f"**{refused}:** {sentence(error)}.")
        result = None
    st.session_state[known].add(wanted)
    place.empty()
    return result


def stop_button(page: str, stopped: str, wanted: Hashable) -> None:
    """Show a button that stores in the viewer's session, under ``stopped``, that this work must not go on."""
    st.button(
        "Stop",
        key=f"{page}_stop",
        type="tertiary",
        icon=":material/stop_circle:",
        on_click=st.session_state.__setitem__,
        args=(stopped, wanted),
    )


def resume_button(page: str, stopped: str, words: str) -> None:
    """Say that the work is stopped, with a button that removes what `stop_button` has stored."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Go on", key=f"{page}_go", on_click=st.session_state.pop, args=(stopped,))
        caption(f"Stopped. {words}")
