"""A verdict is scipy's permutation test; who is ahead is counted seed by seed."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

import lossviz as lv
from lossviz.training.significance import paired_test, sign_flip_test, swaps


def race(*scores: list[float]) -> lv.History:
    """A race whose last record has these accuracies, by contestant."""
    values = np.array(scores)[:, :, None]
    names = ("sigmoid-mse", "sigmoid-ce", "hinge", "focal")[: len(scores)]
    ran = lv.train("moons", "linear", list(names), 0.1, seeds=values.shape[1], steps=1, n=20)
    return replace(ran, accuracy=np.concatenate([values, values], axis=2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1).map(lambda v: round(v, 3)), min_size=2, max_size=8))
def test_p_is_that_of_scipys_exact_permutation_test(differences: list[float]) -> None:
    d = np.array(differences)
    other = permutation_test(
        (d, np.zeros_like(d)), lambda a, b, axis: np.abs((a - b).mean(axis=axis)), permutation_type="samples",
        vectorized=True, n_resamples=np.inf, alternative="greater",
    )  # fmt: skip
    assert sign_flip_test(d) == pytest.approx(other.pvalue, abs=1e-9)


def test_p_by_hand() -> None:
    assert sign_flip_test(np.array([1.0, 2.0, 3.0])) == 2 / 8  # all one way, or all the other
    assert sign_flip_test(np.array([1.0, -1.0])) == 1.0
    means = swaps(np.array([1.0, 2.0]))
    assert sorted(means) == sorted((a * 1 + b * 2) / 2 for a, b in product((1, -1), repeat=2))
    assert means[0] == 1.5
    assert sign_flip_test(np.ones(40)) <= 2 / 65_536  # beyond 16 seeds the swaps are drawn


@pytest.mark.parametrize(
    ("a", "b", "kind", "ahead"),
    [
        ([0.5] * 8, [0.9] * 8, "more than luck", 8),
        ([0.90, 0.92] * 4, [0.91, 0.925] * 4, "real but tiny", 8),
        ([0.5, 0.9] * 4, [0.9, 0.52] * 4, "could be luck", 4),
        ([0.5] * 8, [0.5] * 8, "nobody", 0),
        ([0.5] * 5, [0.9] * 5, "too few seeds", 5),
    ],
)
def test_what_two_contestants_are_told(a: list[float], b: list[float], kind: str, ahead: int) -> None:
    said = paired_test(race(a, b))
    assert (said.kind, said.ahead, said.seeds) == (kind, ahead, len(a))
    assert said.p == sign_flip_test(np.array(b) - np.array(a))
    if kind != "nobody":
        assert (said.upper, said.lower) == ((1,), (0,))


def test_four_are_split_at_their_widest_gap_and_the_worst_is_held_against_the_best() -> None:
    rng = np.random.default_rng(0)
    low, high = 0.6 + 0.01 * rng.standard_normal((2, 8)), 0.9 + 0.01 * rng.standard_normal((2, 8))
    said = paired_test(race(low[0].tolist(), high[0].tolist(), low[1].tolist(), high[1].tolist()))
    assert (said.upper, said.lower, said.ahead) == ((1, 3), (0, 2), 8)
    assert said.gap == pytest.approx((high.min(axis=0) - low.max(axis=0)).mean())
    assert said.p == pytest.approx(6 * 2 / 256)  # times the six pairs
    assert said.once_in == round(256 / 12)


def test_a_loss_counts_downwards_and_who_is_gone_is_behind() -> None:
    ran = race([0.5] * 8, [0.9] * 8)
    brier = np.stack([np.full((8, 2), 0.1), np.full((8, 2), 0.4)])
    assert paired_test(replace(ran, brier=brier), "brier").upper == (0,)
    gone = np.full((2, 8, 2), 0.9)
    gone[0, :5] = np.nan
    said = paired_test(replace(ran, accuracy=gone))
    assert (said.upper, said.ahead, said.behind) == ((1,), 5, 0)
    assert paired_test(replace(ran, accuracy=np.full((2, 8, 2), np.nan))).kind == "unknown"
