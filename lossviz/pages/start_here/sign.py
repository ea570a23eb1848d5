"""Start here, view Sign: a density above 1 makes a loss below 0."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.start_here.controls import Start
from lossviz.pages.start_here.step import Step
from lossviz.ui.chart import figure_json

SIGMAS = [k / 20 for k in range(2, 41)]  # the slider's values


def figure(_: str, at: float) -> Any:
    return lv.figures.density_costs(lv.basics.density_costs(SIGMAS), at=at)


@st.cache_data(max_entries=1, show_spinner=False)
def picture(_: str) -> str:
    """The chart, for wide and narrow screens."""
    costs, at = lv.basics.density_costs(SIGMAS), Start.sigma.default
    return figure_json(lambda narrow: lv.figures.density_costs(costs, at=at, narrow=narrow))


def code(_: str, at: float) -> str:
    return f"""import lossviz as lv

costs = lv.basics.density_costs([k / 20 for k in range(2, 41)])
figure = lv.figures.density_costs(costs, at={at:g})"""


def numbers(_: str) -> dict[str, Iterable[object]]:
    costs = lv.basics.density_costs(SIGMAS)
    return {"standard deviation": costs.sigma, "lowest loss, nats": costs.lowest}


STEP = Step(
    name="sign",
    slider=Start.sigma,
    picture=picture,
    figure=figure,
    alt="Above, the density of a Gaussian, which rises above 1 when it is narrow. Below, minus its "
    "logarithm, whose lowest point then lies below 0.",
    convention="A Gaussian around a perfect prediction. The area under it is always 1; its height has no "
    "limit.",
    code=code,
    numbers=numbers,
    presets={
        "Wide": {Start.sigma.key: 2.0},
        "Standard": {},
        "Just at 0": {Start.sigma.key: 0.4},
        "Narrow": {Start.sigma.key: 0.1},
    },
)
