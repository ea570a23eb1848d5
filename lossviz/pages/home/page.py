"""Home: two neurons of which one does not learn, then the pages as questions."""

import streamlit as st

import lossviz as lv
from lossviz.pages import sections
from lossviz.pages.home.controls import Home
from lossviz.ui import cards
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.page import axis_slider, caption, heading, page

STEPS = 250


@st.cache_data(max_entries=2, show_spinner=False)
def picture() -> str:
    """The chart of both descents, for wide and narrow screens."""
    runs = [lv.descend(loss, w=2, b=2, lr=0.15, steps=STEPS) for loss in ("sigmoid-half-mse", "sigmoid-ce")]
    return figure_json(
        lambda narrow: lv.figures.descents(runs, at=int(Home.step.default), every=2, narrow=narrow)
    )


with page():
    heading(
        "Two neurons, equally wrong. One is stuck.",
        "Same start, same example, same learning rate. Only the loss differs.",
    )
    chart(
        picture(),
        key="home",
        follow=Home.step.key,
        alt="The outputs of two neurons over 250 steps of gradient descent. Under cross-entropy the output "
        "falls to the target 0 at once; under squared error it stays near 1 for most of the time.",
    )
    axis_slider(Home.step, playable=6)
    caption(
        "One sigmoid neuron, *w* = *b* = 2, input 1, learning rate 0.15. Squared error is (*a* − *y*)² / 2."
    )
    st.header("Which question is yours?", anchor=False)
    cards.show(sections())
