"""Entropy, cross-entropy and KL divergence against scipy, also with zero probabilities."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

import lossviz as lv


@st.composite
def pairs(draw: Any) -> tuple[Any, Any]:
    """Two distributions over the same classes, with zeros and ones."""
    classes = draw(st.integers(1, 8))
    weight = st.one_of(st.just(0.0), st.floats(1e-12, 1.0))
    rows = []
    for _ in range(2):
        row = np.array(draw(st.lists(weight, min_size=classes, max_size=classes)))
        if row.sum() == 0:
            row[draw(st.integers(0, classes - 1))] = 1.0
        rows.append(row / row.sum())
    return rows[0], rows[1]


@given(pairs())
def test_cross_entropy_is_entropy_plus_kl(pair: tuple[Any, Any]) -> None:
    p, q = pair
    for unit in ("nats", "bits"):
        total = lv.likelihood.cross_entropy(p, q, unit=unit)
        parts = lv.likelihood.entropy(p, unit=unit) + lv.likelihood.kl_divergence(p, q, unit=unit)
        assert total == parts == math.inf or total == pytest.approx(parts, rel=1e-12, abs=1e-12)


@given(pairs())
def test_each_equals_scipy(pair: tuple[Any, Any]) -> None:
    p, q = pair
    assert lv.likelihood.entropy(p) == pytest.approx(stats.entropy(p), rel=1e-12, abs=1e-14)
    assert lv.likelihood.entropy(p, unit="bits") == pytest.approx(
        stats.entropy(p, base=2), rel=1e-12, abs=1e-14
    )
    assert lv.likelihood.kl_divergence(p, q) == pytest.approx(
        special.rel_entr(p, q).sum(), rel=1e-9, abs=1e-12
    )
    assert lv.likelihood.kl_divergence(p, q) >= 0
    assert lv.likelihood.kl_divergence(p, p) == 0


def test_known_values() -> None:
    p = [0.5, 0.25, 0.125, 0.125]
    assert lv.likelihood.entropy(p, unit="bits") == 1.75
    assert lv.likelihood.entropy([0.1] * 10) == pytest.approx(math.log(10))
    assert lv.likelihood.entropy([1.0, 0.0]) == 0
    assert math.copysign(1, float(lv.likelihood.entropy([1.0, 0.0]))) == 1, "no negative zero"
    assert (
        lv.likelihood.kl_divergence([1, 0], [0, 1]) == lv.likelihood.cross_entropy([1, 0], [0, 1]) == math.inf
    )
    assert lv.likelihood.cross_entropy([1, 0], [0.5, 0.5], unit="bits") == 1
    assert lv.likelihood.cross_entropy([0.5, 0.5], [1, 0]) == math.inf
    assert lv.likelihood.entropy(p) * 1.4426950408889634 == pytest.approx(1.75), "a nat is 1.4427 bits"


def test_rows_together_equal_rows_alone() -> None:
    p = torch.tensor([[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]], dtype=torch.float64)
    q = np.array([[0.4, 0.6], [0.9, 0.1], [0.0, 1.0]])
    for function in (lv.likelihood.cross_entropy, lv.likelihood.kl_divergence):
        assert function(p, q).tolist() == [function(a, b) for a, b in zip(p, q, strict=True)]
        assert function(p[0], q).tolist() == [function(p[0], b) for b in q]
    assert lv.likelihood.entropy(p).shape == (3,)


def test_the_bar_ends_where_the_model_equals_p() -> None:
    bar = lv.likelihood.entropy_bar([0.5, 0.25, 0.125, 0.125], [0.2, 0.1, 0.3, 0.4], unit="bits", steps=11)
    assert bar.kl[-1] == 0
    assert bar.cross_entropy[-1] == bar.entropy == 1.75
    assert (np.diff(bar.kl) < 0).all(), "KL is convex and 0 at the end: it decreases along the line"
    assert bar.q.sum(axis=1) == pytest.approx(np.ones(11))
    assert bar.cross_entropy[3] == pytest.approx(lv.likelihood.cross_entropy(bar.p, bar.q[3], unit="bits"))


@pytest.mark.parametrize(
    ("p", "words"),
    [
        ([0.5, 0.6], "p must add up to 1; it adds up to 1.1"),
        ([[0.5, 0.5], [0.5, 0.4]], r"p\[1\] must add up to 1; it adds up to 0.9"),
        ([1.5, -0.5], r"p\[0\] must lie in \[0, 1\]; got 1.5"),
        ([[1.0, 0.0], [math.nan, 1.0]], r"p\[1, 0\] must lie in \[0, 1\]; got nan"),
        ([], "p must have at least one class"),
        (1.0, "p must have at least one class"),
        (["a", "b"], "p must be numbers"),
        ([[1.0], [0.5, 0.5]], "p must be numbers"),
    ],
)
def test_what_is_not_a_distribution_is_named_with_its_index(p: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        lv.likelihood.entropy(p)
    with pytest.raises(ValueError, match="^q" + words.replace("p", "q", 1)[1:]):
        lv.likelihood.kl_divergence([0.5, 0.5], p)


def test_other_bad_arguments() -> None:
    with pytest.raises(ValueError, match="unit must be one of nats, bits; got 'bit'"):
        lv.likelihood.entropy([1.0], unit="bit")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="as many classes; got 2 and 3"):
        lv.likelihood.kl_divergence([0.5, 0.5], [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="shapes that match"):
        lv.likelihood.kl_divergence(np.full((2, 2), 0.5), np.full((3, 2), 0.5))
    with pytest.raises(ValueError, match="one distribution"):
        lv.likelihood.entropy_bar(np.full((2, 2), 0.5), [0.5, 0.5])
