"""The paired test is SciPy's permutation test, and finds the better runs seed by seed."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

import lossviz as lv
from lossviz.training.significance import paired_test, sign_flip_means, sign_flip_test


def with_accuracies(*scores: list[float]) -> lv.History:
    """A history whose last record has these accuracies, by run."""
    values = np.array(scores)[:, :, None]
    names = ("sigmoid-mse", "sigmoid-ce", "hinge", "focal")[: len(scores)]
    history = lv.train("moons", "linear", list(names), 0.1, seeds=values.shape[1], steps=1, n=20)
    return replace(history, accuracy=np.concatenate([values, values], axis=2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1).map(lambda v: round(v, 3)), min_size=2, max_size=8))
def test_p_value_is_that_of_scipys_exact_permutation_test(differences: list[float]) -> None:
    d = np.array(differences)
    other = permutation_test(
        (d, np.zeros_like(d)), lambda a, b, axis: np.abs((a - b).mean(axis=axis)), permutation_type="samples",
        vectorized=True, n_resamples=np.inf, alternative="greater",
    )  # fmt: skip
    assert sign_flip_test(d) == pytest.approx(other.pvalue, abs=1e-9)


def test_p_value_by_hand() -> None:
    assert sign_flip_test(np.array([1.0, 2.0, 3.0])) == 2 / 8  # all signs equal, in two ways
    assert sign_flip_test(np.array([1.0, -1.0])) == 1.0
    means = sign_flip_means(np.array([1.0, 2.0]))
    assert sorted(means) == sorted((a * 1 + b * 2) / 2 for a, b in product((1, -1), repeat=2))
    assert means[0] == 1.5
    assert sign_flip_test(np.ones(40)) <= 2 / 65_536  # for more than 16 seeds the flips are drawn


@pytest.mark.parametrize(
    ("a", "b", "kind", "positive"),
    [
        ([0.5] * 8, [0.9] * 8, "significant", 8),
        ([0.90, 0.92] * 4, [0.91, 0.925] * 4, "negligible", 8),
        ([0.5, 0.9] * 4, [0.9, 0.52] * 4, "not-significant", 4),
        ([0.5] * 8, [0.5] * 8, "tie", 0),
        ([0.5] * 5, [0.9] * 5, "too-few-seeds", 5),
    ],
)
def test_two_runs(a: list[float], b: list[float], kind: str, positive: int) -> None:
    found = paired_test(with_accuracies(a, b))
    assert (found.kind, found.positive, found.seeds) == (kind, positive, len(a))
    assert found.p_value == sign_flip_test(np.array(b) - np.array(a))
    if kind != "tie":
        assert (found.better, found.worse) == ((1,), (0,))


def test_four_runs_are_split_at_their_widest_gap_and_the_worst_of_the_better_is_compared() -> None:
    rng = np.random.default_rng(0)
    low, high = 0.6 + 0.01 * rng.standard_normal((2, 8)), 0.9 + 0.01 * rng.standard_normal((2, 8))
    accuracies = low[0].tolist(), high[0].tolist(), low[1].tolist(), high[1].tolist()
    found = paired_test(with_accuracies(*accuracies))
    assert (found.better, found.worse, found.positive) == ((1, 3), (0, 2), 8)
    assert found.mean_difference == pytest.approx((high.min(axis=0) - low.max(axis=0)).mean())
    assert found.p_value == pytest.approx(6 * 2 / 256)  # times the six pairs
    assert found.one_in == round(256 / 12)


def test_a_lower_loss_is_better_and_a_diverged_seed_is_worse() -> None:
    history = with_accuracies([0.5] * 8, [0.9] * 8)
    brier = np.stack([np.full((8, 2), 0.1), np.full((8, 2), 0.4)])
    assert paired_test(replace(history, brier=brier), "brier").better == (0,)
    accuracy = np.full((2, 8, 2), 0.9)
    accuracy[0, :5] = np.nan
    found = paired_test(replace(history, accuracy=accuracy))
    assert (found.better, found.positive, found.negative) == ((1,), 5, 0)
    assert paired_test(replace(history, accuracy=np.full((2, 8, 2), np.nan))).kind == "unknown"


@pytest.mark.parametrize("metric", ["Accuracy", "gradient_norm", "steps", "settings"])
def test_an_unknown_metric_is_named(metric: str) -> None:
    with pytest.raises(ValueError, match=f"metric must be one of loss, test_loss, .*; got '{metric}'"):
        paired_test(with_accuracies([0.5], [0.9]), metric)
