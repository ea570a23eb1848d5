"""Output codes: trainings of seconds, with their progress and a button that stops them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from lossviz.ui.page import small

T = TypeVar("T")
STOPPED, KNOWN = "codes_stopped", "codes_known"  # in this viewer's session


def telling(words: str) -> tuple[Callable[[int, int], object], Callable[[], Any]]:
    """A progress bar, to be told (done, total), and how to take it away.

    Telling is also where the work ends if the viewer has asked for something else meanwhile.
    """
    bar = st.progress(0.0, words)
    return (lambda done, total: bar.progress(min(1.0, done / total), words)), bar.empty


def stoppable(wanted: Hashable, work: Callable[[], T]) -> T | None:
    """What the work returns, with a button to stop it; None while it is stopped."""
    if st.session_state.get(STOPPED) == wanted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Go on", key="codes_go", on_click=st.session_state.pop, args=(STOPPED,))
            small("Stopped. Nothing else has changed.")
        return None
    known = st.session_state.setdefault(KNOWN, set())
    if wanted in known:
        return work()
    place = st.empty()
    place.button(
        "Stop",
        key="codes_stop",
        type="tertiary",
        icon=":material/stop_circle:",
        on_click=st.session_state.__setitem__,
        args=(STOPPED, wanted),
    )
    found = work()
    known.add(wanted)
    place.empty()
    return found
