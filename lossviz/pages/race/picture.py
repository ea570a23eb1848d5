"""Race: the picture, its transport, and the training behind it."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.pages.race.setup import STEPS, shown_seed
from lossviz.ui.chart import chart, figure_json, is_narrow
from lossviz.ui.live import Live, View
from lossviz.ui.typed import write_address

# What is kept in this viewer's session.
LIVE, SHOWN, WAS_RUNNING, CHOSEN = "race_live", "race_shown_picture", "race_was_running", "race_seed_chosen"
OPENED, WHOLE_PAGE, NOTED = "race_opened", "race_whole_page", "race_step_noted"


def is_training() -> bool:
    return LIVE in st.session_state and bool(st.session_state[LIVE].running)


def current(wanted: lv.TrainingSettings) -> tuple[Live, bool]:
    """This viewer's race, and whether it was opened and is not shown yet. After a change in the set-up a new
    race stands ready at step 0; a preset opens where there is something to see, as a link does."""
    race: Live | None = st.session_state.get(LIVE)
    chosen = st.session_state.pop("race_try_chosen", None)
    if race is not None and race.settings == wanted:
        return race, bool(st.session_state.get(OPENED))
    if race is not None:
        race.pause()
        st.session_state[Race.step.key] = Race.step.default if chosen else 0
    opened = st.session_state[LIVE] = Live(wanted)
    st.session_state[OPENED] = race is None or bool(chosen)
    return opened, st.session_state[OPENED]


def drawing(view: View, kind: str, measure: str, layers: str) -> str:
    """The picture, made anew only when there is something new to show."""
    at = int(view.race.steps[-1])
    layout = is_narrow("race") if view.running else None
    shade = layers if kind == "Layers" else measure
    if view.running:  # its picture has them all: the browser takes the chosen one, and at once
        shade = ""
    key = (view.race.settings, at, kind, shade, view.running, shown_seed(), layout)
    shown, body = st.session_state.get(SHOWN, (None, ""))
    if shown != key:
        body = figure_json(
            lambda narrow: lv.figures.training_curves(
                view.race, measure, at, kind, view.portraits, view.running, narrow=narrow, layers=layers
            ),
            layout,
        )
        st.session_state[SHOWN] = (key, body)
    return str(body)


def trouble(view: View) -> str:
    """What to say of a contestant that has left the finite numbers; nothing if none has."""
    names, rates = view.race.settings.losses, view.race.settings.lr
    for name, rate, at in zip(names, rates, view.race.diverged_at, strict=True):
        if (at >= 0).any():
            return (
                f"**{name} left the finite numbers at step {int(at[at >= 0].min())}** with "
                f"{int((at >= 0).sum())} of {len(at)} seeds: at learning rate {rate:g} each step overshoots "
                "by more than the one before. The others go on; its last finite step stays in the picture."
            )
    return ""


def stage(wanted: lv.TrainingSettings, kind: str, training: bool) -> None:
    """The picture and its transport. While it trains the picture is read by itself, six times a second: it is
    all that has to be new then, and a widget costs the browser more than a picture."""
    if training:
        st.session_state[WHOLE_PAGE] = True
        st.fragment(_watched, run_every=0.16)(wanted, kind)
        st.fragment(_transport, run_every=1.0)(wanted)
    else:
        st.fragment(_at_rest)(wanted, kind)


def _at_rest(wanted: lv.TrainingSettings, kind: str) -> None:
    race, opened = current(wanted)
    picture = st.container()
    _transport(wanted, opened)
    with picture:
        if opened:  # a link shows what it showed: so the race is run to its step first
            goal = int(Race.step.value)
            words = f"Training to step {goal} …"
            bar = st.progress(0.0, words)
            race.run_to(goal, lambda share: bar.progress(share, words))
            bar.empty()
            st.session_state[OPENED] = False
        _show(race.read(shown_seed()), kind)


def _watched(wanted: lv.TrainingSettings, kind: str) -> None:
    race, _ = current(wanted)
    view = race.read(shown_seed())
    _notice(race, view.running)
    if Race.step.key not in st.query_params:
        _note_step(race)
    with st.container():
        _show(view, kind)


def _show(view: View, kind: str) -> None:
    if st.session_state.pop(CHOSEN, False):
        st.rerun()  # the page says elsewhere which seed it is
    shade = Race.layers if kind == "Layers" else Race.measure
    settings = view.race.settings

    def choose_seed(x: float, y: float) -> None:
        step = int(view.race.steps[-1]) if view.running else int(Race.step.value)
        seed = lv.figures.seed_at(view.race, Race.measure.value, kind, step, x, y)
        if seed is not None and seed != shown_seed():
            st.session_state[Race.shown.key] = seed + 1
            st.session_state[CHOSEN] = True

    chart(
        drawing(view, kind, Race.measure.value, Race.layers.value),
        key="race",
        follow=(shade if view.running else Race.step).key,
        on_click=choose_seed if view.portraits and kind != "Layers" else None,
        options=shade.options if view.running else (),
        live=True,
        alt=f"{shade.value} of {', '.join(settings.losses)} over "
        f"{STEPS} training steps, at step {int(view.race.steps[-1])}.",
    )
    if trouble(view):
        st.markdown(trouble(view))


def _notice(race: Live, running: bool) -> None:
    """When the race has begun or ceased to run, the page is run anew: only then do its fragments begin, or
    cease, to run by themselves."""
    if running != st.session_state.get(WAS_RUNNING, False):
        st.session_state[WAS_RUNNING] = running
        if not running:
            st.session_state[Race.step.key] = race.at
            if st.session_state.pop(NOTED, False):  # the slider that comes back begins with what is there
                write_address(Race.step.key, str(race.at))
        st.rerun()


def _note_step(race: Live) -> None:
    """Write the step into the address while there is no slider that does: who loads the page again then sees
    as much of the race. In a run of the whole page the address is still the slider's."""
    if not st.session_state.get(WHOLE_PAGE):
        st.session_state[NOTED] = True
        write_address(Race.step.key, str(race.at))


def _transport(wanted: lv.TrainingSettings, opened: bool = False) -> None:
    race = current(wanted)[0]
    running, done, at = race.running, race.done, race.at
    _notice(race, running)
    with st.container(key="axis_slider_race", gap=None):
        with st.container(key="play_race", width=46):
            st.button(
                "Pause" if running else "Play",
                key="race_play",
                disabled=done,
                shortcut="Space",
                icon=":material/pause:" if running else ":material/play_arrow:",
                on_click=race.pause if running else race.play,
                args=() if running else (Race.speed.value == "Slow",),
            )
        if running:
            st.session_state["race_now"] = at
            _note_step(race)
            st.session_state[WHOLE_PAGE] = False  # the runs that follow are those of its fragments
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
                args=(race,),
                disabled=running or done,
            )
            st.button(
                "Reset",
                key="race_reset",
                type="tertiary",
                icon=":material/restart_alt:",
                on_click=reset,
                args=(race,),
                disabled=at == 0 and not opened,
            )
            race.slow = Race.speed.segments(label_visibility="collapsed") == "Slow"


def one_step(race: Live) -> None:
    race.step()
    st.session_state[Race.step.key] = race.at


def reset(race: Live) -> None:
    race.pause()
    st.session_state[LIVE] = Live(race.settings)
    st.session_state[OPENED] = False
    st.session_state[Race.step.key] = 0
