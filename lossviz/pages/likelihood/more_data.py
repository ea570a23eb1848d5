"""Likelihood, More data: estimates that close on the truth, by maximum likelihood and by least squares."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

INTERCEPT = 0.5
TRIES: dict[str, dict[str, Any]] = {
    "Slope": {},
    "Intercept": {"likelihood_weight": "Intercept"},
    "Hardly sure": {"likelihood_slope": "0.25"},
    "Very sure": {"likelihood_slope": "3"},
    "Fresh data": {"likelihood_seed": 1},
}


@st.cache_data(max_entries=16, show_spinner="Fitting 2\u2009400 models …")
def fitted(slope: str, seed: int) -> lv.likelihood.Consistency:
    return lv.likelihood.consistency(theta=(INTERCEPT, float(slope)), seed=seed)


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(slope: str, seed: int, weight: int) -> str:
    found = fitted(slope, seed)
    return figure_json(lambda narrow: lv.figures.more_data(found, weight=weight, narrow=narrow))


def show() -> None:
    drawing, convention = st.container(), st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        chosen = Likelihood.weight.segments()
        slope = Likelihood.slope.segments()
        seed = int(Likelihood.seed.show(width=150))
    with tries:
        presets("likelihood_data_try", TRIES, Likelihood.data_controls)
    weight = ("Intercept", "Slope").index(chosen)
    found = fitted(slope, seed)
    with drawing:
        chart(
            picture_of(slope, seed, weight),
            key="likelihood_data",
            alt="Two clouds of estimates at each number of examples, maximum likelihood and least squares. "
            "Both close on the true value; least squares spreads a little wider.",
        )
    last = len(found.sizes) - 1
    number = lv.figures.number
    measured = 1 / float(found.simulated[last, weight])
    with convention:
        caption(
            f"One logistic model, true weights ({INTERCEPT:g}, {slope}), *x* normal, 200 fits at each *n*. "
            f"Lines: two standard deviations, from theory. At *n* = {found.sizes[last]} the fits themselves "
            f"say {number(measured)}×."
        )

    def numbers() -> str:
        table: dict[str, list[object]] = {"n": [], "fit": []}
        names = [f"{method} {name}" for method in found.methods for name in ("intercept", "slope")]
        table |= {name: [] for name in names}
        for i, n in enumerate(found.sizes):
            for r in range(found.estimates.shape[2]):
                row = [n, r, *found.estimates[0, i, r], *found.estimates[1, i, r]]
                for name, value in zip(table, row, strict=True):
                    table[name].append(value)
        return files.columns(table)

    def summary() -> str:
        table: dict[str, Iterable[object]] = {"n": found.sizes}
        for m, method in enumerate(found.methods):
            for w, name in enumerate(("intercept", "slope")):
                table |= {
                    f"{method} {name} sd": found.sd[m, :, w],
                    f"{method} {name} theory": found.theory[m, :, w],
                }
        return files.columns(table)

    Tabs().fill(
        see=text("data_see"),
        maths=text("data_maths"),
        code=f"""import lossviz as lv

found = lv.likelihood.consistency(theta=({INTERCEPT:g}, {slope}), seed={seed})
print(found.sd, found.theory, found.efficiency)
figure = lv.figures.more_data(found, weight={weight})""",
        controls=(Likelihood.view, *Likelihood.data_controls),
        files=[
            File(
                "Page (HTML)",
                "data.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.more_data(found, weight=weight)),
            ),
            File("Fits (CSV)", "fits.csv", "text/csv", numbers),
            File("Spread (CSV)", "spread.csv", "text/csv", summary),
        ],
        picture="likelihood_data",
    )
