"""Hessian-vector products by central differences of gradients: for a loss that autograd differentiates once.

In float64, where the error of a difference is far below that of an eigenvalue. A difference that crosses a
kink (of a ReLU, of a maximum) is wrong by an amount that grows as the step shrinks, so that each product is
computed with two steps, which must agree.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lossviz.common.errors import InvalidInputError
from lossviz.curvature.products import AutogradHessian

STEPS = (1e-5, 1e-6, 1e-7, 1e-4, 1e-3, 1e-8)  # relative to the weights, tried in this order
AGREEMENT = 1e-4  # relative difference of the products by two steps
SMALLEST = 1e-3  # a parameter's entries count as at least this share of the mean, in steps
NOISE = 64 * torch.finfo(torch.float64).eps  # rounding error of a gradient, relative to it


class DifferenceHessian:
    """The interface of `AutogradHessian`, by differences of its gradients.

    Args:
        gradients: Has the model, the loss and the data, in float64.
        method: How the products are computed and why, in a few words.
    """

    def __init__(self, gradients: AutogradHessian, method: str) -> None:
        self.method, self.reason = method, method
        self.weights, self.like = gradients.weights, gradients.like
        self.batches = gradients.batches
        self._gradients = gradients
        self._largest = 0.0  # the largest ||H v|| / ||v|| so far
        self.refresh()

    def refresh(self) -> None:
        """Evaluate again, at the weights as they are now."""
        self._evaluated: tuple[float, Tensor] | None = None
        self._sizes = block_sizes(self.weights)

    def _evaluate(self) -> tuple[float, Tensor]:
        if self._evaluated is None:
            self._evaluated = self._gradients.loss_and_gradient()
        return self._evaluated

    @property
    def loss(self) -> float:
        """The loss over all batches."""
        return self._evaluate()[0]

    @property
    def gradient(self) -> Tensor:
        """The gradient (n,) of the loss over all batches."""
        return self._evaluate()[1]

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,).

        Raises:
            ValueError: If no two steps agree.
        """
        v = vector.to(self.like)
        length = float(v.norm())
        if not length:
            return torch.zeros_like(self.like)
        ratios = [
            float(part.norm()) / size
            for part, size in zip(split_like(v, self.weights), self._sizes, strict=True)
        ]
        for relative in STEPS:
            step = relative / max(ratios)
            wide, product = (central_difference(self._gradients, v, s)[1] for s in (step, step / 10))
            rounding = 10 * NOISE * float(self._evaluate()[1].norm()) / step
            scale = max(float(product.norm()), self._largest * length)
            if not bool(product.isfinite().all()):
                return product
            if float((wide - product).norm()) <= AGREEMENT * scale + rounding:
                self._largest = max(self._largest, float(product.norm()) / length)
                return product
        raise InvalidInputError(
            "the Hessian cannot be computed by differences of gradients, which change with their step: the "
            f"loss has a kink or a jump at these weights, or rounding errors; autograd's was not used, since "
            f"{self.method.partition(', since ')[2]}"
        )


def central_difference(gradients: AutogradHessian, v: Tensor, step: float) -> tuple[float, Tensor]:
    """(L(w + s v) - L(w - s v)) / 2 s and the same of the gradient, (n,); the weights are set back."""
    gradients.refresh()  # its graph is of no use once the weights have moved
    before = [weight.detach().clone() for weight in gradients.weights]
    found = []
    try:
        for sign in (1, -1):
            with torch.no_grad():
                parts = split_like(v, gradients.weights)
                for weight, old, part in zip(gradients.weights, before, parts, strict=True):
                    weight.copy_(old + sign * step * part.view_as(weight))
            found.append(gradients.loss_and_gradient())
    finally:
        with torch.no_grad():
            for weight, old in zip(gradients.weights, before, strict=True):
                weight.copy_(old)
    (high, g_high), (low, g_low) = found
    return (high - low) / (2 * step), (g_high - g_low) / (2 * step)


def split_like(flat: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The parts (n_k,) of a flat vector (n,) that belong to each of the weights."""
    return torch.split(flat, [weight.numel() for weight in weights])


def block_sizes(weights: Sequence[Tensor]) -> list[float]:
    """The Euclidean length of each parameter, but not much less than if its entries were as all others."""
    lengths = [float(weight.detach().norm()) for weight in weights]
    count = sum(weight.numel() for weight in weights)
    mean = math.sqrt(sum(length**2 for length in lengths) / count) or 1.0
    return [
        max(length, SMALLEST * mean * math.sqrt(weight.numel()))
        for length, weight in zip(lengths, weights, strict=True)
    ]
