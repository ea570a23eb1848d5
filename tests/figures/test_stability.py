"""The figures of the edge of stability and of a quadratic show the numbers of their results."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from support.drawn import assert_frames_equal_figures, built

import lossviz as lv
from lossviz import figures
from lossviz.figures import at_frame, dark, dark_map, number, percent
from lossviz.stability.result import EdgeRun

STEPS = 60


def edge_run_with(
    loss: str, ratio: np.ndarray, optimizer: str = "sgd", diverged_at: int | None = None
) -> EdgeRun:
    lr = 0.5
    edge = lv.stability_edge(optimizer, lr)
    values, losses = edge * ratio, np.geomspace(1, 0.05, len(ratio))
    if diverged_at is not None:
        values[diverged_at:], losses[diverged_at:] = np.nan, np.nan
    return EdgeRun(loss, optimizer, lr, edge, optimizer == "adam", losses, values, 99, diverged_at)


STABLE = edge_run_with("sigmoid-mse", np.linspace(0.1, 1.0, STEPS + 1))
DIVERGED = edge_run_with("sigmoid-ce", np.linspace(0.5, 5.0, STEPS + 1), diverged_at=37)
ADAM = [edge_run_with(loss, np.linspace(0.1, 0.8, STEPS + 1), "adam") for loss in ("mse", "sigmoid-ce")]
HEAVY_BALL = lv.stability.quadratic(0.3, points=21, spacing=0.1)
NESTEROV = lv.stability.quadratic(0.9, "nesterov", points=21, spacing=0.1)

FIGURES: dict[str, tuple[Callable[..., go.Figure], list[float]]] = {
    "edge": (lambda at, **options: figures.edge([STABLE, DIVERGED], int(at), **options), [0, 5, 30, 40, 60]),
    "edge, one run": (lambda at, **options: figures.edge([STABLE], int(at), **options), [0, 60]),
    "edge of Adam": (lambda at, **options: figures.edge(ADAM, int(at), **options), [0, 35]),
    "quadratic": (lambda at, **options: figures.quadratic(HEAVY_BALL, at, **options), [0.1, 1.0, 2.6, 4.4]),
    "quadratic, Nesterov": (lambda at, **options: figures.quadratic(NESTEROV, at, **options), [0.1, 1.4]),
}
ALL_FIGURES = pytest.mark.parametrize("name", FIGURES)
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def annotation_text(figure: go.Figure) -> str:
    return " | ".join(re.sub(r"<.*?>", "", str(a.text)) for a in figure.layout.annotations)


@WIDTHS
@pytest.mark.parametrize("step", [0, 20, 36])
def test_edge_figure_shows_the_edge_and_the_products(step: int, narrow: bool) -> None:
    text = annotation_text(figures.edge([STABLE, DIVERGED], step, narrow=narrow))
    assert number(4.0) in text
    assert "is the edge: 2 ÷ 0.5" in text
    for run, name in ((STABLE, "squared error"), (DIVERGED, "cross-entropy")):
        assert f"{number(0.5 * run.smoothed_sharpness[step])} for {name}" in text
    assert f"after {step} steps of gradient descent" in text


@WIDTHS
def test_status_of_a_run_is_beside_its_name(narrow: bool) -> None:
    early, late = (annotation_text(figures.edge([STABLE, DIVERGED], at, narrow=narrow)) for at in (20, 60))
    assert f"below it: {percent(STABLE.status(20).ratio)}" in early
    assert "diverged at step 37" in late
    assert "diverged for cross-entropy" in late
    small = edge_run_with("sigmoid-mse", np.full(STEPS + 1, 0.4))
    assert "never at it: 40 %" in annotation_text(figures.edge([small], narrow=narrow))
    over = edge_run_with("sigmoid-mse", np.full(STEPS + 1, 1.3))
    assert "above the edge" in annotation_text(figures.edge([over], narrow=narrow))
    left = edge_run_with("sigmoid-mse", np.concatenate([np.full(20, 1.0), np.full(150, 0.5)]))
    assert "below the edge: 50 % of it" in annotation_text(figures.edge([left], narrow=narrow))


def test_diverged_run_ends_in_a_cross_at_its_last_finite_value() -> None:
    figure = figures.edge([STABLE, DIVERGED], 60)
    upper, lower = (t for t in figure.data if t.mode == "markers")
    assert list(upper.marker.symbol) == ["circle", "x"]
    assert list(upper.x) == [60, 36]
    assert lower.y[1] == pytest.approx(DIVERGED.loss[36], rel=1e-3)
    assert list(at_frame(figure, 20).data[figure.data.index(upper)].marker.symbol) == ["circle", "circle"]


def test_edge_is_always_on_the_axis() -> None:
    for ratio in (0.001, 0.9, 50.0):
        figure = figures.edge([edge_run_with("mse", np.full(STEPS + 1, ratio))])
        low, high = figure.layout.yaxis.range
        assert low == 0
        assert 4.0 < high < 9.0


@pytest.mark.parametrize("last", [0.9, 0.3, 0.01, 1e-7])
def test_loss_axis_has_tick_labels(last: float) -> None:
    run = edge_run_with("mse", np.full(STEPS + 1, 0.5))
    axis = figures.edge([replace(run, loss=np.geomspace(1.0, last, STEPS + 1))]).layout.yaxis2
    inside = [tick for tick in axis.tickvals if axis.range[0] <= np.log10(tick) <= axis.range[1]]
    assert 1 <= len(inside) <= 6


def test_losses_of_one_family_have_different_names_and_user_losses_are_drawn() -> None:
    two = [edge_run_with("mse", np.full(61, 0.5)), edge_run_with("sigmoid-mse", np.full(61, 0.4))]
    assert figures.edge_names(two) == [lv.LOSSES["mse"].label, lv.LOSSES["sigmoid-mse"].label]
    own = edge_run_with("my_loss", np.full(61, 0.5))
    assert "my_loss" in annotation_text(figures.edge([own]))


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "rmsprop", "adam"])
def test_edge_of_other_optimizers(optimizer: str) -> None:
    text = annotation_text(figures.edge([edge_run_with("mse", np.full(61, 0.5), optimizer)]))
    constant = {"momentum": "3.8", "nesterov": "1.357", "rmsprop": "2", "adam": "38"}[optimizer]
    assert f"is the edge: {constant} ÷ 0.5" in text
    assert ("preconditioned" in text) == (optimizer == "adam")


@WIDTHS
@pytest.mark.parametrize(
    ("product", "outcome"), [(1.0, "it arrives"), (2.6, "it oscillates for ever"), (3.0, "it diverges")]
)
def test_quadratic_figure_shows_radius_and_outcome(product: float, outcome: str, narrow: bool) -> None:
    text = annotation_text(figures.quadratic(HEAVY_BALL, product, narrow=narrow))
    assert outcome in text
    assert percent(float(lv.stability.spectral_radius(product, 0.3))) in text
    assert f"{product:.2f} {'<' if product < 2.6 else '=' if product == 2.6 else '>'} 2.6" in text
    assert ("out of the picture" in text) == (product == 3.0)


def test_radius_of_zero_is_shown() -> None:
    assert "0 %" in annotation_text(figures.quadratic(lv.stability.quadratic(0.0, points=21), 1.0))


def test_radius_near_one_is_not_rounded_to_one() -> None:
    momentum = np.round(np.arange(0, 0.98, 0.02), 2)
    near = [
        (beta, product)
        for beta in momentum
        for product in np.arange(0.02, 4.4, 0.02)
        if 1e-6 < abs(lv.stability.spectral_radius(product, beta, "nesterov") - 1) < 0.003
    ]
    assert near
    beta, product = near[0]
    text = annotation_text(figures.quadratic(lv.stability.quadratic(beta, "nesterov", points=21), product))
    assert "100 %" not in text
    assert re.search(r"(99|100)\.\d %", text)


def test_marker_and_descent_are_those_of_the_setting() -> None:
    figure = figures.quadratic(HEAVY_BALL, 1.0)
    dot, descent = figure.data[-2:]
    assert (dot.x[0], dot.y[0]) == (1.0, 0.3)
    np.testing.assert_allclose(descent.y, lv.stability.quadratic_descent(1.0, 0.3), rtol=1e-3, atol=1e-4)
    diverging = figures.quadratic(HEAVY_BALL, 4.4).data[-1]
    limit = figures.quadratic(HEAVY_BALL, 4.4).layout.yaxis2.range[1]
    assert abs(diverging.y[-1]) > limit
    assert (np.abs(diverging.y[:-1]) <= limit).all()


# --- frames and colours ---------------------------------------------------------------------------------


@ALL_FIGURES
@WIDTHS
def test_frame_equals_the_figure_built_there(name: str, narrow: bool) -> None:
    assert_frames_equal_figures(*FIGURES[name], narrow)


def test_frames_are_named_by_the_slider_values() -> None:
    assert [f.name for f in figures.edge([STABLE], 60).frames] == [str(s) for s in range(0, 61, 5)]
    assert [f.name for f in figures.quadratic(HEAVY_BALL).frames] == [f"{p:g}" for p in HEAVY_BALL.product]


COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba\(\d+,\d+,\d+,")


@ALL_FIGURES
@WIDTHS
def test_every_colour_has_a_dark_counterpart(name: str, narrow: bool) -> None:
    make, values = FIGURES[name]
    figure = built(make, values[0], narrow=narrow)
    neutral = {"rgba(0,0,0,", "rgba(255,255,255,"}
    used = set(COLOUR.findall(figure.to_json())) - neutral
    assert used <= set(dark_map())
    assert set(COLOUR.findall(dark(figure).to_json())) - neutral == {dark_map()[colour] for colour in used}


@ALL_FIGURES
def test_figure_is_small_enough_to_send(name: str) -> None:
    make, values = FIGURES[name]
    assert len(built(make, values[0]).to_json()) < 400_000
