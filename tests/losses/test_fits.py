"""The best constants and lines against theory and other solvers."""

from statistics import multimode
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import linprog, minimize

import lossviz as lv
from lossviz.losses.fits import best_constants, best_lines
from lossviz.losses.outliers import INLIER, MINUTES

NUMBERS = some.lists(some.integers(-50, 50).map(float), min_size=1, max_size=15)
SMOOTH = (lv.LOSSES["mse"], lv.LOSSES["huber"].set(delta=2), lv.LOSSES["log-cosh"], lv.LOSSES["gaussian-nll"])
PIECEWISE_LINEAR = (lv.LOSSES["mae"], lv.LOSSES["quantile"].set(tau=0.25), lv.LOSSES["quantile"].set(tau=0.9))
ids = {"ids": lambda row: row.name if isinstance(row, lv.Loss) else None}


# --- constants against theory ----------------------------------------------------------------------------


@settings(max_examples=10)
@given(NUMBERS)
def test_mean_minimizes_squared_error(y: list[float]) -> None:
    for loss in ("mse", "gaussian-nll"):
        assert lv.losses.best_constant(loss, y) == pytest.approx(np.mean(y), abs=1e-9)


@settings(max_examples=20)
@given(NUMBERS)
def test_median_minimizes_absolute_error(y: list[float]) -> None:
    assert lv.losses.best_constant("mae", y) == pytest.approx(np.median(y), abs=1e-9)


@settings(max_examples=20)
@given(NUMBERS, some.integers(1, 19))
def test_quantile_minimizes_the_quantile_loss(y: list[float], twentieths: int) -> None:
    tau = twentieths / 20
    found = lv.losses.best_constant(lv.LOSSES["quantile"].set(tau=tau), y)
    share = tau * len(y)
    whole = round(share)
    if abs(share - whole) < 1e-9 and 0 < whole < len(y):  # any number between two points: their middle
        ordered = sorted(y)
        assert found == pytest.approx(0.5 * (ordered[whole - 1] + ordered[whole]), abs=1e-9)
    else:
        assert found == pytest.approx(np.quantile(y, tau, method="inverted_cdf"), abs=1e-9)


@given(some.lists(some.integers(0, 9).map(float), min_size=1, max_size=20))
def test_mode_minimizes_hit_or_miss(y: list[float]) -> None:
    found = lv.losses.best_constant(lv.losses.NONDIFFERENTIABLE["hit-or-miss"].set(width=0.4), y)
    assert found in multimode(y)


@given(NUMBERS, some.integers(0, 20).map(lambda k: k / 2 + 0.3))
def test_hit_or_miss_covers_as_many_points_as_possible(y: list[float], width: float) -> None:
    points = np.array(y)
    found = lv.losses.best_constant(lv.losses.NONDIFFERENTIABLE["hit-or-miss"].set(width=width), y)
    hits = (np.abs(points - found) <= width + 1e-9).sum()
    tried = np.concatenate([points - width, points, points + width])
    assert hits == (np.abs(points[:, None] - tried) <= width + 1e-9).sum(axis=0).max()


@settings(max_examples=10)
@given(NUMBERS, some.floats(0.1, 30))
def test_huber_gradient_is_zero_at_the_best_constant(y: list[float], delta: float) -> None:
    found = lv.losses.best_constant(lv.LOSSES["huber"].set(delta=delta), y)
    residual = np.array(y) - found
    assert abs(np.clip(residual, -delta, delta).sum()) < 1e-8, "the gradients add up to zero"
    assert lv.losses.best_constant(lv.LOSSES["huber"].set(delta=1e4), y) == pytest.approx(
        np.mean(y), abs=1e-8
    )


@settings(max_examples=5)
@given(some.lists(some.booleans(), min_size=2, max_size=30).filter(lambda y: len(set(y)) == 2))
def test_best_logit_is_that_of_the_class_frequency_or_of_the_majority(labels: list[bool]) -> None:
    y = np.array(labels, dtype=float)
    for loss in ("sigmoid-ce", "sigmoid-mse", "sigmoid-half-mse"):
        assert 1 / (1 + np.exp(-lv.losses.best_constant(loss, y))) == pytest.approx(y.mean(), abs=1e-9)
    assert np.tanh(lv.losses.best_constant("tanh-mse", y)) == pytest.approx(2 * y.mean() - 1, abs=1e-9)
    if y.mean() != 0.5:
        assert lv.losses.best_constant("hinge", y) == pytest.approx(np.sign(y.mean() - 0.5), abs=1e-9)


