"""One sigmoid neuron, a = sigmoid(w x + b): what its logit feels, and how it descends.

Everything is float64. The gradient is always dL/dz, that seen by the logit; by the chain rule
dL/dw = x dL/dz and dL/db = dL/dz.
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

MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class LogitCurves:
    """Several losses against the logit, for one target."""

    losses: tuple[str, ...]
    y: float
    z: Floats  # (n,)
    value: Floats  # (losses, n)
    gradient: Floats  # (losses, n) dL/dz
    curvature: Floats  # (losses, n) d2L/dz2


@dataclass(frozen=True)
class Descent:
    """Gradient descent on one example; index 0 is the start. NaN from `diverged_at` on."""

    loss_name: str
    lr: float
    w: Floats  # (steps + 1,)
    b: Floats  # (steps + 1,)
    output: Floats  # (steps + 1,) what the neuron puts out: sigmoid(z), or tanh z for a tanh loss
    loss: Floats  # (steps + 1,)
    gradient: Floats  # (steps + 1,) dL/dz
    diverged_at: int | None  # the first step whose weights or loss are not finite


def binary_loss(loss: str | Loss) -> Loss:
    """The row for a loss of one logit; KeyError for an unknown name, ValueError for another kind."""
    row = LOSSES[loss] if isinstance(loss, str) else loss
    if row.task != "binary":
        raise ValueError(
            f"loss must be one of one logit and a target in [0, 1]; got {row.name!r}, {row.task}"
        )
    return row


def logit_curves(losses: Sequence[str | Loss], y: float = 0.0, z: ArrayLike | None = None) -> LogitCurves:
    """Value, gradient and curvature of binary losses for one target y in [0, 1].

    ``z`` are the logits (n,); by default every tenth from -8 to 8. ValueError for y out of range.
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
    """Gradient descent w -= lr x dL/dz, b -= lr dL/dz on one example (x, y), for `steps` steps.

    The neuron of M. Nielsen, Neural Networks and Deep Learning, chapter 3, is the loss
    "sigmoid-half-mse" with x = 1, y = 0, lr = 0.15.

    Raises ValueError unless w, b and x are finite, y is in [0, 1], lr is finite and above 0, and steps
    is a whole number from 0 to a million.
    """
    row = binary_loss(loss)
    found = slope_towards(row, number_in("y", y, 0.0, 1.0))
    return _walk(row, lambda z: float(found(torch.tensor(z, dtype=torch.float64))), w, b, x, y, lr, steps)


def slope_towards(row: Loss, y: float) -> Callable[[Tensor], Tensor]:
    """dL/dz at logits (n,) for one target; in closed form, ten times faster, if there is one."""
    if y not in (0, 1):
        return lambda z: row.gradient(z, y)
    found, target = gradient_of(row), torch.tensor(y, dtype=torch.float64)
    return lambda z: found(z, target)


def descend_widget(
    w: float, b: float, x: float = 1.0, y: float = 0.0, lr: float = 0.15, steps: int = 300
) -> Descent:
    """The curve drawn by the book's cross-entropy widgets, which is *not* gradient descent.

    They step by dC/da = (a - y) / (a (1 - a)), the derivative by the neuron's output, where a step needs
    dC/dz = a - y, that by its logit (read in the book's repository, js/saturation3.js and saturation4.js;
    its text and formulas are right). Arguments and errors as in `descend`; loss and gradient are the true
    cross-entropy's along the widget's path.
    """
    row = LOSSES["sigmoid-ce"]

    def slope(z: float) -> float:
        a, complement = _sigmoid(z), _sigmoid(-z)
        return (a * (1 - y) - complement * y) / (a * complement) if a * complement else math.inf

    return _walk(row, slope, w, b, x, y, lr, steps)


def _sigmoid(z: float) -> float:
    decay = math.exp(-abs(z))
    return (1 if z > 0 else decay) / (1 + decay)


def _walk(
    row: Loss, slope: Callable[[float], float], w: float, b: float, x: float, y: float, lr: float, steps: int
) -> Descent:
    w, b, x = number_in("w", w), number_in("b", b), number_in("x", x)
    number_in("y", y, 0.0, 1.0)
    lr = number_in("lr", lr, 0.0, open_low=True)
    count_in("steps", steps, 0, MOST_STEPS)
    weights = np.full((2, steps + 1), np.nan)
    weights[:, 0] = w, b
    for step in range(steps):
        g = slope(w * x + b)
        w, b = w - lr * x * g, b - lr * g
        if not math.isfinite(w * x + b):
            break
        weights[:, step + 1] = w, b
    z = weights[0] * x + weights[1]
    known = np.isfinite(z)
    value, gradient = np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    value[known] = row.value(z[known], y).numpy()
    gradient[known] = row.gradient(z[known], y).numpy()
    finite = np.isfinite(value)
    first = None if finite.all() else int(np.argmin(finite))
    output = np.tanh(z) if row.activation == "tanh" else torch.sigmoid(torch.from_numpy(z)).numpy()
    if first is not None:
        for curve in (*weights, output, value, gradient):
            curve[first:] = np.nan
    return Descent(row.name, lr, weights[0], weights[1], output, value, gradient, first)
