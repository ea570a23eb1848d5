"""Output codes: a button to the next view, and a summary of which each line links to its view."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui.page import TEXT_WIDTH

SQUARE = ((-1, 1), (1, 1), (-1, -1), (1, -1))


@st.cache_data(max_entries=1, show_spinner=False)
def counts() -> tuple[int, int, float]:
    """Solvable labelings of a square, all labelings, and the bits lost by an ambiguous posterior."""
    found = lv.codes.separable_labelings("binary", SQUARE)
    posterior = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))[-1]
    return found.solvable, found.total, posterior.total_correlation


def lines() -> list[tuple[str, str]]:
    """The lines of the summary, each with its view."""
    solvable, total, information_lost = counts()
    return [
        (
            "**Fair, if a bit means something** of its own, as in dog or cat, by day or by night. "
            "Then it is as "
            "accurate, and with 1 024 classes it needs a hundredth of the last layer.",
            "At scale",
        ),
        (
            "**Fair, if the hidden layer is wide enough** for the unions that the labels make: the "
            "network of the question works, until two labels are swapped and its hidden neurons are few.",
            "The network",
        ),
        (
            f"**Not, if labels are arbitrary**: {solvable} of {total} ways to label four corners are "
            "linearly "
            "separable for each neuron. One neuron a class always is, there.",
            "Unions",
        ),
        (
            "**Not, if you need probabilities**: treated as independent, the bits lose their joint "
            "distribution, "
            f"at most {information_lost:.2f} bits "
            "in the example, and can predict a class that is impossible.",
            "Meaning",
        ),
        (
            "**Unused code words are no problem**: they are rare, and decoding to the nearest code word "
            "removes them. A "
            "single wrong "
            "bit is one: without redundancy it gives another code word, and mostly another class.",
            "One bit off",
        ),
    ]


def go_to(view: str) -> None:
    """Open another view."""
    st.session_state[Codes.view.key] = view


def show(current: str) -> None:
    """The button to the view after the current one, and the summary."""
    views = list(Codes.view.options)
    place = views.index(current)
    if place + 1 < len(views):
        following = views[place + 1]
        st.button(
            f"Next: {Codes.view.label_of(following)} →",
            key="codes_next",
            type="tertiary",
            on_click=go_to,
            args=(following,),
        )
    st.subheader("So, can they?", anchor=False)
    for number, (words, view) in enumerate(lines()):
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            with st.container(width=TEXT_WIDTH):
                st.markdown(words)
            st.button(
                f"{Codes.view.label_of(view)} →",
                key=f"codes_summary_{number}",
                type="tertiary",
                on_click=go_to,
                args=(view,),
                disabled=view == current,
            )
