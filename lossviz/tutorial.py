"""The score functions of a well-known tutorial, as they are written there, and as they should be.

The tutorial is J. Brownlee, "Loss and Loss Functions for Training Deep Learning Neural Networks",
machinelearningmastery.com (2019). Its readers found what is wrong with them in the comments; a reader's own
repair is here too. The functions on the right clip as scikit-learn does, so that both agree.
"""

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CLIP = float(np.finfo(np.float64).eps)  # scikit-learn's, for float64: 2.2e-16

# Kept as text, so that what is shown is letter for letter what is run.
MSE_AS_WRITTEN = """\
# calculate mean squared error
def mean_squared_error(actual, predicted):
    sum_square_error = 0.0
    for i in range(len(actual)):
        sum_square_error += (actual[i] - predicted[i])**2.0
    mean_square_error = 1.0 / len(actual) * sum_square_error
    return mean_square_error
"""
BINARY_AS_WRITTEN = """\
from math import log

# calculate binary cross entropy
def binary_cross_entropy(actual, predicted):
    sum_score = 0.0
    for i in range(len(actual)):
        sum_score += actual[i] * log(1e-15 + predicted[i])
    mean_sum_score = 1.0 / len(actual) * sum_score
    return -mean_sum_score
"""
CATEGORICAL_AS_WRITTEN = """\
from math import log

# calculate categorical cross entropy
def categorical_cross_entropy(actual, predicted):
    sum_score = 0.0
    for i in range(len(actual)):
        for j in range(len(actual[i])):
            sum_score += actual[i][j] * log(1e-15 + predicted[i][j])
    mean_sum_score = 1.0 / len(actual) * sum_score
    return -mean_sum_score
"""
BINARY_AS_REPAIRED = BINARY_AS_WRITTEN.replace(
    "actual[i] * log(1e-15 + predicted[i])",
    "(actual[i] * log(1e-15 + predicted[i])) + ((1 - actual[i]) * log(1 - (1e-15 + predicted[i])))",
)


def _run(source: str) -> Callable[..., float]:
    """The function that a text of this file defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "the tutorial", "exec"), names)
    function: Callable[..., float] = names[source.partition("def ")[2].partition("(")[0]]
    return function


mean_squared_error_as_written = _run(MSE_AS_WRITTEN)
binary_cross_entropy_as_written = _run(BINARY_AS_WRITTEN)
categorical_cross_entropy_as_written = _run(CATEGORICAL_AS_WRITTEN)
binary_cross_entropy_as_repaired = _run(BINARY_AS_REPAIRED)  # by a reader, in the comments


# --- right -------------------------------------------------------------------------------------------------


def mean_squared_error(actual: Sequence[float], predicted: Sequence[float]) -> float:
    """The mean of the squared differences."""
    return math.fsum((y - p) ** 2 for y, p in zip(actual, predicted, strict=True)) / len(actual)


def binary_cross_entropy(actual: Sequence[float], predicted: Sequence[float], clip: float = CLIP) -> float:
    """The mean of -y ln p - (1 - y) ln(1 - p), in nats. With clip=0, sure and wrong costs infinity."""
    total = 0.0
    for y, p in zip(actual, predicted, strict=True):
        hit = p if y == 1 else 1 - p  # the probability given to what happened
        hit = min(max(hit, clip), 1 - clip)
        total -= log(hit) if hit > 0 else -math.inf
    return total / len(actual) + 0.0  # no negative zero


def categorical_cross_entropy(
    actual: Sequence[Sequence[float]], predicted: Sequence[Sequence[float]], clip: float = CLIP
) -> float:
    """The mean of -sum_k y_k ln p_k, in nats. Rows of `predicted` are taken as they are."""
    total = 0.0
    for y, p in zip(actual, predicted, strict=True):
        for target, share in zip(y, p, strict=True):
            if target:  # 0 ln 0 counts nothing
                hit = min(max(share, clip), 1 - clip)
                total -= target * (log(hit) if hit > 0 else -math.inf)
    return total / len(actual) + 0.0


# --- the same inputs through all ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """One input, and what each way of computing makes of it. NaN stands for an error that is raised."""

    name: str
    actual: tuple[str, ...]  # as one would type them
    predicted: tuple[str, ...]
    values: Floats  # (ways,)
    wrong: NDArray[np.bool_]  # (ways,) not what the definition says, by more than 1e-12


@dataclass(frozen=True)
class AsWritten:
    """A function of the tutorial beside others, on several inputs. The last way is scikit-learn's."""

    ways: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    written: str  # the tutorial's source
    right: str  # ours


