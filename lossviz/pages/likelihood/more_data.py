"""Likelihood, view More data: estimates by maximum likelihood and by least squares for more and more data."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any, Literal

import streamlit as st

import lossviz as lv
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

INTERCEPT = 0.5
Parameter = Literal["intercept", "slope"]
PARAMETERS: dict[str, Parameter] = {"Slope": "slope", "Intercept": "intercept"}  # by the words of the control
PRESETS: dict[str, dict[str, Any]] = {
    "Slope": {},
    "Intercept": {"likelihood_weight": "Intercept"},
    "Low confidence": {"likelihood_slope": "0.25"},
    "High confidence": {"likelihood_slope": "3"},
    "New data": {"likelihood_seed": 1},
}


@st.cache_data(max_entries=16, show_spinner=False)
def consistency(slope: str, seed: int) -> lv.likelihood.Consistency:
    """The fits of both methods."""
    with progress_bar("Fitting 2\u2009400 models …") as progress:
        return lv.likelihood.consistency(theta=(INTERCEPT, float(slope)), seed=seed, progress=progress)


@st.cache_data(max_entries=32, show_spinner=False)
def picture(slope: str, seed: int, weight: str) -> str:
    """The chart, for wide and narrow screens."""
    result, parameter = consistency(slope, seed), PARAMETERS[weight]
    return figure_json(lambda narrow: lv.figures.consistency(result, parameter=parameter, narrow=narrow))


def show() -> None:
    """Show the view: chart, presets, controls and tabs."""
    chart_area, convention = st.container(), st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_area = st.container(width="content")
        weight = Likelihood.weight.segments()
        slope = Likelihood.slope.segments()
        seed = int(Likelihood.seed.show(width=150))
    with preset_area:
        presets("likelihood_data_try", PRESETS, Likelihood.data_controls)
    parameter = PARAMETERS[weight]
    with chart_area:
        result = stoppable("likelihood", (slope, seed), lambda: consistency(slope, seed))
        if result is None:
            return
        chart(
            picture(slope, seed, weight),
            key="likelihood_data",
            alt="Two sets of estimates at each number of examples, maximum likelihood and least squares. "
            "Both converge to the true value; least squares spreads a little wider.",
        )
    largest = len(result.sizes) - 1
    number = lv.figures.number
    column = ("intercept", "slope").index(parameter)
    ratio = 1 / float(result.simulated_efficiency[largest, column])
    with convention:
        words = caption(
            f"One logistic model, true weights ({INTERCEPT:g}, {slope}), *x* normal, 200 fits at each *n*. "
            f"Lines: two standard deviations, from theory. At *n* = {result.sizes[largest]} the "
            f"simulated ratio is {number(ratio)}×."
        )

    def numbers() -> str:
        table: dict[str, list[object]] = {"n": [], "fit": []}
        names = [f"{method} {name}" for method in result.methods for name in ("intercept", "slope")]
        table |= {name: [] for name in names}
        for i, n in enumerate(result.sizes):
            for r in range(result.estimates.shape[2]):
                row = [n, r, *result.estimates[0, i, r], *result.estimates[1, i, r]]
                for name, value in zip(table, row, strict=True):
                    table[name].append(value)
        return files.columns(table)

    def summary() -> str:
        table: dict[str, Iterable[object]] = {"n": result.sizes}
        for m, method in enumerate(result.methods):
            for w, name in enumerate(("intercept", "slope")):
                table |= {
                    f"{method} {name} sd": result.std[m, :, w],
                    f"{method} {name} theory": result.asymptotic_std[m, :, w],
                }
        return files.columns(table)

    Tabs().fill(
        see=text("data_see"),
        maths=text("data_maths"),
        code=f"""import lossviz as lv

result = lv.likelihood.consistency(theta=({INTERCEPT:g}, {slope}), seed={seed})
print(result.std, result.asymptotic_std, result.efficiency)
figure = lv.figures.consistency(result, parameter="{parameter}")""",
        controls=(Likelihood.view, *Likelihood.data_controls),
        files=[
            FigurePage("data.html", lambda: lv.figures.consistency(result, parameter=parameter)),
            File("Fits (CSV)", "fits.csv", "text/csv", numbers),
            File("Spread (CSV)", "spread.csv", "text/csv", summary),
        ],
        picture="likelihood_data",
        caption=words,
    )
