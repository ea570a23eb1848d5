"""Two weights: where are the plateaus?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.two_weights.controls import Weights
from lossviz.pages.two_weights.surfaces import (
    LOSSES,
    OVERLAYS,
    POINTS,
    STEPS,
    divergence_note,
    loss_grids,
    numbers,
    picture,
    set_start,
    trajectories,
)
from lossviz.ui.chart import chart
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import TURNED, Tabs, axis_slider, caption, heading, page
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

SENTENCES = {
    "From above": "All runs start at the white point. Click a map to start somewhere else.",
    "In relief": "Drag to turn. Both heights are on the same scale.",
}


with page():
    view = heading("Where does the loss surface go flat?", SENTENCES, Weights.view)
    chart_area = st.container()
    slider_area = st.container()
    convention = st.container()
    with slider_area:
        step = int(axis_slider(Weights.step, playable=5))
    preset_area = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        model = Weights.model.menu(width=210)
        rate = Weights.rate.select_slider(width=210)
        marked = Weights.mark.segments()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        optimizers = Weights.optimizers.show()
        a = Weights.a.show(width=190)
        b = Weights.b.show(width=190)
    with preset_area:
        presets(
            "weights_try",
            {
                "Plateau": {},
                "Slope": {"weights_a": 3.0, "weights_b": -2.0},
                "Saddle": {"weights_a": -0.5, "weights_b": 4.0, "weights_mark": "Bends down"},
                "Four at once": {
                    "weights_optimizer": ("sgd", "momentum", "rmsprop", "adam"),
                    "weights_rate": "0.2",
                    "weights_a": 4.0,
                    "weights_b": -4.0,
                },
                "Real data": {"weights_model": "breast-cancer", "weights_a": 4.0, "weights_b": 9.0},
            },
            Weights.all[1:],
        )
    start = (a, b)
    # Of the contour plot a slider only changes frames; the surface plot has none and is drawn for its step.
    drawn_at = STEPS if view == "From above" else step
    with chart_area:
        chart(
            picture(view, model, start, optimizers, rate, marked, drawn_at),
            key=f"weights_{'map' if view == 'From above' else 'relief'}",
            follow=Weights.step.key if view == "From above" else None,
            on_click=set_start if view == "From above" else None,
            alt="The loss over two weights, squared error beside cross-entropy on one scale, "
            "with the "
            "paths of optimizers from the same start. Squared error has wide regions without any "
            "contour line.",
        )
    runs = trajectories(model, start, optimizers, rate)
    grids = loss_grids(model)
    with convention:
        if view == "From above":
            text_of_convention = (
                "Numbers are loss ÷ the loss of always predicting ½; the heavy line is 1, "
                "each line a factor √2."
            )
            marks = {
                "Plateau": " Dotted: norm of the gradient below 0.01.",
                "Bends down": " Hatched: negative curvature (not convex).",
            }
            text_of_convention += marks.get(marked, "")
        else:
            text_of_convention = (
                "Height is loss ÷ the loss of always predicting ½. White lines: 1, 2, 3 … times that."
            )
        words = caption(text_of_convention)
        if divergence_note(runs):
            st.markdown(divergence_note(runs))

    def figure() -> Any:
        if view == "In relief":
            return lv.figures.loss_terrains(grids, runs, step)
        # Each frame holds all trajectories up to its step: a frame for every step would be a file of 17 MB.
        return lv.figures.loss_contours(grids, runs, step, overlay=OVERLAYS[marked], every=5)

    drawn = (
        f"loss_contours(grids, runs, step={step}, overlay={OVERLAYS[marked]!r})"
        if view == "From above"
        else f"loss_terrains(grids, runs, step={step})"
    )
    Tabs().fill(
        see=text("see"),
        maths=text("maths")
        .replace("FORMULA", lv.neuron.TWO_WEIGHT_MODELS[model].formula)
        .replace("CONVENTION", lv.neuron.TWO_WEIGHT_MODELS[model].convention),
        code=f"""import lossviz as lv

losses = {list(LOSSES)}
grids = [lv.neuron.loss_grid("{model}", loss, points={POINTS}) for loss in losses]
runs = [
    run
    for optimizer in {list(optimizers)}
    for run in lv.neuron.trajectories("{model}", losses, {start}, optimizer, lr={rate}, steps={STEPS})
]
figure = lv.figures.{drawn}""",
        controls=Weights.all,
        files=[
            FigurePage("surface.html", figure, "step"),
            File("Paths (CSV)", "paths.csv", "text/csv", lambda: numbers(runs)),
        ],
        picture="weights_map" if view == "From above" else "weights_relief",
        caption=words,
        not_in_link=TURNED if view == "In relief" else "",
    )
