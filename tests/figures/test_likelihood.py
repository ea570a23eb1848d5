"""Figures of likelihood and metrics: they show the result's numbers, in every frame, theme and width."""

import math
import re
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
from support.drawn import assert_frames_equal_figures, built

import lossviz as lv
from lossviz import figures
from lossviz.figures import at_frame, dark, dark_map, number
from lossviz.figures.base.themes import DARK
from lossviz.figures.likelihood.sample_labels import relative_likelihood_text

SAMPLE = [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3]
GAUSSIAN = lv.likelihood.sample_likelihood("gaussian", SAMPLE, scale=0.5, parameter=np.arange(-6, 11) / 2)
BERNOULLI = lv.likelihood.sample_likelihood("bernoulli", [0, 0, 1, 1, 1], parameter=[0.02, 0.3, 0.6, 0.98])
POISSON = lv.likelihood.sample_likelihood("poisson", [0, 3, 3, 7], parameter=[0.2, 1, 3, 10])
BAR = lv.likelihood.entropy_bar([0.5, 0.25, 0.125, 0.125], [0.5, 0.25, 0.0, 0.25], steps=11)
ONE_CLASS = lv.likelihood.entropy_bar([1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], unit="nats", steps=11)
FITS = lv.likelihood.consistency(sizes=(50, 200), repeats=20)
TWO = "binary-cross-entropy"
MIXED = lv.metrics.score_terms(TWO, "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7")
NEAR_GUESSING = lv.metrics.reference_losses(2.303, 10)
MANY = lv.metrics.score_terms("rmse", "0 " * 40, " ".join(str(k) for k in range(40)))
FLOATS, TWICE = lv.metrics.float_curves([0, 8, 17, 34, 50]), lv.metrics.softmax_twice(10, [-5, 0, 5, 10, 15])

MOVING: dict[str, tuple[Callable[..., go.Figure], list[float]]] = {
    "gaussian": (lambda at, **more: figures.sample_likelihood(GAUSSIAN, at=at, **more), [-3, -0.5, 5]),
    "gaussian density": (
        lambda at, **more: figures.sample_likelihood(GAUSSIAN, at=at, log_scale=False, **more),
        [-3, 1],
    ),
    "bernoulli": (lambda at, **more: figures.sample_likelihood(BERNOULLI, at=at, **more), [0.02, 0.6, 0.98]),
    "poisson": (lambda at, **more: figures.sample_likelihood(POISSON, at=at, **more), [0.2, 3]),
    "bar": (lambda at, **more: figures.entropy_bar(BAR, at=at, **more), [0, 10, 50, 100]),
    "bar of one class": (lambda at, **more: figures.entropy_bar(ONE_CLASS, at=at, **more), [0, 50, 100]),
    "floats": (lambda at, **more: figures.float_curves(FLOATS, at=at, **more), [0, 17, 50]),
    "twice": (lambda at, **more: figures.softmax_twice(TWICE, at=at, **more), [-5, 0, 10]),
}


def at_its_end(make: Callable[..., go.Figure], values: list[float]) -> Callable[..., go.Figure]:
    return lambda **more: make(values[-1], **more)


ALL: dict[str, Callable[..., go.Figure]] = {
    **{name: at_its_end(*how) for name, how in MOVING.items()},
    "consistency": lambda **more: figures.consistency(FITS, **more),
    "terms": lambda **more: figures.score_terms(MIXED, **more),
    "many": lambda **more: figures.score_terms(MANY, **more),
    "infinite": lambda **more: figures.score_terms(lv.metrics.score_terms(TWO, "1 0", "0 0.5"), **more),
    "clipping": lambda **more: figures.clipping_limits(lv.metrics.clipping_limits(), **more),
    "binary": lambda **more: figures.as_written(lv.metrics.binary_as_written(), **more),
    "rows": lambda **more: figures.as_written(lv.metrics.categorical_as_written(), **more),
    "references": lambda **more: figures.reference_losses(NEAR_GUESSING, 2.303, **more),
}
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba\(\d+,\d+,\d+,")


def texts(figure: go.Figure) -> str:
    return " | ".join(re.sub(r"<.*?>", "", str(a.text)) for a in figure.layout.annotations)


@pytest.mark.parametrize("name", MOVING)
@WIDTHS
def test_a_frame_is_the_picture_that_would_have_been_built_there(name: str, narrow: bool) -> None:
    assert_frames_equal_figures(*MOVING[name], narrow)


@pytest.mark.parametrize("name", ALL)
@WIDTHS
def test_every_colour_has_a_dark_one(name: str, narrow: bool) -> None:
    figure = built(ALL[name], narrow=narrow)
    used = set(COLOUR.findall(figure.to_json())) - {"rgba(0,0,0,"}
    assert used <= set(dark_map())
    turned = set(COLOUR.findall(dark(figure).to_json())) - {"rgba(0,0,0,"}
    assert not turned & set(DARK)


@pytest.mark.parametrize("name", ALL)
def test_a_narrow_figure_says_the_same_numbers(name: str) -> None:
    wide, narrow = built(ALL[name]), built(ALL[name], narrow=True)
    assert wide.to_json() != narrow.to_json()
    heroes = set(re.findall(r"<b>([−\d.]+)</b>", " ".join(a.text for a in wide.layout.annotations)))
    assert heroes <= set(re.findall(r"[−\d.]+", texts(narrow)))


@pytest.mark.parametrize("k", [0, 5, 8])
def test_the_figure_shows_the_loss_and_the_relative_likelihood(k: int) -> None:
    shown = texts(figures.sample_likelihood(GAUSSIAN, at=float(GAUSSIAN.parameter[k])))
    assert number(float(GAUSSIAN.mean_nll[k])) in shown
    assert relative_likelihood_text(float(GAUSSIAN.relative_likelihood[k])) in shown


def test_both_panels_have_one_scale_so_that_one_is_the_other_upside_down() -> None:
    layout = figures.sample_likelihood(GAUSSIAN, at=1).layout
    upper, lower = layout.yaxis, layout.yaxis2
    assert list(lower.range) == pytest.approx([-upper.range[1], -upper.range[0]])
    assert np.ptp(upper.domain) == pytest.approx(np.ptp(lower.domain))
    assert list(layout.xaxis.range) == list(layout.xaxis2.range)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.05, "5 %"),
        (1.28e-4, "0.013 %"),
        (1e-6, "0.0001 %"),
        (3e-20, "10⁻²⁰"),
        (0.0, "0 %"),
        (0.9996, "100 %"),
    ],
)
def test_how_a_relative_likelihood_is_written(ratio: float, text: str) -> None:
    assert relative_likelihood_text(ratio) == text


