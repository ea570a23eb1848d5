"""Race: does the loss matter on a real network?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.ui import files
from lossviz.ui.controls import presets
from lossviz.ui.declared import Race
from lossviz.ui.live import Live
from lossviz.ui.page import File, Tabs, footer, heading, page, small
from lossviz.ui.texts import text
from lossviz.ui.views.race import LIVE, STEPS, stage

SENTENCES = {
    "Curves": "Same start, same examples, same steps. Only the loss differs.",
    "Layers": "How much gradient reaches each layer. Where it is blank, nothing is learned.",
}


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


def fit_to_data() -> None:
    """Data with more than two classes need other losses, and only digits suit the cnn: change what must."""
    many = len(lv.DATASETS[Race.data.now].classes) > 2
    if many and any(lv.LOSSES[name].task == "binary" for name in Race.pair.now.split(", ")):
        st.session_state[Race.pair.key] = "softmax-mse, softmax-ce"
    if Race.network.now == "cnn" and Race.data.now != "digits":
        st.session_state[Race.network.key] = Race.network.default


def setup() -> None:
    columns = st.columns(3, gap="medium")
    with columns[0]:
        Race.data.menu(on_change=fit_to_data)
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


def whole(race: Live, measure: str, kind: str) -> Any:
    """The figure of all that has been trained so far."""
    view = race.read()
    return lv.figures.training_curves(view.race, measure, view=kind, portraits=view.portraits)


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
            st.markdown(
                f"**This does not fit together:** {error}. Change it under *Set up*, or try a preset."
            )
            st.stop()
        training = LIVE in st.session_state and st.session_state[LIVE].running
        st.fragment(stage, run_every=0.2 if training else None)(wanted, kind, measure)
        race = st.session_state[LIVE]
    train, test = wanted.data()
    with convention:
        rates = "rate " + " and ".join(f"{rate:g}" for rate in dict.fromkeys(wanted.lr))
        small(
            f"{lv.DATASETS[wanted.dataset].label}, {len(train.x)} examples to train on, "
            f"{len(test.x)} to measure on · "
            f"{wanted.network}, {wanted.activation}, output layer × {wanted.init_gain:g} · "
            f"{wanted.optimizer}, "
            f"full batch, {rates} · {wanted.seeds} "
            f"starts{'; portraits show the first' if train.x.shape[1] == 2 else ''}."
        )
    faces = ", portraits=lv.figures.portraits(race)" if train.x.shape[1] == 2 else ""
    under.fill(
        see=text("race_see"),
        maths=text("race_maths").replace("LOSSES", formulas(wanted.losses)),
        code=f"""import lossviz as lv

race = lv.train(
    "{wanted.dataset}", "{wanted.network}", losses={list(wanted.losses)}, lr={list(wanted.lr)},
    optimizer="{wanted.optimizer}", seeds={wanted.seeds}, steps={STEPS}, init_gain={wanted.init_gain:g},
    activation="{wanted.activation}", record_every={wanted.record_every},
)
figure = lv.figures.training_curves(
    race, "{measure}", at={int(Race.step.now)}, view="{kind}"{faces}
)""",
        controls=Race.all,
        files=[
            File(
                "Page (HTML)",
                "race.html",
                "text/html",
                lambda: lv.figures.standalone(whole(race, measure, kind), "step"),
            ),
            File("Numbers (CSV)", "race.csv", "text/csv", lambda: numbers(race.read().race)),
        ],
        picture="race",
    )
    footer()
