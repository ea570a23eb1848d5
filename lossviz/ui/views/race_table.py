"""Race, the view Table: ten digits, eight ways to say which."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.ui import files
from lossviz.ui.chart import chart, packed
from lossviz.ui.declared import Race

SEEDS, GAIN = 5, 20.0


@st.cache_data(max_entries=2, show_spinner=False)
def table(centred: bool) -> lv.EightPairs:
    words = "Training eight pairs at two starts with five seeds, all in lock step …"
    bar = st.progress(0.0, words)
    found = lv.eight_pairs(
        (1.0, GAIN), SEEDS, centred=centred, progress=lambda part: bar.progress(part, words)
    )
    bar.empty()
    return found


@st.cache_data(max_entries=2, show_spinner=False)
def drawn(centred: bool) -> str:
    found = table(centred)
    return packed(lambda narrow: lv.figures.eight_pairs(found, narrow))


def stage() -> None:
    centred = Race.centred.now
    chart(
        drawn(centred),
        key="race",
        alt=f"Accuracy on digits of eight pairs of output and loss, at a usual start and at one {GAIN:g} "
        f"times as loud, pixels {'centred' if centred else 'not centred'}.",
    )


def words() -> str:
    pixels = "less their mean" if Race.centred.now else "not centred"
    return (
        f"scikit-learn's digits, 1 200 of 1 797 to train on, pixels / 16, {pixels} · network 64-32-k, tanh · "
        f"gradient descent, rate 0.1, batches of 32, 30 epochs · {SEEDS} seeds, nothing tuned."
    )


def code() -> str:
    centred = ", centred=True" if Race.centred.now else ""
    return f"""import lossviz as lv

table = lv.eight_pairs(gains=(1, {GAIN:g}), seeds={SEEDS}{centred})
figure = lv.figures.eight_pairs(table)"""


def page_file() -> str:
    return lv.figures.standalone(lv.figures.eight_pairs(table(Race.centred.now)))


def numbers() -> str:
    """A column a pair and gain, a row a seed."""
    found = table(Race.centred.now)
    return files.columns(
        {
            f"{name}, gain {gain:g}": found.accuracy[p, g]
            for p, name in enumerate(found.names)
            for g, gain in enumerate(found.gains)
        }
    )
