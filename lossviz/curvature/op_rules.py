"""The steps of a pass that can be swept by hand, and the table of them.

Each is made once for a tape and keeps the views that it works on: on small networks to make a view takes as
long as to use it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from lossviz.curvature.activation_rules import Elementwise
from lossviz.engine.trace import Step, Untraceable, argument

if TYPE_CHECKING:
    from lossviz.curvature.differentiated import Slot, Sweeps

# Features up to which a value lies feature by feature: BLAS is slow on results that are tall and thin.
NARROW = 16
MANY = 256  # examples


class Swept(Protocol):
    """One step of the pass, in the four directions. What comes back is written or added to its sources."""

    def renew(self) -> None:
        """Its value, at the weights as they are now."""

    def pull(self) -> None:
        """The slopes of its sources, from its own."""

    def ahead(self) -> None:
        """How its value moves, from how its sources and weights do."""

    def back(self) -> None:
        """How the slopes of its sources and weights move, from how its own does."""


Pair = tuple[Tensor, Tensor]


def _table(value: Tensor) -> Tensor:
    """(n, ..., f) as a matrix of all rows, a view."""
    return value if value.ndim == 2 else value.view(-1, value.shape[-1])


class Linear:
    """z = x W' + b, on the last axis."""

    def __init__(self, sweeps: "Sweeps", step: Step, out: "Slot") -> None:
        x, weight, bias = step.args[0], step.args[1], argument(step, 2, "bias", None)
        self._w, self._b = sweeps.weight(weight), None if bias is None else sweeps.weight(bias)
        w, self._out = self._w, out
        if out.value.ndim < 2:
            raise Untraceable("a linear layer of one example")
        self._source = sweeps.slot(x) if sweeps.moves(x) else None
        self._x = _table(self._source.value if self._source else sweeps.still(x))
        self._z, self._g = _table(out.ahead), _table(out.back)
        self._first = self._source is not None and self._source.claim()
        rows, cols = w.value.shape
        # BLAS is slow on results that are tall and thin: those of many examples are found lying.
        lies = cols <= NARROW and cols < rows and len(self._x) > MANY
        self._lying = w.value.new_empty(cols, rows) if lies else None
        self._moves: list[Pair] = []
        self._slopes: list[Pair] = []
        if w.along is not None:
            self._moves.append((self._x, w.along.t()))
            self._slopes.append(self._pair(self._g, self._x))
        if self._source is not None:
            moved = _table(self._source.ahead)
            self._moves.append((moved, w.value.t()))
            if w.along is not None:
                self._slopes.append(self._pair(_table(out.pull), moved))
            self._gx = _table(self._source.back)

    def _pair(self, slope: Tensor, x: Tensor) -> Pair:
        return (slope.t(), x) if self._lying is None else (x.t(), slope)

    def renew(self) -> None:
        z, w = _table(self._out.value), self._w.value.t()
        if self._b is None:
            torch.mm(self._x, w, out=z)
        else:
            torch.addmm(self._b.value, self._x, w, out=z)

    def pull(self) -> None:
        if self._source is not None:
            slope, gx = _table(self._out.pull), _table(self._source.pull)
            if self._first:
                torch.mm(slope, self._w.value, out=gx)
            else:
                gx.addmm_(slope, self._w.value)

    def collect(self) -> None:
        """Its weights' part of the gradient."""
        slope, bias = _table(self._out.pull), None if self._b is None else self._b.gradient
        self._write([self._pair(slope, self._x)], slope, self._w.gradient, bias)

    def ahead(self) -> None:
        shift, moves, z = None if self._b is None else self._b.along, self._moves, self._z
        if not moves and shift is not None:
            z.copy_(shift)
        elif shift is not None:
            torch.addmm(shift, *moves[0], out=z)
        else:
            torch.mm(*moves[0], out=z)
        for one, other in moves[1:]:
            z.addmm_(one, other)

    def back(self) -> None:
        w = self._w
        self._write(self._slopes, self._g, w.product, None if self._b is None else self._b.product)
        if self._source is not None:
            if self._first:
                torch.mm(self._g, w.value, out=self._gx)
            else:
                self._gx.addmm_(self._g, w.value)
            if w.along is not None:
                self._gx.addmm_(_table(self._out.pull), w.along)

    def _write(self, pairs: list[Pair], slope: Tensor, weight: Tensor | None, bias: Tensor | None) -> None:
        if weight is not None:
            found = weight if self._lying is None else self._lying
            torch.mm(*pairs[0], out=found)
            for pair in pairs[1:]:
                found.addmm_(*pair)
            if self._lying is not None:
                weight.copy_(found.t())
        if bias is not None:
            torch.sum(slope, 0, out=bias)


class Sum:
    """y = a + b or a - b, of two values of one shape: where a network goes around some of its layers."""

    def __init__(self, sweeps: "Sweeps", step: Step, out: "Slot") -> None:
        if len(step.args) != 2 or step.kwargs or set(step.shapes) != {step.shape}:
            raise Untraceable(f"{step.op} with unusual arguments")
        self._out, sign = out, -1 if "sub" in step.op else 1
        self._terms = [(sweeps.slot(ref), by) for ref, by in zip(step.args, (1, sign), strict=True)]
        self._firsts = [source.claim() for source, _ in self._terms]

    def renew(self) -> None:
        (a, _), (b, by) = self._terms
        torch.add(a.value, b.value, alpha=by, out=self._out.value)

    def pull(self) -> None:
        for (source, by), first in zip(self._terms, self._firsts, strict=True):
            _give(source.pull, self._out.pull, by, first)

    def ahead(self) -> None:
        (a, _), (b, by) = self._terms
        torch.add(a.ahead, b.ahead, alpha=by, out=self._out.ahead)

    def back(self) -> None:
        for (source, by), first in zip(self._terms, self._firsts, strict=True):
            _give(source.back, self._out.back, by, first)


def _give(to: Tensor, slope: Tensor, by: int, first: bool) -> None:
    if first:
        torch.mul(slope, by, out=to)
    else:
        to.add_(slope, alpha=by)


def _binary(sweeps: "Sweeps", step: Step, out: "Slot") -> Swept:
    both = sum(sweeps.moves(value) for value in step.args) == 2
    return Sum(sweeps, step, out) if both and step.op in SUMS else Elementwise(sweeps, step, out)


SUMS = ("add", "__add__", "sub", "__sub__")

_ELEMENTWISE = """
    relu relu_ tanh tanh_ sigmoid sigmoid_ gelu silu elu leaky_relu celu selu mish relu6 hardswish hardsigmoid
    hardtanh softplus softsign logsigmoid tanhshrink exp log log1p expm1 sin cos abs square sqrt rsqrt neg
    __neg__ reciprocal clamp clamp_min clamp_max mul __mul__ __rmul__ div __truediv__ __rtruediv__ __radd__
    __rsub__ rsub pow __pow__
"""
STEPS: dict[str, Callable[["Sweeps", Step, "Slot"], Swept]] = {
    "linear": Linear,
    **dict.fromkeys(_ELEMENTWISE.split(), Elementwise),
    **dict.fromkeys(SUMS, _binary),
}
