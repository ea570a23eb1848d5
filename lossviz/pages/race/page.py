"""Race: does the loss matter on a real network?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import error_for_markdown
from lossviz.pages.race import digits_table, limits
from lossviz.pages.race.controls import LAYER_METRICS, METRICS, TABLE, VIEWS, Race
from lossviz.pages.race.downloads import table_files, training_files
from lossviz.pages.race.picture import TOLD, stage
from lossviz.pages.race.session import LIVE, is_training
from lossviz.pages.race.setup import settings, setup, shown_seed, summary, train_call
from lossviz.ui.controls import presets
from lossviz.ui.page import Tabs, caption, heading, page
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

SENTENCES = {
    "Curves": "Same initial weights, same examples, same steps. Only the named setting differs.",
    "Layers": "Layer by layer during training. Where does the gradient vanish?",
    "Seeds": "Every seed by itself, beside the differences that chance alone would give.",
    "Table": "Ten digits, eight pairs of output code and loss. How much does the loss matter?",
}
USUAL: dict[str, object] = {"race_gain": "1", "race_rate": "0.5"}
DEEP = USUAL | {"race_network": "mlp-16-16-16-16-16", "race_activation": "sigmoid, relu"}
PRESETS: dict[str, dict[str, object]] = {
    "Large output weights": {},
    "Usual initialization": USUAL,
    "Deep network": DEEP | {"race_view": "Layers"},
    "Own learning rates": USUAL | {"race_rate": "2", "race_own": "0.5"},
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
SEE = {  # the text of each preset
    "Large output weights": "see_loud_output",
    "Usual initialization": "see_normal_start",
    "Deep network": "see_deep_net",
    "Own learning rates": "see_own_rates",
    "Rare class": "see_rare_class",
    "Wrong labels": "see_wrong_labels",
    "Ten digits": "see_ten_digits",
}
NOT_IN_PRESETS = (Race.step, Race.measure, Race.layers, Race.speed, Race.shown)


def formulas(names: tuple[str, ...]) -> str:
    """The formula and convention of each loss."""
    rows = [lv.LOSSES[name] for name in dict.fromkeys(names)]
    return "\n\n".join(f"**{row.label}**: $\\displaystyle {row.formula}$, {row.convention}." for row in rows)


SEED_DOTS = "The small dots right of the curves are the seeds, one each, at the step that is shown. "
CLICK_DOTS = "Click one to see its decision boundaries. "


def see(preset: str | None, view: str, plane: bool) -> str:
    """The text of the chosen preset, and what can be seen in the view.

    Args:
        preset: The preset that is shown, if it is one.
        view: The view.
        plane: Whether decision boundaries are drawn.
    """
    chosen = text(SEE[preset] if preset else "see_own")
    if view == TABLE:
        return text("see_ten_digits")
    dots = (SEED_DOTS + (CLICK_DOTS if plane else "")) if view == "Curves" else ""
    return chosen + "\n" + text("see").replace("DOTS ", dots)


with page():
    view = heading("Does the loss matter on a real network?", SENTENCES, Race.view)
    picture = st.container(gap="small")
    convention = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        training = is_training()
        if view != TABLE:
            choose = (Race.layers if view == "Layers" else Race.measure).segments
            if training:  # the next picture follows it, and nothing else has to run
                choose = st.fragment(choose)
            choose()
        metric, layers = METRICS[Race.measure.value], LAYER_METRICS[Race.layers.value]
    under = Tabs("Set up")
    with under["Set up"]:
        setup()
    with tries:
        preset = presets("race_try", PRESETS, [c for c in Race.all if c not in NOT_IN_PRESETS])
    if view == TABLE:
        with picture:
            if not digits_table.stage():
                st.stop()
        with convention:
            words = caption(digits_table.summary())
        plane, maths, code = False, text("table_maths"), digits_table.code()
        downloads = table_files(digits_table.table())
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
            if too_long := limits.too_long(wanted):
                limits.show(wanted, too_long)
                st.stop()
            st.session_state[TOLD] = None
            stage(wanted, view, training)
        with convention:
            words = caption(summary(wanted))
        plane = len(lv.DATASETS[wanted.dataset].features) == 2
        beside = f", boundaries=lv.decision_boundaries(history, seed={shown_seed()})" if plane else ""
        by_layer = f', layers="{layers}"' if view == "Layers" else ""
        maths = text("maths").replace("LOSSES", formulas(wanted.losses))
        code = f"""import lossviz as lv

{train_call(wanted)}
figure = lv.figures.training_curves(
    history, "{metric}", at={int(Race.step.value)}, view="{VIEWS[view]}"{by_layer}{beside}
)"""
        downloads = training_files(
            st.session_state[LIVE], shown_seed(), int(Race.step.value), metric, VIEWS[view], layers
        )
    under.fill(
        see=see(preset, view, plane),
        maths=maths,
        code=code,
        controls=Race.all,
        files=downloads,
        picture="race",
        caption=words,
        not_in_link="the step that the training has reached" if training else "",
    )
    st.session_state[TOLD] = int(Race.step.value)
