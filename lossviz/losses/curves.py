"""Losses against a common axis: value, gradient and curvature.

A loss is a function of the logit or of the prediction. Against a probability or a rate, its gradient is the
derivative with respect to that axis, by the chain rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.typing import Floats, Unit
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Loss, Task
from lossviz.losses.lookup import LossDescription, describe, resolve_losses


@dataclass(frozen=True)
class Axis:
    """What losses can be drawn against: a row of `AXES`."""

    meaning: str
    task: Task  # of the losses that fit
    x: Floats  # default points (n,)
    target: float  # default target


AXES: dict[str, Axis] = {
    "residual": Axis("residual z − y", "regression", np.arange(-50, 51) / 10, 4.0),
    "logit": Axis("logit z", "binary", np.arange(-80, 81) / 10, 0.0),
    "probability": Axis("probability p = sigmoid(z)", "binary", np.arange(1, 100) / 100, 0.0),
    "margin": Axis("margin (2y − 1) z", "binary", np.arange(-40, 41) / 10, 1.0),
    "lead": Axis(
        "logit of the right class minus that of the others", "multiclass", np.arange(-80, 81) / 10, 0.0
    ),
}


@dataclass(frozen=True)
class LossCurves:
    """L losses at n points of an axis; gradient and curvature are with respect to that axis."""

    axis: str  # a key of AXES
    losses: tuple[LossDescription, ...]
    unit: Unit
    x: Floats  # (n,)
    value: Floats  # (L, n); NaN where the loss is not defined
    gradient: Floats  # (L, n)
    curvature: Floats  # (L, n)

    @property
    def negative_curvature(self) -> NDArray[np.bool_]:
        """Where the loss is not convex (L, n): where its curvature is negative, beyond rounding."""
        return self.curvature < -1e-12


def fits_axis(loss: Loss, axis: str) -> bool:
    """Whether a loss can be drawn against an axis."""
    return loss.task == AXES[axis].task and (axis != "probability" or loss.activation == "sigmoid")


def loss_curves(
    losses: Sequence[str | Loss],
    axis: str = "residual",
    y: float | None = None,
    x: ArrayLike | None = None,
    unit: Unit = "nats",
    classes: int = 10,
) -> LossCurves:
    """Evaluate losses, their gradients and curvatures along an axis.

    Args:
        losses: Rows of `LOSSES` or `NONDIFFERENTIABLE`, or their names.
        axis: "residual", z - y, for regression losses; "logit" or "probability" for binary losses; "margin"
            for binary losses, the logit times +1 for y = 1 and -1 for y = 0; or "lead" for multi-class
            losses, the logit of the right class where all others are 0.
        y: The target. For "residual" it matters only to losses of a rate, and is 4 by default; for "logit"
            and "probability" it may be soft, and is 0 by default; for "margin" the class, 1 by default.
        x: Points (n,) on the axis; by default those of `AXES`.
        unit: "bits" divides the losses that are logarithms by ln 2.
        classes: Number of classes K for "lead".

    Returns:
        Value, gradient and curvature, each (L, n).

    Raises:
        ValueError: If the axis or unit is unknown, a loss does not fit the axis, or y, classes or a
            probability is out of range.
        KeyError: If a loss is unknown.

    Example:
        >>> import lossviz as lv
        >>> curves = lv.losses.loss_curves(["sigmoid-mse", "sigmoid-ce"], "logit", y=0, x=[0.0, 4.0])
        >>> curves.gradient.round(3)
        array([[0.25 , 0.035],
               [0.5  , 0.982]])
        >>> curves.negative_curvature.any(axis=1)
        array([ True, False])
    """
    if axis not in AXES:
        raise ValueError(f"axis must be one of {', '.join(AXES)}; got {axis!r}")
    if unit not in ("nats", "bits"):
        raise ValueError(f"unit must be nats or bits; got {unit!r}")
    rows = resolve_losses(losses)
    for row in rows:
        if not fits_axis(row, axis):
            raise ValueError(f"{row.name} cannot be drawn against the {axis}: it is a {row.task} loss")
    at = AXES[axis].x if x is None else np.asarray(x, dtype=np.float64)
    if axis == "probability" and not bool(((at > 0) & (at < 1)).all()):
        raise ValueError("x against the probability must lie between 0 and 1, both left out")
    target = AXES[axis].target if y is None else y
    target = number_in("y", target) if axis == "residual" else number_in("y", target, 0.0, 1.0)
    count_in("classes", classes, 2, 1000)
    curves = np.array([_CURVES[axis](row, at, target, classes) for row in rows])  # (L, 3, n)
    if unit == "bits":
        curves[[row.unit == "nats" for row in rows]] /= log(2)
    descriptions = tuple(describe(row) for row in rows)
    return LossCurves(axis, descriptions, unit, at, curves[:, 0], curves[:, 1], curves[:, 2])


def _derivatives(row: Loss, z: Floats, y: Floats | float) -> list[Floats]:
    """Value, gradient and curvature with respect to the logit."""
    return [part(z, y).numpy() for part in (row.value, row.gradient, row.curvature)]


def _by_residual(row: Loss, r: Floats, y: float, classes: int) -> list[Floats]:
    if row.activation != "exp":
        return _derivatives(row, y + r, np.full_like(r, y))
    rate = np.where(
        y + r > 0, y + r, np.nan
    )  # the prediction is the rate, z its logarithm: dz/drate = 1/rate
    value, gradient, curvature = _derivatives(row, np.log(rate), np.full_like(r, y))
    return [value, gradient / rate, (curvature - gradient) / rate**2]


def _by_logit(row: Loss, z: Floats, y: float, classes: int) -> list[Floats]:
    return _derivatives(row, z, y)


def _by_probability(row: Loss, p: Floats, y: float, classes: int) -> list[Floats]:
    value, gradient, curvature = _derivatives(row, np.log(p) - np.log1p(-p), y)
    dp_dz = p * (1 - p)
    return [value, gradient / dp_dz, (curvature - gradient * (1 - 2 * p)) / dp_dz**2]


def _by_margin(row: Loss, m: Floats, y: float, classes: int) -> list[Floats]:
    sign = 1.0 if y >= 0.5 else -1.0
    value, gradient, curvature = _derivatives(row, sign * m, float(y >= 0.5))
    return [value, sign * gradient, curvature]


def _by_lead(row: Loss, t: Floats, y: float, classes: int) -> list[Floats]:
    z = np.zeros((len(t), classes))
    z[:, 0] = t
    value, gradient, curvature = _derivatives(row, z, np.zeros(len(t), dtype=np.int64))
    return [value, gradient[:, 0], curvature[:, 0]]


_CURVES: dict[str, Callable[[Loss, Floats, float, int], list[Floats]]] = {
    "residual": _by_residual,
    "logit": _by_logit,
    "probability": _by_probability,
    "margin": _by_margin,
    "lead": _by_lead,
}
