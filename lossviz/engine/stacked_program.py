"""Many copies of one network at once: a tape replayed on stacked, feature-major values.

A value that is (n, f) or (n,) in the model is (G, f, n) or (G, n) here, for G points of the plane. So a
linear layer is one batched matrix product, and what PyTorch spends on dispatching G small calls is spent
once. The first layer is linear in the plane's coordinates, ``(W + a U + b V) x = W x + a U x + b V x``:
its three parts are found once for the whole grid.

`operations.OPERATIONS` is all that can be replayed. Every entry works on each example by itself, so that
data may come in blocks; a tape with anything else raises `Untraceable`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from lossviz.engine.buffers import BufferPool, Room
from lossviz.engine.operations import OPERATIONS, OWN_MEMORY
from lossviz.engine.trace import Ref, Step, Tape, Untraceable, passes_on, refs_in
from lossviz.engine.weight_operations import Env, Points, Run, stacked


class Directions:
    """The parameters that move, each as its three rows: at the origin, along u, along v."""

    def __init__(self, flat: Tensor, shapes: dict[str, tuple[int, ...]], frozen: dict[str, Tensor]) -> None:
        self._rows: dict[str, Tensor] = {}
        offset = 0
        for name, shape in shapes.items():
            size = int(torch.Size(shape).numel())
            self._rows[name] = flat[:, offset : offset + size].reshape(3, *shape)
            offset += size
        for name, value in frozen.items():
            self._rows[name] = torch.stack([value.detach(), torch.zeros_like(value), torch.zeros_like(value)])

    def rows(self, name: str) -> Tensor:
        """(3, *shape)."""
        return self._rows[name]


class Program:
    """A tape made ready to run. ``blocks`` are the slices of the data; ``free`` are the known tensors that
    are given anew, stacked, at every run (the outputs, for a loss)."""

    def __init__(
        self,
        tape: Tape,
        directions: Directions | None,
        blocks: Sequence[slice],
        free: frozenset[int] = frozenset(),
    ) -> None:
        self._tape, self.directions, self.blocks, self._free = tape, directions, blocks, free
        self._slots = self._aliases()
        self._reads = [0] * len(tape.steps)
        for index, step in enumerate(tape.steps):
            if self._slots[index] == index:
                for ref in refs_in(step):
                    if ref.kind == "step":
                        self._reads[self._slots[ref.key]] += 1
        self._rooms, self._ends = BufferPool(), self._last_uses()
        self.doubled, self.squashed = self._tanh_as_sigmoid()
        self._shared = self._input_only()
        self._code: list[tuple[int, Run]] = []
        for index, step in enumerate(tape.steps):
            if self._slots[index] == index and index not in self._shared:
                self._code.append((index, self._compile(index, step)))
        last = tape.result
        if last.kind != "step" or self._slots[last.key] in self._shared:
            raise Untraceable("a result that does not depend on the weights")
        self._last = self._slots[last.key]
        # The recording holds every layer's values for all data; from here on none is needed.
        del self._tape, self._reads, self._shared, self._ends

    def run(self, c: Tensor) -> Iterator[Tensor]:
        """The results for coefficients (G, 3), one block of the data after the other: (G, f, n') or (G, n'),
        each of which may overwrite the one before."""
        points = Points(c)
        for block in range(len(self.blocks)):
            yield self._run_block(points, block, {})

    def of_outputs(self, outputs: Tensor, block: int) -> Tensor:
        """A loss (G,) of one block's outputs (G, f, n') or (G, n')."""
        return self._run_block(Points(outputs.new_empty(len(outputs), 0)), block, {-1: outputs})

    def _run_block(self, points: Points, block: int, env: Env) -> Tensor:
        for index, run in self._code:
            env[index] = run(env, points, block)
        return env[self._last]

    # --- what is decided before the first run ---------------------------------------------------------

    def _aliases(self) -> list[int]:
        """For each step, the step whose value it merely passes on (itself, usually)."""
        slots: list[int] = []
        for index, step in enumerate(self._tape.steps):
            first = refs_in(step)[0]
            slots.append(slots[first.key] if passes_on(step) and first.kind == "step" else index)
        return slots

    def _reads_slot(self, step: Step, slot: int) -> bool:
        return any(ref.kind == "step" and self._slots[ref.key] == slot for ref in refs_in(step))

    def _last_uses(self) -> list[int]:
        """For each step, the last one that may look into its memory, also through a view of it."""
        steps = self._tape.steps
        ends = list(range(len(steps)))
        for index in reversed(range(len(steps))):
            if self._tape.result.kind == "step" and self._tape.result.key == index:
                ends[index] = len(steps)
            for ref in refs_in(steps[index]):
                if ref.kind == "step":
                    passes_on = steps[index].op not in OWN_MEMORY
                    ends[ref.key] = max(ends[ref.key], ends[index] if passes_on else index)
        return ends

    def _input_only(self) -> set[int]:
        """Steps that no weight flows into: their recorded values hold for the whole grid."""
        shared: set[int] = set()
        for index, step in enumerate(self._tape.steps):
            if all(
                (r.kind == "known" and r.key not in self._free) or (r.kind == "step" and r.key in shared)
                for r in refs_in(step)
            ):
                shared.add(index)
        return shared

    def _tanh_as_sigmoid(self) -> tuple[set[int], set[int]]:
        """Linear steps to double and tanh steps to replace, by tanh z = 2 sigmoid(2z) - 1.

        Where a tanh lies between linear layers, the twos and the one go into their weights and cost
        nothing. With AVX2 torch's sigmoid takes a third of the time of its tanh; with AVX-512 it does not.
        """
        steps = self._tape.steps
        if torch.backends.cpu.get_cpu_capability() != "AVX2" or (
            steps and steps[0].value.device.type != "cpu"
        ):
            return set(), set()
        doubled, squashed = set(), set()
        for index, step in enumerate(steps):
            if step.op not in ("tanh", "tanh_") or refs_in(step)[0].kind != "step":
                continue
            source = self._slots[refs_in(step)[0].key]
            readers = [s for k, s in enumerate(steps) if self._slots[k] == k and self._reads_slot(s, index)]
            linear = readers and all(s.op == "linear" for s in readers)
            final = self._tape.result.kind == "step" and self._slots[self._tape.result.key] == index
            if linear and not final and steps[source].op == "linear" and self._reads[source] == 1:
                doubled.add(source)
                squashed.add(index)
        return doubled, squashed

    def _compile(self, index: int, step: Step) -> Run:
        make = OPERATIONS.get(step.op)
        if make is None:
            raise Untraceable(f"{step.op}, which is not in the table of operations")
        return make(self, index, step)

    # --- what the operations ask for --------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Numbers in the memory that values take turns in, for one network on all data."""
        return sum(self._rooms.sizes)

    @property
    def is_loss(self) -> bool:
        """Whether it turns outputs into one number, all data at once."""
        return bool(self._free)

    def slot(self, ref: Ref) -> int:
        """Where a stacked value is found: its step, or -1 for what is given at every run."""
        return -1 if ref.kind == "known" else self._slots[ref.key]

    def shape(self, ref: Any) -> tuple[int, ...]:
        """The recorded shape, examples first; of a plain number, ()."""
        if not isinstance(ref, Ref):
            return ()
        if ref.kind == "weight":
            raise Untraceable("a parameter used in an unusual place")
        return tuple(self.value(ref).shape)

    def is_stacked(self, ref: Any) -> bool:
        if not isinstance(ref, Ref):
            return False
        if ref.kind == "known":
            return ref.key in self._free
        return ref.kind == "step" and ref.key not in self._shared

    def value(self, ref: Ref) -> Tensor:
        """The recorded value, examples first, of what is known or depends on inputs only."""
        if ref.kind == "weight":
            raise Untraceable("a parameter used in an unusual place")
        tape = self._tape
        found: Tensor = tape.steps[ref.key].value if ref.kind == "step" else tape.known[ref.key]
        return found

    def room(self, index: int) -> Room:
        """Memory for this step's result until nobody reads it any more."""
        return self._rooms.book(index, self._ends[index], self._tape.steps[index].value.numel())

    def only_reader(self, ref: Ref) -> bool:
        """Whether the value may be overwritten by the step that reads it."""
        if ref.kind != "step":
            return False
        source = self._slots[ref.key]  # its value is its own memory, not a view of another's
        own = self._tape.steps[source].op in OWN_MEMORY
        return own and self._reads[source] == 1

    def reader(self, ref: Any, rank: int, n: int) -> Run:
        """How a step gets one operand of a value of this rank with n examples."""
        if not isinstance(ref, Ref):
            return lambda env, points, block: ref  # a plain number
        if self.is_stacked(ref):
            slot = self.slot(ref)
            if rank and self.shape(ref) == ():  # a number a network, such as a mean over the data
                return lambda env, points, block: env[slot].view(-1, *([1] * rank))
            return lambda env, points, block: env[slot]
        if ref.kind == "weight":
            return self._weight_reader(ref.key, rank)
        blocks = self.feature_major(self.value(ref), rank, n)
        return lambda env, points, block: blocks[block]

    def _weight_reader(self, name: str, rank: int) -> Run:
        """A parameter as a factor or summand: one number, or one for each feature."""
        assert self.directions is not None
        rows = self.directions.rows(name)
        if rows.numel() == 3:
            rows = rows.reshape(3, *([1] * rank))
        elif rows.ndim == 2 and rank == 2:
            rows = rows.unsqueeze(-1)
        else:
            raise Untraceable(f"parameter {name!r} in an unusual place")
        at = stacked(rows)
        return lambda env, points, block: points.once(at)

    def feature_major(self, value: Tensor, rank: int, n: int) -> list[Tensor]:
        """A shared value (n, f) or (n,) in blocks (f, n') or (n',); one without examples as it is."""
        if value.numel() == 1:
            return [value.reshape(()) for _ in self.blocks]
        if value.ndim != rank or value.shape[0] != n or rank > 2:
            raise Untraceable(f"a value of shape {tuple(value.shape)} where {n} examples are expected")
        return [value[block].t().contiguous() if rank == 2 else value[block] for block in self.blocks]
