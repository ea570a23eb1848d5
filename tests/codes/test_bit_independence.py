"""What bits say of a posterior: held against a direct sum over words, and scipy's KL."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import entropy

import lossviz as lv
from lossviz.codes.table import random_code


def test_torn_between_three_the_bits_name_a_fourth_that_is_impossible() -> None:
    code = lv.codes.CODES["binary"].code(8)
    reading = lv.codes.ambiguous_posteriors((4, 2, 1), code)[-1]
    assert reading.posterior[[1, 2, 4]] == pytest.approx(1 / 3)
    assert reading.marginals == pytest.approx(1 / 3)
    assert reading.decoded == 0
    assert reading.posterior[0] == 0
    assert reading.impossible
    assert reading.lost == pytest.approx(np.log2(9 / 4))
    assert reading.product[0] == pytest.approx((2 / 3) ** 3)
    assert reading.product.argmax() == 0, "and it is the likeliest word"


def test_who_is_sure_loses_nothing() -> None:
    readings = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))
    assert readings[0].lost == 0
    assert readings[0].decoded == 4
    assert np.all(np.diff([reading.lost for reading in readings]) > 0)
    assert not any(reading.impossible for reading in readings if reading.posterior[4] > 0.5)


@settings(max_examples=100, deadline=None)
@given(some.integers(2, 9), some.integers(4, 7), some.integers(0, 10**6), some.booleans())
def test_the_loss_of_information_is_a_direct_kl(classes: int, length: int, seed: int, holes: bool) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes))
    if holes:
        p[0], p[-1] = 0, p[-1] + p[0]
    code = random_code(classes, length, seed=seed % 3, draws=2)
    reading = lv.codes.independent_bits(p, code)
    assert reading.truth.sum() == pytest.approx(1)
    assert reading.product.sum() == pytest.approx(1)
    there = reading.truth > 0
    assert reading.lost == pytest.approx(entropy(reading.truth[there], reading.product[there] /
                                                 reading.product[there].sum(), base=2)
                                         - np.log2(reading.product[there].sum()), abs=1e-9)  # fmt: skip
    by_hand = 0.0
    for c in range(classes):
        if p[c] > 0:
            chance = np.prod([m if b else 1 - m for m, b in zip(p @ code.bits, code.bits[c], strict=True)])
            by_hand += p[c] * np.log2(p[c] / chance)
    assert reading.lost == pytest.approx(by_hand, abs=1e-9)
    bits = [entropy([m, 1 - m], base=2) for m in reading.marginals]
    assert reading.lost == pytest.approx(sum(bits) - entropy(p, base=2), abs=1e-9), "the total correlation"


def test_bits_that_are_independent_lose_nothing() -> None:
    """Dog or cat, and by day or by night: then the bits mean something of their own."""
    dog, night = 0.3, 0.8
    p = [(1 - dog) * (1 - night), (1 - dog) * night, dog * (1 - night), dog * night]
    reading = lv.codes.independent_bits(p, "binary")
    assert reading.lost == pytest.approx(0, abs=1e-12)
    assert reading.product == pytest.approx(p)
    assert reading.marginals == pytest.approx([dog, night])


@pytest.mark.parametrize("p", [[0.5, 0.6], [1.2, -0.2], [np.nan, 1], [[0.5, 0.5]], [0.5, 0.5, 0.1]])
def test_what_is_no_posterior_is_one_sentence(p: object) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        lv.codes.independent_bits(p, "binary")


def test_what_cannot_be_read_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="bits of a code that is read word by word"):
        lv.codes.independent_bits(np.full(13, 1 / 13), "one-hot")
    with pytest.raises(ValueError, match="classes to be torn between"):
        lv.codes.ambiguous_posteriors((1, 1), lv.codes.CODES["binary"].code(4))
    with pytest.raises(ValueError, match="class must be"):
        lv.codes.ambiguous_posteriors((1, 9), lv.codes.CODES["binary"].code(4))
