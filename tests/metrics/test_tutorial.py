"""The tutorial's functions against their known values, and the correct ones against scikit-learn."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics

import lossviz as lv
from lossviz.metrics import tutorial

PROBABILITIES = some.one_of(some.sampled_from([0.0, 1.0, 1e-300, 1 - 1e-16]), some.floats(0, 1))


@given(some.lists(some.tuples(some.integers(0, 1), PROBABILITIES), min_size=1, max_size=30))
def test_binary_cross_entropy_is_scikit_learns(rows: list[tuple[int, float]]) -> None:
    y, p = zip(*rows, strict=True)
    assert tutorial.binary_cross_entropy(y, p) == pytest.approx(
        metrics.log_loss(y, np.array(p), labels=[0, 1]), rel=1e-12, abs=1e-12
    )


@some.composite
def tables(draw: Any) -> tuple[list[int], list[list[float]]]:
    classes, n = draw(some.integers(2, 6)), draw(some.integers(1, 12))
    rows = draw(
        some.lists(some.lists(PROBABILITIES, min_size=classes, max_size=classes), min_size=n, max_size=n)
    )
    return draw(some.lists(some.integers(0, classes - 1), min_size=n, max_size=n)), rows


@given(tables())
def test_categorical_cross_entropy_is_scikit_learns_whatever_rows_add_up_to(
    table: tuple[list[int], list[list[float]]],
) -> None:
    labels, rows = table
    classes = len(rows[0])
    one_hot = np.eye(classes)[labels]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows that do not add up to 1
        expected = metrics.log_loss(labels, np.array(rows), labels=list(range(classes)))
    assert tutorial.categorical_cross_entropy(one_hot.tolist(), rows) == pytest.approx(
        expected, rel=1e-12, abs=1e-12
    )


@given(tables())
def test_log_loss_without_warnings_is_scikit_learns(table: tuple[list[int], list[list[float]]]) -> None:
    labels, rows = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows that do not add up to 1
        expected = metrics.log_loss(labels, np.array(rows), labels=list(range(len(rows[0]))))
    assert tutorial.sklearn_log_loss(labels, rows) == expected


NUMBERS = some.floats(-1e6, 1e6)


@given(some.lists(some.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30))
def test_mean_squared_error_is_scikit_learns_and_the_tutorials(rows: list[tuple[float, float]]) -> None:
    y, p = zip(*rows, strict=True)
    expected = metrics.mean_squared_error(y, p)
    assert tutorial.mean_squared_error(y, p) == pytest.approx(expected, rel=1e-12)
    assert tutorial.mean_squared_error_as_written(y, p) == pytest.approx(expected, rel=1e-12)


def test_as_written_the_term_of_label_0_is_missing() -> None:
    written = tutorial.binary_cross_entropy_as_written
    y, p = [1, 0, 1, 0, 0, 1], [0.9, 0.2, 0.4, 0.95, 0.1, 0.7]
    positive_terms = -sum(math.log(q) for t, q in zip(y, p, strict=True) if t) / 6
    assert written(y, p) == pytest.approx(positive_terms, abs=1e-12)
    all_zero = written([0, 0, 0], [0.2, 0.95, 0.1])
    assert all_zero == 0
    assert math.copysign(1, all_zero) == -1, "a negative zero"
    assert written([1], [1]) == pytest.approx(-1.1e-15, rel=0.02), "below 0"
    assert written([1], [0]) == pytest.approx(34.54, abs=0.005)


def test_a_readers_correction_raises_at_probability_1() -> None:
    corrected = tutorial.binary_cross_entropy_as_corrected
    y, p = [1, 0, 1, 0], [0.9, 0.2, 0.4, 0.95]
    assert corrected(y, p) == pytest.approx(metrics.log_loss(y, p), abs=1e-12)
    with pytest.raises(ValueError, match=r"math domain|positive input"):
        corrected([1], [1.0])


def test_rows_that_do_not_add_up_to_one() -> None:
    actual = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    predicted = [[0.9, 0.05, 0.05], [0.1, 0.8, 0.2], [0.1, 0.2, 0.7]]
    assert tutorial.categorical_cross_entropy_as_written(actual, predicted) == 0.22839300363692153
    result = lv.metrics.score_terms("categorical-cross-entropy", [0, 1, 2], predicted)
    assert result.normalized_value == pytest.approx(0.2601630635716978, abs=1e-15)
    assert result.value == pytest.approx(result.sklearn_value, abs=1e-12)


def test_wrong_values_are_marked() -> None:
    binary, rows = lv.metrics.binary_as_written(), lv.metrics.categorical_as_written()
    wrong = {a.name: a.wrong.tolist() for a in (*binary.inputs, *rows.inputs[:2])}
    assert wrong == {
        "Six examples": [True, False, False, False],
        "All zero": [True, False, False, False],
        "Perfect": [True, True, False, False],
        "Confidently wrong": [True, True, False, True],
        "Rows add up to 1": [False, False, False, False],
        "A row of 1.1": [False, True, False, False],
    }
    perfect = binary.inputs[2]
    assert math.isnan(perfect.values[1]), "the correction raises"
    assert "log(1e-15 + predicted[i])" in binary.written_source
    assert "1 - actual" not in binary.written_source


@pytest.mark.parametrize(
    "result", [lv.metrics.binary_as_written(), lv.metrics.categorical_as_written()], ids=["binary", "rows"]
)
def test_the_correct_source_is_that_of_the_function(result: lv.metrics.AsWritten) -> None:
    names: dict[str, Any] = {}
    exec(result.correct_source, names)
    function = names[
        "binary_cross_entropy" if "binary" in result.correct_source else "categorical_cross_entropy"
    ]
    if "binary" in result.correct_source:
        assert function([1, 0], [0.9, 0.2]) == tutorial.binary_cross_entropy([1, 0], [0.9, 0.2])
    else:
        assert function([[1, 0]], [[0.9, 0.2]]) == tutorial.categorical_cross_entropy([[1, 0]], [[0.9, 0.2]])