@settings(max_examples=15)
@given(some.lists(some.integers(0, 40).map(float), min_size=1, max_size=12).filter(any))
def test_log_of_the_mean_minimizes_poisson(y: list[float]) -> None:
    assert np.exp(lv.losses.best_constant("poisson-nll", y)) == pytest.approx(np.mean(y), rel=1e-9)


def test_logit_of_certain_data_is_limited_to_forty() -> None:
    assert lv.losses.best_constant("sigmoid-ce", [1.0, 1.0]) == pytest.approx(40)
    assert lv.losses.best_constant("poisson-nll", [0.0]) == -40


@pytest.mark.parametrize("loss", [*SMOOTH, *PIECEWISE_LINEAR], **ids)
def test_batch_equals_single_data_sets(loss: lv.Loss) -> None:
    y = np.random.default_rng(0).normal(0, 9, (3, 7))
    alone = [lv.losses.best_constant(loss, row) for row in y]
    assert best_constants(loss, y) == pytest.approx(alone, abs=1e-12)


# --- a line --------------------------------------------------------------------------------------------

X = np.array([4.2, 5.8, 5.4, 7.2, 7.0, 8.4, 8.8, 9.6, 10.0])
CLOUDS = [np.append(MINUTES, 25.0), np.append(MINUTES, 78.0), np.random.default_rng(1).normal(10, 9, 9)]


def _cost(loss: lv.Loss, line: Any, y: np.ndarray) -> float:
    return float(loss.value(line[0] * X + line[1], y).mean())


@pytest.mark.parametrize("y", CLOUDS, ids=["inlier", "outlier", "random"])
def test_squared_error_fits_least_squares(y: np.ndarray) -> None:
    assert lv.losses.best_line("mse", X, y) == pytest.approx(np.polyfit(X, y, 1), rel=1e-10)


@pytest.mark.parametrize("loss", SMOOTH, **ids)
@pytest.mark.parametrize("y", CLOUDS, ids=["inlier", "outlier", "random"])
def test_smooth_losses_fit_what_bfgs_finds(loss: lv.Loss, y: np.ndarray) -> None:
    line = lv.losses.best_line(loss, X, y)
    slope = loss.gradient(line[0] * X + line[1], y).numpy()
    assert abs(slope.sum()) < 1e-8
    assert abs(slope @ X) < 1e-7
    other = minimize(lambda ab: _cost(loss, ab, y), np.polyfit(X, y, 1), method="BFGS")
    assert _cost(loss, line, y) <= other.fun + 1e-12


@pytest.mark.parametrize("loss", PIECEWISE_LINEAR, **ids)
@pytest.mark.parametrize("y", CLOUDS, ids=["inlier", "outlier", "random"])
def test_piecewise_linear_losses_fit_what_linear_programming_finds(loss: lv.Loss, y: np.ndarray) -> None:
    tau = loss.arguments.get("tau", 0.5)
    n = len(X)
    cost = np.concatenate([[0, 0], np.full(n, tau), np.full(n, 1 - tau)]) / n
    equal = np.hstack([X[:, None], np.ones((n, 1)), np.eye(n), -np.eye(n)])
    program = linprog(cost, A_eq=equal, b_eq=y, bounds=[(None, None)] * 2 + [(0, None)] * (2 * n))
    factor = 2 if loss.name == "mae" else 1
    assert _cost(loss, lv.losses.best_line(loss, X, y), y) == pytest.approx(factor * program.fun, rel=1e-9)


@pytest.mark.parametrize("loss", [*SMOOTH, *PIECEWISE_LINEAR], **ids)
def test_batch_of_lines_equals_single_lines(loss: lv.Loss) -> None:
    y = np.stack(CLOUDS)
    alone = [_cost(loss, lv.losses.best_line(loss, X, row), row) for row in y]
    together = [_cost(loss, line, row) for line, row in zip(best_lines(loss, X, y), y, strict=True)]
    assert together == pytest.approx(alone, rel=1e-10)


@settings(max_examples=10)
@given(some.floats(-3, 3), some.floats(-20, 20))
def test_points_on_a_line_are_fitted_exactly(slope: float, intercept: float) -> None:
    for loss in (*SMOOTH, *PIECEWISE_LINEAR):
        assert lv.losses.best_line(loss, X, slope * X + intercept) == pytest.approx(
            (slope, intercept), abs=1e-6
        )


