"""The sigmoid, the softmax and the softplus, written so that nothing cancels, however sure they are.

A loss on a plateau is a story about tiny numbers: at z = 20 the slope of squared error is 4e-9. The
usual ``p * (1 - p)`` loses it, since in float32 p is exactly 1 from z = 17 on. Every function here is
written in ``u = exp(-|z|)``, which is in (0, 1] and exact at both ends, so that *autograd's own* first
and second derivatives keep their relative precision until the true value underflows.

The other half of the trick is to return ``1 - p`` beside ``p`` instead of subtracting: see `residual`.
"""

import torch
from torch import Tensor


def _decay(z: Tensor) -> Tensor:
    """exp(-|z|), with the slope of the left branch at 0 (``abs`` would give 0 there)."""
    return torch.exp(torch.where(z > 0, -z, z))


def softplus(z: Tensor) -> Tensor:
    """log(1 + e^z), elementwise. Its slope is the sigmoid."""
    return torch.where(z > 0, z, torch.zeros_like(z)) + torch.log1p(_decay(z))


def sigmoid(z: Tensor) -> tuple[Tensor, Tensor]:
    """(p, 1 - p) for p = 1 / (1 + e^-z), elementwise; neither is ever found by subtraction."""
    u = _decay(z)
    large, small = 1 / (1 + u), u / (1 + u)
    return torch.where(z > 0, large, small), torch.where(z > 0, small, large)


def _ratios(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The largest logit m (..., 1), e^(z - m) with 0 in its place (..., K), and where it is (..., K).

    Its own ratio, e^0 = 1, is left out: as a constant it would only add and take away 1 in the
    gradient, and drown the others.
    """
    largest, place = z.max(dim=-1, keepdim=True)
    at_largest = torch.zeros_like(z, dtype=torch.bool).scatter(-1, place, True)
    return largest, torch.exp(z - largest).masked_fill(at_largest, 0.0), at_largest


def softmax(z: Tensor) -> tuple[Tensor, Tensor]:
    """(p, 1 - p) over the last axis, each (..., K); the larger one's complement is the sum of the rest."""
    _, ratio, at_largest = _ratios(z)
    rest = ratio.sum(dim=-1, keepdim=True)
    total = 1 + rest
    p = torch.where(at_largest, 1 / total, ratio / total)
    complement = torch.where(at_largest, rest / total, (total - ratio) / total)
    return p, complement


def softmax_cross_entropy(z: Tensor, target: Tensor) -> Tensor:
    """-sum_k target_k log softmax(z)_k in nats, over the last axis; each row of target sums to 1."""
    largest, ratio, at_largest = _ratios(z)
    gap = (largest - z).masked_fill(at_largest, 0.0)  # as a constant, for the reason in `_ratios`
    return (target * gap).sum(dim=-1) + torch.log1p(ratio.sum(dim=-1))


def residual(p: Tensor, complement: Tensor, y: Tensor) -> Tensor:
    """p - y for y in [0, 1]. Written without subtracting from 1: at y = 1 it is exactly -(1 - p)."""
    return p * (1 - y) - complement * y
