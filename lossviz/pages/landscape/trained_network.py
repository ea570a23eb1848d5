"""The tab Network of the page Landscape: which network is trained."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape.controls import LOSSES, Landscape
from lossviz.ui import work as ui_work

T = TypeVar("T")
# Dataset, network, loss, activation and seed: the arguments of `lv.landscape.record_training`.
Setup = tuple[str, str, str, str, int]


def setup_controls(tab: Any) -> Setup:
    """The settings of the training, in the tab."""
    with tab.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Landscape.data.menu(width=170)
        network = Landscape.network.menu(width=170)
        activation = Landscape.activation.segments()
        loss = Landscape.loss.segments()
        seed = int(Landscape.seed.show(width=180))
    multiclass = len(lv.DATASETS[data].classes) > 2
    return data, network, LOSSES[loss][multiclass], activation, seed


def training_caption(setup: Setup) -> str:
    """Which network was trained on what, in one line."""
    data, network, _, activation, seed = setup
    activation_name = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid"}[activation]
    training = train_network(setup)
    inputs, outputs = training.x.shape[1], len(lv.DATASETS[data].classes)
    hidden = network.removeprefix("mlp-")
    shape = f"{inputs}-{hidden}-{1 if outputs == 2 else outputs}"
    return (
        f"{lv.DATASETS[data].label}, {len(training.x)} examples, {activation_name} network {shape}, "
        f"{lv.figures.whole(training.weights.shape[1])} weights, SGD with momentum, seed {seed}."
    )


def chance_loss_text(setup: Setup) -> str:
    """The chance loss, which is the unit of the losses on this page."""
    exact = {"sigmoid-ce": "ln\u00a02", "sigmoid-mse": "¼"}
    if setup[2] in exact:
        return exact[setup[2]]
    chance = lv.figures.number(train_network(setup).chance_loss)
    return f"{chance}, the loss of predicting the same probability for every class"


@st.cache_data(max_entries=16, show_spinner=False)
def train_network(setup: Setup) -> lv.landscape.RecordedTraining:
    """The network of these settings, trained once for all viewers."""
    with ui_work.progress_bar("Training a network …") as progress:
        return lv.landscape.record_training(*setup, progress=progress)


def stoppable(key: Hashable, work: Callable[[], T]) -> T | None:
    """The result of ``work``, with a button to stop it; None while it is stopped."""
    return ui_work.stoppable("landscape", key, work, "This network cannot be drawn")
