"""The trainings behind Loss against metric: each a few seconds, and kept."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.ui.work import stoppable, telling

SETUP = {  # dataset -> network, examples to learn from, learning rate
    "digits": ("mlp-64-64", 100, 0.01),
    "breast-cancer": ("linear", 200, 0.05),
    "diabetes": ("mlp-64-64", 100, 0.01),
}


def settings(data: str, seed: int) -> lv.ScoreSettings:
    network, train, rate = SETUP[data]
    return lv.ScoreSettings(data, network, train, rate, seed=seed)


@st.cache_data(max_entries=8, show_spinner=False)
def history(data: str, seed: int) -> lv.ScoreHistory:
    say, over = telling("Training, and scoring 101 times …")
    try:
        return lv.score_history(settings(data, seed), progress=say)
    finally:
        over()


def trained(data: str, seed: int) -> lv.ScoreHistory | None:
    """The history, with a button to stop; None while it is stopped."""
    return stoppable("metric", (data, seed), lambda: history(data, seed))


def code_of(data: str, seed: int) -> str:
    network, train, rate = SETUP[data]
    return f'lv.ScoreSettings("{data}", "{network}", train={train}, lr={rate:g}, seed={seed})'


def words(found: lv.ScoreHistory) -> str:
    """What was trained, on what, for the mute line under a picture."""
    s = found.settings
    label = lv.DATASETS[s.dataset].label
    network = s.network if s.network == "linear" else f"{s.network}, tanh"
    held = lv.figures.whole(len(found.y))
    return (
        f"{label}: {s.train} examples to learn from, {held} held out · {network} · "
        f"{s.optimizer}, full batch, rate {s.lr:g}, seed {s.seed}."
    )
