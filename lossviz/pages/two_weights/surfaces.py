"""Two weights: the losses, the trajectories on them, and their chart."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Literal

import streamlit as st

import lossviz as lv
from lossviz.pages.two_weights.controls import Weights
from lossviz.ui import files
from lossviz.ui.chart import figure_json

LOSSES = ("sigmoid-mse", "sigmoid-ce")
STEPS = int(Weights.step.high)
POINTS = 81
Overlay = Literal["plateau", "negative-curvature"]
OVERLAYS: dict[str, Overlay | None] = {  # by the options of the control "Mark"
    "Plateau": "plateau",
    "Bends down": "negative-curvature",
    "Nothing": None,
}


@st.cache_data(max_entries=10, show_spinner="Computing the surface …")
def loss_grids(model: str) -> list[lv.neuron.LossGrid]:
    """The loss over both weights, for each loss."""
    return [lv.neuron.loss_grid(model, loss, points=POINTS) for loss in LOSSES]


@st.cache_data(max_entries=64, show_spinner="Running the optimizers …")
def trajectories_of(
    model: str, start: tuple[float, float], optimizer: str, rate: str
) -> list[lv.neuron.Trajectory]:
    """The trajectories of one optimizer, for each loss."""
    return lv.neuron.trajectories(model, LOSSES, start, optimizer, float(rate), STEPS)


def trajectories(
    model: str, start: tuple[float, float], optimizers: tuple[str, ...], rate: str
) -> list[lv.neuron.Trajectory]:
    """The trajectories of all optimizers, for each loss."""
    return [run for optimizer in optimizers for run in trajectories_of(model, start, optimizer, rate)]


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
    """The chart, for wide and narrow screens."""
    grids, runs = loss_grids(model), trajectories(model, start, optimizers, rate)

    def draw(narrow: bool) -> object:
        def figure(shown: list[lv.neuron.LossGrid]) -> object:
            if view == "In relief":
                return lv.figures.loss_terrains(shown, runs, step, narrow=narrow)
            return lv.figures.loss_contours(shown, runs, step, overlay=OVERLAYS[mark], narrow=narrow)

        if not narrow:
            return figure(grids)
        # A phone shows one map at a time, at full width: a tap on its name compares the two in place.
        return {
            name: figure([grid]) for name, grid in zip(("Squared error", "Cross-entropy"), grids, strict=True)
        }

    return figure_json(draw)


def divergence_note(runs: list[lv.neuron.Trajectory]) -> str:
    """A sentence on the first trajectory that diverged; '' if none did."""
    first = next((run for run in runs if run.diverged_at is not None), None)
    if first is None:
        return ""
    return (
        f" **{lv.OPTIMIZERS[first.optimizer].label} diverged at step {first.diverged_at}**: at "
        f"learning rate {first.lr:g} "
        "each step overshot by more than the one before."
    )


def set_start(a: float, b: float) -> None:
    """Set the start to the weights that were clicked."""
    for slide, value in ((Weights.a, a), (Weights.b, b)):
        st.session_state[slide.key] = round(min(max(value, slide.low), slide.high), 1)


def numbers(runs: list[lv.neuron.Trajectory]) -> str:
    """The trajectories as CSV, one row for each step."""
    table: dict[str, Iterable[object]] = {"step": range(STEPS + 1)}
    for run in runs:
        name = f"{run.optimizer} {run.loss_name}"
        table |= {
            f"{name} first": run.weights[:, 0],
            f"{name} second": run.weights[:, 1],
            f"{name} loss": run.loss,
        }
    return files.columns(table)
