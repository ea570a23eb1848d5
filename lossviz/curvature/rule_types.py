"""What derivative rules and the differentiated program share: values with derivatives, and two protocols.

The terms are those of automatic differentiation. For a value y of the pass and a direction v of weight
space: the *cotangent* of y is the gradient of the loss with respect to y; the *tangent* of y is its
derivative along v; and the *cotangent's tangent* is the derivative along v of the cotangent. A
vector-Jacobian product (VJP) takes cotangents from an operation's result back to its inputs, a
Jacobian-vector product (JVP) takes tangents forward, and the derivative of the VJP along v is the
backward half of a Hessian-vector product (HVP).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from lossviz.engine.trace import Op, Ref


class Variable:
    """One value of the pass, (n, ...), and its derivatives, each of the value's shape.

    Two tensors may share memory if the one is not read again once the other is written.
    """

    def __init__(self, value: Tensor, readers: int) -> None:
        self.value, self.readers = value, readers
        self.cotangent = torch.empty_like(value)  # d loss / d value
        self.tangent = torch.empty_like(value)  # derivative of the value along v
        self.cotangent_tangent = torch.empty_like(value)  # derivative of the cotangent along v
        self._has_writer = False

    def claim_first_write(self) -> bool:
        """Whether the caller is the first in backward order, and writes; later ones add to what is there."""
        first, self._has_writer = not self._has_writer, True
        return first


@dataclass(frozen=True, eq=False)
class ParameterViews:
    """One parameter and its parts of the flat vectors; None if it is frozen."""

    value: Tensor
    tangent: Tensor | None = None  # its part of v
    gradient: Tensor | None = None
    hvp: Tensor | None = None  # its part of H v


class DerivativeRule(Protocol):
    """One operation of the pass, in four directions.

    What goes backward is written or added to the operation's inputs.
    """

    def forward(self) -> None:
        """Compute the value, at the current weights."""

    def vjp(self) -> None:
        """Compute the cotangents of the inputs, from that of the result."""

    def collect_gradient(self) -> None:
        """Compute the gradient of the parameters, if there are any, from the cotangent of the result."""

    def jvp(self) -> None:
        """Compute the tangent of the result, from those of the inputs and parameters."""

    def hvp_backward(self) -> None:
        """Compute the derivative of `vjp` along v, for the inputs and, as a part of H v, the parameters."""


class Differentiator(Protocol):
    """What a derivative rule may ask of the program that is being compiled."""

    def is_active(self, ref: Any) -> bool:
        """Whether an operand depends on trainable parameters."""

    def variable(self, ref: Ref) -> Variable:
        """The variable of an active operand."""

    def producer(self, ref: Ref) -> Op:
        """The operation that computes an active operand."""

    def parameter(self, ref: Any) -> ParameterViews:
        """The parameter that an operand is; `UntraceableError` if it is none, or is used twice."""

    def constant(self, ref: Any) -> Any:
        """The value of an operand that is not active: a plain value, or a tensor."""


MakeRule = Callable[[Differentiator, Op, Variable], DerivativeRule]
