"""Race: what is too much work for a page, said before it begins, and what would fit."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.ui.declared import Race
from lossviz.ui.live import seconds_of

MOST = 120.0  # estimated seconds of one core for a whole race: a step of it then takes a fifth of a second
Change = dict[str, Any]  # values by the keys of controls


def too_long(wanted: lv.RaceSettings) -> str:
    """One sentence if the race is more work than a page does; else nothing."""
    seconds = seconds_of(wanted)
    if seconds <= MOST:
        return ""
    train, _ = wanted.data()
    networks = dict.fromkeys(one.row.name for one in wanted.contestants)
    examples = lv.figures.whole(wanted.batch or len(train.x))
    return (
        f"**This race is too long:** {len(wanted.losses)} contestants × {wanted.seeds} "
        f"{'seed' if wanted.seeds == 1 else 'seeds'} of {' and '.join(networks)}, {wanted.steps} steps on "
        f"{examples} examples each, take about {math.ceil(seconds / 60)} minutes of a processor core, and at "
        f"most {MOST / 60:g} are allowed."
    )


def what_fits(wanted: lv.RaceSettings) -> dict[str, Change]:
    """Settings that are near and short enough, by what they are called: fewer seeds, or smaller batches."""
    found: dict[str, Change] = {}
    most = 0
    for batch in _batches(wanted):  # a smaller batch is worth a word if it leaves more seeds
        seeds = next((s for s in range(wanted.seeds, most, -1) if _fits(wanted, batch, s)), None)
        if seeds is None:
            continue
        most = seeds
        change: Change = {} if seeds == wanted.seeds else {Race.seeds.key: seeds}
        if batch != wanted.batch:
            change[Race.batch.key] = str(batch)
        found[_called(change)] = change
    return found


def _batches(wanted: lv.RaceSettings) -> Iterator[int]:
    """Its own, and the smaller ones that the page offers, largest first."""
    yield wanted.batch
    offered = sorted((int(size) for size in Race.batch.options if size.isdecimal()), reverse=True)
    most = wanted.batch or len(wanted.data()[0].x)
    yield from (size for size in offered if size < most)


def _fits(wanted: lv.RaceSettings, batch: int, seeds: int) -> bool:
    return seconds_of(replace(wanted, batch=batch, seeds=seeds)) <= MOST


def _called(change: Change) -> str:
    words = []
    if Race.batch.key in change:
        words.append(f"{change[Race.batch.key]} examples a step")
    if Race.seeds.key in change:
        seeds = change[Race.seeds.key]
        words.append(f"{seeds} {'seed' if seeds == 1 else 'seeds'}")
    return ", ".join(words)


def show(wanted: lv.RaceSettings, sentence: str) -> None:
    """The sentence, with a button for each thing that fits."""
    fitting = what_fits(wanted)
    more = "This fits:" if fitting else "Choose a smaller network, fewer examples or fewer contestants."
    st.markdown(f"{sentence} {more}")
    with st.container(horizontal=True, gap="small"):
        for number, (words, change) in enumerate(fitting.items()):
            st.button(words, key=f"race_fits_{number}", on_click=_choose, args=(change,))


def _choose(change: Change) -> None:
    for key, value in change.items():
        st.session_state[key] = value
