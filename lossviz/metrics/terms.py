"""A score as the mean of its terms: what each example adds to it, beside scikit-learn's own result."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.parsing import ParsedNumbers, check_same_length, parse_column, parse_rows
from lossviz.common.typing import Floats
from lossviz.metrics.scores import SCORES, Score

SUM_TOLERANCE = 1.5e-8  # how far from 1 a row may add up before scikit-learn warns: sqrt(eps)


@dataclass(frozen=True)
class ScoreTerms:
    """Every term of a score. A term can be infinite; scikit-learn's result then differs, since it clips."""

    score: str  # name of a row of SCORES
    actual: tuple[str, ...]  # (n,) as typed
    predicted: tuple[tuple[str, ...], ...]  # (n, columns) as typed
    expressions: tuple[str, ...]  # (n,) each term written out
    terms: Floats  # (n,)
    omitted: NDArray[np.bool_]  # (n,) whether the tutorial's function does not count the term
    value: float  # the mean of all terms, or its root
    sklearn_value: float  # scikit-learn's result
    as_written: float | None  # by the tutorial's function, where it has one
    unnormalized_rows: tuple[int, ...]  # rows of predicted, from 1, that do not add up to 1
    normalized_value: float | None  # the value if those rows were divided by their sums


def score_terms(score: str | Score, actual: str | ArrayLike, predicted: str | ArrayLike) -> ScoreTerms:
    """Compute what each example adds to a score.

    Args:
        score: A row of `SCORES` or its name.
        actual: Labels 0 and 1, class numbers from 0, or any numbers, (n,); an array, or a text as "1 0 1".
        predicted: Probabilities of label 1, or any numbers, (n,); for several classes (n, K), in a text one
            row a line. Rows that do not add up to 1 are taken as they are, as scikit-learn does.

    Returns:
        The terms, their mean, and scikit-learn's result.

    Raises:
        KeyError: For an unknown score.
        ValueError: With the place, for what is no number, no label or no probability, too long, empty, or of
            unequal length.

    Example:
        >>> import lossviz as lv
        >>> found = lv.metrics.score_terms("binary-cross-entropy", "1 0", "0.9 0.2")
        >>> found.expressions, round(found.value, 3)
        (('−ln 0.9', '−ln (1 − 0.2)'), 0.164)
    """
    row = SCORES[score] if isinstance(score, str) else score
    targets = parse_column("Actual", actual)
    predictions = (parse_rows if row.task == "multiclass" else parse_column)("Predicted", predicted)
    check_same_length(targets.tokens, predictions.tokens, rows=row.task == "multiclass")
    y, p = targets.values, predictions.values
    if row.task != "regression":
        _check_labels(targets, p.shape[1] if p.ndim == 2 else 2)
        _check_probabilities(predictions)
    with np.errstate(over="ignore"):
        terms = row.terms(y, p)
        mean = float(terms.mean())
    if not math.isfinite(mean) and row.task == "regression":
        raise ValueError(
            "the numbers are too far apart: the mean of the terms is beyond what a float can hold"
        )
    unnormalized = _unnormalized_rows(p)
    return ScoreTerms(
        score=row.name,
        actual=tuple(words[0] for words in targets.tokens),
        predicted=predictions.tokens,
        expressions=tuple(
            row.expression(words[0], typed)
            for words, typed in zip(targets.tokens, predictions.tokens, strict=True)
        ),
        terms=terms,
        omitted=(y == 0) & (terms > 0) if row.tutorial_omits_label_0 else np.zeros(len(y), dtype=bool),
        value=math.sqrt(mean) if row.root else mean,
        sklearn_value=row.sklearn_value(y, p),
        as_written=None if row.as_written is None else float(row.as_written(y, p)),
        unnormalized_rows=unnormalized,
        normalized_value=_normalized_value(row, y, p) if unnormalized else None,
    )


def _unnormalized_rows(p: Floats) -> tuple[int, ...]:
    """The rows, from 1, that do not add up to 1."""
    if p.ndim == 1:
        return ()
    return tuple(int(i) + 1 for i in np.flatnonzero(np.abs(p.sum(axis=1) - 1) > SUM_TOLERANCE))


def _normalized_value(row: Score, y: Floats, p: Floats) -> float | None:
    total = p.sum(axis=1, keepdims=True)
    return float(row.terms(y, p / total).mean()) if (total > 0).all() else None


def _check_labels(targets: ParsedNumbers, classes: int) -> None:
    y = targets.values
    wrong = np.flatnonzero((y != np.round(y)) | (y < 0) | (y > classes - 1))
    if len(wrong):
        i = int(wrong[0])
        allowed = "0 or 1" if classes == 2 else f"a class from 0 to {classes - 1}"
        raise ValueError(f"item {i + 1} of Actual must be {allowed}; got {targets.tokens[i][0][:12]!r}")


def _check_probabilities(predictions: ParsedNumbers) -> None:
    p = predictions.values
    wrong = np.argwhere((p < 0) | (p > 1))
    if len(wrong):
        index = tuple(int(i) for i in wrong[0])
        if p.ndim == 1:
            place, word = f"item {index[0] + 1}", predictions.tokens[index[0]][0]
        else:
            place, word = f"row {index[0] + 1}, column {index[1] + 1}", predictions.tokens[index[0]][index[1]]
        raise ValueError(f"{place} of Predicted must be a probability, from 0 to 1; got {word[:12]!r}")
    if p.ndim == 2 and p.shape[1] < 2:
        raise ValueError(
            "Predicted needs a row of at least 2 probabilities for each item; write one row a line"
        )
