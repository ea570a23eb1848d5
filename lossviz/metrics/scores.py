"""Scores that are means of one term an example, one row each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.losses.base import Family
from lossviz.metrics import tutorial


@dataclass(frozen=True)
class Score:
    """A score: a row of `SCORES`.

    Functions take arrays: actual (n,) and predicted (n,), or (n, K) for several classes.
    """

    name: str
    label: str
    family: Family
    task: Literal["binary", "multiclass", "regression"]
    terms: Callable[[Floats, Floats], Floats] = field(repr=False)  # (n,)
    expression: Callable[[str, Sequence[str]], str] = field(repr=False)  # one term as one would write it
    sklearn_value: Callable[[Floats, Floats], float] = field(repr=False)  # scikit-learn's result
    sklearn_name: str
    formula: str  # LaTeX
    root: bool = False  # whether the root of the mean is taken
    as_written: Callable[[Floats, Floats], float] | None = field(default=None, repr=False)  # by the tutorial
    tutorial_omits_label_0: bool = False  # whether the tutorial's function counts no term of label 0


def _likelihood(y: Floats, p: Floats) -> Floats:
    """The probability given to what happened."""
    if p.ndim == 2:
        return np.asarray(p[np.arange(len(y)), y.astype(int)])
    return np.where(y == 1, p, 1 - p)


def _cross_entropy(y: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return -np.log(_likelihood(y, p)) + 0.0


def _squared_error(y: Floats, p: Floats) -> Floats:
    return np.asarray((p - y) ** 2)


def _difference(y: str, p: Sequence[str]) -> str:
    return f"{_signed(p[0])} − {_signed(y)}"


def _signed(word: str) -> str:
    word = word.lstrip("+")
    return f"(−{word[1:]})" if word.startswith("-") else word


def _squared_difference(y: str, p: Sequence[str]) -> str:
    return f"({_difference(y, p)})²"


def _binary_logarithm(y: str, p: Sequence[str]) -> str:
    return f"−ln {p[0]}" if float(y) == 1 else f"−ln (1 − {p[0]})"


def _log_loss(y: Floats, p: Floats) -> float:
    return tutorial.sklearn_log_loss(y.astype(int).tolist(), p.tolist())


def _brier(y: Floats, p: Floats) -> float:
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(y.astype(int), p, pos_label=1))


def _from_sklearn(name: str) -> Callable[[Floats, Floats], float]:
    """A score of scikit-learn, which is imported when it is first used."""

    def score(y: Floats, p: Floats) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, name)(y, p))

    return score


SCORES: Registry[Score] = Registry(
    "score",
    [
        Score(
            name="binary-cross-entropy",
            label="Cross-entropy, two classes",
            family="logarithm",
            task="binary",
            terms=_cross_entropy,
            expression=_binary_logarithm,
            sklearn_value=_log_loss,
            sklearn_name="log_loss",
            formula=r"-\frac{1}{n} \sum_i y_i \ln p_i + (1 - y_i) \ln (1 - p_i)",
            as_written=lambda y, p: tutorial.binary_cross_entropy_as_written(y.tolist(), p.tolist()),
            tutorial_omits_label_0=True,
        ),
        Score(
            name="categorical-cross-entropy",
            label="Cross-entropy, more classes",
            family="logarithm",
            task="multiclass",
            terms=_cross_entropy,
            expression=lambda y, p: f"−ln {p[int(float(y))]}",
            sklearn_value=_log_loss,
            sklearn_name="log_loss",
            formula=r"-\frac{1}{n} \sum_i \ln p_{i, y_i}",
            as_written=lambda y, p: tutorial.categorical_cross_entropy_as_written(
                np.eye(p.shape[1])[y.astype(int)], p
            ),
        ),
        Score(
            name="brier",
            label="Brier",
            family="squared",
            task="binary",
            terms=_squared_error,
            expression=_squared_difference,
            sklearn_value=_brier,
            sklearn_name="brier_score_loss",
            formula=r"\frac{1}{n} \sum_i (p_i - y_i)^2",
        ),
        Score(
            name="mse",
            label="MSE",
            family="squared",
            task="regression",
            terms=_squared_error,
            expression=_squared_difference,
            sklearn_value=_from_sklearn("mean_squared_error"),
            sklearn_name="mean_squared_error",
            formula=r"\frac{1}{n} \sum_i (\hat y_i - y_i)^2",
            as_written=lambda y, p: tutorial.mean_squared_error_as_written(y.tolist(), p.tolist()),
        ),
        Score(
            name="rmse",
            label="RMSE",
            family="squared",
            task="regression",
            terms=_squared_error,
            expression=_squared_difference,
            sklearn_value=_from_sklearn("root_mean_squared_error"),
            sklearn_name="root_mean_squared_error",
            formula=r"\sqrt{\frac{1}{n} \sum_i (\hat y_i - y_i)^2}",
            root=True,
        ),
        Score(
            name="mae",
            label="MAE",
            family="absolute",
            task="regression",
            terms=lambda y, p: np.abs(p - y),
            expression=lambda y, p: f"|{_difference(y, p)}|",
            sklearn_value=_from_sklearn("mean_absolute_error"),
            sklearn_name="mean_absolute_error",
            formula=r"\frac{1}{n} \sum_i |\hat y_i - y_i|",
        ),
    ],
)
