"""Stuck neuron, view Slope: loss, slope and curvature against the logit."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)


def squared_error(half: bool) -> str:
    """The name of squared error, with or without the factor 1/2."""
    return "sigmoid-half-mse" if half else "sigmoid-mse"


def logit_curves(target: str, half: bool) -> lv.neuron.LogitCurves:
    """The curves of squared error and cross-entropy."""
    return lv.neuron.logit_curves([squared_error(half), "sigmoid-ce"], y=float(target))


@st.cache_data(max_entries=8, show_spinner=False)
def picture(target: str, half: bool) -> str:
    """The chart, for wide and narrow screens."""
    curves = logit_curves(target, half)
    at = Neuron.z.default if target == "0" else -Neuron.z.default
    return figure_json(lambda narrow: lv.figures.logit_curves(curves, at=at, narrow=narrow))


def show() -> None:
    """Show the view: chart, slider, presets, controls and tabs."""
    above, below = st.container(gap="small"), st.container(gap="small")
    with above:
        chart_area = st.container()
        z = axis_slider(Neuron.z)
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_area = st.container(width="content")
        target = Neuron.target.segments()
        half = Neuron.half.show()
    with preset_area:
        sign = 1 if target == "0" else -1
        logits = {"Undecided": 0.0, "Wrong": 4.0, "Very wrong": 6.0, "Hopeless": 8.0}
        keep = {Neuron.target.key: target, Neuron.half.key: half}
        presets(
            "neuron_try",
            {k: {Neuron.z.key: sign * v} | keep for k, v in logits.items()},
            Neuron.slope_controls,
        )
    with chart_area:
        chart(
            picture(target, half),
            key="neuron_slope",
            follow=Neuron.z.key,
            alt="Loss, slope and curvature of squared error and cross-entropy against the "
            "logit. Where the neuron "
            "is confidently wrong, squared error is flat and cross-entropy climbs in a straight line.",
        )
    convention = "(*p* − *y*)² / 2" if half else "(*p* − *y*)²"
    with above:
        words = caption(
            f"*p* = sigmoid(*z*), target *y* = {target}. Squared error is {convention}; "
            "cross-entropy is in nats. The other two views write *a* for *p*, and have the ½, as the "
            "book has. "
            "Shaded: negative curvature of squared error (not convex)."
        )
    curves = logit_curves(target, half)

    def numbers() -> str:
        table = {"z": curves.z}
        for i, loss in enumerate(curves.losses):
            table |= {f"{loss} value": curves.value[i], f"{loss} gradient": curves.gradient[i]}
            table |= {f"{loss} curvature": curves.curvature[i]}
        return files.columns(table)

    Tabs().fill(
        see=text("slope_see"),
        maths=text("slope_maths"),
        code=f"""import lossviz as lv

curves = lv.neuron.logit_curves(["{squared_error(half)}", "sigmoid-ce"], y={float(target)})
figure = lv.figures.logit_curves(curves, at={z:g})""",
        controls=(Neuron.view, *Neuron.slope_controls),
        files=[
            FigurePage("slope.html", lambda: lv.figures.logit_curves(curves, at=z, every=2), "logit z ="),
            File("Numbers (CSV)", "slope.csv", "text/csv", numbers),
        ],
        picture="neuron_slope",
        caption=words,
    )
