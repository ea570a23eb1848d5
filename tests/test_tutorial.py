"""The tutorial's functions give what they are known to give; the right ones agree with scikit-learn."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics

import lossviz as lv
from lossviz import tutorial

SHARES = some.one_of(some.sampled_from([0.0, 1.0, 1e-300, 1 - 1e-16]), some.floats(0, 1))


@given(some.lists(some.tuples(some.integers(0, 1), SHARES), min_size=1, max_size=30))
def test_binary_cross_entropy_is_scikit_learns(rows: list[tuple[int, float]]) -> None:
    y, p = zip(*rows, strict=True)
    assert tutorial.binary_cross_entropy(y, p) == pytest.approx(
        metrics.log_loss(y, np.array(p), labels=[0, 1]), rel=1e-12, abs=1e-12
    )


@some.composite
def tables(draw: Any) -> tuple[list[int], list[list[float]]]:
    classes, n = draw(some.integers(2, 6)), draw(some.integers(1, 12))
    rows = draw(some.lists(some.lists(SHARES, min_size=classes, max_size=classes), min_size=n, max_size=n))
    return draw(some.lists(some.integers(0, classes - 1), min_size=n, max_size=n)), rows


@given(tables())
def test_categorical_cross_entropy_is_scikit_learns_whatever_rows_add_up_to(
    table: tuple[list[int], list[list[float]]],
) -> None:
    labels, rows = table
    classes = len(rows[0])
    hot = np.eye(classes)[labels]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows that do not add up to 1
        theirs = metrics.log_loss(labels, np.array(rows), labels=list(range(classes)))
    assert tutorial.categorical_cross_entropy(hot.tolist(), rows) == pytest.approx(
        theirs, rel=1e-12, abs=1e-12
    )


@given(tables())
def test_scikit_learns_own_is_called_without_what_warns(table: tuple[list[int], list[list[float]]]) -> None:
    labels, rows = table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows that do not add up to 1
        theirs = metrics.log_loss(labels, np.array(rows), labels=list(range(len(rows[0]))))
    assert tutorial.sklearn_log_loss(labels, rows) == theirs


NUMBERS = some.floats(-1e6, 1e6)


@given(some.lists(some.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30))
def test_mean_squared_error_is_scikit_learns_and_the_tutorials(rows: list[tuple[float, float]]) -> None:
    y, p = zip(*rows, strict=True)
    theirs = metrics.mean_squared_error(y, p)
    assert tutorial.mean_squared_error(y, p) == pytest.approx(theirs, rel=1e-12)
    assert tutorial.mean_squared_error_as_written(y, p) == pytest.approx(theirs, rel=1e-12)


def test_as_written_a_term_is_missing() -> None:
    written = tutorial.binary_cross_entropy_as_written
    y, p = [1, 0, 1, 0, 0, 1], [0.9, 0.2, 0.4, 0.95, 0.1, 0.7]
    only = -sum(math.log(q) for t, q in zip(y, p, strict=True) if t) / 6
    assert written(y, p) == pytest.approx(only, abs=1e-12)
    zero = written([0, 0, 0], [0.2, 0.95, 0.1])
    assert zero == 0
    assert math.copysign(1, zero) == -1, "a negative zero"
    assert written([1], [1]) == pytest.approx(-1.1e-15, rel=0.02), "below what is perfect"
    assert written([1], [0]) == pytest.approx(34.54, abs=0.005)


def test_a_readers_repair_raises_at_one() -> None:
    repaired = tutorial.binary_cross_entropy_as_repaired
    y, p = [1, 0, 1, 0], [0.9, 0.2, 0.4, 0.95]
    assert repaired(y, p) == pytest.approx(metrics.log_loss(y, p), abs=1e-12)
    with pytest.raises(ValueError, match=r"math domain|positive input"):
        repaired([1], [1.0])


def test_rows_that_do_not_add_up_to_one() -> None:
    actual = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    predicted = [[0.9, 0.05, 0.05], [0.1, 0.8, 0.2], [0.1, 0.2, 0.7]]
    assert tutorial.categorical_cross_entropy_as_written(actual, predicted) == 0.22839300363692153
    found = lv.score_terms("Cross-entropy, more classes", [0, 1, 2], predicted)
    assert found.rescaled == pytest.approx(0.2601630635716978, abs=1e-15)
    assert found.value == pytest.approx(found.library, abs=1e-12)


def test_the_table_says_what_is_wrong() -> None:
    binary, rows = lv.binary_as_written(), lv.rows_as_written()
    wrong = {a.name: a.wrong.tolist() for a in (*binary.attempts, *rows.attempts[:2])}
    assert wrong == {
        "Mixed": [True, False, False, False],
        "All zero": [True, False, False, False],
        "Perfect": [True, True, False, False],
        "Sure and wrong": [True, True, False, True],
        "Rows add up to 1": [False, False, False, False],
        "A row of 1.1": [False, True, False, False],
    }
    perfect = binary.attempts[2]
    assert math.isnan(perfect.values[1]), "the repair raises"
    assert "log(1e-15 + predicted[i])" in binary.written
    assert "1 - actual" not in binary.written


@pytest.mark.parametrize("found", [lv.binary_as_written(), lv.rows_as_written()], ids=["binary", "rows"])
def test_what_is_shown_as_right_is_what_runs(found: lv.AsWritten) -> None:
    names: dict[str, Any] = {}
    exec(found.right, names)
    shown = names["binary_cross_entropy" if "binary" in found.right else "categorical_cross_entropy"]
    if "binary" in found.right:
        assert shown([1, 0], [0.9, 0.2]) == tutorial.binary_cross_entropy([1, 0], [0.9, 0.2])
    else:
        assert shown([[1, 0]], [[0.9, 0.2]]) == tutorial.categorical_cross_entropy([[1, 0]], [[0.9, 0.2]])
