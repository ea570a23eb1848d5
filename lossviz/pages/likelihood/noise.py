"""Likelihood, view Noise: a noise distribution, a sample, and the loss of the sample."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.likelihood.controls import NOISE, Likelihood
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

SAMPLES: dict[str, list[float]] = {  # of distributions over real numbers, by the words of the control
    "Spread": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3],
    "Close": [0.85, 0.92, 0.96, 0.99, 1.03, 1.08, 1.17],
    "One far out": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 4.4],
}
DISCRETE_SAMPLES: dict[str, list[float]] = {  # of the others, by their names
    "bernoulli": [0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
    "categorical": [2, 2, 1, 1, 1, 0, 0, 0, 0, 0],
    "poisson": [0, 1, 2, 3, 3, 5, 7],
}
SLIDES = {"real": Likelihood.m, "classes": Likelihood.p, "counts": Likelihood.rate}  # by support
PRESETS: dict[str, dict[str, Any]] = {
    "Centre too low": {},
    "Best fit": {"likelihood_m": 1.0},
    "Gaussian, one outlier": {"likelihood_m": 1.3, "likelihood_sample": "One far out"},
    "Laplace, one outlier": {
        "likelihood_m": 0.9,
        "likelihood_sample": "One far out",
        "likelihood_noise": "Laplace",
    },
    "Negative loss": {"likelihood_m": 1.0, "likelihood_sample": "Close", "likelihood_width": "0.1"},
    "Ten coin tosses": {"likelihood_noise": "Bernoulli", "likelihood_p": 0.7},
}


def noise_distribution(noise: str) -> lv.likelihood.NoiseDistribution:
    """The row of an option of the control."""
    return lv.likelihood.NOISE_DISTRIBUTIONS[NOISE[noise]]


def sample_and_scale(noise: str, width: str, sample: str) -> tuple[list[float], float]:
    """The sample and the scale of a distribution; discrete ones have their own sample and no scale."""
    row = noise_distribution(noise)
    if row.support == "real":
        return SAMPLES[sample], float(width)
    return DISCRETE_SAMPLES[row.name], 1.0


def sample_likelihood(noise: str, width: str, sample: str) -> lv.likelihood.SampleLikelihood:
    """The likelihood of the sample under the distribution."""
    dots, scale = sample_and_scale(noise, width, sample)
    return lv.likelihood.sample_likelihood(noise_distribution(noise), dots, scale=scale)


@st.cache_data(max_entries=32, show_spinner=False)
def picture(noise: str, width: str, sample: str, plain: bool) -> str:
    """The chart, for wide and narrow screens."""
    result = sample_likelihood(noise, width, sample)
    at = SLIDES[result.noise.support].default
    return figure_json(
        lambda narrow: lv.figures.sample_likelihood(result, at=at, log_scale=not plain, narrow=narrow)
    )


def show() -> None:
    """Show the view: chart, slider, presets, controls and tabs."""
    above, below = st.container(gap="small"), st.container(gap="small")
    with above:
        chart_area, slider_area, convention = st.container(), st.container(), st.container()
    with below:
        preset_area = st.container()
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            noise = Likelihood.noise.menu(width=200)
            row = noise_distribution(noise)
            real = row.support == "real"
            width = Likelihood.width.segments(disabled=not real)
            sample = Likelihood.sample.segments(disabled=not real)
            plain = Likelihood.plain.show()
    slide: Slider = SLIDES[row.support]
    with slider_area:
        at = axis_slider(slide)
    with preset_area:
        presets("likelihood_noise_try", PRESETS, Likelihood.noise_controls)
    with chart_area:
        chart(
            picture(noise, width, sample, plain),
            key=f"likelihood_{row.support}",
            follow=slide.key,
            alt=f"Above, {noise} noise over {'seven' if real else 'its'} data points; below, minus the "
            "logarithm of "
            "each one’s probability against the parameter, and their mean, which is the loss.",
        )
    dots, scale = sample_and_scale(noise, width, sample)
    result = sample_likelihood(noise, width, sample)
    with convention:
        best, loss = lv.figures.number(result.mle), lv.figures.number(result.min_nll)
        words = f"{len(dots)} data points" + (f", width {scale:g}" if real else "")
        panels = "Above, the density itself" if plain else "Both panels have one scale, in nats"
        words = caption(
            f"{words}. {panels}. Most likely at {best}, where the loss is {loss}. Black: the ringed point."
        )

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {row.parameter: result.parameter, "mean": result.mean_nll}
        for i, y in enumerate(dots):
            table |= {f"point {i + 1} at {y:g}": result.nll[i]}
        return files.columns(table)

    Tabs().fill(
        see=text("noise_see"),
        maths=text("noise_maths")
        .replace("DENSITY", row.formula)
        .replace("BECOMES", row.nll_formula)
        .replace("LOSS", row.loss)
        .replace("SOURCE", row.source),
        code=f"""import lossviz as lv

result = lv.likelihood.sample_likelihood("{row.name}", {dots}, scale={scale:g})
figure = lv.figures.sample_likelihood(result, at={at:g}, log_scale={not plain})""",
        controls=(Likelihood.view, *Likelihood.noise_controls),
        files=[
            FigurePage(
                "likelihood.html",
                lambda: lv.figures.sample_likelihood(result, at=at, log_scale=not plain),
                row.parameter,
            ),
            File("Numbers (CSV)", "likelihood.csv", "text/csv", numbers),
        ],
        picture=f"likelihood_{row.support}",
        caption=words,
    )
