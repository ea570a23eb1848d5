"""Stuck neuron, Learning curve: two neurons that descend from one start."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable

import streamlit as st

import lossviz as lv
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)


@st.cache_data(max_entries=64, show_spinner=False)
def runs(w: float, b: float, rate: str, own: str, widget: bool) -> list[lv.Descent]:
    rates = float(rate), float(rate if own == "the same" else own)
    steps = int(Neuron.step.high)
    both = [
        lv.descend(loss, w=w, b=b, lr=lr, steps=steps)
        for loss, lr in zip(("sigmoid-half-mse", "sigmoid-ce"), rates, strict=True)
    ]
    return [*both, lv.neuron.descend_widget(w=w, b=b, lr=rates[1], steps=steps)] if widget else both


@st.cache_data(max_entries=64, show_spinner=False)
def picture_of(w: float, b: float, rate: str, own: str, widget: bool) -> str:
    facts = runs(w, b, rate, own, widget)
    at = int(Neuron.step.default)
    return figure_json(lambda narrow: lv.figures.descents(facts, at=at, every=2, narrow=narrow))


def show() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        step = int(axis_slider(Neuron.step, playable=6))
        convention = st.container()
    with below:
        tries = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            w = Neuron.w.show(width=200)
            b = Neuron.b.show(width=200)
            rate = Neuron.rate.select_slider(width=200)
            own = Neuron.own.menu(width=200)
            widget = Neuron.widget.show()
    with tries:
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
    settings = (w, b, rate, own, widget)
    with drawing:
        chart(
            picture_of(*settings),
            key="neuron_curve",
            follow=Neuron.step.key,
            alt="The outputs of two neurons that descend from the same start, one under squared "
            "error and one "
            "under cross-entropy, over 300 steps.",
        )
    other = rate if own == "the same" else own
    with convention:
        caption(
            f"One sigmoid neuron, input 1, target 0, *w* = {w:g}, *b* = {b:g}. Squared error is "
            "(*a* − *y*)² / 2 at "
            f"learning rate {rate}, cross-entropy at {other}."
        )
    facts = runs(*settings)

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"step": range(len(facts[0].output))}
        for name, run in zip(("squared error", "cross-entropy", "widget"), facts, strict=False):
            table |= {
                f"{name} w": run.w,
                f"{name} b": run.b,
                f"{name} output": run.output,
                f"{name} loss": run.loss,
            }
        return files.columns(table)

    code = f"""import lossviz as lv

slow = lv.descend("sigmoid-half-mse", w={w:g}, b={b:g}, lr={rate}, steps=300)
fast = lv.descend("sigmoid-ce", w={w:g}, b={b:g}, lr={other}, steps=300)
"""
    if widget:
        code += f"drawn = lv.neuron.descend_widget(w={w:g}, b={b:g}, lr={other}, steps=300)  # not gradient descent\n"
    code += f"figure = lv.figures.descents([slow, fast{', drawn' if widget else ''}], at={step})"
    Tabs().fill(
        see=text("curve_see"),
        maths=text("curve_maths"),
        code=code,
        controls=(Neuron.view, *Neuron.curve_controls),
        files=[
            File(
                "Page (HTML)",
                "descent.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.descents(facts, at=step, every=10), "step"),
            ),
            File("Numbers (CSV)", "descent.csv", "text/csv", numbers),
        ],
        picture="neuron_curve",
    )
