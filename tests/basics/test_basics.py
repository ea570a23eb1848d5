"""The basics against plain arithmetic, scikit-learn and scipy."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

import lossviz as lv


def test_three_predictions_are_averaged_as_by_hand() -> None:
    for p in (0.01, 0.4, 0.99):
        squared = lv.basics.prediction_sweep("sigmoid-mse", positions=[p])
        assert squared.values[0] == pytest.approx([0.1**2, 0.2**2, (1 - p) ** 2])
        entropy = lv.basics.prediction_sweep("sigmoid-ce", positions=[p])
        assert entropy.mean[0] == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(p)) / 3)
    assert lv.basics.prediction_sweep().p[:, 2] == pytest.approx(np.arange(1, 100) / 100)


@pytest.mark.parametrize("weights", [(0.0, 0.0), (1.5, 0.1), (-6.0, 6.0)])
def test_fits_of_a_neuron_are_scikit_learns(weights: tuple[float, float]) -> None:
    entropy = lv.basics.neuron_fits("sigmoid-ce", [weights])
    squared = lv.basics.neuron_fits("sigmoid-mse", [weights])
    p = 1 / (1 + np.exp(-(weights[0] * entropy.x + weights[1])))
    assert entropy.p[0] == pytest.approx(p)
    assert entropy.loss[0] == pytest.approx(log_loss(entropy.y, p))
    assert squared.loss[0] == pytest.approx(brier_score_loss(entropy.y, p))
    assert entropy.accuracy[0] == accuracy_score(entropy.y, p >= 0.5)
    assert (entropy.baseline_loss, squared.baseline_loss) == pytest.approx((math.log(2), 0.25))


def test_students_are_balanced_and_training_ends_where_logistic_regression_does() -> None:
    x, y = lv.basics.STUDENTS.data()
    assert y.mean() == 0.5
    (run,) = lv.neuron.trajectories(lv.basics.STUDENTS, ["sigmoid-ce"], (-4.0, 4.0), lr=0.5, steps=400)
    best = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    assert run.weights[-1] == pytest.approx([best.coef_[0, 0], best.intercept_[0]], abs=1e-3)


def test_a_product_of_probabilities_is_a_sum_of_logarithms_until_32_bits_hold_0() -> None:
    result = lv.basics.likelihood_product(0.9, most=1200)
    assert result.product == pytest.approx(np.cumprod([1.0, *[0.9] * 1200]), rel=1e-10)
    assert result.nll == pytest.approx(-np.log(0.9) * np.arange(1201))
    first = result.float32_zero
    assert first is not None
    assert np.float32(0.9**first) == 0 < np.float32(0.9 ** (first - 1))
    assert lv.basics.likelihood_product(0.9, most=first - 1).float32_zero is None


def test_a_guess_among_two_to_the_k_answers_costs_k_bits() -> None:
    guess = lv.basics.guess_losses([2**k for k in range(8)])
    assert guess.bits == pytest.approx(range(8))
    assert guess.nats == pytest.approx(np.log(guess.classes))


def test_a_density_is_scipys_and_its_loss_is_below_0_where_it_is_above_1() -> None:
    edge = 1 / math.sqrt(2 * math.pi)
    costs = lv.basics.density_costs([0.99 * edge, edge, 1.01 * edge, 2.0])
    for i, sigma in enumerate(costs.sigma):
        assert costs.density[i] == pytest.approx(norm.pdf(costs.y, scale=sigma))
        assert costs.nll[i] == pytest.approx(-norm.logpdf(costs.y, scale=sigma))
    assert costs.lowest == pytest.approx(costs.nll.min(axis=1))
    assert costs.lowest[0] < 0 < costs.lowest[2]
    assert costs.lowest[1] == pytest.approx(0, abs=1e-12)


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: lv.basics.prediction_sweep("hinge"), "after a sigmoid; got 'hinge'"),
    (lambda: lv.basics.prediction_sweep(y=[1.0]), "one length; got 1 and 3"),
    (lambda: lv.basics.prediction_sweep(y=[1.0, 0.5, 0.0]), "y must be 0 or 1; got [1.0, 0.5, 0.0]"),
    (lambda: lv.basics.prediction_sweep(positions=[1.0]), "inside (0, 1); got 1"),
    (lambda: lv.basics.prediction_sweep(moved=3), "moved must be a whole number from 0 to 2; got 3"),
    (lambda: lv.basics.neuron_fits("sigmoid-ce", [1.0, 2.0]), "finite pairs, (m, 2); got shape (2,)"),
    (lambda: lv.basics.neuron_fits("tanh-mse", [(1.0, 2.0)]), "after a sigmoid; got 'tanh-mse'"),
    (lambda: lv.basics.likelihood_product(1.0), "p must be below 1; got 1"),
    (lambda: lv.basics.guess_losses([2.5]), "classes must be a whole number from 1 to 100000; got 2.5"),
    (lambda: lv.basics.density_costs([0.0]), "sigma must be a finite number above 0; got 0"),
    (lambda: lv.basics.density_costs([1.0], points=4), "points must be odd; got 4"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_bad_input_is_named(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        call()
