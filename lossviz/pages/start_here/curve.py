"""Start here, view Curve: the loss of one prediction against the prediction."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

LOSSES = ("sigmoid-mse", "sigmoid-ce")
TARGETS = {"rain": 1, "dry": 0}


def curves(weather: str) -> lv.losses.LossCurves:
    """Both losses for every probability."""
    return lv.losses.loss_curves(LOSSES, "probability", y=TARGETS[weather])


def figure(weather: str, at: float) -> Any:
    return lv.figures.prediction_costs(curves(weather), at=at, target=TARGETS[weather])


@st.cache_data(max_entries=2, show_spinner=False)
def picture(weather: str) -> str:
    """The chart, for wide and narrow screens."""
    both, target = curves(weather), TARGETS[weather]
    return figure_json(lambda narrow: lv.figures.prediction_costs(both, target=target, narrow=narrow))


def code(weather: str, at: float) -> str:
    target = TARGETS[weather]
    return f"""import lossviz as lv

curves = lv.losses.loss_curves({list(LOSSES)}, "probability", y={target})
figure = lv.figures.prediction_costs(curves, at={at:g}, target={target})"""


def numbers(weather: str) -> dict[str, Iterable[object]]:
    both = curves(weather)
    return {"prediction": both.x, "squared error": both.value[0], "cross-entropy, nats": both.value[1]}


STEP = Step(
    name="curve",
    slider=Start.q,
    picture=picture,
    figure=figure,
    alt="The loss of one prediction against the predicted chance of rain: squared error ends at 1 where the "
    "prediction is completely wrong, cross-entropy rises without limit.",
    convention="One prediction *p* of a target *y*. Squared error is (*p* − *y*)²; cross-entropy is −ln "
    "of the probability of what happened, in nats.",
    code=code,
    numbers=numbers,
    presets={
        "Nearly sure": {Start.q.key: 0.95},
        "Undecided": {Start.q.key: 0.5},
        "Wrong": {},
        "Confidently wrong": {Start.q.key: 0.01},
    },
    choice=Start.weather,
)
