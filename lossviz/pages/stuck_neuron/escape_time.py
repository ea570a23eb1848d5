"""Stuck neuron, Escape time: how long a wrong neuron takes to be undecided."""

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

STARTS = [k / 2 for k in range(1, 29)]


@st.cache_data(max_entries=16, show_spinner="Running neurons until they escape …")
def escapes(rate: str) -> dict[str, list[lv.EscapeTime]]:
    return {
        loss: lv.neuron.escape_times(loss, STARTS, lr=float(rate))
        for loss in ("sigmoid-half-mse", "sigmoid-ce")
    }


@st.cache_data(max_entries=16, show_spinner=False)
def picture_of(rate: str) -> str:
    times = escapes(rate)
    at, lr = Neuron.z0.default, float(rate)
    return figure_json(lambda narrow: lv.figures.escape(STARTS, times, at=at, lr=lr, narrow=narrow))


def show() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing = st.container()
        z0 = axis_slider(Neuron.z0)
        convention = st.container()
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        rate = Neuron.rate.select_slider(width=260)
    with tries:
        table = {"Mildly wrong": 1.0, "Wrong": 4.0, "Very wrong": 8.0, "Hopeless": 14.0}
        keep = {Neuron.rate.key: rate}
        presets(
            "neuron_escape_try",
            {k: {Neuron.z0.key: v} | keep for k, v in table.items()},
            Neuron.escape_controls,
        )
    times = escapes(rate)
    with drawing:
        chart(
            picture_of(rate),
            key="neuron_escape",
            follow=Neuron.z0.key,
            alt="Steps until a wrong neuron is undecided, against how wrong it starts, on a logarithmic "
            "axis. Squared error rises in a straight line: exponentially. Cross-entropy "
            "stays below a hundred.",
        )
    with convention:
        caption(
            f"Input 1, target 0, *w* = *b* = *z*₀ / 2, both learning, rate {rate}, until the output is ½. "
            "Squared error has the ½. Dots: gradient descent, run. Lines: the formula for tiny steps."
        )
    losses = list(times)

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"z0": STARTS}
        for loss in losses:
            table |= {f"{loss} steps": [t.steps for t in times[loss]]}
            table |= {f"{loss} closed form": [t.closed_form for t in times[loss]]}
        return files.columns(table)

    Tabs().fill(
        see=text("escape_see"),
        maths=text("escape_maths"),
        code=f"""import lossviz as lv

starts = [k / 2 for k in range(1, 29)]
times = {{loss: lv.neuron.escape_times(loss, starts, lr={rate}) for loss in {losses}}}
figure = lv.figures.escape(starts, times, at={z0:g}, lr={rate})""",
        controls=(Neuron.view, *Neuron.escape_controls),
        files=[
            File(
                "Page (HTML)",
                "escape.html",
                "text/html",
                lambda: lv.figures.standalone(
                    lv.figures.escape(STARTS, times, at=z0, lr=float(rate)), "start"
                ),
            ),
            File("Numbers (CSV)", "escape.csv", "text/csv", numbers),
        ],
        picture="neuron_escape",
    )
