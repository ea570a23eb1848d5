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
        values = [operand.value.detach() for operand in self._operands]
        self._active = [k for k, value in enumerate(values) if value.is_floating_point()]
        with torch.enable_grad():
            for k in self._active:
                values[k] = values[k].clone().requires_grad_()
            self._leaves = [values[k] for k in self._active]
            self._y = self._function(*values)
            if self._y.shape != self._out.value.shape:
                raise UntraceableError("an operation on a fixed number of examples")
            self._constant = not self._y.requires_grad  # a comparison, for one
            if not self._constant:
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
        if not self._constant:
            with torch.enable_grad():
                self._cotangents = self._gradients(self._out.cotangent.clone(), create_graph=True)
        self._send("cotangent", [part.detach() for part in self._cotangents])

    def collect_gradient(self) -> None:
        """The parts of `vjp` that belong to parameters."""
        for k, part in zip(self._active, self._cotangents, strict=not self._constant):
            operand = self._operands[k]
            if isinstance(operand, ParameterViews) and operand.gradient is not None:
                operand.gradient.copy_(part.detach())

    def jvp(self) -> None:
        """dy = J dx, the derivative of J' u with respect to u, times dx."""
        if self._constant:
            self._out.tangent.zero_()
            return
        (tangent,) = torch.autograd.grad(
            self._transposed, self._direction, self._tangents(), retain_graph=True, materialize_grads=True
        )
        self._out.tangent.copy_(tangent)

    def hvp_backward(self) -> None:
        """d gx = J' d gy, and the derivative of J' gy along dx, which is symmetric."""
        if self._constant:
            self._send("cotangent_tangent", [])
            return
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
        self._send("cotangent_tangent", parts)
        for k, part in zip(self._active, parts, strict=True):
            operand = self._operands[k]
            if isinstance(operand, ParameterViews) and operand.hvp is not None:
                operand.hvp.copy_(part)

    def _send(self, name: str, parts: Sequence[Tensor]) -> None:
        """Write or add to what the operands have under a name; what has no derivative receives 0."""
        found = dict(zip(self._active, parts, strict=not self._constant))
        for k, (operand, first) in enumerate(zip(self._operands, self._first_writes, strict=True)):
            if not isinstance(operand, Variable):
                continue
            target = getattr(operand, name)
            if k in found and first:
                target.copy_(found[k])
            elif k in found:
                target.add_(found[k])
            elif first:
                target.zero_()

    def _tangents(self) -> list[Tensor]:
        found = [self._operands[k].tangent for k in self._active]
        return [tangent for tangent in found if tangent is not None]


class _Slot:
    """The place of an operand among the arguments."""

    def __init__(self, index: int) -> None:
        self.index = index


def _filled(value: Any, values: Sequence[Tensor]) -> Any:
    if isinstance(value, tuple):
        return tuple(_filled(inner, values) for inner in value)
    return values[value.index] if isinstance(value, _Slot) else value
