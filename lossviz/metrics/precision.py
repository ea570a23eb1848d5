"""A loss computed in several ways: a sigmoid before the logarithm in floating point, and softmax twice."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import as_tensor, count_in
from lossviz.metrics.references import MAX_CLASSES, softmax_twice_floor

METHODS = ("sigmoid, then log, float32", "sigmoid, then log, float64", "from the logit, float32")


@dataclass(frozen=True)
class FloatCurves:
    """Binary cross-entropy for target 0 against the logit, as torch computes it by several methods."""

    z: Floats  # (n,)
    methods: tuple[str, ...]
    loss: Floats  # (methods, n)
    gradient: Floats  # (methods, n) dL/dz by autograd


@dataclass(frozen=True)
class SoftmaxTwiceCurves:
    """Cross-entropy of K logits, and of their softmax taken for logits, against the margin.

    The margin is the true class's logit minus that of all others, which are equal.
    """

    classes: int
    margin: Floats  # (n,)
    once: Floats  # (n,) the correct loss
    twice: Floats  # (n,) with softmax applied twice
    gradient_once: Floats  # (n,) dL/d margin
    gradient_twice: Floats  # (n,)
    floor: float  # the infimum of `twice`
    chance: float  # ln K: the loss at margin 0


def float_curves(z: ArrayLike | None = None) -> FloatCurves:
    """Compute binary cross-entropy for target 0 with `BCELoss` after a sigmoid and with `BCEWithLogitsLoss`.

    torch's BCELoss clamps the logarithm at -100 and divides by at least 1e-12 in its gradient; both are part
    of the result.

    Args:
        z: Logits, (n,); by default 0 to 50 in steps of 1/2.

    Returns:
        Loss and gradient by a sigmoid in float32, a sigmoid in float64, and from the logit in float32.

    Example:
        >>> import lossviz as lv
        >>> lv.metrics.float_curves([17.0]).loss[:, 0].round(2).tolist()
        [100.0, 17.0, 17.0]
    """
    logits = np.arange(101) / 2 if z is None else np.asarray(as_tensor(z).numpy(), dtype=np.float64)
    losses, gradients = [], []
    for from_logits, dtype in ((False, torch.float32), (False, torch.float64), (True, torch.float32)):
        x = torch.tensor(logits, dtype=dtype, requires_grad=True)
        target = torch.zeros_like(x)
        if from_logits:
            value = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        else:
            value = F.binary_cross_entropy(torch.sigmoid(x), target, reduction="none")
        (gradient,) = torch.autograd.grad(value.sum(), x)
        losses.append(value.detach().double().numpy())
        gradients.append(gradient.double().numpy())
    return FloatCurves(logits, METHODS, np.stack(losses), np.stack(gradients))


def softmax_twice(classes: int = 10, margin: ArrayLike | None = None) -> SoftmaxTwiceCurves:
    """Compare cross-entropy with what it becomes if softmax is applied twice.

    Args:
        classes: Number of classes, from 2 to ten million.
        margin: True logit minus the others, (n,); by default -5 to 15 in steps of 1/5.

    Returns:
        Both losses and their derivatives by the margin.

    Raises:
        ValueError: If ``classes`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> round(lv.metrics.softmax_twice(10).floor, 3)
        1.461
    """
    k = count_in("classes", classes, 2, MAX_CLASSES)
    m = np.arange(-25, 76) / 5 if margin is None else np.asarray(as_tensor(margin).numpy(), dtype=np.float64)
    log_others = math.log(k - 1)
    once = np.logaddexp(0.0, log_others - m)  # ln(1 + (K - 1) e^-m)
    p = np.exp(-once)
    other = (1 - p) / (k - 1)
    twice = np.logaddexp(0.0, log_others + other - p)
    miss = np.exp(-np.logaddexp(0.0, p - other - log_others))  # 1 minus the second softmax's probability
    gradient_once = -(1 - p)
    gradient_twice = -miss * p * (1 - p) * (1 + 1 / (k - 1))
    return SoftmaxTwiceCurves(
        k, m, once, twice, gradient_once, gradient_twice, softmax_twice_floor(k), math.log(k)
    )
