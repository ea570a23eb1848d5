"""Check the first and second derivatives of a loss against differences, in float64.

Autograd can be wrong: a user's ``torch.autograd.Function`` has the backward pass that its author wrote, which
need not be differentiable itself; a tensor may be detached on the way; and torch's own double backward has
had faults. With v a random direction and s a small step, on a few examples:

* the gradient's slope g v must be (L(w + s v) - L(w - s v)) / 2 s, or it is not the gradient of this loss;
* the product H v must be (g(w + s v) - g(w - s v)) / 2 s, for each parameter.

That u H v is v H u follows, and `lossviz.curvature.lanczos` sees it at each step.

A difference that crosses a kink, as of a ReLU, is not a derivative. Smaller steps cross fewer; and if the
weights lie on a kink, those nearby do not. So it is enough that one of several steps and places agrees, which
no wrong derivative does.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.curvature.differences import (
    NOISE,
    DifferenceHessian,
    block_sizes,
    central_difference,
    split_like,
)
from lossviz.curvature.products import AutogradHessian

Operator = AutogradHessian | DifferenceHessian

SHORTER = 0.1  # the weights where all else is rounded away, as a multiple of the weights themselves
SETTLED = 0.1  # how far differences by two steps may be apart, relative to how far the product is
NEARBY = 1e-3  # how far away the other places are, relative to each parameter


@dataclass(frozen=True)
class Limits:
    """Steps, relative to the weights, and relative differences that are allowed."""

    steps: tuple[tuple[float, ...], ...]  # at the weights themselves, and at places nearby
    gradient: float
    product: float
    small_part: float  # of a parameter's part of a product, relative to the whole product
    rounding: float  # relative error of a gradient


IN_DOUBLE = Limits(
    steps=((1e-5, 1e-7, 1e-3), (1e-7, 1e-9, 1e-5), (1e-7, 1e-9, 1e-4)),
    gradient=1e-4, product=1e-5, small_part=1e-7, rounding=NOISE,
)  # fmt: skip
IN_SINGLE = Limits(
    steps=((3e-3, 1e-2, 1e-3), (3e-3, 1e-2, 1e-3)),
    gradient=3e-2, product=3e-2, small_part=3e-3,
    rounding=16 * torch.finfo(torch.float32).eps,
)  # fmt: skip


@dataclass
class DerivativeCheck:
    """What was found: whether each order of derivatives agrees with differences."""

    gradient: bool = False
    product: bool = False
    slopes: tuple[float, float] = (math.nan, math.nan)  # last g v, and the loss's difference quotient
    error: str = ""  # of the second derivative, if there is none
    first: tuple[Tensor, Tensor] | None = None  # a direction v, and H v
    informative: bool = True  # False if all is 0 or not finite here, so that nothing was compared

    @property
    def passed(self) -> bool:
        """Whether both agree."""
        return self.gradient and self.product


def check_derivatives(hessian: AutogradHessian, limits: Limits = IN_DOUBLE) -> DerivativeCheck:
    """Check a Hessian; its weights are moved, and set back afterwards.

    Args:
        hessian: Of a copy of the model, in float64 if possible.
        limits: `IN_DOUBLE`, or `IN_SINGLE` for a model that does not run in float64.
    """
    found = DerivativeCheck()
    generator = torch.Generator().manual_seed(0)
    before = [weight.detach().clone() for weight in hessian.weights]
    sizes = block_sizes(hessian.weights)
    try:
        for place, steps in enumerate(limits.steps):
            if place:
                _move(hessian, before, random_direction(hessian, sizes, generator), NEARBY)
            _compare(hessian, sizes, steps, limits, generator, found)
            if found.passed or not found.informative:
                return found
        _move(hessian, before, torch.zeros_like(hessian.like), 0.0)
        if not _settles(hessian, sizes, limits, found):
            # Nothing can be seen here, as where a softmax is 1. With shorter weights nothing is saturated.
            start = [SHORTER * weight for weight in before]
            _move(hessian, start, random_direction(hessian, sizes, generator), NEARBY)
            _compare(hessian, [SHORTER * size for size in sizes], limits.steps[0], limits, generator, found)
    finally:
        _move(hessian, before, torch.zeros_like(hessian.like), 0.0)
    return found


def _compare(
    hessian: AutogradHessian,
    sizes: list[float],
    steps: tuple[float, ...],
    limits: Limits,
    generator: torch.Generator,
    found: DerivativeCheck,
) -> None:
    """Compare derivatives at the present weights with differences, until both orders agree."""
    v = random_direction(hessian, sizes, generator)
    hessian.prepare()
    loss, gradient = hessian.loss_and_gradient()
    slope, scale = float(gradient @ v), scaled_norm(gradient, hessian, sizes)
    product = _product(hessian, v, found)
    bend = 0.0 if product is None else scaled_norm(product, hessian, sizes)
    found.informative = math.isfinite(scale + bend) and scale + bend > 0
    if not found.informative:
        return
    if found.first is None and product is not None:
        found.first = (v, product)
    for step in steps:
        rise, difference = central_difference(hessian, v, step)
        found.slopes = (slope, rise)
        rounding = limits.rounding / step
        allowed = limits.gradient * (scale + step * bend) + rounding * abs(loss)
        found.gradient |= abs(rise - slope) <= allowed
        if product is not None:
            found.product |= _agree(difference, product, gradient, hessian, sizes, limits, rounding)
        if found.gradient and (found.product or product is None):
            return


def _settles(hessian: AutogradHessian, sizes: list[float], limits: Limits, found: DerivativeCheck) -> bool:
    """Whether differences by a small and a large step are much closer to each other than to the product."""
    if found.first is None:
        return True
    v, product = found.first
    small, large = (central_difference(hessian, v, limits.steps[0][k])[1] for k in (0, -1))
    error = min(scaled_norm(one - product, hessian, sizes) for one in (small, large))
    return scaled_norm(small - large, hessian, sizes) <= SETTLED * error


def _product(hessian: AutogradHessian, v: Tensor, found: DerivativeCheck) -> Tensor | None:
    try:
        return hessian @ v
    except ValueError as error:
        found.error = str(error)
        return None


def asymmetry(hessian: Operator, hv: Tensor, u: Tensor, v: Tensor, sizes: list[float]) -> float:
    """|u H v - v H u|, relative to the products."""
    hu = hessian @ u
    scale = max(scaled_norm(hv, hessian, sizes), scaled_norm(hu, hessian, sizes)) * math.sqrt(len(sizes))
    return abs(float(u @ hv) - float(v @ hu)) / scale if scale else 0.0


def _agree(
    found: Tensor,
    expected: Tensor,
    gradient: Tensor,
    hessian: AutogradHessian,
    sizes: list[float],
    limits: Limits,
    rounding: float,
) -> bool:
    """Whether two products agree, parameter by parameter."""
    whole = scaled_norm(expected, hessian, sizes)
    triples = zip(*(split_like(t, hessian.weights) for t in (found, expected, gradient)), sizes, strict=True)
    return all(
        size * float((one - other).norm())
        <= limits.product * size * float(other.norm())
        + limits.small_part * whole
        + rounding * size * float(g.norm())
        for one, other, g, size in triples
    )


def random_direction(hessian: Operator, sizes: list[float], generator: torch.Generator) -> Tensor:
    """A random direction (n,) in which each parameter changes by about its own length."""
    drawn = torch.randn(hessian.like.numel(), generator=generator, dtype=torch.float64).to(hessian.like)
    parts = split_like(drawn, hessian.weights)
    return torch.cat(
        [part * (size / math.sqrt(part.numel())) for part, size in zip(parts, sizes, strict=True)]
    )


def scaled_norm(vector: Tensor, hessian: Operator, sizes: list[float]) -> float:
    """The length of a gradient or a product, with each parameter in units of its own length."""
    parts = split_like(vector, hessian.weights)
    return math.hypot(*(size * float(part.norm()) for part, size in zip(parts, sizes, strict=True)))


def _move(hessian: AutogradHessian, start: list[Tensor], direction: Tensor, by: float) -> None:
    with torch.no_grad():
        parts = split_like(direction, hessian.weights)
        for weight, value, part in zip(hessian.weights, start, parts, strict=True):
            weight.copy_(value + by * part.view_as(weight))
    hessian.refresh()
