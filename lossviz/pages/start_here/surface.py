"""Start here, view Surface: the loss over both weights of one neuron, and its fit at one of them."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.fits import POINTS, WEIGHTS, loss_map
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json


def index(w: float) -> int:
    """The place of a weight among those of the slider."""
    return round((w - Start.w.low) / Start.w.step)


def figure(_: str, at: float) -> Any:
    fits = lv.basics.neuron_fits("sigmoid-ce", WEIGHTS)
    return lv.figures.neuron_fits(loss_map(), fits, at=index(at))


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    fits, at = lv.basics.neuron_fits("sigmoid-ce", WEIGHTS), index(Start.w.default)
    return figure_json(lambda narrow: lv.figures.neuron_fits(loss_map(), fits, at=at, narrow=narrow))


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

grid = lv.neuron.loss_grid(lv.basics.STUDENTS, "sigmoid-ce", points={POINTS})
weights = [(k / 10, 0.0) for k in range(-60, 61)]  # w, and b = 0
fits = lv.basics.neuron_fits("sigmoid-ce", weights)
figure = lv.figures.neuron_fits(grid, fits, at={index(at)})"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    fits = lv.basics.neuron_fits("sigmoid-ce", WEIGHTS)
    return {
        "w": fits.weights[:, 0],
        "b": fits.weights[:, 1],
        "cross-entropy, nats": fits.loss,
        "accuracy": fits.accuracy,
    }


STEP = Step(
    name="surface",
    slider=Start.w,
    picture=picture,
    figure=figure,
    alt="Left, twenty students who passed or failed, and the chance to pass that one neuron gives by their "
    "hours of study. Right, a map of the loss over the neuron’s two weights, with a point that the slider "
    "moves.",
    convention="One sigmoid neuron, *p* = sigmoid(*w x* + *b*), 20 invented students. Full dots: on the "
    "right side of 50 %. Light on the map: low loss. Heavy line: the loss of always saying 50 %.",
    code=code,
    numbers=numbers,
    presets={
        "The wrong way": {},
        "Flat": {Start.w.key: 0.0},
        "About right": {Start.w.key: 1.6},
        "Too sure": {Start.w.key: 6.0},
    },
)
