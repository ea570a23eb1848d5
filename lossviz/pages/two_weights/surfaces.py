"""Two weights: the surfaces, the ways down on them, and their picture."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable

import streamlit as st

import lossviz as lv
from lossviz.pages.two_weights.controls import Weights
from lossviz.ui import files
from lossviz.ui.chart import figure_json

LOSSES = ("sigmoid-mse", "sigmoid-ce")
STEPS = int(Weights.step.high)
POINTS = 81


@st.cache_data(max_entries=10, show_spinner="Computing the surface …")
def planes(model: str) -> list[lv.neuron.WeightPlane]:
    return [lv.neuron.weight_plane(model, loss, points=POINTS) for loss in LOSSES]


@st.cache_data(max_entries=64, show_spinner="Walking downhill …")
def paths(model: str, start: tuple[float, float], optimizer: str, rate: str) -> list[lv.neuron.WeightPath]:
    return lv.neuron.weight_paths(model, LOSSES, start, optimizer, float(rate), STEPS)


def walks(
    model: str, start: tuple[float, float], optimizers: tuple[str, ...], rate: str
) -> list[lv.neuron.WeightPath]:
    return [path for optimizer in optimizers for path in paths(model, start, optimizer, rate)]


@st.cache_data(max_entries=24, show_spinner=False)
def picture(
    view: str,
    model: str,
    start: tuple[float, float],
    optimizers: tuple[str, ...],
    rate: str,
    mark: str,
    step: int,
) -> str:
    surfaces, ways = planes(model), walks(model, start, optimizers, rate)

    def draw(narrow: bool) -> object:
        def figure(shown: list[lv.neuron.WeightPlane]) -> object:
            if view == "In relief":
                return lv.figures.reliefs(shown, ways, step, narrow=narrow)
            return lv.figures.maps(shown, ways, step, overlay=mark, narrow=narrow)

        if not narrow:
            return figure(surfaces)
        # A phone shows one map at a time, at full width: a tap on its name compares the two in place.
        return {
            name: figure([plane])
            for name, plane in zip(("Squared error", "Cross-entropy"), surfaces, strict=True)
        }

    return figure_json(draw)


def gone(ways: list[lv.neuron.WeightPath]) -> str:
    lost = [way for way in ways if way.diverged_at is not None]
    if not lost:
        return ""
    first = lost[0]
    return (
        f" **{first.optimizer} left the finite numbers at step {first.diverged_at}**: at "
        f"learning rate {first.lr:g} "
        "each step overshot by more than the one before."
    )


def start_here(a: float, b: float) -> None:
    for slide, value in ((Weights.a, a), (Weights.b, b)):
        st.session_state[slide.key] = round(min(max(value, slide.low), slide.high), 1)


def numbers(ways: list[lv.neuron.WeightPath]) -> str:
    """A row a step, the columns of every way."""
    table: dict[str, Iterable[object]] = {"step": range(STEPS + 1)}
    for way in ways:
        name = f"{way.optimizer} {way.loss_name}"
        table |= {
            f"{name} first": way.weights[:, 0],
            f"{name} second": way.weights[:, 1],
            f"{name} loss": way.loss,
        }
    return files.columns(table)
