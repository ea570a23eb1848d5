"""Race: the picture, its transport, and the training behind it."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import time

import streamlit as st

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.pages.race.setup import STEPS, shown_seed
from lossviz.ui.chart import chart, figure_json, is_narrow
from lossviz.ui.live import Live, View
from lossviz.ui.typed import write_address
from lossviz.ui.viewer import presence
from lossviz.ui.work import INTERVAL, stop_button

# What is kept in this viewer's session.
LIVE, SHOWN, WAS_RUNNING, CHOSEN = "race_live", "race_shown_picture", "race_was_running", "race_seed_chosen"
WHOLE_PAGE, NOTED = "race_whole_page", "race_step_noted"
STANDS = "race_stands_at"  # where the slider is to be put, and whether that has been tried

# Estimated seconds, beyond which training is watched instead of waited for; and a record by hand.
WATCHED, SOON = 10.0, 1.0
CALM = 0.3  # seconds before there is a word of any work


def is_training() -> bool:
    return LIVE in st.session_state and bool(st.session_state[LIVE].running)


def current(wanted: lv.TrainingSettings) -> tuple[Live, bool]:
    """This viewer's race, and whether it has just been opened. After a change in the set-up a new
    race stands ready at step 0; a preset opens where there is something to see, as a link does."""
    race: Live | None = st.session_state.get(LIVE)
    chosen = st.session_state.pop("race_try_chosen", None)
    if race is not None and race.settings == wanted:
        return race, False
    if race is not None:
        race.pause()
        st.session_state[Race.step.key] = Race.step.default if chosen else 0
    opened = st.session_state[LIVE] = new(wanted)
    return opened, race is None or bool(chosen)


def new(wanted: lv.TrainingSettings) -> Live:
    """A race at step 0, for the viewer of this run."""
    return Live(wanted, presence())


def catch_up(race: Live) -> None:
    """Train to the step that the race is on its way to: at once, or if that takes long, while it is watched.

    It stands where the page itself runs: a click inside a fragment waits for the end of the run, and Stop
    would come too late.
    """
    if race.seconds(race.goal) > WATCHED:
        race.play(Race.speed.value == "Slow", race.goal)
        st.rerun()
    place, since, bar = st.empty(), time.monotonic(), None
    words = f"Training to step {race.goal} …"

    def tell(share: float) -> None:
        nonlocal since, bar
        if time.monotonic() - since < (CALM if bar is None else INTERVAL):
            return
        since = time.monotonic()
        if bar is None:
            with place.container(horizontal=True, vertical_alignment="center"):
                stop_button("race", stop, race)
                bar = st.progress(share, words)
        bar.progress(share, words)

    race.run_to(race.goal, tell)
    place.empty()


def stop(race: Live) -> None:
    """It stays where it is."""
    race.pause()
    put_slider(race.at)


def put_slider(step: int) -> None:
    """Where the slider of steps is to stand from the next run on."""
    st.session_state[STANDS] = step, False


def asked_for() -> int:
    """The step that is to be shown: before its slider is drawn, a link's stands in the address only."""
    if Race.step.key in st.session_state:
        return int(Race.step.value)
    try:
        linked = float(st.query_params.get(Race.step.key, Race.step.default))
    except ValueError:
        return int(Race.step.default)
    return int(linked if Race.step.low <= linked <= Race.step.high else Race.step.default)


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
    race, opened = current(wanted)
    if opened:  # a link shows what it showed: so the race is run to its step first
        race.goal = asked_for()
    if not training and race.at < race.goal:
        catch_up(race)
    if training:
        st.session_state[WHOLE_PAGE] = True
        st.fragment(_watched, run_every=0.16)(wanted, kind)
        st.fragment(_transport, run_every=1.0)(wanted)
    else:
        st.fragment(_at_rest)(wanted, kind)


def _at_rest(wanted: lv.TrainingSettings, kind: str) -> None:
    race, _ = current(wanted)
    picture = st.container()
    _transport(wanted)
    with picture:
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
            put_slider(race.at)
            if st.session_state.pop(NOTED, False):  # the slider that comes back begins with what is there
                write_address(Race.step.key, str(race.at))
        st.rerun()


def _note_step(race: Live) -> None:
    """Write the step into the address while there is no slider that does: who loads the page again then sees
    as much of the race. In a run of the whole page the address is still the slider's. A race on its way to
    the step of its link keeps that step."""
    if not st.session_state.get(WHOLE_PAGE):
        st.session_state[NOTED] = True
        step = race.goal if race.at < race.goal < race.settings.steps else race.at
        write_address(Race.step.key, str(step))


def _transport(wanted: lv.TrainingSettings) -> None:
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
                disabled=at == 0,
            )
            race.slow = Race.speed.segments(label_visibility="collapsed") == "Slow"


def _step_slider() -> None:
    """The slider, put where it is to be. When it is drawn for the first time what stands in the address wins:
    after a link that was stopped on its way it takes another run."""
    place, tried = st.session_state.pop(STANDS, (None, True))
    if place is not None:
        st.session_state[Race.step.key] = place
    if Race.step.show(label_visibility="collapsed") != place and not tried:
        st.session_state[STANDS] = place, True
        st.rerun()


def one_step(race: Live) -> None:
    """A record further: at once, or if that takes long, while it is watched."""
    following = race.at + race.settings.interval
    if race.seconds(following) > SOON:
        race.play(Race.speed.value == "Slow", following)
        return
    race.step()
    put_slider(race.at)


def reset(race: Live) -> None:
    race.pause()
    st.session_state[LIVE] = new(race.settings)
    put_slider(0)
