"""Start here, view Accuracy: accuracy and loss of one neuron that begins confidently wrong."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.fits import RATE, trained
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

LOSSES = ("sigmoid-mse", "sigmoid-ce")
BIASED = (0.0, 5.0)  # weights w and b: "passed" for everybody, and nearly certain
STEPS, EVERY = int(Start.reached.high), int(Start.reached.step)


def figure(_: str, at: float) -> Any:
    return lv.figures.accuracy_history(trained(LOSSES, BIASED, STEPS), at=int(at), every=EVERY)


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    fits, at = trained(LOSSES, BIASED, STEPS), int(Start.reached.default)
    return figure_json(lambda narrow: lv.figures.accuracy_history(fits, at=at, every=EVERY, narrow=narrow))


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

students = lv.basics.STUDENTS
runs = lv.neuron.trajectories(students, {list(LOSSES)}, {BIASED}, lr={RATE:g}, steps={STEPS})
fits = [lv.basics.neuron_fits(run.loss_name, run.weights) for run in runs]
figure = lv.figures.accuracy_history(fits, at={at:g}, every={EVERY})"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    squared, entropy = trained(LOSSES, BIASED, STEPS)
    return {
        "step": range(STEPS + 1),
        "accuracy, squared error": squared.accuracy,
        "accuracy, cross-entropy": entropy.accuracy,
        "squared error": squared.loss,
        "cross-entropy, nats": entropy.loss,
    }


STEP = Step(
    name="accuracy",
    slider=Start.reached,
    picture=picture,
    figure=figure,
    alt="Above, the accuracy of one neuron over 200 steps: under squared error it stays at 50 % for most of "
    "the time, under cross-entropy it rises at once. Below, the two losses.",
    convention=f"The 20 students; the neuron starts with “passed” for everybody, *w* = {BIASED[0]:g}, "
    f"*b* = {BIASED[1]:g}, learning rate {RATE:g}. Losses are divided by that of always saying 50 %: ¼, and "
    "ln 2 nats.",
    code=code,
    numbers=numbers,
    presets={
        "Start": {Start.reached.key: 0},
        "Loss first": {Start.reached.key: 4},
        "One is stuck": {},
        "Both out": {Start.reached.key: 200},
    },
    seconds=6.0,
)
