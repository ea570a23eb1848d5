"""The loss functions of a well-known tutorial as they are written there, beside correct ones.

The tutorial is J. Brownlee, "Loss and Loss Functions for Training Deep Learning Neural Networks",
machinelearningmastery.com (2019). Its readers found the mistakes in the comments; a reader's own correction
is here too. The correct functions clip as scikit-learn does, so that both agree.
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

from lossviz.common.typing import Floats

CLIP = float(np.finfo(np.float64).eps)  # scikit-learn's, for float64: 2.2e-16

# As text, so that what is shown is exactly what runs.
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
BINARY_AS_CORRECTED = BINARY_AS_WRITTEN.replace(
    "actual[i] * log(1e-15 + predicted[i])",
    "(actual[i] * log(1e-15 + predicted[i])) + ((1 - actual[i]) * log(1 - (1e-15 + predicted[i])))",
)


def _define(source: str) -> Callable[..., float]:
    """The function that a source text of this file defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "the tutorial", "exec"), names)
    function: Callable[..., float] = names[source.partition("def ")[2].partition("(")[0]]
    return function


mean_squared_error_as_written = _define(MSE_AS_WRITTEN)
binary_cross_entropy_as_written = _define(BINARY_AS_WRITTEN)
categorical_cross_entropy_as_written = _define(CATEGORICAL_AS_WRITTEN)
binary_cross_entropy_as_corrected = _define(BINARY_AS_CORRECTED)  # by a reader, in the comments


# --- correct -----------------------------------------------------------------------------------------------


def mean_squared_error(actual: Sequence[float], predicted: Sequence[float]) -> float:
    """The mean of the squared differences."""
    return math.fsum((y - p) ** 2 for y, p in zip(actual, predicted, strict=True)) / len(actual)


def binary_cross_entropy(actual: Sequence[float], predicted: Sequence[float], clip: float = CLIP) -> float:
    """The mean of -y ln p - (1 - y) ln(1 - p), in nats; infinite for clip=0 if p is 0 for what happened."""
    total = 0.0
    for y, p in zip(actual, predicted, strict=True):
        likelihood = p if y == 1 else 1 - p
        likelihood = min(max(likelihood, clip), 1 - clip)
        total -= log(likelihood) if likelihood > 0 else -math.inf
    return total / len(actual) + 0.0  # no negative zero


def categorical_cross_entropy(
    actual: Sequence[Sequence[float]], predicted: Sequence[Sequence[float]], clip: float = CLIP
) -> float:
    """The mean of -sum_k y_k ln p_k, in nats. Rows of `predicted` are taken as they are."""
    total = 0.0
    for y, p in zip(actual, predicted, strict=True):
        for target, probability in zip(y, p, strict=True):
            if target:  # 0 ln 0 is 0
                likelihood = min(max(probability, clip), 1 - clip)
                total -= target * (log(likelihood) if likelihood > 0 else -math.inf)
    return total / len(actual) + 0.0


# --- the same inputs by all methods ------------------------------------------------------------------------


@dataclass(frozen=True)
class ScoredInput:
    """One input, and its score by each method. NaN stands for an error that is raised."""

    name: str
    actual: tuple[str, ...]  # as one would type them
    predicted: tuple[str, ...]
    values: Floats  # (methods,)
    wrong: NDArray[np.bool_]  # (methods,) whether the value differs from the definition by more than 1e-12


@dataclass(frozen=True)
class AsWritten:
    """A function of the tutorial beside other methods, on several inputs. The last is scikit-learn's."""

    methods: tuple[str, ...]
    inputs: tuple[ScoredInput, ...]
    written_source: str  # of the tutorial's function
    correct_source: str  # of ours


BINARY_METHODS = ("as written", "a reader’s fix", "correct", "scikit-learn")
BINARY_INPUTS: tuple[tuple[str, str, str], ...] = (
    ("Six examples", "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7"),
    ("All zero", "0 0 0", "0.2 0.95 0.1"),
    ("Perfect", "1 1", "1 1"),
    ("Confidently wrong", "1 1", "0 0"),
)
CATEGORICAL_METHODS = ("as written", "rows normalized", "correct", "scikit-learn")
CATEGORICAL_INPUTS: tuple[tuple[str, str, str], ...] = (
    ("Rows add up to 1", "0 1 2", "0.9 0.05 0.05, 0.1 0.8 0.1, 0.1 0.2 0.7"),
    ("A row of 1.1", "0 1 2", "0.9 0.05 0.05, 0.1 0.8 0.2, 0.1 0.2 0.7"),
    ("Perfect", "0 1", "1 0, 0 1"),
    ("Confidently wrong", "0 1", "0 1, 1 0"),
)


