"""Decoding: held against a direct count, against scikit-learn, and against what error correction promises."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.datasets import load_digits
from sklearn.multiclass import OutputCodeClassifier
from sklearn.naive_bayes import GaussianNB

import lossviz as lv
from lossviz.codes.code import Code
from lossviz.codes.decoding import DECODERS, class_log_probabilities
from lossviz.codes.table import random_code


@pytest.mark.parametrize(("name", "classes"), [("ecoc", 10), ("hadamard", 16), ("exhaustive", 5)])
def test_an_error_correcting_code_corrects_all_that_it_promises(name: str, classes: int) -> None:
    code = lv.codes.CODES[name].code(classes)
    assert code.corrects >= 1
    for size in range(code.corrects + 1):
        for flipped in combinations(range(code.length), size):
            words = code.bits.copy()
            words[:, list(flipped)] ^= 1
            assert (lv.codes.decode(words, code, how="hamming") == np.arange(classes)).all()


def test_one_more_flipped_bit_can_be_too_many() -> None:
    code = lv.codes.CODES["hadamard"].code(16)
    word = code.bits[0].copy()
    near = np.flatnonzero(word != code.bits[1])
    word[near[: code.corrects + 1]] ^= 1  # half way to the other, so that it is as near
    assert lv.codes.decode(word, code, how="hamming") == 0
    assert lv.codes.decode(word, code.bits[[1, 0]], how="hamming") == 0, "which is now the other"


@settings(max_examples=60, deadline=None)
@given(some.integers(2, 12), some.integers(4, 10), some.integers(0, 10**6))
def test_every_way_to_decode_is_a_plain_search(classes: int, length: int, seed: int) -> None:
    code = random_code(classes, length, seed=seed % 7, draws=2)
    p = np.random.default_rng(seed).uniform(0, 1, (20, length))
    rows = code.bits.tolist()
    for i, said in enumerate(p.tolist()):
        hard = [int(v >= 0.5) for v in said]
        assert lv.codes.decode(p, code, how="threshold")[i] == (rows.index(hard) if hard in rows else -1)
        apart = [sum(a != b for a, b in zip(hard, row, strict=True)) for row in rows]
        assert lv.codes.decode(p, code, how="hamming")[i] == apart.index(min(apart))
        squares = [sum((a - b) ** 2 for a, b in zip(said, row, strict=True)) for row in rows]
        assert lv.codes.decode(p, code, how="euclidean")[i] == np.argmin(squares)
        likely = [np.prod([a if b else 1 - a for a, b in zip(said, row, strict=True)]) for row in rows]
        assert lv.codes.decode(p, code, how="likelihood")[i] == np.argmax(likely)


def test_scikit_learn_decodes_the_same() -> None:
    x, y = load_digits(return_X_y=True)
    theirs = OutputCodeClassifier(GaussianNB(), code_size=2.0, random_state=0).fit(x[:600], y[:600])
    p = np.stack([estimator.predict_proba(x[600:900])[:, 1] for estimator in theirs.estimators_], axis=1)
    ours = lv.codes.decode(p, theirs.code_book_, how="euclidean")
    assert (theirs.classes_[ours] == theirs.predict(x[600:900])).all()


def test_of_equally_near_classes_the_first_is_taken() -> None:
    code = lv.codes.CODES["one-hot"].code(4)
    for how in ("hamming", "euclidean", "likelihood"):
        assert lv.codes.decode([0.2, 0.2, 0.2, 0.2], code, how=how) == 0
    assert lv.codes.decode([0.5, 0.5], [[0, 0], [1, 1]], how="threshold") == 1, "a half counts as 1"


def test_outputs_keep_their_shape() -> None:
    code = lv.codes.CODES["binary"].code(5)
    assert lv.codes.decode(np.zeros((2, 3, 3)), code).shape == (2, 3)
    assert lv.codes.decode(np.zeros((0, 3)), code).shape == (0,)
    assert lv.codes.decode(torch.zeros(3), code).shape == ()
    assert lv.codes.decode([1.0, 0.0, 1.0], code, how="likelihood") in range(5), "a sure neuron may be wrong"


@pytest.mark.parametrize("p", [[0.5], [[0.1, 0.2, 0.3, 0.4]], 0.5, [1.2, 0, 0], [-0.1, 0, 0], [np.nan, 0, 0]])
def test_what_is_no_output_is_one_sentence(p: object) -> None:
    with pytest.raises(ValueError, match=r"3 bits|in \[0, 1\]"):
        lv.codes.decode(p, lv.codes.CODES["binary"].code(5))


def test_an_unknown_way_to_decode_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="threshold, hamming, euclidean, likelihood"):
        lv.codes.decode([0, 0], [[0, 0], [1, 1]], how="vote")
    assert tuple(DECODERS) == ("threshold", "hamming", "euclidean", "likelihood")


@settings(max_examples=40, deadline=None)
@given(some.integers(2, 9), some.integers(0, 10**6))
def test_class_probabilities_are_the_product_of_the_bits_given_a_word(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    code: Code = random_code(classes, 6, seed=seed % 5, draws=2)
    z = rng.normal(0, 3, (4, 6))
    p = 1 / (1 + np.exp(-z))
    product = np.where(code.bits == 1, p[:, None], 1 - p[:, None]).prod(axis=-1)
    expected = product / product.sum(axis=-1, keepdims=True)
    assert np.exp(class_log_probabilities(z, code)) == pytest.approx(expected, rel=1e-9)
    assert (class_log_probabilities(z, code).argmax(-1) == lv.codes.decode(p, code, how="likelihood")).all()


def test_with_one_neuron_a_class_they_are_the_softmax() -> None:
    z = torch.tensor([[3.0, -800.0, 0.5], [0.0, 0.0, 0.0], [900.0, 899.0, 0.0]], dtype=torch.float64)
    ours = class_log_probabilities(z, lv.codes.CODES["one-hot"].code(3))
    assert ours == pytest.approx(torch.log_softmax(z, -1).numpy())
    with pytest.raises(ValueError, match="3 bits"):
        class_log_probabilities(z[:, :2], lv.codes.CODES["one-hot"].code(3))
