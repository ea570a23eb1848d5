"""The picture with its buttons, and the training behind it."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import LAYER_METRICS, METRICS, VIEWS, Race
from lossviz.pages.race.setup import STEPS, shown_seed
from lossviz.ui.chart import chart, is_narrow, packed
from lossviz.ui.live import LiveTraining, LiveView
from lossviz.ui.typed import write_address

# Keys of this viewer's session state.
LIVE, SHOWN, WAS_RUNNING, CHOSEN = "race_live", "race_shown_picture", "race_was_running", "race_seed_chosen"
OPENED, WHOLE_PAGE, NOTED = "race_opened", "race_whole_page", "race_step_noted"


def is_training() -> bool:
    """Whether this viewer's training is running."""
    return LIVE in st.session_state and bool(st.session_state[LIVE].running)


def current(wanted: lv.TrainingSettings) -> tuple[LiveTraining, bool]:
    """This viewer's training, and whether it has yet to be trained to the step of the slider.

    It has for a link and for a preset; after another change of the settings a new training begins at step 0.
    """
    training: LiveTraining | None = st.session_state.get(LIVE)
    chosen = st.session_state.pop("race_try_chosen", None)
    if training is not None and training.settings == wanted:
        return training, bool(st.session_state.get(OPENED))
    if training is not None:
        training.pause()
        st.session_state[Race.step.key] = Race.step.default if chosen else 0
    opened = st.session_state[LIVE] = LiveTraining(wanted)
    st.session_state[OPENED] = training is None or bool(chosen)
    return opened, st.session_state[OPENED]


def drawing(now: LiveView, view: str) -> str:
    """The picture, made anew only when there is something new to show."""
    at = int(now.history.steps[-1])
    layout = is_narrow("race") if now.running else None
    metric, layers = METRICS[Race.measure.now], LAYER_METRICS[Race.layers.now]
    drawn = layers if view == "Layers" else metric
    if now.running:  # this picture has a frame for each metric: the browser shows the chosen one
        drawn = ""
    key = (now.history.settings, at, view, drawn, now.running, shown_seed(), layout)
    shown, body = st.session_state.get(SHOWN, (None, ""))
    if shown != key:
        body = packed(
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
                f"**{name} left the finite numbers at step {int(at[at >= 0].min())}** with "
                f"{int((at >= 0).sum())} of {len(at)} seeds: at learning rate {rate:g} each step overshoots "
                "by more than the one before. The others go on; its last finite step stays in the picture."
            )
    return ""


def stage(wanted: lv.TrainingSettings, view: str, training: bool) -> None:
    """Draw the picture and its buttons.

    While the training runs, the picture is a fragment of its own that runs six times a second: only the
    picture has to be new then, and a widget costs the browser more than a picture.
    """
    if training:
        st.session_state[WHOLE_PAGE] = True
        st.fragment(_while_running, run_every=0.16)(wanted, view)
        st.fragment(_buttons, run_every=1.0)(wanted)
    else:
        st.fragment(_while_paused)(wanted, view)


def _while_paused(wanted: lv.TrainingSettings, view: str) -> None:
    training, opened = current(wanted)
    picture = st.container()
    _buttons(wanted, opened)
    with picture:
        if opened:
            goal = int(Race.step.now)
            label = f"Training to step {goal} …"
            bar = st.progress(0.0, label)
            training.run_to(goal, lambda share: bar.progress(share, label))
            bar.empty()
            st.session_state[OPENED] = False
        _show(training.read(shown_seed()), view)


def _while_running(wanted: lv.TrainingSettings, view: str) -> None:
    training, _ = current(wanted)
    now = training.read(shown_seed())
    _rerun_if_changed(training, now.running)
    if Race.step.key not in st.query_params:
        _note_step(training)
    with st.container():
        _show(now, view)


def _show(now: LiveView, view: str) -> None:
    if st.session_state.pop(CHOSEN, False):
        st.rerun()  # the number of the seed is shown elsewhere on the page as well
    control = Race.layers if view == "Layers" else Race.measure
    history = now.history

    def choose_seed(x: float, y: float) -> None:
        step = int(history.steps[-1]) if now.running else int(Race.step.now)
        seed = lv.figures.seed_at(history, METRICS[Race.measure.now], VIEWS[view], step, x, y)
        if seed is not None and seed != shown_seed():
            st.session_state[Race.shown.key] = seed + 1
            st.session_state[CHOSEN] = True

    chart(
        drawing(now, view),
        key="race",
        follow=(control if now.running else Race.step).key,
        on_click=choose_seed if now.boundaries and view != "Layers" else None,
        live=True,
        alt=f"{control.now} of {', '.join(history.settings.losses)} over "
        f"{STEPS} training steps, at step {int(history.steps[-1])}.",
    )
    if trouble := divergence_text(history):
        st.markdown(trouble)


def _rerun_if_changed(training: LiveTraining, running: bool) -> None:
    """Run the page again when the training has started or stopped.

    Only then do its fragments start, or stop, to run by themselves.
    """
    if running != st.session_state.get(WAS_RUNNING, False):
        st.session_state[WAS_RUNNING] = running
        if not running:
            st.session_state[Race.step.key] = training.step
            if st.session_state.pop(NOTED, False):  # the new slider takes its value from the address
                write_address(Race.step.key, str(training.step))
        st.rerun()


def _note_step(training: LiveTraining) -> None:
    """Write the step into the address while there is no slider that does it.

    A page that is loaded again is then trained as far. In a run of the whole page, the slider still does it.
    """
    if not st.session_state.get(WHOLE_PAGE):
        st.session_state[NOTED] = True
        write_address(Race.step.key, str(training.step))


def _buttons(wanted: lv.TrainingSettings, opened: bool = False) -> None:
    """Play or pause, the slider, step, reset and speed."""
    training = current(wanted)[0]
    running, done, at = training.running, training.done, training.step
    _rerun_if_changed(training, running)
    # The slider is as long as the time axis above it.
    four = training.has_boundaries and len(wanted.losses) > 2
    with st.container(key="rail_race_four" if four else "rail_race", gap=None):
        with st.container(key="play_race", width=46):
            st.button(
                "Pause" if running else "Play",
                key="race_play",
                disabled=done,
                shortcut="Space",
                icon=":material/pause:" if running else ":material/play_arrow:",
                on_click=training.pause if running else training.play,
                args=() if running else (Race.speed.now == "Slow",),
            )
        if running:
            st.session_state["race_now"] = at
            _note_step(training)
            st.session_state[WHOLE_PAGE] = False  # the next runs are those of its fragments
            st.slider("Step", 0, STEPS, disabled=True, label_visibility="collapsed", key="race_now")
        else:
            Race.step.show(label_visibility="collapsed")
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
                disabled=at == 0 and not opened,
            )
            training.slow = Race.speed.segments(label_visibility="collapsed") == "Slow"


def one_step(training: LiveTraining) -> None:
    """Train to the next record."""
    training.advance()
    st.session_state[Race.step.key] = training.step


def reset(training: LiveTraining) -> None:
    """Begin again at step 0."""
    training.pause()
    st.session_state[LIVE] = LiveTraining(training.settings)
    st.session_state[OPENED] = False
    st.session_state[Race.step.key] = 0
