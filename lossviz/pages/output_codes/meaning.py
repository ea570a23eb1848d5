"""Output codes, Meaning: the outputs as bit probabilities of a posterior, and what is lost in them."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

BETWEEN = {  # label of the control -> the classes that share the probability
    "three, two bits apart": (4, 2, 1),
    "two, one bit apart": (0, 1),
    "two, three bits apart": (0, 7),
    "four that share a bit": (0, 1, 2, 3),
}
PRESETS: dict[str, dict[str, Any]] = {
    "Three classes": {},
    "Less ambiguous": {"codes_torn": 30},
    "Certain": {"codes_torn": 0},
    "One bit apart": {"codes_between": "two, one bit apart"},
    "Opposites": {"codes_between": "two, three bits apart"},
    "Independent bits": {"codes_between": "four that share a bit"},
}


@st.cache_data(max_entries=8, show_spinner=False)
def computed(between: str) -> list[lv.codes.BitIndependence]:
    return lv.codes.ambiguous_posteriors(BETWEEN[between], lv.codes.CODES["binary"].code(8))


@st.cache_data(max_entries=8, show_spinner=False)
def picture(between: str) -> str:
    posteriors = computed(between)
    at = int(Codes.ambiguity.default)
    return figure_json(lambda narrow: lv.figures.bit_independence(posteriors, at=at, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention = (st.container() for _ in range(3))
    with transport:
        at = int(axis_slider(Codes.ambiguity, playable=4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_row = st.container(width="content")
        between = Codes.between.menu(width=230)
    with preset_row:
        presets("codes_meaning_try", PRESETS, Codes.meaning_controls)
    posteriors = computed(between)
    with drawing:
        chart(
            picture(between),
            key="codes_meaning",
            follow=Codes.ambiguity.key,
            alt="Three neurons with their outputs, and for each of eight words the true probability "
            "beside the "
            "product of the neurons. A box marks the word that thresholding decodes; it can have "
            "probability 0.",
        )
    with convention:
        words = caption(
            "Eight classes on three bits, perfect neurons: each outputs the true probability that its "
            "bit is 1. Lost: "
            "the Kullback-Leibler divergence of the product from the truth, in bits. Box: thresholded at ½."
        )

    def numbers() -> str:
        table: dict[str, list[float]] = {"lost, bits": [one.total_correlation for one in posteriors]}
        table |= {f"neuron {j + 1}": [float(one.marginals[j]) for one in posteriors] for j in range(3)}
        for k, word in enumerate(posteriors[0].words):
            name = "".join(map(str, word))
            table[f"{name} true"] = [float(one.joint[k]) for one in posteriors]
            table[f"{name} product"] = [float(one.product[k]) for one in posteriors]
        return files.columns(table)

    Tabs().fill(
        see=text("meaning_see"),
        maths=text("meaning_maths"),
        code=f"""import lossviz as lv

code = lv.codes.CODES["binary"].code(8)
posteriors = lv.codes.ambiguous_posteriors({BETWEEN[between]}, code)
figure = lv.figures.bit_independence(posteriors, at={at})""",
        controls=(Codes.view, *Codes.meaning_controls),
        files=[
            FigurePage("meaning.html", lambda: lv.figures.bit_independence(posteriors, at=at), "ambiguity"),
            File("Numbers (CSV)", "meaning.csv", "text/csv", numbers),
        ],
        picture="codes_meaning",
        caption=words,
    )
