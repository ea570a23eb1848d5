"""A function of each number by itself, swept: an activation, or anything else that autograd can bend twice.

Three activations have their slope and curvature written down, from their own value; of others autograd is
asked, element by element, once for each look.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lossviz.engine.trace import Ref, Step, Untraceable

if TYPE_CHECKING:
    from lossviz.curvature.differentiated import Slot, Sweeps

IN_PLACE = ("relu_", "tanh_", "sigmoid_")


def _of_tanh(y: Tensor) -> tuple[Tensor, Tensor]:
    slope = torch.addcmul(y.new_ones(()), y, y, value=-1)
    return slope, torch.addcmul(y.new_zeros(()), y, slope, value=-2)


# From an activation's value: its slope and its curvature there; None where it has none.
BENDS: dict[str, Callable[[Tensor], tuple[Tensor, Tensor | None]]] = {
    "tanh": _of_tanh,
    "sigmoid": lambda y: (slope := y - y * y, (1 - 2 * y).mul_(slope)),
    "relu": lambda y: (y.sign(), None),
}
VALUES: dict[str, Callable[..., Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": lambda x, out: torch.clamp_min(x, 0, out=out),
}


class Elementwise:
    """y = f(x), each number by itself, with whatever else there is that does not move."""

    def __init__(self, sweeps: "Sweeps", step: Step, out: "Slot") -> None:
        moving = [k for k, value in enumerate(step.args) if sweeps.moves(value)]
        if len(moving) != 1 or any(isinstance(value, Ref) for value in step.kwargs.values()):
            raise Untraceable(f"{step.op} of several values")
        (at,) = moving
        self._source, self._out = sweeps.slot(step.args[at]), out
        if self._source.value.shape != out.value.shape:
            raise Untraceable(f"{step.op} that changes the shape")
        self._name = step.op.removesuffix("_") if step.op in IN_PLACE else step.op
        flags = (*step.args[1:], step.kwargs.get("inplace"))
        if step.op in IN_PLACE or any(flag is True for flag in flags):
            linear = sweeps.maker(step.args[at]).op == "linear"  # whose own value nobody needs
            if self._name not in BENDS or self._source.readers > 1 or not linear:
                raise Untraceable(f"{step.op} that overwrites a value")
        rest = [None if k == at else sweeps.still(value) for k, value in enumerate(step.args)]
        function, named = step.function, step.kwargs
        self._function: Callable[[Tensor], Tensor] = lambda x: function(
            *rest[:at], x, *rest[at + 1 :], **named
        )
        self._first = self._source.claim()
        self._curved: Tensor | None = None
        if self._source.readers == 1:
            self._source.back = out.back
            if self._name == "relu":
                self._source.ahead = out.ahead
        self._slope, self._bend = self._look()

    def _look(self) -> tuple[Tensor, Tensor | None]:
        known = BENDS.get(self._name)
        if known is not None:
            return known(self._out.value)
        with torch.enable_grad():
            x = self._source.value.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad(self._function(x).sum(), x, create_graph=True)
            if not slope.requires_grad:
                return slope, None
            (bend,) = torch.autograd.grad(slope.sum(), x, allow_unused=True)
        return slope.detach(), bend

    def renew(self) -> None:
        if self._name in BENDS:
            VALUES[self._name](self._source.value, out=self._out.value)
        else:
            self._out.value.copy_(self._function(self._source.value))
        self._slope, self._bend = self._look()

    def pull(self) -> None:
        pull = self._out.pull
        self._curved = None if self._bend is None else self._bend * pull
        if self._first:
            torch.mul(pull, self._slope, out=self._source.pull)
        else:
            self._source.pull.addcmul_(pull, self._slope)

    def ahead(self) -> None:
        torch.mul(self._source.ahead, self._slope, out=self._out.ahead)

    def back(self) -> None:
        back = self._source.back
        if self._first:
            torch.mul(self._out.back, self._slope, out=back)
        else:
            back.addcmul_(self._out.back, self._slope)
        if self._curved is not None:
            back.addcmul_(self._curved, self._source.ahead)
