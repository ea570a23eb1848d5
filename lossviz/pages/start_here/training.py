"""Start here, view Training: gradient descent moves the point over the map of the loss."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.fits import POINTS, RATE, START, loss_map, trained
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

STEPS = int(Start.step.high)


def figure(_: str, at: float) -> Any:
    (fits,) = trained(("sigmoid-ce",), START, STEPS)
    return lv.figures.neuron_fits(loss_map(), fits, at=int(at), title="step")


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    (fits,) = trained(("sigmoid-ce",), START, STEPS)
    at = int(Start.step.default)
    return figure_json(
        lambda narrow: lv.figures.neuron_fits(loss_map(), fits, at=at, title="step", narrow=narrow)
    )


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

students = lv.basics.STUDENTS
grid = lv.neuron.loss_grid(students, "sigmoid-ce", points={POINTS})
(run,) = lv.neuron.trajectories(students, ["sigmoid-ce"], {START}, lr={RATE:g}, steps={STEPS})
fits = lv.basics.neuron_fits("sigmoid-ce", run.weights)
figure = lv.figures.neuron_fits(grid, fits, at={at:g}, title="step")"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    (fits,) = trained(("sigmoid-ce",), START, STEPS)
    return {
        "step": range(STEPS + 1),
        "w": fits.weights[:, 0],
        "b": fits.weights[:, 1],
        "cross-entropy, nats": fits.loss,
        "accuracy": fits.accuracy,
    }


STEP = Step(
    name="training",
    slider=Start.step,
    picture=picture,
    figure=figure,
    alt="Left, the chance to pass that one neuron gives, step by step closer to the students who passed. "
    "Right, the path of its two weights on the map of the loss, down to the lowest place.",
    convention=f"Gradient descent on cross-entropy, learning rate {RATE:g}, from *w* = {START[0]:g}, "
    f"*b* = {START[1]:g}. Full dots: on the right side of 50 %. Light on the map: low loss.".replace(
        "= -", "= −"
    ),
    code=code,
    numbers=numbers,
    presets={
        "Start": {Start.step.key: 0},
        "On the way": {},
        "Nearly there": {Start.step.key: 20},
        "Arrived": {Start.step.key: 60},
    },
    seconds=6.0,
)
