"""Race: does the loss matter on a real network?"""

import streamlit as st

import lossviz as lv
from lossviz.ui import files
from lossviz.ui.chart import chart, packed
from lossviz.ui.controls import presets
from lossviz.ui.declared import Race
from lossviz.ui.live import Live, View
from lossviz.ui.page import File, Tabs, footer, heading, page, small
from lossviz.ui.texts import text

STEPS = int(Race.step.high)
SENTENCES = {
    "Curves": "Same start, same examples, same steps. Only the loss differs.",
    "Layers": "How much gradient reaches each layer. Where it is blank, nothing is learned.",
}
LIVE, SHOWN, WAS_RUNNING = "race_live", "race_shown", "race_was_running"  # in this viewer's session


def settings() -> lv.RaceSettings:
    """The race that the controls describe. ValueError says what does not fit together."""
    losses = tuple(Race.pair.now.split(", "))
    rates = [float(Race.rate.now)] * len(losses)
    if Race.own.now != "the same":
        rates[1] = float(Race.own.now)
    return lv.RaceSettings(
        Race.data.now,
        Race.network.now,
        losses,
        tuple(rates),
        Race.optimizer.now,
        int(Race.seeds.now),
        STEPS,
        init_gain=float(Race.gain.now),
        activation=Race.activation.now,
        record_every=int(Race.step.step),
    )


def current(wanted: lv.RaceSettings) -> tuple[Live, bool]:
    """This viewer's race, and whether it has just been opened. After a change in the set-up a new race
    stands ready at step 0."""
    race: Live | None = st.session_state.get(LIVE)
    if race is not None and race.settings == wanted:
        return race, False
    if race is not None:
        race.pause()
        st.session_state[Race.step.key] = 0
    opened = st.session_state[LIVE] = Live(wanted)
    return opened, race is None


def drawing(view: View, kind: str, measure: str) -> str:
    """The picture, made anew only when there is something new to show."""
    at = int(view.race.steps[-1])
    key = (view.race.settings, at, kind, measure, view.running)
    shown, body = st.session_state.get(SHOWN, (None, ""))
    if shown != key:
        body = packed(
            lambda narrow: lv.figures.training_curves(
                view.race, measure, at, kind, view.portraits, view.running, not view.running, narrow
            )
        )
        st.session_state[SHOWN] = (key, body)
    return str(body)


def trouble(view: View) -> str:
    """What to say of a contestant that has left the finite numbers; nothing if none has."""
    names, rates = view.race.settings.losses, view.race.settings.lr
    for name, rate, at in zip(names, rates, view.race.diverged_at, strict=True):
        if (at >= 0).any():
            return (
                f"**{name} left the finite numbers at step {int(at[at >= 0].min())}**: at learning rate {rate:g} "
                "each step overshoots by more than the one before. The others go on."
            )
    return ""


def setup() -> None:
    columns = st.columns(3, gap="medium")
    with columns[0]:
        Race.data.menu()
        Race.pair.menu()
        Race.seeds.show()
    with columns[1]:
        Race.network.menu()
        Race.activation.segments()
        Race.gain.segments()
    with columns[2]:
        Race.optimizer.menu()
        Race.rate.ladder()
        Race.own.menu()


