"""Stuck neuron, view Learning curve: gradient descent under two losses from the same start."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable

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

STEPS = int(Neuron.step.high)


@st.cache_data(max_entries=64, show_spinner=False)
def descents(w: float, b: float, rate: str, entropy_rate: str) -> list[lv.Descent]:
    """Gradient descent under squared error and under cross-entropy."""
    return [
        lv.descend(loss, w=w, b=b, lr=float(lr), steps=STEPS)
        for loss, lr in (("sigmoid-half-mse", rate), ("sigmoid-ce", entropy_rate))
    ]


@st.cache_data(max_entries=64, show_spinner=False)
def descend_widget(w: float, b: float, entropy_rate: str) -> lv.Descent:
    """The curve of the book's widget."""
    return lv.neuron.descend_widget(w=w, b=b, lr=float(entropy_rate), steps=STEPS)


@st.cache_data(max_entries=64, show_spinner=False)
def picture(w: float, b: float, rate: str, entropy_rate: str, with_widget: bool) -> str:
    """The chart, for wide and narrow screens."""
    runs, at = descents(w, b, rate, entropy_rate), int(Neuron.step.default)
    widget = descend_widget(w, b, entropy_rate) if with_widget else None
    return figure_json(lambda narrow: lv.figures.descents(runs, at=at, every=2, widget=widget, narrow=narrow))


def show() -> None:
    """Show the view: chart, slider, presets, controls and tabs."""
    above, below = st.container(gap="small"), st.container(gap="small")
    with above:
        chart_area = st.container()
        step = int(axis_slider(Neuron.step, playable=6))
        convention = st.container()
    with below:
        preset_area = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            w = Neuron.w.show(width=200)
            b = Neuron.b.show(width=200)
            rate = Neuron.rate.select_slider(width=200)
            own = Neuron.own.menu(width=200)
            with_widget = Neuron.widget.show()
    with preset_area:
        presets(
            "neuron_curve_try",
            {
                "Wrong": {"neuron_w": 0.6, "neuron_b": 0.9, "neuron_step": 50},
                "Very wrong": {},
                "Rates of the book": {"neuron_own": "0.005"},
                "The book’s widget": {"neuron_own": "0.005", "neuron_widget": True, "neuron_step": 60},
            },
            Neuron.curve_controls,
        )
    entropy_rate = rate if own == "the same" else own
    runs = descents(w, b, rate, entropy_rate)
    widget = descend_widget(w, b, entropy_rate) if with_widget else None
    with chart_area:
        chart(
            picture(w, b, rate, entropy_rate, with_widget),
            key="neuron_curve",
            follow=Neuron.step.key,
            alt="The outputs of two neurons that descend from the same start, one under squared "
            "error and one "
            "under cross-entropy, over 300 steps.",
        )
    with convention:
        words = caption(
            f"One sigmoid neuron, input 1, target 0, *w* = {w:g}, *b* = {b:g}. Squared error is "
            "(*a* − *y*)² / 2 at "
            f"learning rate {rate}, cross-entropy at {entropy_rate}. The output is *a* and squared error "
            "has the ½, "
            "as in the book; the view Slope writes *p*, without the ½ unless you switch it on."
        )

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"step": range(len(runs[0].output))}
        named = zip(("squared error", "cross-entropy", "widget"), [*runs, widget], strict=True)
        for name, run in named:
            if run is None:
                continue
            table |= {
                f"{name} w": run.w,
                f"{name} b": run.b,
                f"{name} output": run.output,
                f"{name} loss": run.loss,
            }
        return files.columns(table)

    widget_line, widget_argument = "", ""
    if with_widget:
        call = f"lv.neuron.descend_widget(w={w:g}, b={b:g}, lr={entropy_rate}, steps=300)"
        widget_line, widget_argument = f"widget = {call}  # not gradient descent\n", ", widget=widget"
    code = f"""import lossviz as lv

slow = lv.descend("sigmoid-half-mse", w={w:g}, b={b:g}, lr={rate}, steps=300)
fast = lv.descend("sigmoid-ce", w={w:g}, b={b:g}, lr={entropy_rate}, steps=300)
{widget_line}figure = lv.figures.descents([slow, fast], at={step}{widget_argument})"""
    Tabs().fill(
        see=text("curve_see"),
        maths=text("curve_maths"),
        code=code,
        controls=(Neuron.view, *Neuron.curve_controls),
        files=[
            FigurePage(
                "descent.html", lambda: lv.figures.descents(runs, at=step, every=10, widget=widget), "step"
            ),
            File("Numbers (CSV)", "descent.csv", "text/csv", numbers),
        ],
        picture="neuron_curve",
        caption=words,
    )
