"""Landscape, Rescaled: as sharp as one likes, and the same function."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.landscape.trained_network import (
    Names,
    controls,
    guess_words,
    stoppable,
    studied,
    words,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "As trained": {"landscape_scale": 0},
    "Needle": {"landscape_scale": 20},
    "Other side": {"landscape_scale": -20},
}


@st.cache_data(max_entries=16, show_spinner=False)
def looked(names: Names) -> lv.landscape.Rescaled:
    say, over = progress_bar("Writing one function in 41 ways …")
    found = lv.landscape.rescaled(studied(names), progress=say)
    over()
    return found


@st.cache_data(max_entries=16, show_spinner=False)
def picture(names: Names) -> str:
    facts = looked(names)
    return figure_json(lambda narrow: lv.figures.rescaled(facts, narrow=narrow))


def show() -> None:
    drawing, transport, convention, pills = (st.container() for _ in range(4))
    tabs = Tabs("Network")
    names = controls(tabs["Network"])
    if names[3] != "relu":
        drawing.markdown(
            f"Only ReLU keeps its function when a layer is scaled: it bends at zero and nowhere else. "
            f"This network has **{names[3]}** units. Choose **relu** in the tab Network."
        )
        return
    with transport:
        scale = int(axis_slider(Landscape.scale, playable=6))
    with pills:
        presets("landscape_rescaled_try", TRIES, (Landscape.scale,))
    with drawing:
        body = stoppable(("rescaled", names), lambda: picture(names))
        if body is None:
            return
        facts = looked(names)
        chart(
            body,
            key="landscape_rescaled",
            follow=Landscape.scale.key,
            alt="Two slices through a trained network, along a plain and along a filter-normalised "
            "direction, and the sharpness over a factor that moves weight from one layer to the next. "
            "The first slice becomes a needle, the second stands still, and the function is the same.",
        )
    c = 20 ** (scale / 20)
    with convention:
        caption(
            f"{words(names)} Thin: as trained. Sharpness is the largest eigenvalue of the Hessian; "
            f"losses are ÷ {guess_words(names)}."
        )

    def numbers() -> str:
        return files.columns({"c": facts.c, "sharpness": facts.sharpness})

    data, network, loss, activation, seed = names
    tabs.fill(
        see=text("rescaled_see"),
        maths=text("rescaled_maths"),
        code=f"""import lossviz as lv

study = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
facts = lv.landscape.rescaled(study, most=20)
figure = lv.figures.rescaled(facts, at={c:.4g})""",
        controls=(Landscape.view, Landscape.scale, *Landscape.setup),
        files=[
            File(
                "Page (HTML)",
                "rescaled.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.rescaled(facts, at=c), "scale"),
            ),
            File("Sharpness (CSV)", "rescaled.csv", "text/csv", numbers),
        ],
        picture="landscape_rescaled",
    )
