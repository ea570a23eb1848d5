"""One sigmoid neuron, a = sigmoid(w x + b): losses against its logit, and gradient descent on one example.

Everything is float64. The gradient is always dL/dz, that with respect to the logit z = w x + b; by the chain
rule dL/dw = x dL/dz and dL/db = dL/dz.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Loss
from lossviz.losses.gradients import gradient_of
from lossviz.losses.table import LOSSES

MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class LogitCurves:
    """Several losses against the logit, for one target.

    Attributes:
        losses: Names of the losses.
        y: Target, in [0, 1].
        z: Logits, (n,).
        value: Loss, (losses, n).
        gradient: dL/dz, (losses, n).
        curvature: d2L/dz2, (losses, n).
    """

    losses: tuple[str, ...]
    y: float
    z: Floats
    value: Floats
    gradient: Floats
    curvature: Floats


@dataclass(frozen=True)
class Descent:
    """Gradient descent on one example. Index 0 is the start; values are NaN from `diverged_at` on.

    Attributes:
        loss_name: Name of the loss.
        lr: Learning rate.
        w: Weight, (steps + 1,).
        b: Bias, (steps + 1,).
        output: Output of the neuron, (steps + 1,): sigmoid(z), or tanh(z) for a loss of tanh outputs.
        loss: Loss, (steps + 1,).
        gradient: dL/dz, (steps + 1,).
        diverged_at: The first step at which the weights or the loss are not finite, or None.
    """

    loss_name: str
    lr: float
    w: Floats
    b: Floats
    output: Floats
    loss: Floats
    gradient: Floats
    diverged_at: int | None


def binary_loss(loss: str | Loss) -> Loss:
    """The row of a binary loss; KeyError for an unknown name, ValueError for another task."""
    row = LOSSES[loss] if isinstance(loss, str) else loss
    if row.task != "binary":
        raise ValueError(
            f"loss must be binary, with one logit and a target in [0, 1]; got {row.name!r}, {row.task}"
        )
    return row


def logit_curves(losses: Sequence[str | Loss], y: float = 0.0, z: ArrayLike | None = None) -> LogitCurves:
    """Compute value, gradient and curvature of binary losses against the logit.

    Args:
        losses: Rows of `LOSSES` or their names; binary.
        y: Target, in [0, 1].
        z: Logits, (n,). By default -8 to 8 in steps of 0.1.

    Returns:
        The curves of all losses at the same logits.

    Raises:
        KeyError: If a name is unknown.
        ValueError: If a loss is not binary or ``y`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> curves = lv.neuron.logit_curves(["sigmoid-mse", "sigmoid-ce"], y=0, z=[0.0, 8.0])
        >>> curves.gradient.round(3)
        array([[0.25 , 0.001],
               [0.5  , 1.   ]])
    """
    number_in("y", y, 0.0, 1.0)
    rows = [binary_loss(loss) for loss in losses]
    z = np.arange(-80, 81) / 10 if z is None else np.asarray(z, dtype=np.float64)
    return LogitCurves(
        losses=tuple(row.name for row in rows),
        y=y,
        z=z,
        value=np.stack([row.value(z, y).numpy() for row in rows]),
        gradient=np.stack([row.gradient(z, y).numpy() for row in rows]),
        curvature=np.stack([row.curvature(z, y).numpy() for row in rows]),
    )


def descend(
    loss: str | Loss, w: float, b: float, x: float = 1.0, y: float = 0.0, lr: float = 0.15, steps: int = 300
) -> Descent:
    """Run gradient descent on the weight and bias of one neuron for one example.

    Each step is w -= lr x dL/dz, b -= lr dL/dz. The neuron of M. Nielsen, *Neural Networks and Deep Learning*
    (2015), chapter 3, is the loss "sigmoid-half-mse" with x = 1, y = 0 and lr = 0.15.

    Args:
        loss: A row of `LOSSES` or its name; binary.
        w: Weight at the start.
        b: Bias at the start.
        x: Input.
        y: Target, in [0, 1].
        lr: Learning rate, above 0.
        steps: Number of steps, from 0 to 1 000 000.

    Returns:
        Weight, bias, output, loss and gradient at the start and after each step.

    Raises:
        KeyError: If the loss's name is unknown.
        ValueError: If the loss is not binary, or a number is not finite or out of range.

    Example:
        >>> import lossviz as lv
        >>> run = lv.descend("sigmoid-half-mse", w=0.6, b=0.9, x=1.0, y=0.0, lr=0.15, steps=300)
        >>> run.output[[0, -1]].round(2)
        array([0.82, 0.09])
    """
    row = binary_loss(loss)
    gradient = logit_gradient(row, number_in("y", y, 0.0, 1.0))
    return _run(row, lambda z: float(gradient(torch.tensor(z, dtype=torch.float64))), w, b, x, y, lr, steps)


def logit_gradient(loss: Loss, y: float) -> Callable[[Tensor], Tensor]:
    """dL/dz as a function of logits (n,) for one target; the closed form, ten times faster, if known."""
    if y not in (0, 1):
        return lambda z: loss.gradient(z, y)
    closed_form, target = gradient_of(loss), torch.tensor(y, dtype=torch.float64)
    return lambda z: closed_form(z, target)


def descend_widget(
    w: float, b: float, x: float = 1.0, y: float = 0.0, lr: float = 0.15, steps: int = 300
) -> Descent:
    """Compute the curve of the cross-entropy widgets in Nielsen's book, which is *not* gradient descent.

    They step by dC/da = (a - y) / (a (1 - a)), the derivative with respect to the neuron's output, where a
    gradient step needs dC/dz = a - y, that with respect to its logit. Source: the book's repository,
    ``js/saturation3.js`` and ``js/saturation4.js``; its text and formulas are right.

    Args:
        w: Weight at the start.
        b: Bias at the start.
        x: Input.
        y: Target, in [0, 1].
        lr: Learning rate, above 0.
        steps: Number of steps, from 0 to 1 000 000.

    Returns:
        The widget's weights and outputs; the loss and the gradient are cross-entropy's along that path.

    Raises:
        ValueError: If a number is not finite or out of range.

    Example:
        >>> import lossviz as lv
        >>> widget = lv.neuron.descend_widget(w=2, b=2, lr=0.005, steps=100)
        >>> run = lv.descend("sigmoid-ce", w=2, b=2, lr=0.005, steps=100)
        >>> print(f"{widget.output[-1]:.2f}, by gradient descent {run.output[-1]:.2f}")
        0.35, by gradient descent 0.95
    """
    row = LOSSES["sigmoid-ce"]

    def output_gradient(z: float) -> float:
        a, complement = _sigmoid(z), _sigmoid(-z)
        return (a * (1 - y) - complement * y) / (a * complement) if a * complement else math.inf

    return _run(row, output_gradient, w, b, x, y, lr, steps)


def _sigmoid(z: float) -> float:
    decay = math.exp(-abs(z))
    return (1 if z > 0 else decay) / (1 + decay)


def _run(
    loss: Loss,
    gradient: Callable[[float], float],
    w: float,
    b: float,
    x: float,
    y: float,
    lr: float,
    steps: int,
) -> Descent:
    """Step w and b by the given derivative as if it were dL/dz, and record the loss along the way."""
    w, b, x = number_in("w", w), number_in("b", b), number_in("x", x)
    number_in("y", y, 0.0, 1.0)
    lr = number_in("lr", lr, 0.0, open_low=True)
    count_in("steps", steps, 0, MAX_STEPS)
    weights = np.full((2, steps + 1), np.nan)
    weights[:, 0] = w, b
    for step in range(steps):
        g = gradient(w * x + b)
        w, b = w - lr * x * g, b - lr * g
        if not math.isfinite(w * x + b):
            break
        weights[:, step + 1] = w, b
    z = weights[0] * x + weights[1]
    finite = np.isfinite(z)
    values, gradients = np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    values[finite] = loss.value(z[finite], y).numpy()
    gradients[finite] = loss.gradient(z[finite], y).numpy()
    outputs = np.tanh(z) if loss.activation == "tanh" else torch.sigmoid(torch.from_numpy(z)).numpy()
    diverged_at = first_nonfinite(values)
    if diverged_at is not None:
        for series in (*weights, outputs, values, gradients):
            series[diverged_at:] = np.nan
    return Descent(loss.name, lr, weights[0], weights[1], outputs, values, gradients, diverged_at)


def first_nonfinite(values: Floats) -> int | None:
    """The index of the first value that is NaN or infinite, or None."""
    finite = np.isfinite(values)
    return None if finite.all() else int(np.argmin(finite))
