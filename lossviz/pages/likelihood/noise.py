"""Likelihood, Noise: a noise law, a sample under it, and the loss that it becomes."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Slider, presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

SAMPLES: dict[str, list[float]] = {
    "Spread": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3],
    "Close": [0.85, 0.92, 0.96, 0.99, 1.03, 1.08, 1.17],
    "One far out": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 4.4],
    "Bernoulli": [0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
    "Categorical": [2, 2, 1, 1, 1, 0, 0, 0, 0, 0],
    "Poisson": [0, 1, 2, 3, 3, 5, 7],
}
SLIDES = {"any": Likelihood.m, "classes": Likelihood.p, "counts": Likelihood.rate}
TRIES: dict[str, dict[str, Any]] = {
    "Too low": {},
    "Best": {"likelihood_m": 1.0},
    "Pulled away": {"likelihood_m": 1.3, "likelihood_sample": "One far out"},
    "Laplace shrugs": {
        "likelihood_m": 0.9,
        "likelihood_sample": "One far out",
        "likelihood_noise": "Laplace",
    },
    "Below zero": {"likelihood_m": 1.0, "likelihood_sample": "Close", "likelihood_width": "0.1"},
    "Ten coins": {"likelihood_noise": "Bernoulli", "likelihood_p": 0.7},
}


def sampled(noise: str, width: str, sample: str) -> tuple[list[float], float]:
    """The dots and the width of a law; discrete laws have their own dots and no width."""
    if lv.likelihood.NOISE_DISTRIBUTIONS[noise].outcomes == "any":
        return SAMPLES[sample], float(width)
    return SAMPLES[noise], 1.0


def found_of(noise: str, width: str, sample: str) -> lv.likelihood.SampleLikelihood:
    dots, wide = sampled(noise, width, sample)
    return lv.likelihood.sample_likelihood(noise, dots, width=wide)


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(noise: str, width: str, sample: str, plain: bool) -> str:
    found = found_of(noise, width, sample)
    at = SLIDES[lv.likelihood.NOISE_DISTRIBUTIONS[noise].outcomes].default
    return figure_json(lambda narrow: lv.figures.sample_likelihood(found, at=at, plain=plain, narrow=narrow))


def show() -> None:
    picture, below = st.container(gap="small"), st.container(gap="small")
    with picture:
        drawing, transport, convention = st.container(), st.container(), st.container()
    with below:
        tries = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            noise = Likelihood.noise.menu(width=200)
            free = lv.likelihood.NOISE_DISTRIBUTIONS[noise].outcomes == "any"
            width = Likelihood.width.segments(disabled=not free)
            sample = Likelihood.sample.segments(disabled=not free)
            plain = Likelihood.plain.show()
    slide: Slider = SLIDES[lv.likelihood.NOISE_DISTRIBUTIONS[noise].outcomes]
    with transport:
        at = axis_slider(slide)
    with tries:
        presets("likelihood_noise_try", TRIES, Likelihood.noise_controls)
    law = lv.likelihood.NOISE_DISTRIBUTIONS[noise]
    with drawing:
        chart(
            picture_of(noise, width, sample, plain),
            key=f"likelihood_{law.outcomes}",
            follow=slide.key,
            alt=f"Above, {noise} noise over {'seven' if free else 'its'} dots; below, minus the logarithm of "
            "each dot’s probability against the parameter, and their mean, which is the loss.",
        )
    dots, wide = sampled(noise, width, sample)
    found = found_of(noise, width, sample)
    with convention:
        best = lv.figures.number(found.best)
        words = f"{len(dots)} dots" + (f", width {wide:g}" if free else "")
        scale = "Above, the density itself" if plain else "Both panels have one scale, in nats"
        caption(
            f"{words}. {scale}. Most likely at {best}, where the loss is {lv.figures.number(found.least)}."
        )

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {law.parameter: found.parameter, "mean": found.mean}
        for i, y in enumerate(dots):
            table |= {f"dot {i + 1} at {y:g}": found.cost[i]}
        return files.columns(table)

    def html() -> str:
        return lv.figures.standalone(lv.figures.sample_likelihood(found, at=at, plain=plain), law.parameter)

    Tabs().fill(
        see=text("noise_see"),
        maths=text("noise_maths")
        .replace("DENSITY", law.formula)
        .replace("BECOMES", law.becomes)
        .replace("LOSS", law.loss)
        .replace("SOURCE", law.source),
        code=f"""import lossviz as lv

found = lv.likelihood.sample_likelihood("{noise}", {dots}, width={wide:g})
figure = lv.figures.sample_likelihood(found, at={at:g}, plain={plain})""",
        controls=(Likelihood.view, *Likelihood.noise_controls),
        files=[
            File("Page (HTML)", "likelihood.html", "text/html", html),
            File("Numbers (CSV)", "likelihood.csv", "text/csv", numbers),
        ],
        picture=f"likelihood_{law.outcomes}",
    )
