"""Landscape, Eight planes: the same minimum eight times, and what none of the eight shows."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.landscape.trained_network import (
    NORMALIZE,
    Names,
    controls,
    stoppable,
    studied,
    words,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "Eight bowls": {},
    "Not normalised": {"landscape_normalize": "Not at all"},
    "Smooth units": {"landscape_activation": "tanh"},
    "Squared error": {"landscape_loss": "squared error"},
}


@st.cache_data(max_entries=16, show_spinner=False)
def looked(names: Names, normalize: Any) -> lv.landscape.EightPlanes:
    say, over = progress_bar("Drawing eight maps, and all curvatures …")
    found = lv.landscape.eight_planes(studied(names), normalize, progress=say)
    over()
    return found


@st.cache_data(max_entries=16, show_spinner=False)
def picture(names: Names, normalize: Any) -> str:
    eight = looked(names, normalize)
    return figure_json(lambda narrow: lv.figures.eight_planes(eight, narrow=narrow))


def show() -> None:
    drawing, convention = st.container(), st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        pills = st.container(width="content")
        by = Landscape.normalize.menu(width=140)
    tabs = Tabs("Network")
    names = controls(tabs["Network"])
    keep = {c.key: c.value for c in (Landscape.data, Landscape.network, Landscape.seed)}
    with pills:
        presets(
            "landscape_eight_try",
            {name: keep | values for name, values in TRIES.items()},
            (Landscape.normalize, *Landscape.setup),
        )
    normalize = NORMALIZE[by]
    with drawing:
        body = stoppable(("eight", names, normalize), lambda: picture(names, normalize))
        if body is None:
            return
        eight = looked(names, normalize)
        chart(
            body,
            key="landscape_eight",
            alt="Eight maps of the loss around the same network, each on another random plane. Below them "
            f"all curvatures there: {eight.down} of {len(eight.eigenvalues)} bend down, and random "
            "directions show only their mean.",
        )
    shown_down = int((eight.drawn < 0).sum())
    random_down = int((eight.random < 0).sum())
    with convention:
        caption(
            f"{words(names)} {by}, plane seeds 0 to 7. Below, a tick for each eigenvalue of the Hessian "
            f"at the end; logarithmic away from zero. Bending down: {shown_down} of the 16 directions drawn, "
            f"{random_down} of 2\u2009000 random ones."
        )

    def numbers() -> str:
        return files.columns({"eigenvalue": eight.eigenvalues})

    data, network, loss, activation, seed = names
    tabs.fill(
        see=text("eight_see"),
        maths=text("eight_maths"),
        code=f"""import lossviz as lv

study = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
eight = lv.landscape.eight_planes(study, normalize="{normalize}")
figure = lv.figures.eight_planes(eight)""",
        controls=(Landscape.view, Landscape.normalize, *Landscape.setup),
        files=[
            File(
                "Page (HTML)",
                "eight.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.eight_planes(eight)),
            ),
            File("Eigenvalues (CSV)", "eigenvalues.csv", "text/csv", numbers),
        ],
        picture="landscape_eight",
    )
