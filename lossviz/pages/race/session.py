"""This viewer's training on the page Race: begun, brought to a step, and stopped."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import time
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.ui.live import LiveTraining
from lossviz.ui.viewer import presence
from lossviz.ui.work import INTERVAL, stop_button

# Keys of the viewer's session state.
LIVE = "race_live"
SLIDER_STEP = "race_slider_step"  # where the slider is to be put, and whether that has been tried

WATCH_FROM = 10.0  # estimated seconds from which training is watched instead of waited for
SILENT_FOR = 0.3  # seconds before a progress bar is shown


def is_training() -> bool:
    """Whether this viewer's training is running."""
    return LIVE in st.session_state and bool(st.session_state[LIVE].running)


def current(wanted: lv.TrainingSettings) -> tuple[LiveTraining, bool]:
    """This viewer's training, and whether it was just begun for a link or a preset.

    Those are trained to the step of the slider; after another change of the settings a new training begins
    at step 0.
    """
    training: LiveTraining | None = st.session_state.get(LIVE)
    chosen = st.session_state.pop("race_try_chosen", None)
    if training is not None and training.settings == wanted:
        return training, False
    if training is not None:
        training.pause()
        st.session_state[Race.step.key] = Race.step.default if chosen else 0
    opened = st.session_state[LIVE] = LiveTraining(wanted, presence())
    return opened, training is None or bool(chosen)


def catch_up(training: LiveTraining, place: Any) -> None:
    """Train to the goal: at once with a progress bar there, or if that takes long, while it is watched.

    This runs where the page itself runs: a click inside a fragment waits for the end of the run, and Stop
    would come too late.
    """
    if training.estimated_seconds(training.goal) > WATCH_FROM:
        training.play(Race.speed.value == "Slow", training.goal)
        st.rerun()
    since, bar = time.monotonic(), None
    label = f"Training to step {training.goal} …"

    def progress(share: float) -> None:
        nonlocal since, bar
        if time.monotonic() - since < (SILENT_FOR if bar is None else INTERVAL):
            return
        since = time.monotonic()
        if bar is None:
            with place.container(horizontal=True, vertical_alignment="center"):
                stop_button("race", stop, training)
                bar = st.progress(share, label)
        bar.progress(share, label)

    training.run_to(training.goal, progress)
    place.empty()


def stop(training: LiveTraining) -> None:
    """Stay at the present step."""
    training.pause()
    put_slider(training.step)


def put_slider(step: int) -> None:
    """Put the slider of steps at a step, from the next run on."""
    st.session_state[SLIDER_STEP] = step, False


def linked_step() -> int:
    """The step that is to be shown. Before its slider is drawn, a link's step stands in the address only."""
    if Race.step.key in st.session_state:
        return int(Race.step.value)
    try:
        linked = float(st.query_params.get(Race.step.key, Race.step.default))
    except ValueError:
        return int(Race.step.default)
    return int(linked if Race.step.low <= linked <= Race.step.high else Race.step.default)
