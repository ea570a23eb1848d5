"""The pictures of the edge and of the bowl say what their results say, at every frame."""

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
from lossviz.stability.run import EdgeRun

STEPS = 60


def made(loss: str, ratio: np.ndarray, optimizer: str = "sgd", gone: int | None = None) -> EdgeRun:
    lr = 0.5
    edge = lv.stability_edge(optimizer, lr)
    values, losses = edge * ratio, np.geomspace(1, 0.05, len(ratio))
    if gone is not None:
        values[gone:], losses[gone:] = np.nan, np.nan
    return EdgeRun(loss, optimizer, lr, edge, optimizer == "adam", losses, values, 99, gone)


CALM = made("sigmoid-mse", np.linspace(0.1, 1.0, STEPS + 1))
WILD = made("sigmoid-ce", np.linspace(0.5, 5.0, STEPS + 1), gone=37)
ADAM = [made(loss, np.linspace(0.1, 0.8, STEPS + 1), "adam") for loss in ("mse", "sigmoid-ce")]
HELD = lv.stability.quadratic(0.3, points=21, every=0.1)
AHEAD = lv.stability.quadratic(0.9, "Nesterov", points=21, every=0.1)

MOVING: dict[str, tuple[Callable[..., go.Figure], list[float]]] = {
    "edge": (lambda at, **more: figures.edge([CALM, WILD], int(at), **more), [0, 5, 30, 40, 60]),
    "edge, one run": (lambda at, **more: figures.edge([CALM], int(at), **more), [0, 60]),
    "edge of Adam": (lambda at, **more: figures.edge(ADAM, int(at), **more), [0, 35]),
    "bowl": (lambda at, **more: figures.quadratic(HELD, at, **more), [0.1, 1.0, 2.6, 4.4]),
    "bowl, Nesterov": (lambda at, **more: figures.quadratic(AHEAD, at, **more), [0.1, 1.4]),
}
MOVES = pytest.mark.parametrize("name", MOVING)
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def words(figure: go.Figure) -> str:
    return " | ".join(re.sub(r"<.*?>", "", str(a.text)) for a in figure.layout.annotations)


@WIDTHS
@pytest.mark.parametrize("step", [0, 20, 36])
def test_the_edge_tells_its_number_and_the_products(step: int, narrow: bool) -> None:
    said = words(figures.edge([CALM, WILD], step, narrow=narrow))
    assert number(4.0) in said
    assert "is the edge: 2 ÷ 0.5" in said
    for run, name in ((CALM, "squared error"), (WILD, "cross-entropy")):
        assert f"{number(0.5 * run.steady[step])} for {name}" in said
    assert f"after {step} steps of gradient descent" in said


@WIDTHS
def test_where_a_run_is_stands_beside_its_name(narrow: bool) -> None:
    early, late = (words(figures.edge([CALM, WILD], at, narrow=narrow)) for at in (20, 60))
    assert f"not there: {percent(CALM.standing(20).share)}" in early
    assert "gone at step 37" in late
    assert "gone for cross-entropy" in late
    small = made("sigmoid-mse", np.full(STEPS + 1, 0.4))
    assert "never there: 40 %" in words(figures.edge([small], narrow=narrow))
    over = made("sigmoid-mse", np.full(STEPS + 1, 1.3))
    assert "over the edge" in words(figures.edge([over], narrow=narrow))
    left = made("sigmoid-mse", np.concatenate([np.full(20, 1.0), np.full(150, 0.5)]))
    assert "has left it: 50 %" in words(figures.edge([left], narrow=narrow))


def test_a_run_that_is_gone_ends_in_a_cross_at_its_last_finite_value() -> None:
    figure = figures.edge([CALM, WILD], 60)
    upper, lower = (t for t in figure.data if t.mode == "markers")
    assert list(upper.marker.symbol) == ["circle", "x"]
    assert list(upper.x) == [60, 36]
    assert lower.y[1] == pytest.approx(WILD.loss[36], rel=1e-3)
    assert list(at_frame(figure, 20).data[figure.data.index(upper)].marker.symbol) == ["circle", "circle"]


def test_the_edge_is_always_in_the_picture() -> None:
    for ratio in (0.001, 0.9, 50.0):
        figure = figures.edge([made("mse", np.full(STEPS + 1, ratio))])
        low, high = figure.layout.yaxis.range
        assert low == 0
        assert 4.0 < high < 9.0


