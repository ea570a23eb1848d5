"""Scores term by term against scikit-learn, and messages for invalid text."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics

import lossviz as lv

BINARY, CATEGORICAL = "binary-cross-entropy", "categorical-cross-entropy"
INSIDE = some.floats(1e-9, 1 - 1e-9)
NUMBERS = some.floats(-1e6, 1e6)
BINARY_ROWS = some.lists(some.tuples(some.integers(0, 1), INSIDE), min_size=1, max_size=40)
NUMBER_ROWS = some.lists(some.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40)


@pytest.mark.parametrize("name", [BINARY, "brier"])
@given(rows=BINARY_ROWS)
def test_binary_scores_equal_scikit_learns(name: str, rows: list[tuple[int, float]]) -> None:
    y, p = zip(*rows, strict=True)
    result = lv.metrics.score_terms(name, y, p)
    expected = (
        metrics.log_loss(y, np.array(p), labels=[0, 1])
        if name == BINARY
        else metrics.mean_squared_error(y, p)  # what the Brier score is
    )
    assert result.value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert result.sklearn_value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert result.terms.mean() == pytest.approx(result.value)


@given(NUMBER_ROWS)
def test_regression_scores_equal_scikit_learns(rows: list[tuple[float, float]]) -> None:
    y, p = zip(*rows, strict=True)
    expected = {
        "mse": metrics.mean_squared_error(y, p),
        "rmse": metrics.root_mean_squared_error(y, p),
        "mae": metrics.mean_absolute_error(y, p),
    }
    for name, value in expected.items():
        result = lv.metrics.score_terms(name, y, p)
        assert result.value == pytest.approx(value, rel=1e-12)
        assert result.sklearn_value == value


def test_text_and_arrays_give_the_same() -> None:
    text = lv.metrics.score_terms(BINARY, "1, 0; 1", "[0.9 0.20]\n0.4")
    arrays = lv.metrics.score_terms(BINARY, np.array([1, 0, 1]), [0.9, 0.2, 0.4])
    assert text.value == arrays.value
    assert text.predicted == (("0.9",), ("0.20",), ("0.4",)), "as typed"
    assert text.expressions == ("−ln 0.9", "−ln (1 − 0.20)", "−ln 0.4")
    assert text.omitted.tolist() == [False, True, False]


def test_omitted_terms_are_those_of_the_tutorial() -> None:
    result = lv.metrics.score_terms(BINARY, "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7")
    counted = result.terms[~result.omitted].sum() / 6
    assert result.as_written == pytest.approx(counted, abs=1e-12)
    assert result.value == pytest.approx(0.7837604219994566)


def test_several_classes() -> None:
    result = lv.metrics.score_terms(CATEGORICAL, "0 1 2", "0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7")
    assert result.unnormalized_rows == (2,)
    assert result.expressions == ("−ln 0.9", "−ln 0.8", "−ln 0.7")
    assert result.value == pytest.approx(result.sklearn_value, abs=1e-12)
    pasted = lv.metrics.score_terms(CATEGORICAL, "[0, 1]", "[[0.9, 0.1],\n [0.2, 0.8]]")
    assert pasted.unnormalized_rows == ()
    assert pasted.normalized_value is None
    one_line = lv.metrics.score_terms(CATEGORICAL, "0 1", "[[0.9, 0.1], [0.2, 0.8]]")
    assert one_line.value == pasted.value


def test_a_confidently_wrong_prediction_is_infinite_and_clipped_by_scikit_learn() -> None:
    result = lv.metrics.score_terms(BINARY, [1], [0.0])
    assert result.value == math.inf
    assert result.sklearn_value == pytest.approx(36.04365338911715)
    assert math.copysign(1, float(lv.metrics.score_terms(BINARY, [1], [1.0]).terms[0])) == 1, (
        "no negative zero"
    )


def test_signs_in_expressions() -> None:
    result = lv.metrics.score_terms("mae", "-1 2", "+3 -0.5")
    assert result.expressions == ("|3 − (−1)|", "|(−0.5) − 2|")


BAD = [
    (BINARY, "", "0.5", "Actual is empty; write at least one number"),
    (BINARY, "1", " ,; ", "Predicted is empty"),
    (BINARY, "1 x 0", "1 1 1", "item 2 of Actual must be a finite number; got 'x'"),
    (BINARY, "1 0", "0.5 nan", "item 2 of Predicted must be a finite number; got 'nan'"),
    (BINARY, "1 0", "0.5 1e999", "item 2 of Predicted must be a finite number; got '1e999'"),
    (BINARY, "1 0 1", "0.5", "Actual has 3 and Predicted 1: item 2 of Actual has no partner"),
    (BINARY, "1", "0.5 0.5", "item 2 of Predicted has no partner"),
    (BINARY, "1 2", "0.5 0.5", "item 2 of Actual must be 0 or 1; got '2'"),
    (BINARY, "1 0.5", "0.5 0.5", "item 2 of Actual must be 0 or 1; got '0.5'"),
    (BINARY, "1 0", "0.5 1.5", "item 2 of Predicted must be a probability, from 0 to 1; got '1.5'"),
    ("brier", "1 0", "-0.1 0.5", "item 1 of Predicted must be a probability"),
    (CATEGORICAL, "0 3", "0.2 0.3 0.5\n0.2 0.3 0.5", "item 2 of Actual must be a class from 0 to 2; got '3'"),
    (CATEGORICAL, "0 1", "0.5 0.5\n0.5", "row 2 of Predicted has 1 number where row 1 has 2"),
    (CATEGORICAL, "0 1", "0.5 0.5\n0.5 7", "row 2, column 2 of Predicted must be a probability"),
    (CATEGORICAL, "0 1", "0.5 0.5\n0.5 a", "row 2, column 2 of Predicted must be a finite number; got 'a'"),
    (CATEGORICAL, "0", "0.5", "at least 2 probabilities"),
    (CATEGORICAL, "0 1", "0.5 0.5", "Actual has 2 labels and Predicted 1 row; write one row a line"),
    (CATEGORICAL, "0 1 0", "0.5 0.5\n0.5 0.5", "item 3 of Actual has no partner"),
    ("mse", "1 2", "1", "has no partner"),
    ("mse", "1e300", "-1e300", "too far apart"),
    ("mae", "1 " * 1_000_000, "1", "Actual has 1,000,000 numbers; at most 10,000 can be taken"),
    ("mae", "<script>alert(1)</script>", "1", "item 1 of Actual must be a finite number; got"),
    ("mae", [[1.0]], [1.0], "Actual must have 1 axis; got 2"),
    ("mae", [1.0, math.inf], [1.0, 2.0], "item 2 of Actual must be a finite number; got inf"),
    ("mae", ["a"], [1.0], "Actual must be numbers"),
    (CATEGORICAL, [0], [[0.5, math.nan]], "row 1, column 2 of Predicted must be a finite number"),
]  # fmt: skip


@pytest.mark.parametrize(("score", "actual", "predicted", "words"), BAD, ids=[b[3][:40] for b in BAD])
def test_invalid_input_is_one_sentence_with_the_place(
    score: str, actual: Any, predicted: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        lv.metrics.score_terms(score, actual, predicted)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 160


@given(some.text(max_size=60), some.text(max_size=60), some.sampled_from(list(lv.metrics.SCORES)))
def test_any_text_is_scored_or_refused(actual: str, predicted: str, score: str) -> None:
    try:
        result = lv.metrics.score_terms(score, actual, predicted)
    except ValueError:
        return
    assert len(result.terms) == len(result.actual)


def test_an_unknown_score_lists_the_known() -> None:
    with pytest.raises(KeyError, match="unknown score 'F1'; known: binary-cross-entropy"):
        lv.metrics.score_terms("F1", "1", "1")
