"""Output codes: the next room, and the verdict in five lines, each with the room that shows it."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui.page import TEXT_WIDTH

SQUARE = ((-1, 1), (1, 1), (-1, -1), (1, -1))


@st.cache_data(max_entries=1, show_spinner=False)
def counts() -> tuple[int, int, float]:
    """Labellings of a square's corners that a binary code solves, their number, and the bits lost "
    "when torn."""
    found = lv.codes.separable_labelings("binary", SQUARE)
    torn = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))[-1]
    return found.solvable, found.total, torn.lost


def lines() -> list[tuple[str, str]]:
    """The verdict, line by line, with its room."""
    solvable, total, lost = counts()
    return [
        (
            "**Fair, if a bit means something** of its own, as in dog or cat, by day or by night. "
            "Then it is as "
            "accurate, and with 1 024 classes it needs a hundredth of the last layer.",
            "At scale",
        ),
        (
            "**Fair, if the hidden layer is wide enough** for the unions that the labels make: the asker’s "
            "network works, until two labels are swapped and its hidden neurons are few.",
            "The network",
        ),
        (
            f"**Not, if labels are arbitrary**: {solvable} of {total} ways to label four corners leave each "
            "neuron a line. One neuron a class never has this trouble there.",
            "Unions",
        ),
        (
            "**Not, if you need probabilities**: read one by one, the bits lose what joins them, "
            f"{lost:.2f} bits "
            "in the worst place shown, and can name a class that is impossible.",
            "Meaning",
        ),
        (
            "**Spare words are no reason**: they are rare, and the nearest word takes them in. A "
            "single wrong "
            "bit is: where no bit is to spare, it makes another word, and mostly another class.",
            "One bit off",
        ),
    ]


def go(room: str) -> None:
    st.session_state[Codes.view.key] = room


def show(view: str) -> None:
    rooms = list(Codes.view.options)
    place = rooms.index(view)
    if place + 1 < len(rooms):
        following = rooms[place + 1]
        st.button(f"Next: {following} →", key="codes_next", type="tertiary", on_click=go, args=(following,))
    st.subheader("So, can they?", anchor=False)
    for number, (words, room) in enumerate(lines()):
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            with st.container(width=TEXT_WIDTH):
                st.markdown(words)
            st.button(
                f"{room} →", key=f"codes_verdict_{number}", type="tertiary", on_click=go, args=(room,),
                disabled=room == view,
            )  # fmt: skip
