"""Thresholds and calibration, against scikit-learn for anything that can be said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics
from sklearn.calibration import calibration_curve

import lossviz as lv
from lossviz.metrics.thresholds import BOLD, TIMID

SAID = some.lists(
    some.tuples(some.floats(0.001, 0.999), some.integers(0, 1)), min_size=1, max_size=40
)  # fmt: skip


@given(SAID, some.floats(-6, 6))
def test_the_confusion_matrix_is_scikit_learns(said: list[tuple[float, int]], cut: float) -> None:
    p, y = np.array([a for a, _ in said]), np.array([b for _, b in said])
    facts = lv.metrics.threshold_curve(p, y, cut=[cut])
    called = facts.log_odds >= cut
    (left, alarms), (missed, found) = metrics.confusion_matrix(y, called, labels=[0, 1])
    told = [int(part[0]) for part in (facts.left, facts.alarms, facts.missed, facts.found)]
    assert told == [left, alarms, missed, found]
    assert facts.accuracy[0] == pytest.approx(metrics.accuracy_score(y, called))
    assert facts.f1[0] == pytest.approx(metrics.f1_score(y, called, zero_division=0))
    if called.any():
        assert facts.precision[0] == pytest.approx(metrics.precision_score(y, called))
    else:
        assert math.isnan(facts.precision[0])
    if y.any():
        assert facts.recall[0] == pytest.approx(metrics.recall_score(y, called, zero_division=0))
    assert facts.loss == pytest.approx(metrics.log_loss(y, p, labels=[0, 1]), rel=1e-9)
    assert facts.brier == pytest.approx(((p - y) ** 2).mean(), rel=1e-9)
    if 0 < y.sum() < len(y):
        assert facts.auc == pytest.approx(metrics.roc_auc_score(y, facts.log_odds))
    else:
        assert math.isnan(facts.auc)


def test_the_timid_are_all_right_and_the_bold_cost_less() -> None:
    """Loss and accuracy disagree: the numbers that the page tells."""
    timid, bold = (lv.metrics.threshold_curve(p, [1, 1, 1], cut=[0.0]) for p in (TIMID, BOLD))
    assert (timid.accuracy[0], bold.accuracy[0]) == (1, pytest.approx(2 / 3))
    assert timid.loss == pytest.approx(0.673, abs=5e-4)
    assert bold.loss == pytest.approx(0.244, abs=5e-4)


def test_adding_a_constant_to_every_probability_is_moving_the_threshold() -> None:
    """What a commenter's custom loss did: its best constant is 0.05 above the mean."""
    p, y = np.linspace(0.02, 0.9, 45), np.arange(45) % 3 == 0
    raised = lv.metrics.threshold_curve(p + 0.05, y, cut=[0.0])
    moved = lv.metrics.threshold_curve(p, y, cut=[math.log(0.45 / 0.55)])
    for part in ("missed", "found", "alarms", "left"):
        assert getattr(raised, part)[0] == getattr(moved, part)[0]


def test_log_odds_keep_what_a_probability_loses() -> None:
    sure = lv.metrics.threshold_curve(log_odds=[800.0, -800.0], y=[0, 1])
    assert sure.loss == 800
    assert sure.brier == 1


@given(SAID)
def test_calibration_is_scikit_learns(said: list[tuple[float, int]]) -> None:
    p, y = np.array([a for a, _ in said]), np.array([b for _, b in said])
    facts = lv.metrics.calibration(p, y)
    so, mean = calibration_curve(y, p, n_bins=10)
    full = facts.count > 0
    np.testing.assert_allclose(facts.so[full], so)
    np.testing.assert_allclose(facts.said[full], mean)
    assert facts.count.sum() == len(p)
    assert np.isnan(facts.said[~full]).all()
    assert 0 <= facts.error <= 1
    assert (facts.low[full] - 1e-9 <= facts.so[full]).all()
    assert (facts.so[full] <= facts.high[full] + 1e-9).all()
    assert (facts.low[full] >= -1e-9).all()


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
def test_what_cannot_be_is_one_sentence(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
