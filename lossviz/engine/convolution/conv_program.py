"""A trace with convolutions, replayed point by point on blocks of images that fit into the CPU's caches.

Convolutions are too large for stacking networks to matter. Memory matters: channels last, a few hundred
images at a time, BatchNorm folded into the convolution before it, a first convolution of few numbers as one
matrix product on inputs that are unfolded once, and max-pooling as pairwise maxima (PyTorch's own pooling
is slow on channels last). Where `lossviz.engine.convolution.winograd` saves most of the multiplications,
values have their pixels outermost in memory instead; their shape is (n, C, height, width) all the same, and
elementwise operations work on either format.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lossviz.engine.batchable import STANDARD_FORMAT_OPS, is_per_example
from lossviz.engine.buffers import BufferPool
from lossviz.engine.convolution.conv_blocks import map_in_threads, uses_winograd
from lossviz.engine.convolution.convolutions import (
    Prepared,
    channels_last,
    conv_spec,
    direct_conv,
    filters_last,
    max_pool,
    standard_format,
    unfolded_conv,
    winograd_conv,
)
from lossviz.engine.op_names import RESHAPES
from lossviz.engine.state.plane_state import LinearPart
from lossviz.engine.trace import Op, Ref, Trace, UntraceableError, argument, input_refs

BlockValues = dict[
    Any, Any
]  # tensors by operation and by parameter name, and what was prepared for an operation
BlockOp = Callable[[BlockValues, int], Tensor]  # (values so far, data block) -> value


class ConvProgram:
    """A compiled trace, to be run at one point after the other."""

    def __init__(
        self,
        trace: Trace,
        directions: Tensor,
        shapes: dict[str, tuple[int, ...]],
        frozen: dict[str, Tensor],
        blocks: Sequence[slice],
        moving: Mapping[str, LinearPart],
        pool: BufferPool,
    ) -> None:
        """Compile a trace.

        Args:
            trace: The recorded pass.
            directions: (3, n): origin, u and v, of the n trainable weights.
            shapes: Shapes of the trainable parameters by name, in order.
            frozen: The other parameters.
            blocks: The slices of the data.
            moving: Buffers and frozen parameters that move with the weights.
            pool: Scratch buffers.

        Raises:
            UntraceableError: If an operation is not known, or mixes examples.
        """
        self._trace, self._blocks, self._frozen = trace, blocks, frozen
        self._moving = moving
        self._shapes, self._directions = shapes, filters_last(directions, shapes)
        self._input_only = self._find_input_only()
        self._pool = pool
        self._winograd = uses_winograd(trace, directions)
        self._prepare: list[
            tuple[Any, Callable[[BlockValues], Prepared]]
        ] = []  # once a point, before the blocks
        self._folded: dict[int, int] = {}  # convolution -> the BatchNorm that is folded into it
        self._delayed: set[int] = set()  # ReLUs done after the max-pooling, on fewer numbers
        self._code: list[tuple[int, BlockOp]] = []
        skipped: set[int] = set()
        for index, op in enumerate(trace.ops):
            if index in self._input_only or index in skipped:
                continue
            batch_norm = self._batch_norm_after(index)
            out = index
            if batch_norm is not None:
                skipped.add(batch_norm)
                self._folded[index] = out = batch_norm
            self._code.append((out, self._compile(index, op)))
        result = trace.result
        if result.kind != "op" or result.key in self._input_only or len(trace.ops[result.key].shape) > 2:
            raise UntraceableError("a result that is not (n, f) or (n,)")
        self._result = result.key
        del self._trace, self._input_only

    def run(self, coefficients: Tensor) -> Tensor:
        """Outputs (G, f, n) or (G, n) at points with coefficients (G, 3)."""
        threads = torch.get_num_threads() if self._winograd else 1
        if threads == 1:  # PyTorch's own convolutions are faster with its own threads
            return torch.stack([self._at(row) for row in coefficients])
        return torch.stack(map_in_threads(threads, self._at, coefficients))

    @torch.no_grad()
    def _at(self, coefficients: Tensor) -> Tensor:
        """Outputs (f, n) or (n,) at one point (3,)."""
        values = self._parameters(coefficients)
        for key, prepare in self._prepare:
            values[key] = prepare(values)
        parts = [self._run_block(values, block) for block in range(len(self._blocks))]
        return torch.cat(parts).movedim(0, -1)

    def _run_block(self, prepared: BlockValues, block: int) -> Tensor:
        values = dict(prepared)
        for index, run in self._code:
            values[index] = run(values, block)
        result: Tensor = values[self._result]
        return result

    def _parameters(self, coefficients: Tensor) -> BlockValues:
        """All parameters at one point (3,), by name."""
        flat = torch.mv(self._directions.t(), coefficients)
        values: BlockValues = dict(self._frozen)
        values |= {name: part.at(coefficients[None])[0] for name, part in self._moving.items()}
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

    # --- analysis of the trace, before the first run --------------------------------------------------

    def _find_input_only(self) -> set[int]:
        """Operations that no parameter flows into: their recorded values hold for all points."""
        found: set[int] = set()
        for index, op in enumerate(self._trace.ops):
            if all(r.kind == "constant" or (r.kind == "op" and r.key in found) for r in input_refs(op)):
                found.add(index)
        return found

    def _batch_norm_after(self, index: int) -> int | None:
        """The BatchNorm that is the only reader of this convolution's result."""
        if self._trace.ops[index].name != "conv2d" or self._trace.count_reads(index) != 1:
            return None
        for later in range(index + 1, len(self._trace.ops)):
            reader = self._trace.ops[later]
            if Ref("op", index) in input_refs(reader):
                return later if reader.name == "batch_norm" and is_per_example(reader) else None
        return None

    def _compile(self, index: int, op: Op) -> BlockOp:
        if op.name == "conv2d":
            return self._convolution(index, op)
        if op.name == "max_pool2d" and (pooling := self._max_pool(op)) is not None:
            return pooling
        if not is_per_example(op):
            raise UntraceableError(f"{op.name}, which is not in the table of operations")
        if op.name in RESHAPES:
            if op.shape[:1] != op.input_shapes[0][:1]:
                raise UntraceableError(f"{op.name} to {op.shape}")
            operand, shape = self._operand(op.args[0]), op.shape[1:]
            return lambda values, block: (h := operand(values, block)).reshape(len(h), *shape)
        if op.name in ("relu", "relu_") and self._can_overwrite(op.args[0]):
            operand = self._operand(op.args[0])
            if self._is_only_pooled(index):
                self._delayed.add(index)  # a maximum and a ReLU commute
                return operand
            return lambda values, block: torch.relu_(operand(values, block))
        return self._call(op)

    def _can_overwrite(self, ref: Ref) -> bool:
        """Whether the value may be overwritten: it is in new memory, and nothing else reads it."""
        if ref.kind != "op" or self._trace.count_reads(ref.key) != 1 or ref.key in self._input_only:
            return False
        return self._trace.ops[ref.key].name in ("conv2d", "batch_norm", "linear")

    def _is_only_pooled(self, index: int) -> bool:
        """Whether this value is read once, by a max-pooling that `max_pool` can do."""
        readers = [op for op in self._trace.ops if Ref("op", index) in input_refs(op)]
        once = self._trace.count_reads(index) == 1 and len(readers) == 1
        return once and self._max_pool(readers[0]) is not None

    def _call(self, op: Op) -> BlockOp:
        """Call the function as it was recorded, with its operands replaced."""
        function = op.function
        args = [self._operand(value) for value in op.args]
        kwargs = {name: self._operand(value) for name, value in op.kwargs.items()}
        if op.name in STANDARD_FORMAT_OPS:
            images = args[0]
            args[0] = lambda values, block: standard_format(images(values, block))
        return lambda values, block: function(
            *(get(values, block) for get in args),
            **{name: get(values, block) for name, get in kwargs.items()},
        )

    def _operand(self, ref: Any) -> Callable[[BlockValues, int], Any]:
        """The function that returns an operand."""
        if isinstance(ref, tuple) and any(isinstance(part, Ref) for part in ref):
            parts = [self._operand(part) for part in ref]
            return lambda values, block: tuple(get(values, block) for get in parts)
        if not isinstance(ref, Ref):
            return lambda values, block: ref
        key = ref.key
        if ref.kind == "parameter" or self._is_computed(ref):
            return lambda values, block: values[key]
        value = self._recorded(ref)
        is_data = ref.kind == "op" or key < self._trace.num_inputs
        if is_data and value.ndim and len(value) == self._blocks[-1].stop:
            blocks = [channels_last(value[rows]) for rows in self._blocks]
            return lambda values, block: blocks[block]
        return lambda values, block: value

    def _recorded(self, ref: Ref) -> Tensor:
        """The recorded value of an operand."""
        trace = self._trace
        value: Tensor = trace.ops[ref.key].value if ref.kind == "op" else trace.constants[ref.key]
        return value

    def _convolution(self, index: int, op: Op) -> BlockOp:
        """A convolution, by the fastest algorithm for it."""
        x, spec = op.args[0], conv_spec(op)
        if spec is None:
            raise UntraceableError(f"{op.name} to {op.shape}")
        is_first = not self._is_computed(x)
        operand = self._operand(x)
        if is_first and spec.is_small:
            unfold, prepare, convolve = unfolded_conv(spec, pixels_first=self._feeds_winograd(index))
            unfolded = [unfold(self._recorded(x)[rows]) for rows in self._blocks]
            operand = lambda values, block: unfolded[block]  # noqa: E731
        elif self._winograd and spec.prefers_winograd(self._directions):
            prepare, convolve = winograd_conv(
                spec, self._directions, lambda: self._pool.reserve(index, index)
            )
        else:
            prepare, convolve = direct_conv(spec)
        fold, key = self._folded_filters(index, op), ("prepared", index)
        filters_and_bias = (op.args[1], argument(op, 2, "bias", None))
        if any(self._is_computed(ref) for ref in filters_and_bias):
            _, direct = direct_conv(spec)  # filters that the pass computes, such as standardized ones
            operand = self._operand(x)
            return lambda values, block: direct(operand(values, block), fold(values))

        def prepared(values: BlockValues) -> Prepared:
            filters, bias = fold(values)
            return prepare(filters), bias

        self._prepare.append((key, prepared))
        return lambda values, block: convolve(operand(values, block), values[key])

    def _is_computed(self, ref: Any) -> bool:
        """Whether an operand is an operation's result that parameters flow into."""
        return isinstance(ref, Ref) and ref.kind == "op" and ref.key not in self._input_only

    def _feeds_winograd(self, index: int) -> bool:
        """Whether the next convolutions after this one all use Winograd's algorithm."""
        found, pending = [], [index]
        while pending and self._winograd:
            source = Ref("op", pending.pop())
            for later, op in enumerate(self._trace.ops):
                if source in input_refs(op):
                    spec = conv_spec(op)
                    found.append(spec.prefers_winograd(self._directions)) if spec else pending.append(later)
        return bool(found) and all(found)

    def _folded_filters(self, index: int, op: Op) -> Callable[[BlockValues], Prepared]:
        """Filters and bias, with the BatchNorm that follows folded in."""
        filters_of = self._operand(op.args[1])
        bias_of = self._operand(argument(op, 2, "bias", None))
        if index not in self._folded:
            return lambda values: (filters_of(values, 0), bias_of(values, 0))
        norm = self._trace.ops[self._folded[index]]
        mean_of, var_of = (self._operand(ref) for ref in norm.args[1:3])
        weight_of, shift_of = (
            self._operand(argument(norm, 3 + k, name, None)) for k, name in enumerate(("weight", "bias"))
        )
        eps = argument(norm, 7, "eps", 1e-5)

        def fold(values: BlockValues) -> Prepared:
            mean, inverse_std = mean_of(values, 0), torch.rsqrt(var_of(values, 0) + eps)
            filters, bias = filters_of(values, 0), bias_of(values, 0)
            weight, shift = weight_of(values, 0), shift_of(values, 0)
            scale = inverse_std if weight is None else weight * inverse_std
            centered = (bias - mean if bias is not None else -mean) * scale
            return filters * scale.view(-1, 1, 1, 1), centered if shift is None else centered + shift

        return fold

    def _max_pool(self, op: Op) -> BlockOp | None:
        """Non-overlapping max-pooling, with the delayed ReLU; None for another kind of pooling."""
        if (pool := max_pool(op)) is None:
            return None
        operand = self._operand(op.args[0])
        if op.args[0].kind == "op" and op.args[0].key in self._delayed:
            return lambda values, block: torch.relu_(pool(operand(values, block)))
        return lambda values, block: pool(operand(values, block))
