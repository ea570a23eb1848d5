"""Start here, view Logarithm: a product of many probabilities, and the sum of their logarithms."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

P = 0.9
MOST, EVERY = int(Start.n.high), int(Start.n.step)


def figure(_: str, at: float) -> Any:
    result = lv.basics.likelihood_product(P, most=MOST)
    return lv.figures.likelihood_product(result, at=int(at), every=EVERY)


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    result, at = lv.basics.likelihood_product(P, most=MOST), int(Start.n.default)
    return figure_json(
        lambda narrow: lv.figures.likelihood_product(result, at=at, every=EVERY, narrow=narrow)
    )


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

result = lv.basics.likelihood_product({P:g}, most={MOST})
figure = lv.figures.likelihood_product(result, at={at:g}, every={EVERY})"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    result = lv.basics.likelihood_product(P, most=MOST)
    return {"examples": result.n, "product": result.product, "sum of -ln p, nats": result.nll}


STEP = Step(
    name="logarithm",
    slider=Start.n,
    picture=picture,
    figure=figure,
    alt="Above, the probability of n examples together, which falls to nothing within fifty examples. "
    "Below, the sum of their negative logarithms, a straight line.",
    convention=f"Each example gets the probability {P:g}, independently of the others. The logarithms are "
    "natural, so the sum is in nats.",
    code=code,
    numbers=numbers,
    presets={
        "Ten": {Start.n.key: 10},
        "A hundred": {},
        "Half a thousand": {Start.n.key: 500},
        "A thousand": {Start.n.key: 1000},
    },
    seconds=6.0,
)