# --- one outlier -------------------------------------------------------------------------------------

UPPER = lv.LOSSES["quantile"].set(tau=0.75)
LOSSES = [lv.LOSSES["mse"], lv.LOSSES["huber"].set(delta=5), "mae", UPPER, "hit-or-miss", "log-cosh"]


@pytest.fixture(scope="module")
def location() -> lv.losses.OutlierLocation:
    return lv.losses.outlier_location(LOSSES)


def test_location_has_the_mean_losses_and_the_best_constants(location: lv.losses.OutlierLocation) -> None:
    y = np.append(MINUTES, location.outlier_y[50])
    for i, described in enumerate(location.losses):
        name = described.name
        row = (
            LOSSES[i]
            if isinstance(LOSSES[i], lv.Loss)
            else lv.losses.NONDIFFERENTIABLE.get(name, lv.LOSSES.get(name))
        )
        curve = [float(row.value(np.full(9, guess), y).mean()) for guess in location.constants]
        assert location.loss[i, 50] == pytest.approx(curve, rel=1e-12)
        assert location.best[i, 50] == pytest.approx(lv.losses.best_constant(row, y), abs=1e-12)
        assert location.best_loss[i, 50] <= min(curve) + 1e-12


def test_only_the_mean_follows_the_outlier(location: lv.losses.OutlierLocation) -> None:
    moved = location.best[:, -1] - location.inlier_best
    assert moved[0] == pytest.approx((80 - INLIER) / 9)
    assert np.abs(moved[1:5]).max() < 1e-9
    assert location.best[0, -1] > max(MINUTES), "above all the other eight"


def test_outlier_lines_are_best_lines() -> None:
    facts = lv.losses.outlier_lines(["mse", "mae"], outlier_x=20, outlier_y=[10.0, 80.0])
    x = np.append(facts.x, 20.0)
    for k, height in enumerate((10.0, 80.0)):
        y = np.append(facts.y, height)
        assert facts.lines[0, k] == pytest.approx(np.polyfit(x, y, 1), rel=1e-9)
        assert facts.lines[1, k] == pytest.approx(lv.losses.best_line("mae", x, y), rel=1e-9)


def test_absolute_error_is_robust_to_outliers_in_y_but_not_in_x() -> None:
    """Leverage, with the numbers of the page."""
    near = lv.losses.outlier_lines(["mse", "mae"], outlier_x=10, outlier_y=[INLIER, 80.0]).lines
    aside = lv.losses.outlier_lines(["mse", "mae"], outlier_x=24, outlier_y=[INLIER, 12.0]).lines
    assert abs(near[1, 1, 0] - near[1, 0, 0]) < 0.1 < abs(near[0, 1, 0] - near[0, 0, 0])
    assert aside[1, 1] @ [24, 1] == pytest.approx(12), "its line goes through the outlier"


# --- invalid input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lv.losses.best_constant("mse", []), "at least one number"),
        (lambda: lv.losses.best_constant("mse", [1.0, np.nan]), "finite numbers; got nan"),
        (lambda: lv.losses.best_constant("softmax-ce", [1.0]), "softmax-ce"),
        (lambda: lv.losses.best_constant("zero-one", [1.0]), "zero-one"),
        (lambda: lv.losses.best_constant("sigmoid-ce", [2.0]), r"must lie in \[0, 1\]; got 2"),
        (lambda: lv.losses.best_line("mse", [1.0, 1.0], [1.0, 2.0]), "two different values; all are 1"),
        (lambda: lv.losses.best_line("mse", [1.0, 2.0, 3.0], [1.0, 2.0]), "equally many; got 3 and 2"),
        (lambda: lv.losses.best_line("poisson-nll", [1.0, 2.0], [1.0, 2.0]), "poisson-nll"),
        (lambda: lv.losses.best_line("hit-or-miss", [1.0, 2.0], [1.0, 2.0]), "hit-or-miss"),
        (lambda: lv.losses.best_line("sigmoid-ce", [1.0, 2.0], [0.0, 1.0]), "sigmoid-ce"),
        (lambda: lv.losses.outlier_location([]), "at least one loss"),
        (lambda: lv.losses.outlier_lines([]), "at least one loss"),
    ],
)
def test_invalid_input_raises_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_unknown_loss_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"unknown loss 'mice'; known: .*mse"):
        lv.losses.best_constant("mice", [1.0])
