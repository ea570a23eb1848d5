"""Start here, view Unit: what a guess costs, in bits and in nats."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

MOST = int(Start.classes.high)


def guesses() -> lv.basics.GuessLosses:
    """The loss of a guess for every number of answers on the slider."""
    return lv.basics.guess_losses(range(1, MOST + 1))


def figure(_: str, at: float) -> Any:
    return lv.figures.guess_losses(guesses(), at=int(at))


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    guess, at = guesses(), int(Start.classes.default)
    return figure_json(lambda narrow: lv.figures.guess_losses(guess, at=at, narrow=narrow))


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

guess = lv.basics.guess_losses(range(1, {MOST + 1}))
figure = lv.figures.guess_losses(guess, at={at:g})"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    guess = guesses()
    return {"answers": guess.classes, "probability": guess.p, "bits": guess.bits, "nats": guess.nats}


STEP = Step(
    name="unit",
    slider=Start.classes,
    picture=picture,
    figure=figure,
    alt="The loss of a guess as one bar between two rulers, bits above and nats below.",
    convention="All answers get the same probability, 1 / *K*. Bits are −log₂ of it, nats −ln of it: "
    "1 nat is 1.4427 bits.",
    code=code,
    numbers=numbers,
    presets={
        "A coin": {Start.classes.key: 2},
        "Eight answers": {},
        "Ten digits": {Start.classes.key: 10},
        "A chessboard": {Start.classes.key: 64},
    },
)
