"""A score taken apart: what each example adds to it, beside scikit-learn's own result."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.parsing import ParsedNumbers, check_same_length, parse_column, parse_rows
from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.losses.base import Family
from lossviz.metrics import tutorial

SUM_TOLERANCE = 1.5e-8  # how far from 1 a row may add up before scikit-learn warns: sqrt(eps)


@dataclass(frozen=True)
class Score:
    """One score: a row of `SCORES`."""

    name: str
    family: Family
    task: Literal["binary", "multiclass", "regression"]
    terms: Callable[[Floats, Floats], Floats] = field(repr=False)  # (n,) from actual and predicted
    words: Callable[[str, Sequence[str]], str] = field(repr=False)  # a term as one would write it
    library: Callable[[Floats, Floats], float] = field(repr=False)  # scikit-learn's own
    sklearn: str  # its name
    formula: str  # LaTeX
    root: bool = False  # whether the root of the mean is taken


@dataclass(frozen=True)
class ScoreTerms:
    """Every term of a score. A term can be infinite: scikit-learn's own then differs, since it clips."""

    score: str
    actual: tuple[str, ...]  # (n,) as typed
    predicted: tuple[tuple[str, ...], ...]  # (n, columns) as typed
    words: tuple[str, ...]  # (n,) each term written out
    term: Floats  # (n,)
    left_out: NDArray[np.bool_]  # (n,) not counted by the tutorial's function
    value: float  # the mean of all terms, or its root
    library: float  # scikit-learn's own
    as_written: float | None  # by the tutorial's function, where it has one
    off: tuple[int, ...]  # rows of predicted, from 1, that do not add up to 1
    rescaled: float | None  # the value if those rows were divided by their sums


def _hit(y: Floats, p: Floats) -> Floats:
    """The probability given to what happened."""
    if p.ndim == 2:
        return np.asarray(p[np.arange(len(y)), y.astype(int)])
    return np.where(y == 1, p, 1 - p)


def _cross_entropy(y: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return -np.log(_hit(y, p)) + 0.0


def _difference(y: str, p: Sequence[str]) -> str:
    return f"{_signed(p[0])} − {_signed(y)}"


def _signed(word: str) -> str:
    word = word.lstrip("+")
    return f"(−{word[1:]})" if word.startswith("-") else word


def _binary_words(y: str, p: Sequence[str]) -> str:
    return f"−ln {p[0]}" if float(y) == 1 else f"−ln (1 − {p[0]})"


def _brier(y: Floats, p: Floats) -> float:
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(y.astype(int), p, pos_label=1))


def _library(name: str) -> Callable[[Floats, Floats], float]:
    def score(y: Floats, p: Floats) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, name)(y, p))

    return score


SCORES: Registry[Score] = Registry(
    "score",
    [
        Score(
            name="Cross-entropy, two classes",
            family="logarithm",
            task="binary",
            terms=_cross_entropy,
            words=_binary_words,
            library=lambda y, p: tutorial.sklearn_log_loss(y.astype(int).tolist(), p.tolist()),
            sklearn="log_loss",
            formula=r"-\frac{1}{n} \sum_i y_i \ln p_i + (1 - y_i) \ln (1 - p_i)",
        ),
        Score(
            name="Cross-entropy, more classes",
            family="logarithm",
            task="multiclass",
            terms=_cross_entropy,
            words=lambda y, p: f"−ln {p[int(float(y))]}",
            library=lambda y, p: tutorial.sklearn_log_loss(y.astype(int).tolist(), p.tolist()),
            sklearn="log_loss",
            formula=r"-\frac{1}{n} \sum_i \ln p_{i, y_i}",
        ),
        Score(
            name="Brier",
            family="squared",
            task="binary",
            terms=lambda y, p: (p - y) ** 2,
            words=lambda y, p: f"({_difference(y, p)})²",
            library=_brier,
            sklearn="brier_score_loss",
            formula=r"\frac{1}{n} \sum_i (p_i - y_i)^2",
        ),
        Score(
            name="MSE",
            family="squared",
            task="regression",
            terms=lambda y, p: (p - y) ** 2,
            words=lambda y, p: f"({_difference(y, p)})²",
            library=_library("mean_squared_error"),
            sklearn="mean_squared_error",
            formula=r"\frac{1}{n} \sum_i (\hat y_i - y_i)^2",
        ),
        Score(
            name="RMSE",
            family="squared",
            task="regression",
            terms=lambda y, p: (p - y) ** 2,
            words=lambda y, p: f"({_difference(y, p)})²",
            library=_library("root_mean_squared_error"),
            sklearn="root_mean_squared_error",
            formula=r"\sqrt{\frac{1}{n} \sum_i (\hat y_i - y_i)^2}",
            root=True,
        ),
        Score(
            name="MAE",
            family="absolute",
            task="regression",
            terms=lambda y, p: np.abs(p - y),
            words=lambda y, p: f"|{_difference(y, p)}|",
            library=_library("mean_absolute_error"),
            sklearn="mean_absolute_error",
            formula=r"\frac{1}{n} \sum_i |\hat y_i - y_i|",
        ),
    ],
)