def test_the_bar_stacks_entropy_and_kl() -> None:
    figure = at_frame(figures.entropy_bar(BAR), 50)
    entropy, kl = figure.data[0], figure.data[1]
    assert entropy.x[0] == BAR.entropy
    assert kl.base[0] == BAR.entropy
    assert kl.x[0] == pytest.approx(BAR.kl[5], abs=1e-5)
    assert number(float(BAR.cross_entropy[5])) in texts(figure)
    assert "∞" in texts(at_frame(figures.entropy_bar(BAR), 0))


def test_dots_are_the_fits_and_lines_their_asymptotic_standard_deviation() -> None:
    figure = figures.consistency(FITS, parameter="intercept")
    assert np.array_equal(figure.data[0].y, np.round(FITS.estimates[0, :, :, 0].ravel(), 4))
    upper = figure.data[3]
    at = np.interp(200, upper.x, upper.y)
    assert at == pytest.approx(FITS.theta[0] + 2 * FITS.asymptotic_std[0, 1, 0], rel=1e-3)
    assert f"{number(float(FITS.sample_size_ratio[0]))}×" in texts(figure)


def test_terms_tell_every_term_and_hatch_what_is_left_out() -> None:
    figure = figures.score_terms(MIXED)
    shown = texts(figure)
    for term, words in zip(MIXED.terms, MIXED.expressions, strict=True):
        assert number(float(term)) in shown
        assert words in shown
    hatched = [t for t in figure.data if t.marker.pattern.shape == "/"]
    assert hatched[0].x == pytest.approx(MIXED.terms[MIXED.omitted])
    solid, lost = figure.data[-2], figure.data[-1]
    assert solid.x[0] == pytest.approx(MIXED.as_written)
    assert solid.x[0] + lost.x[0] == pytest.approx(MIXED.value)


def test_of_many_terms_the_costliest_are_drawn() -> None:
    figure = figures.score_terms(MANY)
    assert sorted(figure.data[0].x) == pytest.approx([k**2 for k in range(28, 40)])
    assert "and 28 more" in texts(figure)


def test_somebody_elses_words_are_no_tags() -> None:
    found = lv.metrics.score_terms("mae", ["1"], ["2"])
    assert "<b>" not in texts(figures.score_terms(found))


@pytest.mark.parametrize("value", [2.303, 0.5, 34.54, 0.0, -1e-15, -4.0, 1e6])
@WIDTHS
def test_the_nearest_stands_out_on_the_ruler(value: float, narrow: bool) -> None:
    found = lv.metrics.reference_losses(value, 10)
    figure = figures.reference_losses(found, value, narrow=narrow)
    bold = [a.text for a in figure.layout.annotations if a.text.startswith(f"<b>{found[0].name}")]
    assert len(bold) == 1
    assert all(math.isfinite(x) for t in figure.data for x in t.x if x is not None)


def test_no_name_on_a_wide_ruler_lies_on_another() -> None:
    for value, classes in ((2.303, 10), (0.693, 2), (34.54, 1000), (0.325, 2)):
        figure = figures.reference_losses(lv.metrics.reference_losses(value, classes), value)
        low, high = figure.layout.xaxis.range
        boxes = [
            (1044 * (a.x - low) / (high - low), len(re.sub(r"<.*?>|&nbsp;", "", a.text)) * 7.0, a.y)
            for a in figure.layout.annotations
            if a.yanchor == "middle"
        ]
        for i, (x, width, y) in enumerate(boxes):
            for other, wide, level in boxes[i + 1 :]:
                assert y != level or x + width <= other or other + wide <= x
