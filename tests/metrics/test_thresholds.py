"""Thresholds and calibration against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics
from sklearn.calibration import calibration_curve

import lossviz as lv

TIMID, BOLD = (0.51, 0.51, 0.51), (0.99, 0.99, 0.49)  # two predictions for three positives
PREDICTIONS = some.lists(
    some.tuples(some.floats(0.001, 0.999), some.integers(0, 1)), min_size=1, max_size=40
)  # fmt: skip


@given(PREDICTIONS, some.floats(-6, 6))
def test_the_confusion_matrix_is_scikit_learns(rows: list[tuple[float, int]], threshold: float) -> None:
    p, y = np.array([a for a, _ in rows]), np.array([b for _, b in rows])
    facts = lv.metrics.threshold_curve(p, y, thresholds=[threshold])
    predicted = facts.log_odds >= threshold
    counts = facts.true_negatives, facts.false_positives, facts.false_negatives, facts.true_positives
    expected = metrics.confusion_matrix(y, predicted, labels=[0, 1])
    assert [int(part[0]) for part in counts] == expected.ravel().tolist()
    assert facts.accuracy[0] == pytest.approx(metrics.accuracy_score(y, predicted))
    assert facts.f1[0] == pytest.approx(metrics.f1_score(y, predicted, zero_division=0))
    if predicted.any():
        assert facts.precision[0] == pytest.approx(metrics.precision_score(y, predicted))
    else:
        assert math.isnan(facts.precision[0])
    if y.any():
        assert facts.recall[0] == pytest.approx(metrics.recall_score(y, predicted, zero_division=0))
    assert facts.loss == pytest.approx(metrics.log_loss(y, p, labels=[0, 1]), rel=1e-9)
    assert facts.brier == pytest.approx(((p - y) ** 2).mean(), rel=1e-9)
    if 0 < y.sum() < len(y):
        assert facts.auc == pytest.approx(metrics.roc_auc_score(y, facts.log_odds))
    else:
        assert math.isnan(facts.auc)


def test_lower_loss_with_lower_accuracy() -> None:
    """Loss and accuracy disagree: the numbers on the page."""
    timid, bold = (lv.metrics.threshold_curve(p, [1, 1, 1], thresholds=[0.0]) for p in (TIMID, BOLD))
    assert (timid.accuracy[0], bold.accuracy[0]) == (1, pytest.approx(2 / 3))
    assert timid.loss == pytest.approx(0.673, abs=5e-4)
    assert bold.loss == pytest.approx(0.244, abs=5e-4)


def test_adding_a_constant_to_every_probability_is_moving_the_threshold() -> None:
    """A custom loss in a comment did this: its best constant is 0.05 above the mean."""
    p, y = np.linspace(0.02, 0.9, 45), np.arange(45) % 3 == 0
    shifted_p = lv.metrics.threshold_curve(p + 0.05, y, thresholds=[0.0])
    shifted_threshold = lv.metrics.threshold_curve(p, y, thresholds=[math.log(0.45 / 0.55)])
    for part in ("false_negatives", "true_positives", "false_positives", "true_negatives"):
        assert getattr(shifted_p, part)[0] == getattr(shifted_threshold, part)[0]


def test_log_odds_are_more_precise_than_probabilities() -> None:
    confident = lv.metrics.threshold_curve(log_odds=[800.0, -800.0], y=[0, 1])
    assert confident.loss == 800
    assert confident.brier == 1


@given(PREDICTIONS)
def test_calibration_is_scikit_learns(rows: list[tuple[float, int]]) -> None:
    p, y = np.array([a for a, _ in rows]), np.array([b for _, b in rows])
    facts = lv.metrics.calibration(p, y)
    fraction, mean_predicted = calibration_curve(y, p, n_bins=10)
    filled = facts.count > 0
    np.testing.assert_allclose(facts.fraction_of_positives[filled], fraction)
    np.testing.assert_allclose(facts.mean_predicted[filled], mean_predicted)
    assert facts.count.sum() == len(p)
    assert np.isnan(facts.mean_predicted[~filled]).all()
    assert 0 <= facts.error <= 1
    assert (facts.low[filled] - 1e-9 <= facts.fraction_of_positives[filled]).all()
    assert (facts.fraction_of_positives[filled] <= facts.high[filled] + 1e-9).all()
    assert (facts.low[filled] >= -1e-9).all()


def test_the_interval_is_wilsons() -> None:
    facts = lv.metrics.calibration([0.35] * 10, [1] * 3 + [0] * 7)
    n, share, z = 10, 0.3, 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * 0.7 / n + z * z / (4 * n * n))
    assert facts.low[3] == pytest.approx(middle - half)
    assert facts.high[3] == pytest.approx(middle + half)
    assert facts.error == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lv.metrics.threshold_curve([0.5, 1.0], [0, 1]), "number 2 is 1"),
        (lambda: lv.metrics.threshold_curve([0.5, float("nan")], [0, 1]), "number 2 is nan"),
        (lambda: lv.metrics.threshold_curve([0.5], [0, 1]), "got 2 for 1"),
        (lambda: lv.metrics.threshold_curve([0.5, 0.5], [0, 2]), "y must be 0 or 1; got 2"),
        (lambda: lv.metrics.threshold_curve([], []), "at least one; got 0 for 0"),
        (lambda: lv.metrics.threshold_curve(log_odds=[np.inf], y=[1]), "finite"),
        (lambda: lv.metrics.calibration([0.5], [1, 0]), "got 1 and 2"),
        (lambda: lv.metrics.calibration([1.5], [1]), r"p must lie in \[0, 1\]; got 1.5"),
        (lambda: lv.metrics.calibration([], []), "at least one"),
    ],
)
def test_an_invalid_argument_is_one_sentence(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
