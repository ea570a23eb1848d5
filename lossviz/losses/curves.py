"""Losses laid over each other: value, slope and curvature against one and the same axis.

A loss is a function of the logit or of the prediction. Seen against a probability or a rate its slope is
another number, since it is the slope *by what is drawn on the axis*; the chain rule says which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.typing import Floats, Unit
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Family, Loss
from lossviz.losses.nondifferentiable import any_loss, named

AXES: dict[str, tuple[str, Floats]] = {  # against -> (what it is, where it is looked at)
    "residual": ("miss z − y", np.arange(-50, 51) / 10),
    "logit": ("logit z", np.arange(-80, 81) / 10),
    "probability": ("probability p", np.arange(1, 100) / 100),
    "margin": ("margin m = ±z", np.arange(-40, 41) / 10),
    "lead": ("lead of the right class’s logit over the others", np.arange(-80, 81) / 10),
}
_TASK = {"residual": "regression", "lead": "multiclass"}  # the others are binary


@dataclass(frozen=True)
class LossCurves:
    """L losses against n places of one axis. Slope and curvature are by what is on that axis."""

    against: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    families: tuple[Family, ...]
    unit: Unit
    x: Floats  # (n,)
    value: Floats  # (L, n); NaN where the loss is not defined
    gradient: Floats  # (L, n)
    curvature: Floats  # (L, n)

    @property
    def bends_down(self) -> NDArray[np.bool_]:
        """(L, n) where the curvature is negative, beyond rounding."""
        return self.curvature < -1e-12


def in_nats(loss: Loss) -> bool:
    """Whether the loss is a logarithm of a probability, and so has a unit."""
    return "in nats" in loss.convention


def fits(loss: Loss, against: str) -> bool:
    """Whether a loss can be drawn against that axis."""
    if loss.task != _TASK.get(against, "binary"):
        return False
    return against != "probability" or loss.link == "sigmoid"


def loss_curves(
    losses: Sequence[str | Loss],
    against: str = "residual",
    y: float | None = None,
    x: ArrayLike | None = None,
    unit: Unit = "nats",
    classes: int = 10,
) -> LossCurves:
    """Value, slope and curvature of losses against one axis.

    ``against``: "residual" (regression; the prediction minus y, where y, 4 by default, matters only to
    Poisson's rate), "logit" and "probability" (two classes; y in [0, 1] may be soft, 0 by default),
    "margin" (two classes; the logit times +1 for yes, -1 for no), or "lead" (K ``classes``; the right
    class's logit, the others being 0). ``x`` are the places (n,); by default those of `AXES`. ``unit``
    "bits" divides what is in nats by ln 2.

    Raises ValueError for an unknown axis or unit, a loss that does not fit the axis, y or classes out of
    range, or a probability that is not between 0 and 1; KeyError for an unknown loss.
    """
    if against not in AXES:
        raise ValueError(f"against must be one of {', '.join(AXES)}; got {against!r}")
    if unit not in ("nats", "bits"):
        raise ValueError(f"unit must be nats or bits; got {unit!r}")
    rows = [any_loss(loss) for loss in losses]
    if not rows:
        raise ValueError("losses must name at least one loss; got none")
    for row in rows:
        if not fits(row, against):
            raise ValueError(f"{row.name} cannot be drawn against the {against}: it is a {row.task} loss")
    at = AXES[against][1] if x is None else np.asarray(x, dtype=np.float64)
    if against == "probability" and not bool(((at > 0) & (at < 1)).all()):
        raise ValueError("x against the probability must lie between 0 and 1, both left out")
    if against == "residual":
        target = number_in("y", 4.0 if y is None else y)
    else:
        target = number_in("y", (1.0 if against == "margin" else 0.0) if y is None else y, 0.0, 1.0)
    count_in("classes", classes, 2, 1000)
    curves = np.array([_CURVES[against](row, at, target, classes) for row in rows])  # (L, 3, n)
    if unit == "bits":
        curves[[in_nats(row) for row in rows]] /= log(2)
    return LossCurves(
        against,
        tuple(row.name for row in rows),
        tuple(named(row) for row in rows),
        tuple(row.family for row in rows),
        unit,
        at,
        curves[:, 0],
        curves[:, 1],
        curves[:, 2],
    )


def _three(row: Loss, z: Floats, y: Floats | float) -> list[Floats]:
    return [part(z, y).numpy() for part in (row.value, row.gradient, row.curvature)]


def _by_residual(row: Loss, r: Floats, y: float, classes: int) -> list[Floats]:
    if row.link != "exp":
        return _three(row, y + r, np.full_like(r, y))
    rate = np.where(y + r > 0, y + r, np.nan)  # of a rate, not of its logarithm: by the chain rule
    value, slope, bend = _three(row, np.log(rate), np.full_like(r, y))
    return [value, slope / rate, (bend - slope) / rate**2]


def _by_logit(row: Loss, z: Floats, y: float, classes: int) -> list[Floats]:
    return _three(row, z, y)


def _by_probability(row: Loss, p: Floats, y: float, classes: int) -> list[Floats]:
    value, slope, bend = _three(row, np.log(p) - np.log1p(-p), y)
    pace = p * (1 - p)  # dp/dz
    return [value, slope / pace, (bend - slope * (1 - 2 * p)) / pace**2]


def _by_margin(row: Loss, m: Floats, y: float, classes: int) -> list[Floats]:
    sign = 1.0 if y >= 0.5 else -1.0
    value, slope, bend = _three(row, sign * m, float(y >= 0.5))
    return [value, sign * slope, bend]


def _by_lead(row: Loss, t: Floats, y: float, classes: int) -> list[Floats]:
    z = np.zeros((len(t), classes))
    z[:, 0] = t
    value, slope, bend = _three(row, z, np.zeros(len(t), dtype=np.int64))
    return [value, slope[:, 0], bend[:, 0]]


_CURVES: dict[str, Callable[[Loss, Floats, float, int], list[Floats]]] = {
    "residual": _by_residual,
    "logit": _by_logit,
    "probability": _by_probability,
    "margin": _by_margin,
    "lead": _by_lead,
}
