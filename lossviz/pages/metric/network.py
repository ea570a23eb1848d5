"""The trainings of Loss against metric: each takes a few seconds and is cached."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.ui.work import progress_bar, stoppable

TRAININGS = {  # dataset -> network, examples to learn from, learning rate
    "digits": ("mlp-64-64", 100, 0.01),
    "breast-cancer": ("linear", 200, 0.05),
    "diabetes": ("mlp-64-64", 100, 0.01),
}


def settings(data: str, seed: int) -> lv.metrics.ScoreSettings:
    network, train, rate = TRAININGS[data]
    return lv.metrics.ScoreSettings(data, network, train, rate, seed=seed)


@st.cache_data(max_entries=8, show_spinner=False)
def history(data: str, seed: int) -> lv.metrics.ScoreHistory:
    with progress_bar("Training, and scoring 101 times …") as progress:
        return lv.metrics.score_history(settings(data, seed), progress)


def trained(data: str, seed: int) -> lv.metrics.ScoreHistory | None:
    """The history, with a button to stop; None while it is stopped."""
    return stoppable("metric", (data, seed), lambda: history(data, seed))


def code_of(data: str, seed: int) -> str:
    network, train, rate = TRAININGS[data]
    return f'lv.metrics.ScoreSettings("{data}", "{network}", train={train}, lr={rate:g}, seed={seed})'


def description(result: lv.metrics.ScoreHistory) -> str:
    """What was trained on which data, for the line under a figure."""
    s = result.settings
    label = lv.DATASETS[s.dataset].label
    label_of_network = lv.NETWORKS[s.network].label
    network = "linear model" if s.network == "linear" else f"{label_of_network}, tanh"
    test = lv.figures.whole(len(result.y))
    return (
        f"{label}: training set {s.train}, test set {test} · {network} · "
        f"{lv.OPTIMIZERS[s.optimizer].label}, full batch, learning rate {s.lr:g}, seed {s.seed}."
    )