def binary_as_written() -> AsWritten:
    """Score four inputs with the tutorial's binary cross-entropy, a correction of it, and scikit-learn.

    It shows the missing term, the added epsilon and the negative zero of the tutorial's function.

    Returns:
        The four values of each input, and the sources.

    Example:
        >>> import lossviz as lv
        >>> facts = lv.metrics.binary_as_written()
        >>> facts.inputs[0].name, facts.inputs[0].values.round(3).tolist()
        ('Six examples', [0.23, 0.784, 0.784, 0.784])
    """
    inputs = []
    for name, actual, predicted in BINARY_INPUTS:
        y, p = [float(part) for part in actual.split()], [float(part) for part in predicted.split()]
        values = (
            binary_cross_entropy_as_written(y, p),
            _value_or_nan(binary_cross_entropy_as_corrected, y, p),
            binary_cross_entropy(y, p, clip=0.0),
            sklearn_log_loss([int(label) for label in y], p),
        )
        inputs.append(_scored_input(name, actual.split(), predicted.split(), values))
    return AsWritten(BINARY_METHODS, tuple(inputs), BINARY_AS_WRITTEN, _source(binary_cross_entropy))


def categorical_as_written() -> AsWritten:
    """Score four inputs with the tutorial's categorical cross-entropy, as scikit-learn did, and as it does.

    Versions of scikit-learn before 1.5 divided each row by its sum; a reader asked why the two did not agree.

    Returns:
        The four values of each input, and the sources.

    Example:
        >>> import lossviz as lv
        >>> facts = lv.metrics.categorical_as_written()
        >>> facts.inputs[1].name, facts.inputs[1].values.round(3).tolist()
        ('A row of 1.1', [0.228, 0.26, 0.228, 0.228])
    """
    inputs = []
    for name, actual, predicted in CATEGORICAL_INPUTS:
        labels = [int(part) for part in actual.split()]
        rows = [[float(part) for part in row.split()] for row in predicted.split(",")]
        one_hot = [[float(k == label) for k in range(len(rows[0]))] for label in labels]
        normalized = [[p / math.fsum(row) for p in row] for row in rows]
        values = (
            categorical_cross_entropy_as_written(one_hot, rows),
            categorical_cross_entropy(one_hot, normalized, clip=0.0),
            categorical_cross_entropy(one_hot, rows, clip=0.0),
            sklearn_log_loss(labels, rows),
        )
        texts = [row.strip() for row in predicted.split(",")]
        inputs.append(_scored_input(name, actual.split(), texts, values))
    return AsWritten(
        CATEGORICAL_METHODS, tuple(inputs), CATEGORICAL_AS_WRITTEN, _source(categorical_cross_entropy)
    )


def sklearn_log_loss(actual: Sequence[int], predicted: Sequence[float] | Sequence[Sequence[float]]) -> float:
    """scikit-learn's own `log_loss`, without its warning of rows that do not add up to 1.

    Of each row it uses only the probability of the true class. So it is given that probability and the rest:
    rows of two that add up to 1.
    """
    from sklearn.metrics import log_loss

    probabilities = np.asarray(predicted, dtype=np.float64)
    if probabilities.ndim == 2:
        likelihood = probabilities[np.arange(len(probabilities)), np.asarray(actual, dtype=np.int64)]
        return float(log_loss([1] * len(likelihood), likelihood, labels=[0, 1]))
    return float(log_loss(actual, probabilities, labels=[0, 1]))


def _scored_input(
    name: str, actual: Sequence[str], predicted: Sequence[str], values: Sequence[float]
) -> ScoredInput:
    """Mark the values that differ from the definition, the last but one."""
    numbers = np.array(values)
    definition = numbers[-2]
    with np.errstate(invalid="ignore"):
        wrong = ~((numbers == definition) | (np.abs(numbers - definition) <= 1e-12))
    wrong |= np.signbit(numbers)  # a negative zero, or a score below 0
    return ScoredInput(name, tuple(actual), tuple(predicted), numbers, wrong)


def _value_or_nan(score: Callable[..., float], *inputs: Sequence[float]) -> float:
    try:
        return score(*inputs)
    except ValueError:
        return math.nan


def _source(function: Callable[..., float]) -> str:
    """The source of one of the functions above, without its docstring and type annotations."""
    tree = ast.parse(inspect.getsource(function).replace("CLIP", "2.2e-16").replace("math.inf", "inf"))
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    definition.returns = None
    definition.body = definition.body[1:]  # its docstring
    for argument in definition.args.args:
        argument.annotation = None
    return f"from math import inf, log\n\n{ast.unparse(tree)}\n"
