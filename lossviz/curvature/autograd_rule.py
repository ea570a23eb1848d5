"""The derivative rule of any operation on each example: autograd, one operation at a time.

It is for what has no rule of its own, such as normalizations and softmax: a network with one such layer is
still compiled, and only this layer takes autograd's time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lossviz.curvature.rule_types import Differentiator, ParameterViews, Variable
from lossviz.engine.batchable import is_per_example
from lossviz.engine.op_names import RESHAPES
from lossviz.engine.trace import Op, Ref, UntraceableError

_Operand = Variable | ParameterViews


class AutogradRule:
    """y = f(x1, x2, ...), of values and of parameters, each example by itself."""

    def __init__(self, program: Differentiator, op: Op, out: Variable) -> None:
        if not is_per_example(op) or any(flag is True for flag in (op.kwargs.get("inplace"),)):
            raise UntraceableError(f"{op.name} with unusual arguments")
        self._out = out
        self._operands: list[_Operand] = []
        args = tuple(self._resolved(program, value) for value in op.args)
        kwargs = {name: self._resolved(program, value) for name, value in op.kwargs.items()}
        self._first_writes = [
            isinstance(operand, Variable) and operand.claim_first_write() for operand in self._operands
        ]
        if op.name in RESHAPES:
            shape = op.shape[1:]
            self._function: Callable[..., Tensor] = lambda x: x.reshape(len(x), *shape)
        else:
            function = op.function
            self._function = lambda *values: function(
                *(_filled(value, values) for value in args),
                **{name: _filled(value, values) for name, value in kwargs.items()},
            )
        self._record()

    def _resolved(self, program: Differentiator, value: Any) -> Any:
        """An argument, with a `_Slot` in place of each operand that depends on trainable parameters."""
        if isinstance(value, tuple):
            return tuple(self._resolved(program, inner) for inner in value)
        if not isinstance(value, Ref):
            return value
        if value.kind == "parameter":
            views = program.parameter(value)
            return self._slot(views) if views.tangent is not None else views.value
        return self._slot(program.variable(value)) if program.is_active(value) else program.constant(value)

    def _slot(self, operand: _Operand) -> "_Slot":
        self._operands.append(operand)
        return _Slot(len(self._operands) - 1)

    def _record(self) -> None:
        """Compute the value, and keep autograd's graph of it."""
        with torch.enable_grad():
            self._leaves = [operand.value.detach().clone().requires_grad_() for operand in self._operands]
            self._y = self._function(*self._leaves)
            if self._y.shape != self._out.value.shape or not self._y.requires_grad:
                raise UntraceableError("an operation without a derivative")
            self._direction = torch.zeros_like(self._y, requires_grad=True)
            self._transposed = self._gradients(self._direction, create_graph=True)
        self._cotangents: Sequence[Tensor] = ()

    def _gradients(self, cotangent: Tensor, create_graph: bool = False) -> Sequence[Tensor]:
        """J' cotangent, for each operand."""
        return torch.autograd.grad(
            self._y, self._leaves, cotangent, retain_graph=True, create_graph=create_graph,
            materialize_grads=True,
        )  # fmt: skip

    def forward(self) -> None:
        """y = f(x)."""
        self._record()
        self._out.value.copy_(self._y.detach())

    def vjp(self) -> None:
        """gx = J' gy."""
        with torch.enable_grad():
            self._cotangents = self._gradients(self._out.cotangent.clone(), create_graph=True)
        for operand, first, part in zip(self._operands, self._first_writes, self._cotangents, strict=True):
            if isinstance(operand, Variable):
                _write(operand.cotangent, part.detach(), first)

    def collect_gradient(self) -> None:
        """The parts of `vjp` that belong to parameters."""
        for operand, part in zip(self._operands, self._cotangents, strict=True):
            if isinstance(operand, ParameterViews) and operand.gradient is not None:
                operand.gradient.copy_(part.detach())

    def jvp(self) -> None:
        """dy = J dx, the derivative of J' u with respect to u, times dx."""
        (tangent,) = torch.autograd.grad(
            self._transposed, self._direction, self._tangents(), retain_graph=True, materialize_grads=True
        )
        self._out.tangent.copy_(tangent)

    def hvp_backward(self) -> None:
        """d gx = J' d gy, and the derivative of J' gy along dx, which is symmetric."""
        parts = [part.detach() for part in self._gradients(self._out.cotangent_tangent)]
        curved = [
            (cotangent, tangent)
            for cotangent, tangent in zip(self._cotangents, self._tangents(), strict=True)
            if cotangent.requires_grad
        ]
        if curved:
            cotangents, tangents = zip(*curved, strict=True)
            second = torch.autograd.grad(
                cotangents, self._leaves, tangents, retain_graph=True, materialize_grads=True
            )
            parts = [part + more for part, more in zip(parts, second, strict=True)]
        for operand, first, part in zip(self._operands, self._first_writes, parts, strict=True):
            if isinstance(operand, Variable):
                _write(operand.cotangent_tangent, part, first)
            elif operand.hvp is not None:
                operand.hvp.copy_(part)

    def _tangents(self) -> list[Tensor]:
        found = [operand.tangent for operand in self._operands]
        return [tangent for tangent in found if tangent is not None]


class _Slot:
    """The place of an operand among the arguments."""

    def __init__(self, index: int) -> None:
        self.index = index


def _filled(value: Any, values: Sequence[Tensor]) -> Any:
    if isinstance(value, tuple):
        return tuple(_filled(inner, values) for inner in value)
    return values[value.index] if isinstance(value, _Slot) else value


def _write(target: Tensor, part: Tensor, first: bool) -> None:
    if first:
        target.copy_(part)
    else:
        target.add_(part)
