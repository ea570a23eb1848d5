"""Derivative rule of elementwise functions: activations, and others that autograd can differentiate twice.

The derivatives of three activations are written down, as functions of the activation's own value; those of
others are computed by autograd, element by element, once at each new value.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from lossviz.curvature.rule_types import Differentiator, Variable
from lossviz.engine.trace import Op, Ref, UntraceableError

IN_PLACE = ("relu_", "tanh_", "sigmoid_")


def _tanh_derivatives(y: Tensor) -> tuple[Tensor, Tensor]:
    first = torch.addcmul(y.new_ones(()), y, y, value=-1)
    return first, torch.addcmul(y.new_zeros(()), y, first, value=-2)


# First and second derivative as functions of the activation's value; None where the second is zero.
DERIVATIVES: dict[str, Callable[[Tensor], tuple[Tensor, Tensor | None]]] = {
    "tanh": _tanh_derivatives,
    "sigmoid": lambda y: (first := y - y * y, (1 - 2 * y).mul_(first)),
    "relu": lambda y: (y.sign(), None),
}
VALUES: dict[str, Callable[..., Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": lambda x, out: torch.clamp_min(x, 0, out=out),
}


class ElementwiseRule:
    """y = f(x), element by element; any further operands do not depend on the parameters."""

    def __init__(self, program: Differentiator, op: Op, out: Variable) -> None:
        active = [k for k, value in enumerate(op.args) if program.is_active(value)]
        if len(active) != 1 or any(isinstance(value, Ref) for value in op.kwargs.values()):
            raise UntraceableError(f"{op.name} of several values")
        (position,) = active
        self._source, self._out = program.variable(op.args[position]), out
        if self._source.value.shape != out.value.shape:
            raise UntraceableError(f"{op.name} that changes the shape")
        self._name = op.name.removesuffix("_") if op.name in IN_PLACE else op.name
        flags = (*op.args[1:], op.kwargs.get("inplace"))
        if op.name in IN_PLACE or any(flag is True for flag in flags):
            # A linear layer's value is not needed for its derivatives, so it may be overwritten.
            linear = program.producer(op.args[position]).name == "linear"
            if self._name not in DERIVATIVES or self._source.readers > 1 or not linear:
                raise UntraceableError(f"{op.name} that overwrites a value")
        others = [None if k == position else program.constant(value) for k, value in enumerate(op.args)]
        function, kwargs = op.function, op.kwargs
        self._function: Callable[[Tensor], Tensor] = lambda x: function(
            *others[:position], x, *others[position + 1 :], **kwargs
        )
        self._first_write = self._source.claim_first_write()
        self._curved_cotangent: Tensor | None = None
        if self._source.readers == 1:
            self._source.cotangent_tangent = out.cotangent_tangent
            if self._name == "relu":
                self._source.tangent = out.tangent
        self._first, self._second = self._derivatives()

    def _derivatives(self) -> tuple[Tensor, Tensor | None]:
        """f' and f'' at the current value; None for an f'' that is zero."""
        known = DERIVATIVES.get(self._name)
        if known is not None:
            return known(self._out.value)
        with torch.enable_grad():
            x = self._source.value.detach().clone().requires_grad_()
            (first,) = torch.autograd.grad(self._function(x).sum(), x, create_graph=True)
            if not first.requires_grad:
                return first, None
            (second,) = torch.autograd.grad(first.sum(), x, allow_unused=True)
        return first.detach(), second

    def forward(self) -> None:
        """y = f(x), and the derivatives there."""
        if self._name in DERIVATIVES:
            VALUES[self._name](self._source.value, out=self._out.value)
        else:
            self._out.value.copy_(self._function(self._source.value))
        self._first, self._second = self._derivatives()

    def vjp(self) -> None:
        """gx = f' gy."""
        cotangent = self._out.cotangent
        self._curved_cotangent = None if self._second is None else self._second * cotangent
        if self._first_write:
            torch.mul(cotangent, self._first, out=self._source.cotangent)
        else:
            self._source.cotangent.addcmul_(cotangent, self._first)

    def collect_gradient(self) -> None:
        """There are no parameters."""

    def jvp(self) -> None:
        """dy = f' dx."""
        torch.mul(self._source.tangent, self._first, out=self._out.tangent)

    def hvp_backward(self) -> None:
        """d gx = f' d gy + f'' gy dx."""
        target = self._source.cotangent_tangent
        if self._first_write:
            torch.mul(self._out.cotangent_tangent, self._first, out=target)
        else:
            target.addcmul_(self._out.cotangent_tangent, self._first)
        if self._curved_cotangent is not None:
            target.addcmul_(self._curved_cotangent, self._source.tangent)
