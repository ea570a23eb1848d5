"""A tape with convolutions, replayed point by point on what a cache can hold.

Convolutions are too big for stacking to matter. What matters is memory: channels last, a few hundred
images at a time, BatchNorm folded into the convolution before it, a first convolution of few numbers as
one matrix product on inputs unfolded once, and max-pooling as pairwise maxima (PyTorch's own pooling is
slow on channels last).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.by_example import by_example
from lossviz.tape import Ref, Step, Tape, Untraceable, argument, refs_in

Values = dict[Any, Tensor]  # by step index, and by parameter name
Run = Callable[[Values, int], Tensor]  # (values so far, data block) -> value

UNFOLDED = 64  # numbers under a filter up to which the first convolution is done as a matrix product


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
        return torch.stack([self._at(row).movedim(0, -1) for row in c])

    def _at(self, coefficients: Tensor) -> Tensor:
        weights = self._weights(coefficients)
        parts = []
        for block in range(len(self._blocks)):
            values = dict(weights)
            for index, run in self._code:
                values[index] = run(values, block)
            parts.append(values[self._last])
        return torch.cat(parts)

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
        x, weight, bias = step.args[0], step.args[1], argument(step, 2, "bias", None)
        stride, padding = argument(step, 3, "stride", 1), argument(step, 4, "padding", 0)
        dilation, groups = argument(step, 5, "dilation", 1), argument(step, 6, "groups", 1)
        weights_at = self._folded_weights(index, weight, bias)
        shape = next(s for s in step.shapes[1:] if len(s) == 4)
        first = not (isinstance(x, Ref) and x.kind == "step" and x.key not in self._shared)
        if (
            first
            and groups == 1
            and not isinstance(padding, str)
            and shape[1] * shape[2] * shape[3] <= UNFOLDED
        ):
            _, channels, height, width = step.shape
            columns = [
                F.unfold(self._known(x)[rows], shape[2:], dilation, padding, stride)
                .mT.reshape(-1, shape[1], shape[2] * shape[3])
                .mT.reshape(-1, shape[1] * shape[2] * shape[3])
                for rows in self._blocks
            ]

            def product(values: Values, block: int) -> Tensor:
                filters, shift = weights_at(values)
                matrix = filters.permute(0, 2, 3, 1).reshape(channels, -1).t()
                rows = (
                    torch.mm(columns[block], matrix)
                    if shift is None
                    else torch.addmm(shift, columns[block], matrix)
                )
                return rows.view(-1, height, width, channels).permute(0, 3, 1, 2)

            return product
        get = self._reader(x)

        def convolve(values: Values, block: int) -> Tensor:
            filters, shift = weights_at(values)
            return F.conv2d(get(values, block), filters, shift, stride, padding, dilation, groups)

        return convolve

    def _folded_weights(
        self, index: int, weight: Any, bias: Any
    ) -> Callable[[Values], tuple[Tensor, Tensor | None]]:
        """Filters and shifts, with the BatchNorm that follows worked in; found once a point."""
        weight_of = self._reader(weight)
        bias_of = self._reader(bias)
        if index not in self._folded:
            return lambda values: (weight_of(values, 0), bias_of(values, 0))
        norm = self._tape.steps[self._folded[index]]
        mean, var = self._known(norm.args[1]), self._known(norm.args[2])
        gamma, beta = (
            self._reader(argument(norm, 3 + k, name, None)) for k, name in enumerate(("weight", "bias"))
        )
        eps = argument(norm, 7, "eps", 1e-5)
        shrink = torch.rsqrt(var + eps)

        def fold(values: Values) -> tuple[Tensor, Tensor | None]:
            filters, shift = weight_of(values, 0), bias_of(values, 0)
            factor, offset = gamma(values, 0), beta(values, 0)
            scale = shrink if factor is None else factor * shrink
            centred = (shift - mean if shift is not None else -mean) * scale
            return filters * scale.view(-1, 1, 1, 1), centred if offset is None else centred + offset

        return fold

    def _max_pool(self, step: Step) -> Run | None:
        """Non-overlapping max-pooling as maxima of slices; None where it is another kind."""
        if step.op != "max_pool2d":
            return None
        size = _pair(argument(step, 1, "kernel_size", 0))
        stride = argument(step, 2, "stride", None)
        stride = size if stride is None or stride == () else _pair(stride)
        plain = _pair(argument(step, 3, "padding", 0)) == (0, 0) and _pair(
            argument(step, 4, "dilation", 1)
        ) == (1, 1)
        before = step.shapes[0]
        if not plain or size != stride or len(before) != 4 or before[2] % size[0] or before[3] % size[1]:
            return None
        get = self._reader(step.args[0])
        rectify = step.args[0].kind == "step" and step.args[0].key in self._late

        def pool(values: Values, block: int) -> Tensor:
            h: Tensor = get(values, block)
            rows = h[:, :, 0 :: size[0]]
            for k in range(1, size[0]):
                rows = torch.maximum(rows, h[:, :, k :: size[0]])
            best = rows[..., 0 :: size[1]]
            for k in range(1, size[1]):
                best = torch.maximum(best, rows[..., k :: size[1]])
            return torch.relu_(best) if rectify else best

        return pool


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[-1])) if isinstance(value, (tuple, list)) else (int(value), int(value))


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
