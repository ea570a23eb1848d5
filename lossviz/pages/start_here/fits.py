"""Start here: one neuron's fits to the twenty students, and the map of its loss."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv

START = (-4.0, 4.0)  # weights w and b before training
RATE = 0.5
WEIGHTS = [(k / 10, 0.0) for k in range(-60, 61)]  # the slider's, with b = 0
POINTS = 81


@st.cache_data(max_entries=1, show_spinner="Computing the surface …")
def loss_map() -> lv.neuron.LossGrid:
    """Cross-entropy over both weights."""
    return lv.neuron.loss_grid(lv.basics.STUDENTS, "sigmoid-ce", points=POINTS)


@st.cache_data(max_entries=4, show_spinner=False)
def trained(losses: tuple[str, ...], start: tuple[float, float], steps: int) -> list[lv.basics.NeuronFits]:
    """The fits after each step of gradient descent, for each loss."""
    runs = lv.neuron.trajectories(lv.basics.STUDENTS, losses, start, "sgd", RATE, steps)
    return [lv.basics.neuron_fits(run.loss_name, run.weights) for run in runs]
