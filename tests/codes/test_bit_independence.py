"""Bit independence against a direct sum over words and scipy's KL divergence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import entropy

import lossviz as lv
from lossviz.codes.table import random_code


def test_three_equal_classes_decode_to_a_fourth_that_is_impossible() -> None:
    code = lv.codes.CODES["binary"].code(8)
    result = lv.codes.ambiguous_posteriors((4, 2, 1), code)[-1]
    assert result.posterior[[1, 2, 4]] == pytest.approx(1 / 3)
    assert result.marginals == pytest.approx(1 / 3)
    assert result.decoded == 0
    assert result.posterior[0] == 0
    assert result.impossible
    assert result.total_correlation == pytest.approx(np.log2(9 / 4))
    assert result.product[0] == pytest.approx((2 / 3) ** 3)
    assert result.product.argmax() == 0, "and it is the likeliest word"


def test_a_certain_posterior_loses_nothing() -> None:
    results = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))
    assert results[0].total_correlation == 0
    assert results[0].decoded == 4
    assert np.all(np.diff([result.total_correlation for result in results]) > 0)
    assert not any(result.impossible for result in results if result.posterior[4] > 0.5)


@settings(max_examples=100, deadline=None)
@given(some.integers(2, 9), some.integers(4, 7), some.integers(0, 10**6), some.booleans())
def test_total_correlation_is_a_direct_kl_divergence(
    classes: int, length: int, seed: int, zeros: bool
) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes))
    if zeros:
        p[0], p[-1] = 0, p[-1] + p[0]
    code = random_code(classes, length, seed=seed % 3, draws=2)
    result = lv.codes.independent_bits(p, code)
    assert result.joint.sum() == pytest.approx(1)
    assert result.product.sum() == pytest.approx(1)
    support = result.joint > 0
    product = result.product[support]
    divergence = entropy(result.joint[support], product / product.sum(), base=2) - np.log2(product.sum())
    assert result.total_correlation == pytest.approx(divergence, abs=1e-9)
    direct = 0.0
    for c in range(classes):
        if p[c] > 0:
            probability = np.prod(
                [m if b else 1 - m for m, b in zip(p @ code.bits, code.bits[c], strict=True)]
            )
            direct += p[c] * np.log2(p[c] / probability)
    assert result.total_correlation == pytest.approx(direct, abs=1e-9)
    bits = [entropy([m, 1 - m], base=2) for m in result.marginals]
    assert result.total_correlation == pytest.approx(sum(bits) - entropy(p, base=2), abs=1e-9)


def test_bits_that_are_independent_lose_nothing() -> None:
    """Two independent attributes: dog or cat, and by day or by night."""
    dog, night = 0.3, 0.8
    p = [(1 - dog) * (1 - night), (1 - dog) * night, dog * (1 - night), dog * night]
    result = lv.codes.independent_bits(p, "binary")
    assert result.total_correlation == pytest.approx(0, abs=1e-12)
    assert result.product == pytest.approx(p)
    assert result.marginals == pytest.approx([dog, night])


@pytest.mark.parametrize("p", [[0.5, 0.6], [1.2, -0.2], [np.nan, 1], [[0.5, 0.5]], [0.5, 0.5, 0.1]])
def test_an_invalid_posterior_is_one_sentence(p: object) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        lv.codes.independent_bits(p, "binary")


def test_an_invalid_argument_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="bits of a code whose words are listed"):
        lv.codes.independent_bits(np.full(13, 1 / 13), "one-hot")
    with pytest.raises(ValueError, match="classes that share the probability"):
        lv.codes.ambiguous_posteriors((1, 1), lv.codes.CODES["binary"].code(4))
    with pytest.raises(ValueError, match="class must be"):
        lv.codes.ambiguous_posteriors((1, 9), lv.codes.CODES["binary"].code(4))
