"""Race: does the loss matter on a real network?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.ui import files
from lossviz.ui.controls import presets
from lossviz.ui.declared import Race
from lossviz.ui.live import Live
from lossviz.ui.page import File, Tabs, footer, heading, page, small
from lossviz.ui.texts import text
from lossviz.ui.views import race_table
from lossviz.ui.views.race import LIVE, stage
from lossviz.ui.views.race_setup import call, settings, setup, shown_seed, words

SENTENCES = {
    "Curves": "Same start, same examples, same steps. Only what is named differs.",
    "Layers": "Layer by layer while it trains. Where does the gradient die?",
    "Seeds": "Each seed for itself, beside all that luck could have dealt.",
    "Table": "Ten digits, eight ways to say which. How much does the loss matter?",
}
USUAL: dict[str, object] = {"race_gain": "1", "race_rate": "0.5"}
DEEP = USUAL | {"race_network": "mlp-16-16-16-16-16", "race_activation": "sigmoid, relu"}
PRESETS: dict[str, dict[str, object]] = {
    "Loud output": {},
    "Normal start": USUAL,
    "Deep net": DEEP | {"race_view": "Layers"},
    "Own rates": USUAL | {"race_rate": "2", "race_own": "0.5"},
    "Rare class": USUAL | {"race_rare": "19"},
    "Wrong labels": {
        "race_gain": "1",
        "race_rate": "0.02",
        "race_optimizer": "adam",
        "race_network": "mlp-64-64",
        "race_wrong": "0.2",
    },
    "Ten digits": {"race_view": "Table"},
}
UNTOUCHED = (Race.step, Race.measure, Race.layers, Race.speed, Race.shown)  # by presets


def figure(live: Live, seed: int, kind: str, measure: str, layers: str) -> object:
    """The figure of all that has been trained so far."""
    view = live.read(seed)
    return lv.figures.training_curves(view.race, measure, view=kind, portraits=view.portraits, layers=layers)


def numbers(race: lv.Race) -> str:
    """One row a record, with every contestant and seed."""
    table: dict[str, object] = {"step": race.steps}
    fields = ("loss", "test_loss", "accuracy", "cross_entropy", "brier", "distance", "sure_and_wrong")
    for c, one in enumerate(race.settings.contestants):
        for seed in range(race.settings.seeds):
            for field in fields:
                name = f"{'ABCD'[c]} {one.loss} {one.activation} {one.optimizer} seed {seed + 1} {field}"
                table[name] = getattr(race, field)[c, seed]
    return files.columns(table)  # type: ignore[arg-type]


def saved(race: lv.Race) -> bytes:
    """The whole race as a file that `lv.Race.load` opens."""
    import io

    file = io.BytesIO()
    race.save(file)
    return file.getvalue()


def formulas(names: tuple[str, ...]) -> str:
    rows = [lv.LOSSES[name] for name in dict.fromkeys(names)]
    return "\n\n".join(f"**{row.name}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


def see(lit: str | None) -> str:
    """The lit preset's own words, and what holds for all."""
    return text(f"race_see_{(lit or 'own').lower().replace(' ', '_')}") + "\n" + text("race_see")


with page():
    kind = heading("Does the loss matter on a real network?", SENTENCES, Race.view)
    picture = st.container(gap="small")
    convention = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        measure, layers = Race.measure.now, Race.layers.now
        if kind == "Layers":
            layers = Race.layers.segments()
        elif kind != "Table":
            measure = Race.measure.segments()
    under = Tabs("Set up")
    with under["Set up"]:
        setup()
    with tries:
        lit = presets("race_try", PRESETS, [c for c in Race.all if c not in UNTOUCHED])
    if kind == "Table":
        with picture:
            race_table.stage()
        with convention:
            small(race_table.words())
        maths, code, facts = text("race_table_maths"), race_table.code(), race_table.table()
        downloads = [
            File("Page (HTML)", "digits.html", "text/html", lambda: race_table.page_file(facts)),
            File("Numbers (CSV)", "digits.csv", "text/csv", lambda: race_table.numbers(facts)),
        ]
    else:
        with picture:
            try:
                wanted = settings()
            except ValueError as error:
                st.markdown(
                    f"**This does not fit together:** {error}. Change it under *Set up*, or try a preset."
                )
                st.stop()
            training = LIVE in st.session_state and st.session_state[LIVE].running
            st.fragment(stage, run_every=0.2 if training else None)(wanted, kind, measure, layers)
        with convention:
            small(words(wanted))
        plane = len(lv.DATASETS[wanted.dataset].features) == 2
        faces = f", portraits=lv.figures.portraits(race, seed={shown_seed()})" if plane else ""
        shade = f', layers="{layers}"' if kind == "Layers" else ""
        maths = text("race_maths").replace("LOSSES", formulas(wanted.losses))
        code = f"""import lossviz as lv

{call(wanted)}
figure = lv.figures.training_curves(
    race, "{measure}", at={int(Race.step.now)}, view="{kind}"{shade}{faces}
)"""
        # A file is made when it is asked for, outside of the run, where there is no session to look into.
        live, seed = st.session_state[LIVE], shown_seed()
        downloads = [
            File(
                "Page (HTML)",
                "race.html",
                "text/html",
                lambda: lv.figures.standalone(figure(live, seed, kind, measure, layers), "step"),
            ),
            File(
                "Numbers (CSV)",
                "race.csv",
                "text/csv",
                lambda: numbers(live.read().race),
            ),
            File(
                "Race (NPZ)",
                "race.npz",
                "application/octet-stream",
                lambda: saved(live.read().race),
            ),
        ]
    under.fill(see=see(lit), maths=maths, code=code, controls=Race.all, files=downloads, picture="race")
    footer()
