"""Stuck neuron, Slope: loss, slope and curvature against the logit."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)


def squared(half: bool) -> str:
    return "sigmoid-half-mse" if half else "sigmoid-mse"


def curves(target: str, half: bool) -> lv.neuron.LogitCurves:
    return lv.neuron.logit_curves([squared(half), "sigmoid-ce"], y=float(target))


@st.cache_data(max_entries=8, show_spinner=False)
def picture_of(target: str, half: bool) -> str:
    facts = curves(target, half)
    at = Neuron.z.default if target == "0" else -Neuron.z.default
    return figure_json(lambda narrow: lv.figures.slopes(facts, at=at, narrow=narrow))


def show() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        z = axis_slider(Neuron.z)
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        target = Neuron.target.segments()
        half = Neuron.half.show()
    with tries:
        sign = 1 if target == "0" else -1
        table = {"Undecided": 0.0, "Wrong": 4.0, "Very wrong": 6.0, "Hopeless": 8.0}
        keep = {Neuron.target.key: target, Neuron.half.key: half}
        presets(
            "neuron_try",
            {k: {Neuron.z.key: sign * v} | keep for k, v in table.items()},
            Neuron.slope_controls,
        )
    with drawing:
        chart(
            picture_of(target, half),
            key="neuron_slope",
            follow=Neuron.z.key,
            alt="Loss, slope and curvature of squared error and cross-entropy against the "
            "logit. Where the neuron "
            "is sure and wrong, squared error is flat and cross-entropy climbs in a straight line.",
        )
    convention = "(*p* − *y*)² / 2" if half else "(*p* − *y*)²"
    with picture:
        caption(
            f"*p* = sigmoid(*z*), target *y* = {target}. Squared error is {convention}; "
            "cross-entropy is in nats. "
            "Tinted: squared error bends down."
        )
    facts = curves(target, half)

    def numbers() -> str:
        table = {"z": facts.z}
        for i, loss in enumerate(facts.losses):
            table |= {f"{loss} value": facts.value[i], f"{loss} gradient": facts.gradient[i]}
            table |= {f"{loss} curvature": facts.curvature[i]}
        return files.columns(table)

    def html() -> str:
        return lv.figures.standalone(lv.figures.slopes(facts, at=z, every=2), "logit z =")

    Tabs().fill(
        see=text("slope_see"),
        maths=text("slope_maths"),
        code=f"""import lossviz as lv

curves = lv.neuron.logit_curves(["{squared(half)}", "sigmoid-ce"], y={float(target)})
figure = lv.figures.slopes(curves, at={z:g})""",
        controls=(Neuron.view, *Neuron.slope_controls),
        files=[
            File("Page (HTML)", "slope.html", "text/html", html),
            File("Numbers (CSV)", "slope.csv", "text/csv", numbers),
        ],
        picture="neuron_slope",
    )
