"""The losses as differentiable torch functions of the logit z and the target y.

None reduces over examples, as with ``reduction="none"`` in torch. Binary losses take one logit (...,) and a
target (...,) in [0, 1]. Multi-class losses take K logits (..., K) and class numbers (...,) or probabilities
(..., K), and sum over the K outputs. Regression losses take a prediction z and a target y, both (...,).
Logarithms are natural. `lossviz.losses.table` has the formula, the convention and the source of each.

Only values are written here; autograd differentiates them. `lossviz.losses.activations` keeps these
derivatives accurate where they are tiny.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.losses.activations import residual, sigmoid, softmax, softmax_cross_entropy, softplus


def one_hot_targets(z: Tensor, y: Tensor) -> Tensor:
    """Targets (..., K): the one-hot rows of class numbers (...,); probabilities (..., K) stay as they are."""
    if y.is_floating_point():
        return y.to(z.dtype)
    return F.one_hot(y.long(), z.shape[-1]).to(z.dtype)


# --- binary: z (...,), y (...,) in [0, 1] ------------------------------------------------------------


def sigmoid_mse(z: Tensor, y: Tensor) -> Tensor:
    """(sigmoid(z) - y)^2, without 1/2."""
    return residual(*sigmoid(z), y) ** 2


def sigmoid_half_mse(z: Tensor, y: Tensor) -> Tensor:
    """(sigmoid(z) - y)^2 / 2."""
    return 0.5 * sigmoid_mse(z, y)


def sigmoid_ce(z: Tensor, y: Tensor) -> Tensor:
    """-y ln p - (1 - y) ln(1 - p) with p = sigmoid(z): ``F.binary_cross_entropy_with_logits``."""
    return (1 - y) * softplus(z) + y * softplus(-z)


def tanh_mse(z: Tensor, y: Tensor) -> Tensor:
    """(tanh(z) - (2 y - 1))^2."""
    # tanh z = 2 sigmoid(2z) - 1, and the target 2y - 1 is on the same scale: twice the residual.
    return (2 * residual(*sigmoid(2 * z), y)) ** 2


def hinge(z: Tensor, y: Tensor) -> Tensor:
    """max(0, 1 - z) for y = 1, max(0, 1 + z) for y = 0, their weighted mean between."""
    return (1 - y) * F.relu(1 + z) + y * F.relu(1 - z)


def squared_hinge(z: Tensor, y: Tensor) -> Tensor:
    """max(0, 1 - z)^2 for y = 1, max(0, 1 + z)^2 for y = 0, their weighted mean between."""
    return (1 - y) * F.relu(1 + z) ** 2 + y * F.relu(1 - z) ** 2


def focal(z: Tensor, y: Tensor, gamma: float) -> Tensor:
    """-y (1 - p)^gamma ln p - (1 - y) p^gamma ln(1 - p) with p = sigmoid(z)."""
    # p^gamma is exp(-gamma softplus(-z)): a power of a p that underflows would have an infinite derivative.
    minus_log_complement, minus_log_p = softplus(z), softplus(-z)
    return (1 - y) * torch.exp(-gamma * minus_log_p) * minus_log_complement + y * torch.exp(
        -gamma * minus_log_complement
    ) * minus_log_p


# --- multi-class: z (..., K), y (...,) class numbers or (..., K) probabilities -----------------------


def softmax_ce(z: Tensor, y: Tensor) -> Tensor:
    """-sum_k y_k ln softmax(z)_k: ``F.cross_entropy``."""
    return softmax_cross_entropy(z, one_hot_targets(z, y))


def softmax_mse(z: Tensor, y: Tensor) -> Tensor:
    """sum_k (softmax(z)_k - y_k)^2, without 1/2."""
    return (residual(*softmax(z), one_hot_targets(z, y)) ** 2).sum(dim=-1)


def softmax_ce_smoothed(z: Tensor, y: Tensor, smoothing: float) -> Tensor:
    """`softmax_ce` of (1 - smoothing) y + smoothing / K: ``F.cross_entropy(label_smoothing=...)``."""
    target = one_hot_targets(z, y)
    return softmax_cross_entropy(z, (1 - smoothing) * target + smoothing / z.shape[-1])


def softmax_twice(z: Tensor, y: Tensor) -> Tensor:
    """-sum_k y_k ln softmax(softmax(z))_k: probabilities passed to ``F.cross_entropy``, a common mistake."""
    return softmax_cross_entropy(softmax(z)[0], one_hot_targets(z, y))


def sigmoid_bce_onehot(z: Tensor, y: Tensor) -> Tensor:
    """`sigmoid_ce` of each logit against its component of the one-hot target, summed."""
    return sigmoid_ce(z, one_hot_targets(z, y)).sum(dim=-1)


def sigmoid_mse_onehot(z: Tensor, y: Tensor) -> Tensor:
    """`sigmoid_mse` of each logit against its component of the one-hot target, summed."""
    return sigmoid_mse(z, one_hot_targets(z, y)).sum(dim=-1)


# --- regression: z (...,) the prediction (or its logarithm), y (...,) --------------------------------


def mse(z: Tensor, y: Tensor) -> Tensor:
    """(z - y)^2, without 1/2: ``F.mse_loss``."""
    return (z - y) ** 2


def mae(z: Tensor, y: Tensor) -> Tensor:
    """|z - y|: ``F.l1_loss``."""
    return (z - y).abs()


def huber(z: Tensor, y: Tensor, delta: float) -> Tensor:
    """r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2), with r = z - y: ``F.huber_loss``."""
    # F.huber_loss warns if it broadcasts.
    z, y = torch.broadcast_tensors(z, y)  # type: ignore[no-untyped-call]
    return F.huber_loss(z, y, reduction="none", delta=delta)


def log_cosh(z: Tensor, y: Tensor) -> Tensor:
    """ln cosh(z - y)."""
    # |r| + log(1 + e^-2|r|) - log 2 cancels near 0, and sinh(r) overflows far from it: each formula is used
    # where it is accurate, and evaluated at a harmless argument elsewhere, so that its gradient stays finite.
    r = z - y
    small = r.abs() < 1
    inner = torch.where(small, r, torch.zeros_like(r))
    outer = torch.where(small, torch.ones_like(r), r).abs()
    return torch.where(
        small,
        0.5 * torch.log1p(torch.sinh(inner) ** 2),
        outer + torch.log1p(torch.exp(-2 * outer)) - math.log(2),
    )


def quantile(z: Tensor, y: Tensor, tau: float) -> Tensor:
    """tau (y - z) for z <= y, else (1 - tau) (z - y): the pinball loss."""
    return tau * F.relu(y - z) + (1 - tau) * F.relu(z - y)


def poisson_nll(z: Tensor, y: Tensor) -> Tensor:
    """e^z - y z, z being the logarithm of the rate, without the constant ln y!: ``F.poisson_nll_loss``."""
    return torch.exp(z) - y * z


def gaussian_nll(z: Tensor, y: Tensor, sigma: float) -> Tensor:
    """(z - y)^2 / (2 sigma^2) + ln sigma, without the constant ln(2 pi) / 2: ``F.gaussian_nll_loss``."""
    return 0.5 * ((z - y) / sigma) ** 2 + math.log(sigma)
