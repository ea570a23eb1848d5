"""Landscape, view Rescaled: one function, written with weights of any sharpness."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.landscape.trained_network import (
    Setup,
    chance_loss_text,
    setup_controls,
    stoppable,
    train_network,
    training_caption,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "As trained": {"landscape_scale": 0},
    "Factor 20": {"landscape_scale": 20},
    "Factor 1/20": {"landscape_scale": -20},
}


@st.cache_data(max_entries=16, show_spinner=False)
def compute(setup: Setup) -> lv.landscape.RescaledNetwork:
    """The result, computed once for all viewers."""
    with progress_bar("Computing 41 equivalent networks …") as progress:
        return lv.landscape.rescaled(train_network(setup), progress=progress)


@st.cache_data(max_entries=16, show_spinner=False)
def picture(setup: Setup) -> str:
    """The figure, packed for the chart component."""
    result = compute(setup)
    return figure_json(lambda narrow: lv.figures.rescaled(result, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention, pills = (st.container() for _ in range(4))
    tabs = Tabs("Network")
    setup = setup_controls(tabs["Network"])
    if setup[3] != "relu":
        drawing.markdown(
            f"Only a ReLU network keeps its function when its layers are rescaled. "
            f"This network has **{setup[3]}** units. Choose **ReLU** in the tab Network."
        )
        return
    with transport:
        scale = int(axis_slider(Landscape.scale, playable=6))
    with pills:
        presets("landscape_rescaled_try", TRIES, (Landscape.scale,))
    with drawing:
        body = stoppable(("rescaled", setup), lambda: picture(setup))
        if body is None:
            return
        result = compute(setup)
        chart(
            body,
            key="landscape_rescaled",
            follow=Landscape.scale.key,
            alt="Two slices through a trained network, along a plain and along a filter-normalized "
            "direction, and the sharpness over a factor that scales two layers against each other. "
            "The first slice becomes ever narrower, the second does not change, and the function is "
            "the same.",
        )
    c = 20 ** (scale / 20)
    with convention:
        words = caption(
            f"{training_caption(setup)} Thin: as trained. Sharpness is the largest eigenvalue of the "
            "Hessian; "
            f"losses are ÷ {chance_loss_text(setup)}."
        )

    def numbers() -> str:
        return files.columns({"c": result.c, "sharpness": result.sharpness})

    data, network, loss, activation, seed = setup
    tabs.fill(
        see=text("rescaled_see"),
        maths=text("rescaled_maths"),
        code=f"""import lossviz as lv

training = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
result = lv.landscape.rescaled(training, max_factor=20)
figure = lv.figures.rescaled(result, at={c:.4g})""",
        controls=(Landscape.view, Landscape.scale, *Landscape.setup),
        files=[
            FigurePage("rescaled.html", lambda: lv.figures.rescaled(result, at=c), "scale"),
            File("Sharpness (CSV)", "rescaled.csv", "text/csv", numbers),
        ],
        picture="landscape_rescaled",
        caption=words,
    )