BINARY_WAYS = ("as written", "a reader’s repair", "right", "scikit-learn")
BINARY_INPUTS: tuple[tuple[str, str, str], ...] = (
    ("Mixed", "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7"),
    ("All zero", "0 0 0", "0.2 0.95 0.1"),
    ("Perfect", "1 1", "1 1"),
    ("Sure and wrong", "1 1", "0 0"),
)
ROW_WAYS = ("as written", "rows made to add up", "right", "scikit-learn")
ROW_INPUTS: tuple[tuple[str, str, str], ...] = (
    ("Rows add up to 1", "0 1 2", "0.9 0.05 0.05, 0.1 0.8 0.1, 0.1 0.2 0.7"),
    ("A row of 1.1", "0 1 2", "0.9 0.05 0.05, 0.1 0.8 0.2, 0.1 0.2 0.7"),
    ("Perfect", "0 1", "1 0, 0 1"),
    ("Sure and wrong", "0 1", "0 1, 1 0"),
)


def binary_as_written() -> AsWritten:
    """The tutorial's two-class function: its missing term, its epsilon and its negative zero."""
    attempts = []
    for name, actual, predicted in BINARY_INPUTS:
        y, p = [float(part) for part in actual.split()], [float(part) for part in predicted.split()]
        values = (
            binary_cross_entropy_as_written(y, p),
            _tried(binary_cross_entropy_as_repaired, y, p),
            binary_cross_entropy(y, p, clip=0.0),
            sklearn_log_loss([int(label) for label in y], p),
        )
        attempts.append(_attempt(name, actual.split(), predicted.split(), values))
    return AsWritten(BINARY_WAYS, tuple(attempts), BINARY_AS_WRITTEN, _source(binary_cross_entropy))


def rows_as_written() -> AsWritten:
    """The tutorial's function for several classes: right, and yet not what scikit-learn once said.

    Versions before 1.5 divided each row by its sum. A reader asked why the two did not agree.
    """
    attempts = []
    for name, actual, predicted in ROW_INPUTS:
        labels = [int(part) for part in actual.split()]
        rows = [[float(part) for part in row.split()] for row in predicted.split(",")]
        hot = [[float(k == label) for k in range(len(rows[0]))] for label in labels]
        scaled = [[share / math.fsum(row) for share in row] for row in rows]
        values = (
            categorical_cross_entropy_as_written(hot, rows),
            categorical_cross_entropy(hot, scaled, clip=0.0),
            categorical_cross_entropy(hot, rows, clip=0.0),
            sklearn_log_loss(labels, rows),
        )
        attempts.append(_attempt(name, actual.split(), [r.strip() for r in predicted.split(",")], values))
    return AsWritten(ROW_WAYS, tuple(attempts), CATEGORICAL_AS_WRITTEN, _source(categorical_cross_entropy))


def sklearn_log_loss(actual: Sequence[int], predicted: Sequence[float] | Sequence[Sequence[float]]) -> float:
    """scikit-learn's own `log_loss`.

    It counts of each row only the share of what happened, and warns of rows that do not add up to 1. So it is
    given that share and the rest: rows of two that do.
    """
    from sklearn.metrics import log_loss

    shares = np.asarray(predicted, dtype=np.float64)
    if shares.ndim == 2:
        hit = shares[np.arange(len(shares)), np.asarray(actual, dtype=np.int64)]
        return float(log_loss([1] * len(hit), hit, labels=[0, 1]))
    return float(log_loss(actual, shares, labels=[0, 1]))


def _attempt(name: str, actual: Sequence[str], predicted: Sequence[str], values: Sequence[float]) -> Attempt:
    numbers = np.array(values)
    right = numbers[-2]
    with np.errstate(invalid="ignore"):
        wrong = ~((numbers == right) | (np.abs(numbers - right) <= 1e-12))
    wrong |= np.signbit(numbers)  # a negative zero, or a score below 0
    return Attempt(name, tuple(actual), tuple(predicted), numbers, wrong)


def _tried(score: Callable[..., float], *inputs: Sequence[float]) -> float:
    try:
        return score(*inputs)
    except ValueError:
        return math.nan


def _source(function: Callable[..., float]) -> str:
    """The source of one of the functions above, without its notes to the type checker."""
    tree = ast.parse(inspect.getsource(function).replace("CLIP", "2.2e-16").replace("math.inf", "inf"))
    (made,) = tree.body
    assert isinstance(made, ast.FunctionDef)
    made.returns = None
    made.body = made.body[1:]  # its docstring
    for argument in made.args.args:
        argument.annotation = None
    return f"from math import inf, log\n\n{ast.unparse(tree)}\n"