@pytest.mark.parametrize("last", [0.9, 0.3, 0.01, 1e-7])
def test_the_loss_axis_has_numbers_on_it(last: float) -> None:
    run = made("mse", np.full(STEPS + 1, 0.5))
    axis = figures.edge([replace(run, loss=np.geomspace(1.0, last, STEPS + 1))]).layout.yaxis2
    inside = [tick for tick in axis.tickvals if axis.range[0] <= np.log10(tick) <= axis.range[1]]
    assert 1 <= len(inside) <= 6


def test_losses_of_one_family_are_told_apart_and_any_loss_can_be_drawn() -> None:
    two = [made("mse", np.full(61, 0.5)), made("sigmoid-mse", np.full(61, 0.4))]
    assert figures.edge_names(two) == [lv.LOSSES["mse"].label, lv.LOSSES["sigmoid-mse"].label]
    own = made("my_loss", np.full(61, 0.5))
    assert "my_loss" in words(figures.edge([own]))


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "rmsprop", "adam"])
def test_the_edge_of_another_optimizer_is_its_own(optimizer: str) -> None:
    said = words(figures.edge([made("mse", np.full(61, 0.5), optimizer)]))
    constant = {"momentum": "3.8", "nesterov": "1.357", "rmsprop": "2", "adam": "38"}[optimizer]
    assert f"is the edge: {constant} ÷ 0.5" in said
    assert ("preconditioned" in said) == (optimizer == "adam")


@WIDTHS
@pytest.mark.parametrize(
    ("product", "end"), [(1.0, "it arrives"), (2.6, "it swings for ever"), (3.0, "it flies apart")]
)
def test_a_bowl_tells_what_is_left_and_why(product: float, end: str, narrow: bool) -> None:
    said = words(figures.quadratic(HELD, product, narrow=narrow))
    assert end in said
    assert percent(float(lv.stability.spectral_radius(product, 0.3))) in said
    assert f"{product:.2f} {'<' if product < 2.6 else '=' if product == 2.6 else '>'} 2.6" in said
    assert ("out of the picture" in said) == (product == 3.0)


def test_a_leap_leaves_nothing() -> None:
    assert "0 %" in words(figures.quadratic(lv.stability.quadratic(0.0, points=21), 1.0))


def test_a_share_just_beside_one_is_not_said_to_be_one() -> None:
    momentum = np.round(np.arange(0, 0.98, 0.02), 2)
    near = [
        (beta, product)
        for beta in momentum
        for product in np.arange(0.02, 4.4, 0.02)
        if 1e-6 < abs(lv.stability.spectral_radius(product, beta, "Nesterov") - 1) < 0.003
    ]
    assert near
    beta, product = near[0]
    said = words(figures.quadratic(lv.stability.quadratic(beta, "Nesterov", points=21), product))
    assert "100 %" not in said
    assert re.search(r"(99|100)\.\d %", said)


def test_the_dot_and_the_walk_are_those_of_the_setting() -> None:
    figure = figures.quadratic(HELD, 1.0)
    dot, walk = figure.data[-2:]
    assert (dot.x[0], dot.y[0]) == (1.0, 0.3)
    np.testing.assert_allclose(walk.y, lv.stability.quadratic_descent(1.0, 0.3), rtol=1e-3, atol=1e-4)
    apart = figures.quadratic(HELD, 4.4).data[-1]
    reach = figures.quadratic(HELD, 4.4).layout.yaxis2.range[1]
    assert abs(apart.y[-1]) > reach
    assert (np.abs(apart.y[:-1]) <= reach).all()


# --- frames and colours ---------------------------------------------------------------------------------


@MOVES
@WIDTHS
def test_a_frame_is_the_picture_that_would_have_been_built_there(name: str, narrow: bool) -> None:
    assert_frames_equal_figures(*MOVING[name], narrow)


def test_the_frames_are_named_by_what_the_slider_says() -> None:
    assert [f.name for f in figures.edge([CALM], 60).frames] == [str(s) for s in range(0, 61, 5)]
    assert [f.name for f in figures.quadratic(HELD).frames] == [f"{p:g}" for p in HELD.product]


COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba\(\d+,\d+,\d+,")


@MOVES
@WIDTHS
def test_every_colour_has_a_dark_one_or_is_the_same_in_both(name: str, narrow: bool) -> None:
    make, values = MOVING[name]
    figure = built(make, values[0], narrow=narrow)
    neutral = {"rgba(0,0,0,", "rgba(255,255,255,"}
    used = set(COLOUR.findall(figure.to_json())) - neutral
    assert used <= set(dark_map())
    assert set(COLOUR.findall(dark(figure).to_json())) - neutral == {dark_map()[colour] for colour in used}


@MOVES
def test_a_picture_is_small_enough_to_send(name: str) -> None:
    make, values = MOVING[name]
    assert len(built(make, values[0]).to_json()) < 400_000
