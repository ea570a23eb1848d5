"""Gradients dL/dz in closed form, for training many networks at once.

Autograd differentiates about twenty elementwise operations of a numerically stable loss, which takes longer
than the network itself. The formulas here are as stable, since nothing is subtracted from 1; a test
compares each with autograd. They hold for hard targets: 0 or 1, or a class number. The rows of `LOSSES`
name them; a loss that names none is differentiated by autograd.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.losses.base import GradientFunction, Loss


def _one_hot(z: Tensor, y: Tensor) -> Tensor:
    return F.one_hot(y, z.shape[-1]).to(z.dtype)


def sigmoid_ce(z: Tensor, y: Tensor) -> Tensor:
    """p - y, with p = sigmoid(z)."""
    sign = 1 - 2 * y  # of p - y: 1 for y = 0, -1 for y = 1
    return (z * sign).sigmoid_().mul_(sign)


def sigmoid_mse(z: Tensor, y: Tensor) -> Tensor:
    """2 (p - y) p (1 - p)."""
    sign = 1 - 2 * y
    wrong = z * sign  # the logit of the wrong class
    p_right = torch.sigmoid(-wrong)
    wrong.sigmoid_()  # now its probability
    return p_right.mul_(wrong).mul_(wrong).mul_(2 * sign)


def sigmoid_half_mse(z: Tensor, y: Tensor) -> Tensor:
    """(p - y) p (1 - p)."""
    return sigmoid_mse(z, y).mul_(0.5)


def softmax_ce(z: Tensor, y: Tensor) -> Tensor:
    """p - one_hot(y), with p = softmax(z)."""
    target = _one_hot(z, y)
    wrong = torch.softmax(z, dim=-1).mul_(1 - target)
    return wrong - target * wrong.sum(dim=-1, keepdim=True)  # p_y - 1 is minus the sum of the others


def softmax_mse(z: Tensor, y: Tensor) -> Tensor:
    """2 p_j (r_j - sum_k p_k r_k), with r = p - one_hot(y)."""
    p = torch.softmax(z, dim=-1)
    r = softmax_ce(z, y)
    # Where the most likely class is nearly certain, r_j and the sum are nearly equal: subtract their common
    # part.
    r = r - r.gather(-1, p.argmax(dim=-1, keepdim=True))
    mean = (p * r).sum(dim=-1, keepdim=True)
    return (r - mean).mul_(p).mul_(2)


def sigmoid_bce_onehot(z: Tensor, y: Tensor) -> Tensor:
    """sigmoid(z) - one_hot(y)."""
    return sigmoid_ce(z, _one_hot(z, y))


def sigmoid_mse_onehot(z: Tensor, y: Tensor) -> Tensor:
    """2 r p (1 - p), with p = sigmoid(z) and r = p - one_hot(y)."""
    return sigmoid_mse(z, _one_hot(z, y))


def mse(z: Tensor, y: Tensor) -> Tensor:
    """2 (z - y)."""
    return (z - y).mul_(2)


def gradient_of(loss: Loss) -> GradientFunction:
    """The gradient of a loss with respect to its logits: in closed form if there is one, else by autograd.

    Args:
        loss: A row of `LOSSES`.

    Returns:
        A function of logits z (..., n) or (..., n, K) and hard targets y (..., n), with a result of the
        shape of z.
    """

    def by_autograd(z: Tensor, y: Tensor) -> Tensor:
        leaf = z.detach().requires_grad_()
        with torch.enable_grad():
            targets = y if loss.task == "multiclass" else y.expand_as(leaf)
            (gradient,) = torch.autograd.grad(loss(leaf, targets).sum(), leaf)
        return gradient

    return loss.gradient_function or by_autograd
