"""What forward rules and the stacked program share: the types of values, of rules and of compiled operations.

A forward rule, ``rule(compiler, index, op)``, is called once while a trace is compiled and returns the
function that runs at every block of the data. What it may ask of the program is the `Compiler` protocol.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from lossviz.engine.buffers import Buffer
from lossviz.engine.state.plane_state import LinearPart
from lossviz.engine.trace import Op, Ref, UntraceableError

T = TypeVar("T")


class PlanePoints:
    """Points of a plane, by their coefficients (G, 3) of origin, u and v.

    What is computed once for all blocks of the data, such as a layer's weights, is cached here.
    """

    def __init__(self, coefficients: Tensor) -> None:
        self.coefficients = coefficients
        self._cache: dict[Callable[[Tensor], Any], Any] = {}

    def __len__(self) -> int:
        return len(self.coefficients)

    def cached(self, function: Callable[[Tensor], T]) -> T:
        """``function(coefficients)``, computed at the first call."""
        if function not in self._cache:
            self._cache[function] = function(self.coefficients)
        result: T = self._cache[function]
        return result


class PlaneParameters:
    """Every parameter as three rows: its value at the origin, its parts of u and of v.

    Buffers that move with the weights are here too, but only `at` points: they are not linear beyond the
    models that the plane joins.
    """

    def __init__(
        self,
        flat: Tensor,
        shapes: dict[str, tuple[int, ...]],
        frozen: dict[str, Tensor],
        moving: Mapping[str, LinearPart],
    ) -> None:
        """Split flat directions into parameters.

        Args:
            flat: (3, n): origin, u and v, of the n trainable weights.
            shapes: Shapes of the trainable parameters by name, in order.
            frozen: The other parameters, which are the same at all points.
            moving: Buffers and frozen parameters that move with the weights.
        """
        self._moving = moving
        self._rows: dict[str, Tensor] = {}
        offset = 0
        for name, shape in shapes.items():
            size = int(torch.Size(shape).numel())
            self._rows[name] = flat[:, offset : offset + size].reshape(3, *shape)
            offset += size
        for name, value in frozen.items():
            self._rows[name] = torch.stack([value.detach(), torch.zeros_like(value), torch.zeros_like(value)])

    def rows(self, name: str) -> Tensor:
        """Rows (3, *shape) of one parameter."""
        if name in self._moving:
            raise UntraceableError(f"{name!r}, which moves with the weights, in an unusual place")
        return self._rows[name]

    def at(self, name: str) -> Callable[[Tensor], Tensor]:
        """The function from coefficients (G, 3) to the values (G, *shape) of a parameter or moving buffer."""
        return self._moving[name].at if name in self._moving else at_points(self._rows[name])


Values = dict[int, Tensor]  # by the index of the operation that computed them; -1 for the placeholder
CompiledOp = Callable[[Values, PlanePoints, int], Tensor]  # (values so far, points, data block) -> value


class Compiler(Protocol):
    """What a forward rule may ask of the program that is being compiled."""

    @property
    def blocks(self) -> Sequence[slice]:
        """The slices of the data, in order."""

    @property
    def parameters(self) -> PlaneParameters | None:
        """The parameters along the plane; None for a loss, which has none."""

    @property
    def is_loss(self) -> bool:
        """Whether the program maps outputs to one number for each point, not inputs to outputs."""

    @property
    def doubled_linear(self) -> Container[int]:
        """Linear layers whose result is doubled, because a tanh that follows is computed as a sigmoid."""

    @property
    def tanh_as_sigmoid(self) -> Container[int]:
        """Operations computed as s = sigmoid(2z), where the trace has tanh z = 2s - 1."""

    def owner(self, ref: Ref) -> int:
        """The index in `Values` of a stacked value."""

    def shape(self, ref: Any) -> tuple[int, ...]:
        """The recorded shape of an operand, examples first; () for a plain number."""

    def is_stacked(self, ref: Any) -> bool:
        """Whether an operand has another value at each point."""

    def recorded(self, ref: Ref) -> Tensor:
        """The recorded value, examples first, of an operand that is the same at all points."""

    def buffer(self, index: int) -> Buffer:
        """A scratch buffer for an operation's result, reserved until its last use."""

    def can_overwrite(self, ref: Ref) -> bool:
        """Whether the only operation that reads a value may overwrite it."""

    def operand(self, ref: Any, rank: int, examples: int) -> CompiledOp:
        """The function that returns an operand of a value with this recorded rank and number of examples."""

    def feature_major(self, value: Tensor, rank: int, examples: int) -> list[Tensor]:
        """A value that is the same at all points, (n, f) or (n,), as blocks (f, n') or (n',)."""


ForwardRule = Callable[[Compiler, int, Op], CompiledOp]


def require(condition: bool, op: Op) -> None:
    """Raise `UntraceableError` unless the operation has arguments that its rule can handle."""
    if not condition:
        raise UntraceableError(f"{op.name} with unusual arguments")


def at_points(rows: Tensor) -> Callable[[Tensor], Tensor]:
    """The function from coefficients (G, 3) to a parameter's values (G, *shape), by its rows (3, *shape)."""
    shape = rows.shape[1:]
    if not bool(rows[1:].any()):  # it is the same at all points: one copy is enough
        constant = rows[:1].clone()
        return lambda coefficients: constant.expand(len(coefficients), *shape)
    table = rows.reshape(3, -1).contiguous()
    return lambda coefficients: torch.mm(coefficients, table).view(-1, *shape)
