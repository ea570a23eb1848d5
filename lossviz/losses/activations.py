"""Sigmoid, softmax and softplus without cancellation, however large the logits are.

Where a sigmoid is saturated, gradients are tiny: at z = 20 that of squared error is 4e-9. The usual ``p *
(1 - p)`` loses it, since in float32 p is exactly 1 from z = 17 on. All functions here are written in terms
of ``u = exp(-|z|)``, which lies in (0, 1] and is exact at both ends, so that autograd's first and second
derivatives keep their relative precision until the true value underflows.

For the same reason ``1 - p`` is returned beside ``p`` instead of being computed by subtraction; see
`residual`.
"""

import torch
from torch import Tensor


def _exp_minus_abs(z: Tensor) -> Tensor:
    """exp(-|z|), with the derivative of its left branch at 0; ``abs`` would have derivative 0 there."""
    return torch.exp(torch.where(z > 0, -z, z))


def softplus(z: Tensor) -> Tensor:
    """log(1 + e^z), elementwise. Its derivative is the sigmoid."""
    return torch.where(z > 0, z, torch.zeros_like(z)) + torch.log1p(_exp_minus_abs(z))


def sigmoid(z: Tensor) -> tuple[Tensor, Tensor]:
    """p = 1 / (1 + e^-z) and 1 - p, elementwise, neither by subtraction."""
    u = _exp_minus_abs(z)
    large, small = 1 / (1 + u), u / (1 + u)
    return torch.where(z > 0, large, small), torch.where(z > 0, small, large)


def _shifted_exponentials(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The largest logit m (..., 1), e^(z - m) (..., K) with 0 in its place, and a mask (..., K) of its place.

    The exponential of the largest logit, e^0 = 1, is left out: it is constant, and would only add 1 to the
    gradient and subtract it again, which would cost the other terms their digits.
    """
    largest, index = z.max(dim=-1, keepdim=True)
    at_largest = torch.zeros_like(z, dtype=torch.bool).scatter(-1, index, True)
    return largest, torch.exp(z - largest).masked_fill(at_largest, 0.0), at_largest


def softmax(z: Tensor) -> tuple[Tensor, Tensor]:
    """p = softmax(z) and 1 - p over the last axis, each (..., K).

    The complement of the largest p is the sum of the others.
    """
    _, exponentials, at_largest = _shifted_exponentials(z)
    others = exponentials.sum(dim=-1, keepdim=True)
    total = 1 + others
    p = torch.where(at_largest, 1 / total, exponentials / total)
    complement = torch.where(at_largest, others / total, (total - exponentials) / total)
    return p, complement


def softmax_cross_entropy(z: Tensor, target: Tensor) -> Tensor:
    """-sum_k target_k ln softmax(z)_k (...,) of logits and targets (..., K); each target sums to 1."""
    largest, exponentials, at_largest = _shifted_exponentials(z)
    gap = (largest - z).masked_fill(at_largest, 0.0)  # constant, for the reason in `_shifted_exponentials`
    return (target * gap).sum(dim=-1) + torch.log1p(exponentials.sum(dim=-1))


def residual(p: Tensor, complement: Tensor, y: Tensor) -> Tensor:
    """p - y for y in [0, 1], without subtracting from 1: at y = 1 it is exactly -(1 - p)."""
    return p * (1 - y) - complement * y
