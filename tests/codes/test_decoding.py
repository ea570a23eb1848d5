"""Decoding against an exhaustive search, scikit-learn and the error correction of coding theory."""

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
from lossviz.codes.code import OutputCode
from lossviz.codes.decoding import DECODERS, class_log_probabilities
from lossviz.codes.table import random_code


@pytest.mark.parametrize(("name", "classes"), [("ecoc", 10), ("hadamard", 16), ("exhaustive", 5)])
def test_all_correctable_errors_are_corrected(name: str, classes: int) -> None:
    code = lv.codes.CODES[name].code(classes)
    assert code.correctable >= 1
    for size in range(code.correctable + 1):
        for flipped in combinations(range(code.length), size):
            words = code.bits.copy()
            words[:, list(flipped)] ^= 1
            assert (lv.codes.decode(words, code, method="hamming") == np.arange(classes)).all()


def test_one_more_flipped_bit_may_not_be_corrected() -> None:
    code = lv.codes.CODES["hadamard"].code(16)
    word = code.bits[0].copy()
    differing = np.flatnonzero(word != code.bits[1])
    word[differing[: code.correctable + 1]] ^= 1  # half way to the other codeword: as near to it
    assert lv.codes.decode(word, code, method="hamming") == 0
    assert lv.codes.decode(word, code.bits[[1, 0]], method="hamming") == 0, "now the other codeword"


@settings(max_examples=60, deadline=None)
@given(some.integers(2, 12), some.integers(4, 10), some.integers(0, 10**6))
def test_every_decoding_method_is_an_exhaustive_search(classes: int, length: int, seed: int) -> None:
    code = random_code(classes, length, seed=seed % 7, draws=2)
    p = np.random.default_rng(seed).uniform(0, 1, (20, length))
    rows = code.bits.tolist()
    for i, outputs in enumerate(p.tolist()):
        thresholded = [int(v >= 0.5) for v in outputs]
        expected = rows.index(thresholded) if thresholded in rows else -1
        assert lv.codes.decode(p, code, method="threshold")[i] == expected
        distances = [sum(a != b for a, b in zip(thresholded, row, strict=True)) for row in rows]
        assert lv.codes.decode(p, code, method="hamming")[i] == distances.index(min(distances))
        squares = [sum((a - b) ** 2 for a, b in zip(outputs, row, strict=True)) for row in rows]
        assert lv.codes.decode(p, code, method="euclidean")[i] == np.argmin(squares)
        likely = [np.prod([a if b else 1 - a for a, b in zip(outputs, row, strict=True)]) for row in rows]
        assert lv.codes.decode(p, code, method="likelihood")[i] == np.argmax(likely)


def test_euclidean_decoding_is_scikit_learns() -> None:
    x, y = load_digits(return_X_y=True)
    sklearn_model = OutputCodeClassifier(GaussianNB(), code_size=2.0, random_state=0).fit(x[:600], y[:600])
    estimators = sklearn_model.estimators_
    p = np.stack([estimator.predict_proba(x[600:900])[:, 1] for estimator in estimators], axis=1)
    ours = lv.codes.decode(p, sklearn_model.code_book_, method="euclidean")
    assert (sklearn_model.classes_[ours] == sklearn_model.predict(x[600:900])).all()


def test_ties_go_to_the_first_class() -> None:
    code = lv.codes.CODES["one-hot"].code(4)
    for method in ("hamming", "euclidean", "likelihood"):
        assert lv.codes.decode([0.2, 0.2, 0.2, 0.2], code, method=method) == 0
    assert lv.codes.decode([0.5, 0.5], [[0, 0], [1, 1]], method="threshold") == 1, "a half counts as 1"


def test_outputs_keep_their_shape() -> None:
    code = lv.codes.CODES["binary"].code(5)
    assert lv.codes.decode(np.zeros((2, 3, 3)), code).shape == (2, 3)
    assert lv.codes.decode(np.zeros((0, 3)), code).shape == (0,)
    assert lv.codes.decode(torch.zeros(3), code).shape == ()
    assert lv.codes.decode([1.0, 0.0, 1.0], code, method="likelihood") in range(5), "0 and 1 are allowed"


@pytest.mark.parametrize("p", [[0.5], [[0.1, 0.2, 0.3, 0.4]], 0.5, [1.2, 0, 0], [-0.1, 0, 0], [np.nan, 0, 0]])
def test_invalid_outputs_are_one_sentence(p: object) -> None:
    with pytest.raises(ValueError, match=r"3 bits|in \[0, 1\]"):
        lv.codes.decode(p, lv.codes.CODES["binary"].code(5))


def test_an_unknown_decoding_method_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="threshold, hamming, euclidean, likelihood"):
        lv.codes.decode([0, 0], [[0, 0], [1, 1]], method="vote")
    assert tuple(DECODERS) == ("threshold", "hamming", "euclidean", "likelihood")


@settings(max_examples=40, deadline=None)
@given(some.integers(2, 9), some.integers(0, 10**6))
def test_class_probabilities_are_the_normalized_product_of_the_bits(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    code: OutputCode = random_code(classes, 6, seed=seed % 5, draws=2)
    z = rng.normal(0, 3, (4, 6))
    p = 1 / (1 + np.exp(-z))
    product = np.where(code.bits == 1, p[:, None], 1 - p[:, None]).prod(axis=-1)
    expected = product / product.sum(axis=-1, keepdims=True)
    assert np.exp(class_log_probabilities(z, code)) == pytest.approx(expected, rel=1e-9)
    assert (
        class_log_probabilities(z, code).argmax(-1) == lv.codes.decode(p, code, method="likelihood")
    ).all()


def test_class_probabilities_of_the_one_hot_code_are_the_softmax() -> None:
    z = torch.tensor([[3.0, -800.0, 0.5], [0.0, 0.0, 0.0], [900.0, 899.0, 0.0]], dtype=torch.float64)
    ours = class_log_probabilities(z, lv.codes.CODES["one-hot"].code(3))
    assert ours == pytest.approx(torch.log_softmax(z, -1).numpy())
    with pytest.raises(ValueError, match="3 bits"):
        class_log_probabilities(z[:, :2], lv.codes.CODES["one-hot"].code(3))
