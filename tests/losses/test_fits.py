"""The best constants and lines: what theory says they are, and what other solvers find."""

from statistics import multimode
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import linprog, minimize

import lossviz as lv
from lossviz.losses.fits import best_constants, best_lines
from lossviz.losses.outliers import HOME, MINUTES

NUMBERS = some.lists(some.integers(-50, 50).map(float), min_size=1, max_size=15)
SMOOTH = (lv.LOSSES["mse"], lv.LOSSES["huber"].set(delta=2), lv.LOSSES["log-cosh"], lv.LOSSES["gaussian-nll"])
KINKED = (lv.LOSSES["mae"], lv.LOSSES["quantile"].set(tau=0.25), lv.LOSSES["quantile"].set(tau=0.9))
ids = {"ids": lambda row: row.name if isinstance(row, lv.Loss) else None}


# --- one number: the theory ----------------------------------------------------------------------------


@settings(max_examples=10)
@given(NUMBERS)
def test_squared_error_picks_the_mean(y: list[float]) -> None:
    for loss in ("mse", "gaussian-nll"):
        assert lv.losses.best_constant(loss, y) == pytest.approx(np.mean(y), abs=1e-9)


@settings(max_examples=20)
@given(NUMBERS)
def test_absolute_error_picks_the_median(y: list[float]) -> None:
    assert lv.losses.best_constant("mae", y) == pytest.approx(np.median(y), abs=1e-9)


@settings(max_examples=20)
@given(NUMBERS, some.integers(1, 19))
def test_the_quantile_loss_picks_the_quantile(y: list[float], twentieths: int) -> None:
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
def test_hit_or_miss_picks_the_mode(y: list[float]) -> None:
    found = lv.losses.best_constant(lv.losses.NONDIFFERENTIABLE["hit-or-miss"].set(width=0.4), y)
    assert found in multimode(y)


@given(NUMBERS, some.integers(0, 20).map(lambda k: k / 2 + 0.3))
def test_hit_or_miss_hits_as_many_as_can_be_hit(y: list[float], width: float) -> None:
    points = np.array(y)
    found = lv.losses.best_constant(lv.losses.NONDIFFERENTIABLE["hit-or-miss"].set(width=width), y)
    hits = (np.abs(points - found) <= width + 1e-9).sum()
    tried = np.concatenate([points - width, points, points + width])
    assert hits == (np.abs(points[:, None] - tried) <= width + 1e-9).sum(axis=0).max()


@settings(max_examples=10)
@given(NUMBERS, some.floats(0.1, 30))
def test_huber_lies_between_the_mean_and_the_median(y: list[float], delta: float) -> None:
    found = lv.losses.best_constant(lv.LOSSES["huber"].set(delta=delta), y)
    residual = np.array(y) - found
    assert abs(np.clip(residual, -delta, delta).sum()) < 1e-8, "what pulls up and down is in balance"
    assert lv.losses.best_constant(lv.LOSSES["huber"].set(delta=1e4), y) == pytest.approx(
        np.mean(y), abs=1e-8
    )


@settings(max_examples=5)
@given(some.lists(some.booleans(), min_size=2, max_size=30).filter(lambda y: len(set(y)) == 2))
def test_losses_of_a_logit_pick_the_share_or_the_majority(labels: list[bool]) -> None:
    y = np.array(labels, dtype=float)
    for loss in ("sigmoid-ce", "sigmoid-mse", "sigmoid-half-mse"):
        assert 1 / (1 + np.exp(-lv.losses.best_constant(loss, y))) == pytest.approx(y.mean(), abs=1e-9)
    assert np.tanh(lv.losses.best_constant("tanh-mse", y)) == pytest.approx(2 * y.mean() - 1, abs=1e-9)
    if y.mean() != 0.5:
        assert lv.losses.best_constant("hinge", y) == pytest.approx(np.sign(y.mean() - 0.5), abs=1e-9)


@settings(max_examples=15)
@given(some.lists(some.integers(0, 40).map(float), min_size=1, max_size=12).filter(any))
def test_poisson_picks_the_logarithm_of_the_mean(y: list[float]) -> None:
    assert np.exp(lv.losses.best_constant("poisson-nll", y)) == pytest.approx(np.mean(y), rel=1e-9)


def test_what_is_certain_stops_at_forty() -> None:
    assert lv.losses.best_constant("sigmoid-ce", [1.0, 1.0]) == pytest.approx(40)
    assert lv.losses.best_constant("poisson-nll", [0.0]) == -40


@pytest.mark.parametrize("loss", [*SMOOTH, *KINKED], **ids)
def test_many_at_once_is_one_after_the_other(loss: lv.Loss) -> None:
    y = np.random.default_rng(0).normal(0, 9, (3, 7))
    alone = [lv.losses.best_constant(loss, row) for row in y]
    assert best_constants(loss, y) == pytest.approx(alone, abs=1e-12)


# --- a line --------------------------------------------------------------------------------------------

X = np.array([4.2, 5.8, 5.4, 7.2, 7.0, 8.4, 8.8, 9.6, 10.0])
CLOUDS = [np.append(MINUTES, 25.0), np.append(MINUTES, 78.0), np.random.default_rng(1).normal(10, 9, 9)]


def _cost(loss: lv.Loss, line: Any, y: np.ndarray) -> float:
    return float(loss.value(line[0] * X + line[1], y).mean())


@pytest.mark.parametrize("y", CLOUDS, ids=["at home", "far", "random"])
def test_squared_error_fits_the_line_of_least_squares(y: np.ndarray) -> None:
    assert lv.losses.best_line("mse", X, y) == pytest.approx(np.polyfit(X, y, 1), rel=1e-10)