def stage(wanted: lv.RaceSettings, kind: str, measure: str) -> None:
    """The picture and its transport. While it trains this runs by itself, five times a second."""
    race, opened = current(wanted)
    view = race.read()
    at = int(view.race.steps[-1])
    if view.running != st.session_state.get(WAS_RUNNING, False):
        st.session_state[WAS_RUNNING] = view.running
        if not view.running:
            st.session_state[Race.step.key] = at
        st.rerun()  # of the whole page: only then does the fragment begin, or cease, to run by itself
    picture = st.container()
    with st.container(key="rail_race" if view.portraits else "rail_race_alone", gap=None):
        with st.container(key="play_race", width=46):
            st.button(
                "Pause" if view.running else "Play",
                key="race_play",
                disabled=view.done,
                shortcut="Space",
                icon=":material/pause:" if view.running else ":material/play_arrow:",
                on_click=race.pause if view.running else race.play,
            )
        if view.running:
            st.slider("Step", 0, STEPS, at, disabled=True, label_visibility="collapsed", key=f"race_now_{at}")
        else:
            goal = int(Race.step.show(label_visibility="collapsed"))
        with st.container(key="race_buttons", horizontal=True, gap="small", width="content"):
            st.button(
                "Step",
                key="race_one",
                type="tertiary",
                icon=":material/skip_next:",
                shortcut="S",
                on_click=one_step,
                args=(race,),
                disabled=view.running or view.done,
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
    with picture:
        if opened:  # a link shows what it showed: so the race is run to its step first
            words = f"Training to step {goal} …"
            bar = st.progress(0.0, words)
            race.run_to(goal, lambda share: bar.progress(share, words))
            bar.empty()
            view = race.read()
        chart(
            drawing(view, kind, measure),
            key="race",
            follow=None if view.running else Race.step.key,
            alt=f"{measure} of {', '.join(race.settings.losses)} over {STEPS} training steps, at step "
            f"{int(view.race.steps[-1])}.",
        )
    if trouble(view):
        st.markdown(trouble(view))


def one_step(race: Live) -> None:
    race.step()
    st.session_state[Race.step.key] = int(race.read().race.steps[-1])


def reset(race: Live) -> None:
    race.pause()
    st.session_state[LIVE] = Live(race.settings)
    st.session_state[Race.step.key] = 0


def numbers(race: lv.Race) -> str:
    """One row a record, with every contestant and seed."""
    table: dict[str, object] = {"step": race.steps}
    for c, loss in enumerate(race.settings.losses):
        for seed in range(race.settings.seeds):
            for field in ("loss", "test_loss", "accuracy", "cross_entropy", "brier"):
                table[f"{loss} seed {seed} {field}"] = getattr(race, field)[c, seed]
    return files.columns(table)  # type: ignore[arg-type]


def formulas(names: tuple[str, ...]) -> str:
    rows = [lv.LOSSES[name] for name in names]
    return "\n\n".join(f"**{row.name}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


PRESETS: dict[str, dict[str, object]] = {
    "Loud output": {},
    "Normal start": {"race_gain": "1", "race_rate": "0.5"},
    "Deep sigmoid net": {
        "race_network": "mlp-16-16-16-16-16",
        "race_activation": "sigmoid",
        "race_gain": "1",
        "race_rate": "0.5",
        "race_view": "Layers",
    },
    "Own rates": {"race_rate": "2", "race_own": "0.1"},
    "Ten digits": {
        "race_data": "digits",
        "race_network": "mlp-16",
        "race_losses": "softmax-mse, softmax-ce",
        "race_gain": "20",
        "race_rate": "0.2",
        "race_seeds": 2,
    },
}

with page():
    kind = heading("Does the loss matter on a real network?", SENTENCES, Race.view)
    picture = st.container(gap="small")
    convention = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        measure = Race.measure.segments()
    under = Tabs("Set up")
    with under["Set up"]:
        setup()
    with tries:
        presets("race_try", PRESETS, [c for c in Race.all if c not in (Race.step, Race.measure)])
    with picture:
        try:
            wanted = settings()
        except ValueError as error:
            st.markdown(f"**This does not fit together:** {error}. Change it under *Set up*.")
            st.stop()
        training = LIVE in st.session_state and st.session_state[LIVE].running
        st.fragment(stage, run_every=0.2 if training else None)(wanted, kind, measure)
        race = st.session_state[LIVE]
    train, test = wanted.data()
    with convention:
        rates = "rate " + " and ".join(f"{rate:g}" for rate in dict.fromkeys(wanted.lr))
        small(
            f"{lv.DATASETS[wanted.dataset].label}, {len(train.x)} examples to train on, {len(test.x)} to measure on · "
            f"{wanted.network}, {wanted.activation}, output layer × {wanted.init_gain:g} · {wanted.optimizer}, "
            f"full batch, {rates} · {wanted.seeds} starts{'; portraits show the first' if train.x.shape[1] == 2 else ''}."
        )
    under.fill(
        see=text("race_see"),
        maths=text("race_maths").replace("LOSSES", formulas(wanted.losses)),
        code=f"""import lossviz as lv

race = lv.train(
    "{wanted.dataset}", "{wanted.network}", losses={list(wanted.losses)}, lr={list(wanted.lr)},
    optimizer="{wanted.optimizer}", seeds={wanted.seeds}, steps={STEPS}, init_gain={wanted.init_gain:g},
    activation="{wanted.activation}", record_every={wanted.record_every},
)
figure = lv.figures.training_curves(race, "{measure}", at={int(Race.step.now)}, view="{kind}")""",
        controls=Race.all,
        files=[
            File(
                "Page (HTML)",
                "race.html",
                "text/html",
                lambda: lv.figures.standalone(
                    lv.figures.training_curves(race.read().race, measure, view=kind), "step"
                ),
            ),
            File("Numbers (CSV)", "race.csv", "text/csv", lambda: numbers(race.read().race)),
        ],
        picture="race",
    )
    footer()
