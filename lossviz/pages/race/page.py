"""Race: does the loss matter on a real network?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import error_for_markdown
from lossviz.pages.race import digits_table, limits
from lossviz.pages.race.controls import Race
from lossviz.pages.race.downloads import of_race, of_table
from lossviz.pages.race.picture import LIVE, is_training, stage
from lossviz.pages.race.setup import call, settings, setup, shown_seed, words
from lossviz.ui.controls import presets
from lossviz.ui.page import Tabs, caption, footer, heading, page
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

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


def formulas(names: tuple[str, ...]) -> str:
    rows = [lv.LOSSES[name] for name in dict.fromkeys(names)]
    return "\n\n".join(f"**{row.name}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


def see(lit: str | None) -> str:
    """The lit preset's own words, and what holds for all."""
    return text(f"see_{(lit or 'own').lower().replace(' ', '_')}") + "\n" + text("see")


with page():
    kind = heading("Does the loss matter on a real network?", SENTENCES, Race.view)
    picture = st.container(gap="small")
    convention = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        training = is_training()
        if kind != "Table":
            choose = (Race.layers if kind == "Layers" else Race.measure).segments
            if training:  # the next picture obeys, and nothing else has to run
                choose = st.fragment(choose)
            choose()
        measure, layers = Race.measure.value, Race.layers.value
    under = Tabs("Set up")
    with under["Set up"]:
        setup()
    with tries:
        lit = presets("race_try", PRESETS, [c for c in Race.all if c not in UNTOUCHED])
    if kind == "Table":
        with picture:
            if not digits_table.stage():
                st.stop()
        with convention:
            caption(digits_table.words())
        maths, code, facts = text("table_maths"), digits_table.code(), digits_table.table()
        downloads = of_table(facts)
    else:
        with picture:
            try:
                wanted = settings()
            except ValueError as error:
                st.markdown(
                    f"**This does not fit together:** {error_for_markdown(error)}. "
                    "Change it under *Set up*, or try a preset."
                )
                st.stop()
            if long := limits.too_long(wanted):
                limits.show(wanted, long)
                st.stop()
            stage(wanted, kind, training)
        with convention:
            caption(words(wanted))
        plane = len(lv.DATASETS[wanted.dataset].features) == 2
        faces = f", portraits=lv.figures.decision_boundaries(race, seed={shown_seed()})" if plane else ""
        shade = f', layers="{layers}"' if kind == "Layers" else ""
        maths = text("maths").replace("LOSSES", formulas(wanted.losses))
        code = f"""import lossviz as lv

{call(wanted)}
figure = lv.figures.training_curves(
    race, "{measure}", at={int(Race.step.value)}, view="{kind}"{shade}{faces}
)"""
        downloads = of_race(st.session_state[LIVE], shown_seed(), kind, measure, layers)
    under.fill(see=see(lit), maths=maths, code=code, controls=Race.all, files=downloads, picture="race")
    footer()