@pytest.mark.parametrize("loss", SMOOTH, **ids)
@pytest.mark.parametrize("y", CLOUDS, ids=["at home", "far", "random"])
def test_smooth_losses_fit_what_another_solver_finds(loss: lv.Loss, y: np.ndarray) -> None:
    line = lv.losses.best_line(loss, X, y)
    slope = loss.gradient(line[0] * X + line[1], y).numpy()
    assert abs(slope.sum()) < 1e-8
    assert abs(slope @ X) < 1e-7
    other = minimize(lambda ab: _cost(loss, ab, y), np.polyfit(X, y, 1), method="BFGS")
    assert _cost(loss, line, y) <= other.fun + 1e-12


@pytest.mark.parametrize("loss", KINKED, **ids)
@pytest.mark.parametrize("y", CLOUDS, ids=["at home", "far", "random"])
def test_kinked_losses_fit_what_linear_programming_finds(loss: lv.Loss, y: np.ndarray) -> None:
    tau = dict(loss.chosen).get("tau", 0.5)
    n = len(X)
    cost = np.concatenate([[0, 0], np.full(n, tau), np.full(n, 1 - tau)]) / n
    equal = np.hstack([X[:, None], np.ones((n, 1)), np.eye(n), -np.eye(n)])
    program = linprog(cost, A_eq=equal, b_eq=y, bounds=[(None, None)] * 2 + [(0, None)] * (2 * n))
    factor = 2 if loss.name == "mae" else 1
    assert _cost(loss, lv.losses.best_line(loss, X, y), y) == pytest.approx(factor * program.fun, rel=1e-9)


@pytest.mark.parametrize("loss", [*SMOOTH, *KINKED], **ids)
def test_many_lines_at_once_are_one_after_the_other(loss: lv.Loss) -> None:
    y = np.stack(CLOUDS)
    alone = [_cost(loss, lv.losses.best_line(loss, X, row), row) for row in y]
    together = [_cost(loss, line, row) for line, row in zip(best_lines(loss, X, y), y, strict=True)]
    assert together == pytest.approx(alone, rel=1e-10)


@settings(max_examples=10)
@given(some.floats(-3, 3), some.floats(-20, 20))
def test_points_on_a_line_are_fitted_by_it(slope: float, intercept: float) -> None:
    for loss in (*SMOOTH, *KINKED):
        assert lv.losses.best_line(loss, X, slope * X + intercept) == pytest.approx(
            (slope, intercept), abs=1e-6
        )


# --- one far point -------------------------------------------------------------------------------------

UPPER = lv.LOSSES["quantile"].set(tau=0.75)
LANES = [lv.LOSSES["mse"], lv.LOSSES["huber"].set(delta=5), "mae", UPPER, "hit-or-miss", "log-cosh"]


@pytest.fixture(scope="module")
def valleys() -> lv.losses.OutlierLocation:
    return lv.losses.outlier_location(LANES)


def test_a_valley_is_the_mean_loss_and_its_bottom_the_best_guess(valleys: lv.losses.OutlierLocation) -> None:
    y = np.append(MINUTES, valleys.far[50])
    for i, name in enumerate(valleys.names):
        row = (
            LANES[i]
            if isinstance(LANES[i], lv.Loss)
            else lv.losses.NONDIFFERENTIABLE.get(name, lv.LOSSES.get(name))
        )
        curve = [float(row.value(np.full(9, guess), y).mean()) for guess in valleys.guess]
        assert valleys.loss[i, 50] == pytest.approx(curve, rel=1e-12)
        assert valleys.best[i, 50] == pytest.approx(lv.losses.best_constant(row, y), abs=1e-12)
        assert valleys.lowest[i, 50] <= min(curve) + 1e-12


def test_only_the_mean_runs_after_the_far_point(valleys: lv.losses.OutlierLocation) -> None:
    moved = valleys.best[:, -1] - valleys.at_home
    assert moved[0] == pytest.approx((80 - HOME) / 9)
    assert np.abs(moved[1:5]).max() < 1e-9
    assert valleys.best[0, -1] > max(MINUTES), "above all the other eight"


def test_lines_are_those_of_each_height() -> None:
    facts = lv.losses.outlier_lines(["mse", "mae"], x_far=20, far=[10.0, 80.0])
    x = np.append(facts.x, 20.0)
    for k, height in enumerate((10.0, 80.0)):
        y = np.append(facts.y, height)
        assert facts.lines[0, k] == pytest.approx(np.polyfit(x, y, 1), rel=1e-9)
        assert facts.lines[1, k] == pytest.approx(lv.losses.best_line("mae", x, y), rel=1e-9)


def test_absolute_error_is_safe_above_and_not_far_to_the_side() -> None:
    """The lesson of leverage, in the page's own numbers."""
    near = lv.losses.outlier_lines(["mse", "mae"], x_far=10, far=[HOME, 80.0]).lines
    aside = lv.losses.outlier_lines(["mse", "mae"], x_far=24, far=[HOME, 12.0]).lines
    assert abs(near[1, 1, 0] - near[1, 0, 0]) < 0.1 < abs(near[0, 1, 0] - near[0, 0, 0])
    assert aside[1, 1] @ [24, 1] == pytest.approx(12), "its line goes through the far point"


# --- what is refused -----------------------------------------------------------------------------------


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
def test_what_cannot_be_fitted_is_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_an_unknown_loss_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"unknown loss 'mice'; known: .*mse"):
        lv.losses.best_constant("mice", [1.0])
