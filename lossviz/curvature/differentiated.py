"""A forward pass differentiated by hand: the gradient, and products of the Hessian with vectors.

B. Pearlmutter, Fast Exact Multiplication by the Hessian (1994). A pass goes forward and its slopes come back;
both are differentiated once more along a direction v of weight space, so that a product with the Hessian is
one sweep ahead (how each value moves when the weights move along v) and one sweep back (how each slope
does). Autograd's double backward does the same arithmetic, and keeps graphs of it, which for a small network
on a CPU takes more time than the arithmetic.

`Sweeps` are made of a `lossviz.engine.trace.Tape`, by the table `lossviz.curvature.op_rules.STEPS`; a tape with any other step
raises `Untraceable`. Whether the numbers are right is for the caller to check (`lossviz.curvature.compiled`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lossviz.curvature.op_rules import NARROW, STEPS, Linear, Swept
from lossviz.engine.trace import Ref, Step, Tape, Untraceable, passes_on, refs_in


class Slot:
    """One value of the pass, (n, ...), and what the sweeps find at it, each of the value's shape.

    Two may share memory where the one is not read again once the other is written.
    """

    def __init__(self, value: Tensor, readers: int) -> None:
        self.value, self.readers = value, readers
        self.pull = torch.empty_like(value)  # the loss's slope
        self.ahead = torch.empty_like(value)  # how the value moves along v
        self.back = torch.empty_like(value)  # how the slope does
        self._claimed = False

    def claim(self) -> bool:
        """Whether who asks comes first on the way back, and writes; those after it add."""
        first, self._claimed = not self._claimed, True
        return first


@dataclass(frozen=True, eq=False)
class Weight:
    """One parameter; the last three are None if it is frozen."""

    value: Tensor
    along: Tensor | None = None  # its part of v
    gradient: Tensor | None = None
    product: Tensor | None = None  # its part of H v


class Weights:
    """Four flat vectors (n,) of the trainable ones of some parameters, and the parameters' views of them."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        free = {name: w.detach() for name, w in parameters.items() if w.requires_grad}
        self.free, self.sizes = frozenset(free), [w.numel() for w in free.values()]
        self.flat = torch.cat([w.reshape(-1) for w in free.values()])
        self.along, self.gradient, self.product = (torch.zeros_like(self.flat) for _ in range(3))
        flats = (self.flat, self.along, self.gradient, self.product)
        parts = zip(*(torch.split(flat, self.sizes) for flat in flats), strict=True)
        self._named = {name: Weight(w.detach()) for name, w in parameters.items()}
        for (name, w), four in zip(free.items(), parts, strict=True):
            self._named[name] = Weight(*(part.view(w.shape) for part in four))

    def of(self, ref: Ref) -> Weight:
        return self._named[ref.key]


