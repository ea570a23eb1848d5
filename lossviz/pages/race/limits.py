"""Refuse a training that is too much work for the page before it begins, and offer settings that fit."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.ui.live import estimated_seconds

MAX_SECONDS = 120.0  # estimated, of one core; 600 steps then take a fifth of a second each
Change = dict[str, Any]  # values by the keys of controls


def too_long(wanted: lv.TrainingSettings) -> str:
    """One sentence if the training is more work than the page does; else an empty text."""
    seconds = estimated_seconds(wanted)
    if seconds <= MAX_SECONDS:
        return ""
    train, _ = wanted.data()
    networks = dict.fromkeys(
        lv.NETWORKS[run.network].label if isinstance(run.network, str) else run.network.name
        for run in wanted.runs
    )
    examples = lv.figures.whole(wanted.batch or len(train.x))
    return (
        f"**This training is too long:** {len(wanted.losses)} runs × {wanted.seeds} "
        f"{'seed' if wanted.seeds == 1 else 'seeds'}, network {' and '.join(networks)}, {wanted.steps} "
        "steps of "
        f"{examples} examples each, take about {math.ceil(seconds / 60)} minutes of a processor core, and at "
        f"most {MAX_SECONDS / 60:g} are allowed."
    )


def what_fits(wanted: lv.TrainingSettings) -> dict[str, Change]:
    """Similar settings that are short enough, by their label: fewer seeds, or smaller batches."""
    found: dict[str, Change] = {}
    most_seeds = 0
    for batch in _batches(wanted):  # a smaller batch is offered only if it leaves more seeds
        seeds = next((s for s in range(wanted.seeds, most_seeds, -1) if _fits(wanted, batch, s)), None)
        if seeds is None:
            continue
        most_seeds = seeds
        change: Change = {} if seeds == wanted.seeds else {Race.seeds.key: seeds}
        if batch != wanted.batch:
            change[Race.batch.key] = str(batch)
        found[_label(change)] = change
    return found


def _batches(wanted: lv.TrainingSettings) -> Iterator[int]:
    """The wanted batch size, and the smaller ones that the page offers, largest first."""
    yield wanted.batch
    offered = sorted((int(size) for size in Race.batch.options if size.isdecimal()), reverse=True)
    most = wanted.batch or len(wanted.data()[0].x)
    yield from (size for size in offered if size < most)


def _fits(wanted: lv.TrainingSettings, batch: int, seeds: int) -> bool:
    return estimated_seconds(replace(wanted, batch=batch, seeds=seeds)) <= MAX_SECONDS


def _label(change: Change) -> str:
    words = []
    if Race.batch.key in change:
        words.append(f"{change[Race.batch.key]} examples in a batch")
    if Race.seeds.key in change:
        seeds = change[Race.seeds.key]
        words.append(f"{seeds} {'seed' if seeds == 1 else 'seeds'}")
    return ", ".join(words)


def show(wanted: lv.TrainingSettings, sentence: str) -> None:
    """Show the sentence, with a button for each of the settings that fit."""
    fitting = what_fits(wanted)
    more = "This fits:" if fitting else "Choose a smaller network, fewer examples or fewer runs."
    st.markdown(f"{sentence} {more}")
    with st.container(horizontal=True, gap="small"):
        for number, (words, change) in enumerate(fitting.items()):
            st.button(words, key=f"race_fits_{number}", on_click=_choose, args=(change,))


def _choose(change: Change) -> None:
    for key, value in change.items():
        st.session_state[key] = value
