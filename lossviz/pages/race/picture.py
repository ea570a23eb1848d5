"""The picture of the page Race."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Mapping
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.race.buttons import WHOLE_PAGE, buttons, note_step, rerun_if_changed
from lossviz.pages.race.controls import LAYER_METRICS, METRICS, VIEWS, Race
from lossviz.pages.race.session import catch_up, current, linked_step
from lossviz.pages.race.setup import STEPS, shown_seed
from lossviz.ui.chart import chart, figure_json, is_narrow
from lossviz.ui.live import LiveView

# Keys of the viewer's session state. `TOLD` is the step that the tabs are about; None while they are made.
SHOWN, CHOSEN, TOLD = "race_shown_picture", "race_seed_chosen", "race_told_step"


def drawing(now: LiveView, view: str) -> str:
    """The picture, made anew only when there is something new to show."""
    at = int(now.history.steps[-1])
    layout = is_narrow("race") if now.running else None
    metric, layers = METRICS[Race.measure.value], LAYER_METRICS[Race.layers.value]
    drawn = layers if view == "Layers" else metric
    if now.running:  # this picture has a frame for each metric: the browser shows the chosen one
        drawn = ""
    key = (now.history.settings, at, view, drawn, now.running, shown_seed(), layout)
    shown, body = st.session_state.get(SHOWN, (None, ""))
    if shown != key:
        body = figure_json(
            lambda narrow: lv.figures.training_curves(
                now.history,
                metric,
                at,
                VIEWS[view],
                now.boundaries,
                now.running,
                narrow=narrow,
                layers=layers,
            ),
            layout,
        )
        st.session_state[SHOWN] = (key, body)
    return str(body)


def divergence_text(history: lv.History) -> str:
    """A text on the first run that has diverged; empty for none."""
    names, rates = history.settings.losses, history.settings.lr
    for name, rate, at in zip(names, rates, history.diverged_at, strict=True):
        if (at >= 0).any():
            return (
                f"**{lv.LOSSES[name].label} diverged at step {int(at[at >= 0].min())}** with "
                f"{int((at >= 0).sum())} of {len(at)} seeds: at learning rate {rate:g} each step overshoots "
                "by more than the one before. The others go on; the last finite step stays in the picture."
            )
    return ""


def stage(wanted: lv.TrainingSettings, view: str, training: bool) -> None:
    """Draw the picture and its buttons.

    While the training runs, the picture is a fragment of its own that runs six times a second: only the
    picture has to be new then, and a widget costs the browser more than a picture.
    """
    progress = (
        st.empty()
    )  # always: else the chart would be another element after a training that was waited for
    live, opened = current(wanted)
    if opened:  # a link shows what it showed: so it is trained to the link's step first
        live.goal = linked_step()
    if not training and live.step < live.goal:
        catch_up(live, progress)
    if training:
        st.session_state[WHOLE_PAGE] = True
        st.fragment(_while_running, run_every=0.16)(wanted, view)
        st.fragment(buttons, run_every=1.0)(wanted)
    else:
        st.fragment(_while_paused)(wanted, view)


def _while_paused(wanted: lv.TrainingSettings, view: str) -> None:
    training, _ = current(wanted)
    picture = st.container()
    buttons(wanted)
    with picture:
        _show(training.read(shown_seed()), view)
    if st.session_state.get(TOLD) not in (None, int(Race.step.value)):
        st.rerun()  # the link, the code and the files are about the step, too


def _while_running(wanted: lv.TrainingSettings, view: str) -> None:
    training, _ = current(wanted)
    now = training.read(shown_seed())
    rerun_if_changed(training, now.running)
    if Race.step.key not in st.query_params:
        note_step(training)
    with st.container():
        _show(now, view)


def _show(now: LiveView, view: str) -> None:
    if st.session_state.pop(CHOSEN, False):
        st.rerun()  # the number of the seed is shown elsewhere on the page as well
    control = Race.layers if view == "Layers" else Race.measure
    history = now.history

    def choose_seed(x: float, y: float, picture: Mapping[str, Any]) -> None:
        """By the picture that was clicked: another measure may be chosen by now, or a later step reached."""
        measure, step = picture["measure"], picture["step"]
        if picture["running"]:
            measure = picture["frame"]
        else:
            step = picture["frame"]
        seed = lv.figures.seed_at(history, METRICS[measure], VIEWS[view], int(step), x, y)
        if seed is not None and seed != shown_seed():
            st.session_state[Race.shown.key] = seed + 1
            st.session_state[CHOSEN] = True

    chart(
        drawing(now, view),
        key="race",
        follow=(control if now.running else Race.step).key,
        on_click=choose_seed if now.boundaries and view != "Layers" else None,
        clicked_in={
            "measure": Race.measure.value,
            "step": int(history.steps[-1]),
            "running": now.running,
        },
        options=control.options if now.running else (),
        live=now.running,
        steady=True,
        alt=f"{control.value} of {', '.join(lv.LOSSES[name].label for name in history.settings.losses)} over "
        f"{STEPS} training steps, at step {int(history.steps[-1])}.",
    )
    if trouble := divergence_text(history):
        st.markdown(trouble)
