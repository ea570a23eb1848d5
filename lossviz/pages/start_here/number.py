"""Start here, view Number: three predictions, what each of them costs, and the mean."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

NAMES = {"Squared error": "sigmoid-mse", "Cross-entropy": "sigmoid-ce"}


def figure(loss: str, at: float) -> Any:
    return lv.figures.prediction_sweep(lv.basics.prediction_sweep(NAMES[loss]), at=at)


@st.cache_data(max_entries=2, show_spinner=False)
def picture(loss: str) -> str:
    """The chart, for wide and narrow screens."""
    sweep = lv.basics.prediction_sweep(NAMES[loss])
    return figure_json(lambda narrow: lv.figures.prediction_sweep(sweep, narrow=narrow))


def code(loss: str, at: float) -> str:
    return f"""import lossviz as lv

sweep = lv.basics.prediction_sweep("{NAMES[loss]}", y=[1, 0, 1], p=[0.9, 0.2, 0.4], moved=2)
figure = lv.figures.prediction_sweep(sweep, at={at:g})"""


def numbers(loss: str) -> dict[str, Iterable[object]]:
    sweep = lv.basics.prediction_sweep(NAMES[loss])
    table: dict[str, Iterable[object]] = {"Wednesday’s prediction": sweep.p[:, 2], "mean": sweep.mean}
    return table | {
        f"loss of {day}": sweep.values[:, k] for k, day in enumerate(("Monday", "Tuesday", "Wednesday"))
    }


STEP = Step(
    name="number",
    slider=Start.p,
    picture=picture,
    figure=figure,
    alt="A table of three weather forecasts with what happened, the predicted chance of rain, and a bar for "
    "the loss of each; above it their mean, the loss.",
    convention="Rain is 1, dry is 0. Squared error is (*p* − *y*)², without the ½; cross-entropy is in nats.",
    code=code,
    numbers=numbers,
    presets={
        "Too low": {},
        "A coin toss": {Start.p.key: 0.5},
        "Nearly sure": {Start.p.key: 0.95},
        "Confidently wrong": {Start.p.key: 0.01},
    },
    choice=Start.loss,
)
