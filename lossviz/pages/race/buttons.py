"""The buttons and the slider under the picture of the page Race."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.pages.race.session import LIVE, SLIDER_STEP, current, put_slider
from lossviz.pages.race.setup import STEPS
from lossviz.ui.live import LiveTraining
from lossviz.ui.typed import write_address
from lossviz.ui.viewer import presence

# Keys of the viewer's session state.
WAS_RUNNING, WHOLE_PAGE, NOTED = "race_was_running", "race_whole_page", "race_step_noted"

WATCH_FROM = 1.0  # estimated seconds of a record from which it is watched instead of waited for


def rerun_if_changed(training: LiveTraining, running: bool) -> None:
    """Run the page again when the training has started or stopped.

    Only then do its fragments start, or stop, to run by themselves.
    """
    if running != st.session_state.get(WAS_RUNNING, False):
        st.session_state[WAS_RUNNING] = running
        if not running:
            put_slider(training.step)
            if st.session_state.pop(NOTED, False):  # the new slider takes its value from the address
                write_address(Race.step.key, str(training.step))
        st.rerun()


def note_step(training: LiveTraining) -> None:
    """Write the step into the address while there is no slider that does it.

    A page that is loaded again is then trained as far, or to the step that its link asked for. In a run of
    the whole page, the slider still does it.
    """
    if not st.session_state.get(WHOLE_PAGE):
        st.session_state[NOTED] = True
        on_its_way = training.step < training.goal < training.settings.steps
        write_address(Race.step.key, str(training.goal if on_its_way else training.step))


def buttons(wanted: lv.TrainingSettings) -> None:
    """Play or pause, the slider, step, reset and speed."""
    training = current(wanted)[0]
    running, done, at = training.running, training.done, training.step
    rerun_if_changed(training, running)
    with st.container(key="axis_slider_race", gap=None):
        with st.container(key="play_race", width=46):
            st.button(
                "Pause" if running else "Play",
                key="race_play",
                disabled=done,
                shortcut="Space",
                icon=":material/pause:" if running else ":material/play_arrow:",
                on_click=training.pause if running else training.play,
                args=() if running else (Race.speed.value == "Slow",),
            )
        if running:
            st.session_state["race_now"] = at
            note_step(training)
            st.session_state[WHOLE_PAGE] = False  # the next runs are those of its fragments
            st.slider("Step", 0, STEPS, disabled=True, label_visibility="collapsed", key="race_now")
        else:
            _step_slider()
        with st.container(
            key="race_buttons", horizontal=True, gap="small", width="content", vertical_alignment="center"
        ):
            st.button(
                "Step",
                key="race_one",
                type="tertiary",
                icon=":material/skip_next:",
                shortcut="S",
                on_click=one_step,
                args=(training,),
                disabled=running or done,
            )
            st.button(
                "Reset",
                key="race_reset",
                type="tertiary",
                icon=":material/restart_alt:",
                on_click=reset,
                args=(training,),
                disabled=at == 0,
            )
            training.slow = Race.speed.segments(label_visibility="collapsed") == "Slow"


def _step_slider() -> None:
    """The slider, put where it is to be.

    When it is drawn for the first time, what stands in the address wins: after a link that was stopped on its
    way, putting it takes another run.
    """
    step, tried = st.session_state.pop(SLIDER_STEP, (None, True))
    if step is not None:
        st.session_state[Race.step.key] = step
    if Race.step.show(label_visibility="collapsed") != step and not tried:
        st.session_state[SLIDER_STEP] = step, True
        st.rerun()


def one_step(training: LiveTraining) -> None:
    """Train to the next record: at once, or if that takes long, while it is watched."""
    following = training.step + training.settings.interval
    if training.estimated_seconds(following) > WATCH_FROM:
        training.play(Race.speed.value == "Slow", following)
        return
    training.advance()
    put_slider(training.step)


def reset(training: LiveTraining) -> None:
    """Begin again at step 0."""
    training.pause()
    st.session_state[LIVE] = LiveTraining(training.settings, presence())
    put_slider(0)
