"""The same loss computed in several ways: what a sigmoid before a logarithm loses, and what a second
softmax does.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import as_tensor, count_in
from lossviz.metrics.landmarks import softmax_twice_floor

WAYS = ("sigmoid, then log, float32", "sigmoid, then log, float64", "from the logit, float32")


@dataclass(frozen=True)
class FloatCurves:
    """Binary cross-entropy for target 0 against the logit: what torch returns, way by way."""

    z: Floats  # (n,)
    ways: tuple[str, ...]
    loss: Floats  # (ways, n)
    gradient: Floats  # (ways, n) dL/dz by autograd


@dataclass(frozen=True)
class SoftmaxTwiceCurves:
    """Cross-entropy of K logits, and of their softmax taken for logits, against the margin.

    The margin is the right class's logit above that of all others, which are alike.
    """

    classes: int
    margin: Floats  # (n,)
    once: Floats  # (n,) as it should be
    twice: Floats  # (n,) with softmax applied twice
    slope_once: Floats  # (n,) dL/d margin
    slope_twice: Floats  # (n,)
    floor: float  # what `twice` never goes below
    chance: float  # ln K: both at margin 0


def float_curves(z: ArrayLike | None = None) -> FloatCurves:
    """`BCELoss` after a sigmoid in two precisions, and `BCEWithLogitsLoss`, for target 0.

    ``z`` (n,) defaults to 0 to 50 in halves. torch's BCELoss clamps the logarithm at -100 and divides by at
    least 1e-12 in its gradient: both are part of what one gets.
    """
    logits = np.arange(101) / 2 if z is None else np.asarray(as_tensor(z).numpy(), dtype=np.float64)
    loss, gradient = [], []
    for way, kind in enumerate((torch.float32, torch.float64, torch.float32)):
        x = torch.tensor(logits, dtype=kind, requires_grad=True)
        zero = torch.zeros_like(x)
        if way == 2:
            value = F.binary_cross_entropy_with_logits(x, zero, reduction="none")
        else:
            value = F.binary_cross_entropy(torch.sigmoid(x), zero, reduction="none")
        (slope,) = torch.autograd.grad(value.sum(), x)
        loss.append(value.detach().double().numpy())
        gradient.append(slope.double().numpy())
    return FloatCurves(logits, WAYS, np.stack(loss), np.stack(gradient))


def softmax_twice(classes: int = 10, margin: ArrayLike | None = None) -> SoftmaxTwiceCurves:
    """The two curves for so many classes. ``margin`` (n,) defaults to -5 to 15 in fifths.

    Raises ValueError unless classes is from 2 to ten million.
    """
    k = count_in("classes", classes, 2, 10_000_000)
    m = np.arange(-25, 76) / 5 if margin is None else np.asarray(as_tensor(margin).numpy(), dtype=np.float64)
    spread = math.log(k - 1)
    once = np.logaddexp(0.0, spread - m)  # ln(1 + (K - 1) e^-m)
    p = np.exp(-once)
    other = (1 - p) / (k - 1)
    twice = np.logaddexp(0.0, spread + other - p)
    pull = np.exp(-np.logaddexp(0.0, p - other - spread))  # 1 minus the second softmax's probability
    slope_once = -(1 - p)
    slope_twice = -pull * p * (1 - p) * (1 + 1 / (k - 1))
    return SoftmaxTwiceCurves(k, m, once, twice, slope_once, slope_twice, softmax_twice_floor(k), math.log(k))
