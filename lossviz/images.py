"""A tape with convolutions, replayed point by point on what a cache can hold.

Convolutions are too big for stacking to matter. What matters is memory: channels last, a few hundred
images at a time, BatchNorm folded into the convolution before it, a first convolution of few numbers as
one matrix product on inputs unfolded once, and max-pooling as pairwise maxima (PyTorch's own pooling is
slow on channels last). Where `winograd` saves most of the multiplications, values lie pixels first
instead; their shape stays (n, C, height, width) all the same, and element by element nothing notices.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lossviz.by_example import WHOLE, by_example
from lossviz.convolutions import Ready, direct, form_of, max_pool, minimal, product, usual
from lossviz.image_blocks import filtering, in_threads
from lossviz.rooms import Rooms
from lossviz.tape import Ref, Step, Tape, Untraceable, argument, refs_in

Values = dict[Any, Any]  # tensors by step index and by parameter name, and what was made ready for a step
Run = Callable[[Values, int], Tensor]  # (values so far, data block) -> value


class ImageProgram:
    """A tape made ready to run at one point after the other; ``blocks`` are slices of the data."""

    def __init__(
        self,
        tape: Tape,
        table: Tensor,
        shapes: dict[str, tuple[int, ...]],
        frozen: dict[str, Tensor],
        blocks: Sequence[slice],
    ) -> None:
        """table: (3, n), origin, u and v; shapes: of the n weights' parameters, in order."""
        self._tape, self._blocks, self._frozen = tape, blocks, frozen
        self._shapes, self._table = shapes, _filters_last(table, shapes)
        self._shared = self._input_only()
        self._rooms = Rooms()
        self._filtering = filtering(tape, table)
        self._ready: list[tuple[Any, Callable[[Values], Ready]]] = []  # once a point, before the blocks
        self._folded: dict[int, int] = {}  # convolution -> the BatchNorm that it swallows
        self._late: set[int] = set()  # ReLUs done after the pooling, where there is less to do
        self._code: list[tuple[int, Run]] = []
        swallowed: set[int] = set()
        for index, step in enumerate(tape.steps):
            if index in self._shared or index in swallowed:
                continue
            follower = self._batch_norm_after(index)
            out = index
            if follower is not None:
                swallowed.add(follower)
                self._folded[index] = out = follower
            self._code.append((out, self._compile(index, step)))
        last = tape.result
        if last.kind != "step" or last.key in self._shared or len(tape.steps[last.key].shape) > 2:
            raise Untraceable("a result that is not (n, f) or (n,)")
        self._last = last.key
        del self._tape, self._shared

    def run(self, c: Tensor) -> Tensor:
        """Outputs (G, f, n) or (G, n) for coefficients (G, 3)."""
        hands = torch.get_num_threads() if self._filtering else 1
        if hands == 1:  # PyTorch's own convolutions do better with its own threads
            return torch.stack([self._at(row) for row in c])
        return torch.stack(in_threads(hands, self._at, c))

    @torch.no_grad()
    def _at(self, coefficients: Tensor) -> Tensor:
        """Outputs (f, n) or (n,) at one point (3,)."""
        weights = self._weights(coefficients)
        for key, ready in self._ready:
            weights[key] = ready(weights)
        parts = [self._block(weights, block) for block in range(len(self._blocks))]
        return torch.cat(parts).movedim(0, -1)

    def _block(self, weights: Values, block: int) -> Tensor:
        values = dict(weights)
        for index, run in self._code:
            values[index] = run(values, block)
        found: Tensor = values[self._last]
        return found

    def _weights(self, coefficients: Tensor) -> Values:
        flat = torch.mv(self._table.t(), coefficients)
        values: Values = dict(self._frozen)
        offset = 0
        for name, shape in self._shapes.items():
            size = int(torch.Size(shape).numel())
            part = flat[offset : offset + size]
            if len(shape) == 4:
                values[name] = part.view(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2)
            else:
                values[name] = part.view(shape)
            offset += size
        return values

    # --- what is decided before the first run ---------------------------------------------------------

    def _input_only(self) -> set[int]:
        shared: set[int] = set()
        for index, step in enumerate(self._tape.steps):
            if all(r.kind == "known" or (r.kind == "step" and r.key in shared) for r in refs_in(step)):
                shared.add(index)
        return shared

    def _batch_norm_after(self, index: int) -> int | None:
        """The BatchNorm that alone reads this convolution's result."""
        step = self._tape.steps[index]
        if step.op != "conv2d" or self._tape.uses(index) != 1:
            return None
        for later in range(index + 1, len(self._tape.steps)):
            follower = self._tape.steps[later]
            if Ref("step", index) in refs_in(follower):
                return later if follower.op == "batch_norm" and by_example(follower) else None
        return None

    def _compile(self, index: int, step: Step) -> Run:
        if step.op == "conv2d":
            return self._convolution(index, step)
        if step.op == "max_pool2d" and (halves := self._max_pool(step)) is not None:
            return halves
        if not by_example(step):
            raise Untraceable(f"{step.op}, which is not in the table of operations")
        if step.op in ("flatten", "view", "reshape"):
            if len(step.shape) != 2 or step.shape[0] != step.shapes[0][0]:
                raise Untraceable(f"{step.op} to {step.shape}")
            get = self._reader(step.args[0])
            return lambda values, block: get(values, block).flatten(1)
        if step.op in ("relu", "relu_") and self._owned(step.args[0]):
            get = self._reader(step.args[0])
            if self._pooled_only(index):
                self._late.add(index)  # a maximum and a ReLU commute
                return get
            return lambda values, block: torch.relu_(get(values, block))
        return self._call(step)

    def _owned(self, ref: Ref) -> bool:
        """Whether the value may be overwritten: fresh from its step, and read by nobody else."""
        if ref.kind != "step" or self._tape.uses(ref.key) != 1 or ref.key in self._shared:
            return False
        return self._tape.steps[ref.key].op in ("conv2d", "batch_norm", "linear")

    def _pooled_only(self, index: int) -> bool:
        """Whether this value is read once, by a max-pooling of ours."""
        readers = [step for step in self._tape.steps if Ref("step", index) in refs_in(step)]
        return self._tape.uses(index) == 1 and len(readers) == 1 and self._max_pool(readers[0]) is not None

    def _call(self, step: Step) -> Run:
        """The step as it was recorded, with its operands replaced."""
        function = step.function
        args = [self._reader(value) for value in step.args]
        named = {name: self._reader(value) for name, value in step.kwargs.items()}
        if step.op in WHOLE:
            image = args[0]
            args[0] = lambda values, block: usual(image(values, block))
        return lambda values, block: function(
            *(get(values, block) for get in args), **{name: get(values, block) for name, get in named.items()}
        )

    def _reader(self, ref: Any) -> Callable[[Values, int], Any]:
        if isinstance(ref, tuple) and any(isinstance(part, Ref) for part in ref):
            parts = [self._reader(part) for part in ref]
            return lambda values, block: tuple(get(values, block) for get in parts)
        if not isinstance(ref, Ref):
            return lambda values, block: ref
        key = ref.key
        if ref.kind == "weight" or (ref.kind == "step" and key not in self._shared):
            return lambda values, block: values[key]
        value = self._known(ref)
        data = ref.kind == "step" or key < self._tape.inputs
        if data and value.ndim and len(value) == self._blocks[-1].stop:
            parts_ = [_channels_last(value[rows]) for rows in self._blocks]
            return lambda values, block: parts_[block]
        return lambda values, block: value

    def _known(self, ref: Ref) -> Tensor:
        tape = self._tape
        found: Tensor = tape.steps[ref.key].value if ref.kind == "step" else tape.known[ref.key]
        return found

    def _convolution(self, index: int, step: Step) -> Run:
        x, form = step.args[0], form_of(step)
        if form is None:
            raise Untraceable(f"{step.op} to {step.shape}")
        first = not (isinstance(x, Ref) and x.kind == "step" and x.key not in self._shared)
        get = self._reader(x)
        if first and form.small:
            unfold, prepare, convolve = product(form, pixels_first=self._feeds_minimal(index))
            columns = [unfold(self._known(x)[rows]) for rows in self._blocks]
            get = lambda values, block: columns[block]  # noqa: E731
        elif self._filtering and form.minimal(self._table):
            prepare, convolve = minimal(form, self._table, lambda: self._rooms.book(index, index))
        else:
            prepare, convolve = direct(form)
        fold, key = self._folded_weights(index, step), ("ready", index)
        operands = (step.args[1], argument(step, 2, "bias", None))
        if any(
            isinstance(ref, Ref) and ref.kind == "step" and ref.key not in self._shared for ref in operands
        ):
            _, plain = direct(form)  # filters that the pass computes, such as standardized ones
            get = self._reader(x)
            return lambda values, block: plain(get(values, block), fold(values))

        def ready(values: Values) -> Ready:
            filters, shift = fold(values)
            return prepare(filters), shift

        self._ready.append((key, ready))
        return lambda values, block: convolve(get(values, block), values[key])

    def _feeds_minimal(self, index: int) -> bool:
        """Whether the next convolutions after this one are all done by minimal filtering."""
        found, waiting = [], [index]
        while waiting and self._filtering:
            source = Ref("step", waiting.pop())
            for later, step in enumerate(self._tape.steps):
                if source in refs_in(step):
                    form = form_of(step)
                    found.append(form.minimal(self._table)) if form else waiting.append(later)
        return bool(found) and all(found)

    def _folded_weights(self, index: int, step: Step) -> Callable[[Values], Ready]:
        """Filters and shifts, with the BatchNorm that follows worked in."""
        weight_of = self._reader(step.args[1])
        bias_of = self._reader(argument(step, 2, "bias", None))
        if index not in self._folded:
            return lambda values: (weight_of(values, 0), bias_of(values, 0))
        norm = self._tape.steps[self._folded[index]]
        mean, var = self._known(norm.args[1]), self._known(norm.args[2])
        gamma, beta = (
            self._reader(argument(norm, 3 + k, name, None)) for k, name in enumerate(("weight", "bias"))
        )
        eps = argument(norm, 7, "eps", 1e-5)
        shrink = torch.rsqrt(var + eps)

        def fold(values: Values) -> Ready:
            filters, shift = weight_of(values, 0), bias_of(values, 0)
            factor, offset = gamma(values, 0), beta(values, 0)
            scale = shrink if factor is None else factor * shrink
            centred = (shift - mean if shift is not None else -mean) * scale
            return filters * scale.view(-1, 1, 1, 1), centred if offset is None else centred + offset

        return fold

    def _max_pool(self, step: Step) -> Run | None:
        """A max-pooling of ours, with the ReLU that was put off; None where it is another kind."""
        if (pool := max_pool(step)) is None:
            return None
        get = self._reader(step.args[0])
        if step.args[0].kind == "step" and step.args[0].key in self._late:
            return lambda values, block: torch.relu_(pool(get(values, block)))
        return lambda values, block: pool(get(values, block))


def _channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def _filters_last(table: Tensor, shapes: dict[str, tuple[int, ...]]) -> Tensor:
    """The table (3, n) with every filter's numbers in the order (height, width, channel)."""
    parts, offset = [], 0
    for shape in shapes.values():
        size = int(torch.Size(shape).numel())
        part = table[:, offset : offset + size]
        if len(shape) == 4:
            part = part.reshape(3, *shape).permute(0, 1, 3, 4, 2).reshape(3, -1)
        parts.append(part)
        offset += size
    return torch.cat(parts, dim=1)
