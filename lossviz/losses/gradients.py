"""Slopes dL/dz in closed form, for training many networks at once.

Autograd walks back through twenty small operations of a carefully written loss, which is more than the
network itself costs. The formulas here are as careful, nothing is subtracted from 1, and a test holds each
against autograd. They are for labels that are certain: 0 or 1, or a class number. A loss without a row here
is differentiated by autograd.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.losses.base import Loss

Slope = Callable[[Tensor, Tensor], Tensor]


def _one_hot(z: Tensor, y: Tensor) -> Tensor:
    return F.one_hot(y, z.shape[-1]).to(z.dtype)


def sigmoid_ce(z: Tensor, y: Tensor) -> Tensor:
    away = 1 - 2 * y  # 1 for a target of 0, -1 for a target of 1: which way is wrong
    return (z * away).sigmoid_().mul_(away)


def sigmoid_mse(z: Tensor, y: Tensor) -> Tensor:
    away = 1 - 2 * y
    miss = z * away  # the logit of the wrong answer
    right = torch.sigmoid(-miss)
    miss.sigmoid_()
    return right.mul_(miss).mul_(miss).mul_(2 * away)


def sigmoid_half_mse(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_mse(z, y).mul_(0.5)


def softmax_ce(z: Tensor, y: Tensor) -> Tensor:
    target = _one_hot(z, y)
    rest = torch.softmax(z, dim=-1).mul_(1 - target)  # the right class's own p is never needed
    return rest - target * rest.sum(dim=-1, keepdim=True)


def softmax_mse(z: Tensor, y: Tensor) -> Tensor:
    p = torch.softmax(z, dim=-1)
    miss = softmax_ce(z, y)  # p - target
    # 2 p_j (miss_j - sum_k p_k miss_k), measured from the likeliest class: where that is nearly certain,
    # the two terms are nearly equal, and this takes away what they share.
    miss = miss - miss.gather(-1, p.argmax(dim=-1, keepdim=True))
    along = (p * miss).sum(dim=-1, keepdim=True)
    return (miss - along).mul_(p).mul_(2)


def sigmoid_bce_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_ce(z, _one_hot(z, y))


def sigmoid_mse_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_mse(z, _one_hot(z, y))


def mse(z: Tensor, y: Tensor) -> Tensor:
    return (z - y).mul_(2)


SLOPES: dict[str, Slope] = {
    "sigmoid-ce": sigmoid_ce,
    "sigmoid-mse": sigmoid_mse,
    "sigmoid-half-mse": sigmoid_half_mse,
    "softmax-ce": softmax_ce,
    "softmax-mse": softmax_mse,
    "sigmoid-bce-onehot": sigmoid_bce_onehot,
    "sigmoid-mse-onehot": sigmoid_mse_onehot,
    "mse": mse,
}


def slope_of(loss: Loss) -> Slope:
    """(z, y) -> dL/dz per example, of the shape of z; z (..., n) or, for K logits, (..., n, K)."""

    def by_autograd(z: Tensor, y: Tensor) -> Tensor:
        leaf = z.detach().requires_grad_()
        with torch.enable_grad():
            targets = y if loss.task == "multiclass" else y.expand_as(leaf)
            (found,) = torch.autograd.grad(loss(leaf, targets).sum(), leaf)
        return found

    return SLOPES.get(loss.name, by_autograd)