def score_terms(score: str | Score, actual: str | ArrayLike, predicted: str | ArrayLike) -> ScoreTerms:
    """What each example adds to a score; as text ("1 0 1", "0.9 0.2 0.4") or as arrays.

    ``actual`` (n,) are the labels 0 and 1, class numbers from 0, or any numbers; ``predicted`` (n,) are
    probabilities of label 1, or any numbers. For more classes it is (n, K): in a text, one row a line.
    Rows that do not add up to 1 are taken as they are, as scikit-learn does, and named in `off`.

    Raises KeyError for an unknown score; ValueError, in one sentence with the place, for what is no
    number, no label, no probability, too long, empty, or of unequal length.
    """
    row = SCORES[score] if isinstance(score, str) else score
    truth = parse_column("Actual", actual)
    guess = (parse_rows if row.task == "multiclass" else parse_column)("Predicted", predicted)
    check_same_length(truth.tokens, guess.tokens, rows=row.task == "multiclass")
    y, p = truth.values, guess.values
    if row.task != "regression":
        _check_labels(truth, p.shape[1] if p.ndim == 2 else 2)
        _check_probabilities(guess)
    with np.errstate(over="ignore"):
        term = row.terms(y, p)
        mean = float(term.mean())
    if not math.isfinite(mean) and row.task == "regression":
        raise ValueError(
            "the numbers are too far apart: the mean of the terms is beyond what a float can hold"
        )
    off = _off(p)
    binary_logarithm = row.name == "Cross-entropy, two classes"
    return ScoreTerms(
        score=row.name,
        actual=tuple(words[0] for words in truth.tokens),
        predicted=guess.tokens,
        words=tuple(row.words(w[0], g) for w, g in zip(truth.tokens, guess.tokens, strict=True)),
        term=term,
        left_out=(y == 0) & (term > 0) if binary_logarithm else np.zeros(len(y), dtype=bool),
        value=math.sqrt(mean) if row.root else mean,
        library=row.library(y, p),
        as_written=_as_written(row, y, p),
        off=off,
        rescaled=_rescaled(row, y, p) if off else None,
    )


def _off(p: Floats) -> tuple[int, ...]:
    """The rows, from 1, that do not add up to 1."""
    if p.ndim == 1:
        return ()
    return tuple(int(i) + 1 for i in np.flatnonzero(np.abs(p.sum(axis=1) - 1) > SUM_TOLERANCE))


def _as_written(row: Score, y: Floats, p: Floats) -> float | None:
    if row.name == "Cross-entropy, two classes":
        return float(tutorial.binary_cross_entropy_as_written(y.tolist(), p.tolist()))
    if row.task == "multiclass":
        return float(tutorial.categorical_cross_entropy_as_written(np.eye(p.shape[1])[y.astype(int)], p))
    if row.name == "MSE":
        return tutorial.mean_squared_error_as_written(y.tolist(), p.tolist())
    return None


def _rescaled(row: Score, y: Floats, p: Floats) -> float | None:
    total = p.sum(axis=1, keepdims=True)
    return float(row.terms(y, p / total).mean()) if (total > 0).all() else None


def _check_labels(truth: ParsedNumbers, classes: int) -> None:
    y = truth.values
    wrong = np.flatnonzero((y != np.round(y)) | (y < 0) | (y > classes - 1))
    if len(wrong):
        i = int(wrong[0])
        allowed = "0 or 1" if classes == 2 else f"a class from 0 to {classes - 1}"
        raise ValueError(f"item {i + 1} of Actual must be {allowed}; got {truth.tokens[i][0][:12]!r}")


def _check_probabilities(guess: ParsedNumbers) -> None:
    p = guess.values
    wrong = np.argwhere((p < 0) | (p > 1))
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        if p.ndim == 1:
            spot, word = f"item {place[0] + 1}", guess.tokens[place[0]][0]
        else:
            spot, word = f"row {place[0] + 1}, column {place[1] + 1}", guess.tokens[place[0]][place[1]]
        raise ValueError(f"{spot} of Predicted must be a probability, from 0 to 1; got {word[:12]!r}")
    if p.ndim == 2 and p.shape[1] < 2:
        raise ValueError(
            "Predicted needs a row of at least 2 probabilities for each item; write one row a line"
        )