class Sweeps:
    """A tape of a pass over n ``examples`` in four directions; ``rows`` takes some of them only."""

    def __init__(self, tape: Tape, weights: Weights, examples: int, rows: slice | None = None) -> None:
        self._tape, self._weights, self._examples, self._rows = tape, weights, examples, rows
        self._owners = self._find_owners()
        last = tape.result
        if last.kind != "step" or self._owners[last.key] < 0:
            raise Untraceable("a result that does not depend on the weights")
        result = self._owners[last.key]
        readers = [int(index == result) for index in range(len(tape.steps))]
        kept = self._read(result)
        for ref in (ref for index in kept for ref in refs_in(tape.steps[index]) if self.moves(ref)):
            if ref.kind == "step":
                readers[self._owners[ref.key]] += 1
        self._slots = {k: Slot(self._laid_out(tape.steps[k].value), readers[k]) for k in kept}
        self._outputs, self._taken = self._slots[result], set[str]()
        # From the last to the first: who reads a value says where its slopes are to be found.
        self._backwards = [self._made(tape.steps[k], self._slots[k]) for k in reversed(kept)]
        self._forwards = self._backwards[::-1]
        self._linears = [step for step in self._forwards if isinstance(step, Linear)]
        del self._tape, self._slots

    def renew(self) -> Tensor:
        """The outputs (n, ...) at the weights as they are now."""
        for step in self._forwards:
            step.renew()
        return self._outputs.value

    def pull(self, slope: Tensor) -> None:
        """Takes the loss's slope at the outputs (n, ...) back to every value."""
        self._outputs.pull.copy_(slope)
        for step in self._backwards:
            step.pull()

    def gradient(self) -> Tensor:
        """The gradient (n,), of the slopes that were pulled last."""
        for linear in self._linears:
            linear.collect()
        return self._weights.gradient

    def ahead(self, vector: Tensor) -> Tensor:
        """How the outputs move as the weights move along a vector (n,)."""
        self._weights.along.copy_(vector)
        for step in self._forwards:
            step.ahead()
        return self._outputs.ahead

    def back(self, curved: Tensor) -> Tensor:
        """H v (n,), from how the loss's slope at the outputs moves."""
        self._outputs.back.copy_(curved)
        for step in self._backwards:
            step.back()
        return self._weights.product

    # --- what is asked while it is made -----------------------------------------------------------------

    def moves(self, ref: Any) -> bool:
        """Whether an operand depends on weights that move."""
        if not isinstance(ref, Ref) or ref.kind == "known":
            return False
        return ref.key in self._weights.free if ref.kind == "weight" else self._owners[ref.key] >= 0

    def slot(self, ref: Ref) -> Slot:
        """The value that an operand that moves reads."""
        if ref.kind != "step":
            raise Untraceable("a parameter in an unusual place")
        return self._slots[self._owners[ref.key]]

    def maker(self, ref: Ref) -> Step:
        """The step whose value that is."""
        made: Step = self._tape.steps[self._owners[ref.key]]
        return made

    def weight(self, ref: Any) -> Weight:
        """The parameter of a step; a second reader would have to add to what the first found."""
        if not isinstance(ref, Ref) or ref.kind != "weight":
            raise Untraceable("a weight that is computed")
        if ref.key in self._taken:
            raise Untraceable(f"parameter {ref.key!r} more than once")
        self._taken.add(ref.key)
        return self._weights.of(ref)

    def still(self, ref: Any) -> Any:
        """An operand that does not move: a plain value, or a tensor, of the examples that are looked at."""
        if not isinstance(ref, Ref):
            return ref
        if ref.kind == "weight":
            raise Untraceable("a parameter in an unusual place")
        tape = self._tape
        value: Tensor = tape.steps[ref.key].value.detach() if ref.kind == "step" else tape.known[ref.key]
        by_example = value.ndim and len(value) == self._examples
        return value[self._rows] if self._rows is not None and by_example else value

    def _made(self, step: Step, slot: Slot) -> Swept:
        make = STEPS.get(step.op)
        if make is None:
            raise Untraceable(f"{step.op}, which is not in the table of swept steps")
        return make(self, step, slot)

    def _laid_out(self, value: Tensor) -> Tensor:
        if not value.ndim or len(value) != self._examples:
            raise Untraceable(f"a value of shape {tuple(value.shape)} where {self._examples} examples are")
        value = value.detach() if self._rows is None else value.detach()[self._rows]
        narrow = value.ndim == 2 and value.shape[1] <= NARROW
        return value.t().contiguous().t() if narrow else value.contiguous()

    def _read(self, result: int) -> list[int]:
        """The steps that move and that the result depends on, in order; of others no slope comes back."""
        steps, read, waiting = self._tape.steps, set[int](), [result]
        while waiting:
            if (index := waiting.pop()) not in read:
                read.add(index)
                refs = (ref for ref in refs_in(steps[index]) if ref.kind == "step" and self.moves(ref))
                waiting += [self._owners[ref.key] for ref in refs]
        for index, owner in enumerate(self._owners):
            name, flags = steps[index].op, (*steps[index].args[1:], *steps[index].kwargs.values())
            overwrites = name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))
            if owner == index and index not in read and (overwrites or any(flag is True for flag in flags)):
                raise Untraceable(f"{name} that overwrites a value, and is not read itself")
        return sorted(read)

    def _find_owners(self) -> list[int]:
        """For each step, the one whose value it merely passes on (itself, usually); -1 if it never moves."""
        self._owners = []
        for index, step in enumerate(self._tape.steps):
            refs = refs_in(step)
            moves = any(self.moves(ref) for ref in refs)
            passed = passes_on(step) and step.op != "detach" and refs[0].kind == "step"
            self._owners.append(-1 if not moves else self._owners[refs[0].key] if passed else index)
        return self._owners
