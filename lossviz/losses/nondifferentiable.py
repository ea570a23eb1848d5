"""Losses whose gradient is zero wherever it exists, so that no network can be trained on them.

They are not in `LOSSES`, so that no training offers them, but have the same rows: they can be drawn beside
the surrogate losses that are minimized instead.
"""

from types import MappingProxyType

import numpy as np
from torch import Tensor

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.losses.base import Loss, Setting


def zero_one(z: Tensor, y: Tensor) -> Tensor:
    """1 if the class [z > 0] is wrong, else 0; the weighted mean of both for y between 0 and 1."""
    predicted = (z > 0).to(z.dtype)
    return (1 - y) * predicted + y * (1 - predicted)


def hit_or_miss(z: Tensor, y: Tensor, width: float) -> Tensor:
    """1 if |z - y| > width, else 0."""
    return ((z - y).abs() > width).to(z.dtype)


def _densest_window(y: Floats, width: float) -> float:
    """The middle of the tightest group of points among those with most points within 2 width."""
    ordered = np.sort(y)
    last = np.searchsorted(ordered, ordered + 2 * width, side="right") - 1
    count = last - np.arange(len(ordered))
    groups = np.flatnonzero(count == count.max())
    first = groups[np.argmin(ordered[last[groups]] - ordered[groups])]
    return float(0.5 * (ordered[first] + ordered[last[first]]))


NONDIFFERENTIABLE: Registry[Loss] = Registry(
    "nondifferentiable loss",
    [
        Loss(
            name="zero-one",
            label="0-1 loss",
            family="margin",
            task="binary",
            target_kind="probability",
            activation="identity",
            function=zero_one,
            formula=r"L = [(2y - 1)\, z \le 0]",
            convention="its mean is 1 − accuracy; z = 0 says no; for soft y the mean over both labels",
            source="P. Bartlett et al., Convexity, Classification, and Risk Bounds (2006)",
            differentiable=False,
        ),
        Loss(
            name="hit-or-miss",
            label="0-1 loss with a tolerance",
            family="margin",
            task="regression",
            target_kind="real",
            activation="identity",
            function=hit_or_miss,
            formula=r"L = [\,|z - y| > w\,]",
            convention="as w goes to 0 the best constant goes to the mode",
            source="C. Bishop, Pattern Recognition and Machine Learning (2006), exercise 1.27",
            settings=MappingProxyType({"width": Setting(1.5, 1e-6, 1e6, "the tolerance", "±")}),
            common_name="0-1 loss",
            minimizer="the densest window",
            constant_minimizer=_densest_window,
            differentiable=False,
        ),
    ],
)
