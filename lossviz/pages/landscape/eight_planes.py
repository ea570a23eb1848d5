"""Landscape, view Eight planes: one network on eight planes, and all curvatures, which none of them shows."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape.controls import NORMALIZE, Landscape
from lossviz.pages.landscape.trained_network import (
    Setup,
    setup_controls,
    stoppable,
    train_network,
    training_caption,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "Eight bowls": {},
    "Not normalized": {"landscape_normalize": "Not at all"},
    "Smooth activation": {"landscape_activation": "tanh"},
    "Squared error": {"landscape_loss": "squared error"},
}


@st.cache_data(max_entries=16, show_spinner=False)
def compute(setup: Setup, normalize: Any) -> lv.landscape.EightPlanes:
    """The result, computed once for all viewers."""
    with progress_bar("Computing eight maps and all eigenvalues …") as progress:
        return lv.landscape.eight_planes(train_network(setup), normalize, progress=progress)


@st.cache_data(max_entries=16, show_spinner=False)
def picture(setup: Setup, normalize: Any) -> str:
    """The figure, packed for the chart component."""
    eight = compute(setup, normalize)
    return figure_json(lambda narrow: lv.figures.eight_planes(eight, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, convention = st.container(), st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        pills = st.container(width="content")
        normalized = Landscape.normalize.menu(width=140)
    tabs = Tabs("Network")
    setup = setup_controls(tabs["Network"])
    data_setup = {c.key: c.value for c in (Landscape.data, Landscape.network, Landscape.seed)}
    with pills:
        presets(
            "landscape_eight_try",
            {name: data_setup | values for name, values in TRIES.items()},
            (Landscape.normalize, *Landscape.setup),
        )
    normalize = NORMALIZE[normalized]
    with drawing:
        body = stoppable(("eight", setup, normalize), lambda: picture(setup, normalize))
        if body is None:
            return
        eight = compute(setup, normalize)
        chart(
            body,
            key="landscape_eight",
            alt="Eight maps of the loss around the same network, each on another random plane. Below them "
            f"all eigenvalues of the Hessian there: {eight.negative} of {len(eight.eigenvalues)} are "
            "negative, and random "
            "directions show only their mean.",
        )
    negative_on_planes = int((eight.plane_curvatures < 0).sum())
    negative_random = int((eight.random_curvatures < 0).sum())
    with convention:
        words = caption(
            f"{training_caption(setup)} {normalized}, plane seeds 0 to 7. Percentages: how much of "
            "the path lies in the plane. Below, a tick for each eigenvalue "
            "of the Hessian at the end; logarithmic away from zero. Negative curvature: "
            f"{negative_on_planes} of the 16 directions drawn, {negative_random} of 2\u2009000 random ones."
        )

    def numbers() -> str:
        return files.columns({"eigenvalue": eight.eigenvalues})

    data, network, loss, activation, seed = setup
    tabs.fill(
        see=text("eight_see"),
        maths=text("eight_maths"),
        code=f"""import lossviz as lv

training = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
eight = lv.landscape.eight_planes(training, normalize="{normalize}")
figure = lv.figures.eight_planes(eight)""",
        controls=(Landscape.view, Landscape.normalize, *Landscape.setup),
        files=[
            FigurePage("eight.html", lambda: lv.figures.eight_planes(eight)),
            File("Eigenvalues (CSV)", "eigenvalues.csv", "text/csv", numbers),
        ],
        picture="landscape_eight",
        caption=words,
    )
