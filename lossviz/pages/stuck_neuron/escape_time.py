"""Stuck neuron, view Escape time: how many steps a wrong neuron takes to become undecided."""

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

STARTS = [k / 2 for k in range(1, 29)]  # the slider's values
LOSSES = ("sigmoid-half-mse", "sigmoid-ce")


@st.cache_data(max_entries=16, show_spinner="Running gradient descent from each start …")
def escape_times(rate: str) -> dict[str, list[lv.EscapeTime]]:
    """The escape times from every start, by loss."""
    return {loss: lv.neuron.escape_times(loss, STARTS, lr=float(rate)) for loss in LOSSES}


@st.cache_data(max_entries=16, show_spinner=False)
def picture(rate: str) -> str:
    """The chart, for wide and narrow screens."""
    times, at = escape_times(rate), Neuron.z0.default
    return figure_json(lambda narrow: lv.figures.escape_times(STARTS, times, at=at, narrow=narrow))


def show() -> None:
    """Show the view: chart, slider, presets, controls and tabs."""
    above, below = st.container(gap="small"), st.container(gap="small")
    with above:
        chart_area = st.container()
        z0 = axis_slider(Neuron.z0)
        convention = st.container()
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_area = st.container(width="content")
        rate = Neuron.rate.select_slider(width=260)
    with preset_area:
        starts = {"Mildly wrong": 1.0, "Wrong": 4.0, "Very wrong": 8.0, "Hopeless": 14.0}
        keep = {Neuron.rate.key: rate}
        presets(
            "neuron_escape_try",
            {k: {Neuron.z0.key: v} | keep for k, v in starts.items()},
            Neuron.escape_controls,
        )
    times = escape_times(rate)
    with chart_area:
        chart(
            picture(rate),
            key="neuron_escape",
            follow=Neuron.z0.key,
            alt="Steps until a wrong neuron is undecided, against how wrong it starts, on a logarithmic "
            "axis. Squared error rises in a straight line: exponentially. Cross-entropy "
            "stays below a hundred.",
        )
    with convention:
        words = caption(
            f"Input 1, target 0, *w* = *b* = *z*₀ / 2 at the start, learning rate {rate}, until the output "
            "is ½. Squared error has the ½ here, as in the book. Dots: steps of gradient descent. Lines: the "
            "formula for tiny steps."
        )

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"z0": STARTS}
        for loss in LOSSES:
            table |= {f"{loss} steps": [t.steps for t in times[loss]]}
            table |= {f"{loss} closed form": [t.closed_form for t in times[loss]]}
        return files.columns(table)

    Tabs().fill(
        see=text("escape_see"),
        maths=text("escape_maths"),
        code=f"""import lossviz as lv

starts = [k / 2 for k in range(1, 29)]
times = {{loss: lv.neuron.escape_times(loss, starts, lr={rate}) for loss in {list(LOSSES)}}}
figure = lv.figures.escape_times(starts, times, at={z0:g})""",
        controls=(Neuron.view, *Neuron.escape_controls),
        files=[
            FigurePage("escape.html", lambda: lv.figures.escape_times(STARTS, times, at=z0), "start"),
            File("Numbers (CSV)", "escape.csv", "text/csv", numbers),
        ],
        picture="neuron_escape",
        caption=words,
    )
