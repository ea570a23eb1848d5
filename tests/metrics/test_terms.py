"""Scores term by term equal scikit-learn's; text that is none is said with its place."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn import metrics

import lossviz as lv

TWO, MORE = "Cross-entropy, two classes", "Cross-entropy, more classes"
INSIDE = some.floats(1e-9, 1 - 1e-9)
NUMBERS = some.floats(-1e6, 1e6)
OF_TWO = some.lists(some.tuples(some.integers(0, 1), INSIDE), min_size=1, max_size=40)
OF_NUMBERS = some.lists(some.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40)


@pytest.mark.parametrize("name", [TWO, "Brier"])
@given(rows=OF_TWO)
def test_binary_scores_equal_scikit_learns(name: str, rows: list[tuple[int, float]]) -> None:
    y, p = zip(*rows, strict=True)
    found = lv.metrics.score_terms(name, y, p)
    theirs = (
        metrics.log_loss(y, np.array(p), labels=[0, 1])
        if name == TWO
        else metrics.mean_squared_error(y, p)  # what the Brier score is
    )
    assert found.value == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    assert found.library == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    assert found.term.mean() == pytest.approx(found.value)


@given(OF_NUMBERS)
def test_regression_scores_equal_scikit_learns(rows: list[tuple[float, float]]) -> None:
    y, p = zip(*rows, strict=True)
    theirs = {
        "MSE": metrics.mean_squared_error(y, p),
        "RMSE": metrics.root_mean_squared_error(y, p),
        "MAE": metrics.mean_absolute_error(y, p),
    }
    for name, value in theirs.items():
        found = lv.metrics.score_terms(name, y, p)
        assert found.value == pytest.approx(value, rel=1e-12)
        assert found.library == value


def test_text_and_arrays_and_lists_say_the_same() -> None:
    text = lv.metrics.score_terms(TWO, "1, 0; 1", "[0.9 0.20]\n0.4")
    arrays = lv.metrics.score_terms(TWO, np.array([1, 0, 1]), [0.9, 0.2, 0.4])
    assert text.value == arrays.value
    assert text.predicted == (("0.9",), ("0.20",), ("0.4",)), "as typed"
    assert text.words == ("−ln 0.9", "−ln (1 − 0.20)", "−ln 0.4")
    assert text.left_out.tolist() == [False, True, False]


def test_what_is_left_out_is_what_the_tutorial_leaves_out() -> None:
    found = lv.metrics.score_terms(TWO, "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7")
    kept = found.term[~found.left_out].sum() / 6
    assert found.as_written == pytest.approx(kept, abs=1e-12)
    assert found.value == pytest.approx(0.7837604219994566)


def test_several_classes() -> None:
    found = lv.metrics.score_terms(MORE, "0 1 2", "0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7")
    assert found.off == (2,)
    assert found.words == ("−ln 0.9", "−ln 0.8", "−ln 0.7")
    assert found.value == pytest.approx(found.library, abs=1e-12)
    pasted = lv.metrics.score_terms(MORE, "[0, 1]", "[[0.9, 0.1],\n [0.2, 0.8]]")
    assert pasted.off == ()
    assert pasted.rescaled is None
    one_line = lv.metrics.score_terms(MORE, "0 1", "[[0.9, 0.1], [0.2, 0.8]]")
    assert one_line.value == pasted.value


def test_sure_and_wrong_is_infinite_and_clipped_by_the_library() -> None:
    found = lv.metrics.score_terms(TWO, [1], [0.0])
    assert found.value == math.inf
    assert found.library == pytest.approx(36.04365338911715)
    assert math.copysign(1, float(lv.metrics.score_terms(TWO, [1], [1.0]).term[0])) == 1, "no negative zero"


def test_signs_in_words() -> None:
    found = lv.metrics.score_terms("MAE", "-1 2", "+3 -0.5")
    assert found.words == ("|3 − (−1)|", "|(−0.5) − 2|")


BAD = [
    (TWO, "", "0.5", "Actual is empty; write at least one number"),
    (TWO, "1", " ,; ", "Predicted is empty"),
    (TWO, "1 x 0", "1 1 1", "item 2 of Actual must be a finite number; got 'x'"),
    (TWO, "1 0", "0.5 nan", "item 2 of Predicted must be a finite number; got 'nan'"),
    (TWO, "1 0", "0.5 1e999", "item 2 of Predicted must be a finite number; got '1e999'"),
    (TWO, "1 0 1", "0.5", "Actual has 3 and Predicted 1: item 2 of Actual has no partner"),
    (TWO, "1", "0.5 0.5", "item 2 of Predicted has no partner"),
    (TWO, "1 2", "0.5 0.5", "item 2 of Actual must be 0 or 1; got '2'"),
    (TWO, "1 0.5", "0.5 0.5", "item 2 of Actual must be 0 or 1; got '0.5'"),
    (TWO, "1 0", "0.5 1.5", "item 2 of Predicted must be a probability, from 0 to 1; got '1.5'"),
    ("Brier", "1 0", "-0.1 0.5", "item 1 of Predicted must be a probability"),
    (MORE, "0 3", "0.2 0.3 0.5\n0.2 0.3 0.5", "item 2 of Actual must be a class from 0 to 2; got '3'"),
    (MORE, "0 1", "0.5 0.5\n0.5", "row 2 of Predicted has 1 number where row 1 has 2"),
    (MORE, "0 1", "0.5 0.5\n0.5 7", "row 2, column 2 of Predicted must be a probability"),
    (MORE, "0 1", "0.5 0.5\n0.5 a", "row 2, column 2 of Predicted must be a finite number; got 'a'"),
    (MORE, "0", "0.5", "at least 2 probabilities"),
    (MORE, "0 1", "0.5 0.5", "Actual has 2 labels and Predicted 1 row; write one row a line"),
    (MORE, "0 1 0", "0.5 0.5\n0.5 0.5", "item 3 of Actual has no partner"),
    ("MSE", "1 2", "1", "has no partner"),
    ("MSE", "1e300", "-1e300", "too far apart"),
    ("MAE", "1 " * 1_000_000, "1", "Actual has 1,000,000 numbers; at most 10,000 can be taken"),
    ("MAE", "<script>alert(1)</script>", "1", "item 1 of Actual must be a finite number; got"),
    ("MAE", [[1.0]], [1.0], "Actual must have 1 axis; got 2"),
    ("MAE", [1.0, math.inf], [1.0, 2.0], "item 2 of Actual must be a finite number; got inf"),
    ("MAE", ["a"], [1.0], "Actual must be numbers"),
    (MORE, [0], [[0.5, math.nan]], "row 1, column 2 of Predicted must be a finite number"),
]  # fmt: skip


@pytest.mark.parametrize(("score", "actual", "predicted", "words"), BAD, ids=[b[3][:40] for b in BAD])
def test_what_cannot_be_scored_is_one_sentence_with_the_place(
    score: str, actual: Any, predicted: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        lv.metrics.score_terms(score, actual, predicted)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 160


@given(some.text(max_size=60), some.text(max_size=60), some.sampled_from(list(lv.metrics.SCORES)))
def test_any_text_is_scored_or_refused(actual: str, predicted: str, score: str) -> None:
    try:
        found = lv.metrics.score_terms(score, actual, predicted)
    except ValueError:
        return
    assert len(found.term) == len(found.actual)


def test_an_unknown_score_lists_the_known() -> None:
    with pytest.raises(KeyError, match="unknown score 'F1'; known: Cross-entropy, two classes"):
        lv.metrics.score_terms("F1", "1", "1")
