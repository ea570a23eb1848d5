"""What each loss costs an example, in torch: the functions that the rows of `LOSSES` name.

Binary losses take one logit and a target y in [0, 1]; multi-class losses take K logits and a class
number (or a distribution over the K classes), and add over the K outputs; regression losses take a
prediction z and a number y. None averages over examples. Logarithms are natural.

Write the value; autograd finds the slope. What `links` does is keep that slope right where it is tiny.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.losses.links import residual, sigmoid, softmax, softmax_cross_entropy, softplus


def targets_for(z: Tensor, y: Tensor) -> Tensor:
    """Targets (..., K) from class numbers (...,): one-hot. Distributions pass through."""
    if y.is_floating_point():
        return y.to(z.dtype)
    return F.one_hot(y.long(), z.shape[-1]).to(z.dtype)


# --- binary: z (...,), y (...,) in [0, 1] ------------------------------------------------------------


def sigmoid_mse(z: Tensor, y: Tensor) -> Tensor:
    return residual(*sigmoid(z), y) ** 2


def sigmoid_half_mse(z: Tensor, y: Tensor) -> Tensor:
    return 0.5 * sigmoid_mse(z, y)


def sigmoid_ce(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * softplus(z) + y * softplus(-z)


def tanh_mse(z: Tensor, y: Tensor) -> Tensor:
    # tanh z = 2 sigmoid(2z) - 1, and the target 2y - 1 is on the same scale: twice the residual.
    return (2 * residual(*sigmoid(2 * z), y)) ** 2


def hinge(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * F.relu(1 + z) + y * F.relu(1 - z)


def squared_hinge(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * F.relu(1 + z) ** 2 + y * F.relu(1 - z) ** 2


def focal(z: Tensor, y: Tensor, gamma: float) -> Tensor:
    # (1 - p_t)^gamma as exp(-gamma softplus): a power of an underflowed p would have an infinite slope.
    miss, hit = softplus(z), softplus(-z)  # -log(1 - p), -log p
    return (1 - y) * torch.exp(-gamma * hit) * miss + y * torch.exp(-gamma * miss) * hit


# --- multi-class: z (..., K), y (...,) class numbers or (..., K) probabilities -----------------------


def softmax_ce(z: Tensor, y: Tensor) -> Tensor:
    return softmax_cross_entropy(z, targets_for(z, y))


def softmax_mse(z: Tensor, y: Tensor) -> Tensor:
    return (residual(*softmax(z), targets_for(z, y)) ** 2).sum(dim=-1)


def softmax_ce_smoothed(z: Tensor, y: Tensor, smoothing: float) -> Tensor:
    target = targets_for(z, y)
    return softmax_cross_entropy(z, (1 - smoothing) * target + smoothing / z.shape[-1])


def softmax_twice(z: Tensor, y: Tensor) -> Tensor:
    return softmax_cross_entropy(softmax(z)[0], targets_for(z, y))


def sigmoid_bce_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_ce(z, targets_for(z, y)).sum(dim=-1)


def sigmoid_mse_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_mse(z, targets_for(z, y)).sum(dim=-1)


# --- regression: z (...,) the prediction (or its logarithm), y (...,) --------------------------------


def mse(z: Tensor, y: Tensor) -> Tensor:
    return (z - y) ** 2


def mae(z: Tensor, y: Tensor) -> Tensor:
    return (z - y).abs()


def huber(z: Tensor, y: Tensor, delta: float) -> Tensor:
    z, y = torch.broadcast_tensors(z, y)  # type: ignore[no-untyped-call]  # torch warns where it does it
    return F.huber_loss(z, y, reduction="none", delta=delta)


def log_cosh(z: Tensor, y: Tensor) -> Tensor:
    # Near 0, |r| + log(1 + e^-2|r|) - log 2 is the difference of two equal numbers, and far out sinh
    # overflows: each half is used where it is exact, and kept finite where it is not used.
    miss = z - y
    near = miss.abs() < 1
    inside = torch.where(near, miss, torch.zeros_like(miss))
    outside = torch.where(near, torch.ones_like(miss), miss).abs()
    return torch.where(
        near,
        0.5 * torch.log1p(torch.sinh(inside) ** 2),
        outside + torch.log1p(torch.exp(-2 * outside)) - math.log(2),
    )


def quantile(z: Tensor, y: Tensor, tau: float) -> Tensor:
    return tau * F.relu(y - z) + (1 - tau) * F.relu(z - y)


def poisson_nll(z: Tensor, y: Tensor) -> Tensor:
    return torch.exp(z) - y * z


def gaussian_nll(z: Tensor, y: Tensor, sigma: float) -> Tensor:
    return 0.5 * ((z - y) / sigma) ** 2 + math.log(sigma)
