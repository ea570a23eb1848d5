"""Many copies of one network at once: a trace replayed on stacked, feature-major values.

A value that is (n, f) or (n,) in the model is (G, f, n) or (G, n) here, for G points of the plane. So a
linear layer is one batched matrix product, and the overhead of dispatching G small calls is paid once. The
first layer is linear in the plane's coordinates, ``(W + a U + b V) x = W x + a U x + b V x``: its three
parts are computed once for the whole grid.

`lossviz.engine.operations.FORWARD_RULES` is all that can be replayed. Every operation in it works on each
example by itself, so that data may come in blocks; a trace with any other raises `UntraceableError`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from lossviz.engine.buffers import Buffer, BufferPool
from lossviz.engine.operations import FORWARD_RULES, OWN_MEMORY
from lossviz.engine.rule_types import CompiledOp, PlaneParameters, PlanePoints, Values, at_points
from lossviz.engine.trace import Op, Ref, Trace, UntraceableError, input_refs, is_identity


class StackedProgram:
    """A compiled trace; it implements `lossviz.engine.rule_types.Compiler` for its rules."""

    def __init__(
        self,
        trace: Trace,
        parameters: PlaneParameters | None,
        blocks: Sequence[slice],
        placeholders: frozenset[int] = frozenset(),
        pool: BufferPool | None = None,
    ) -> None:
        """Compile a trace.

        Args:
            trace: The recorded pass.
            parameters: The parameters along the plane; None for a loss.
            blocks: The slices of the data.
            placeholders: Indices of the constants that are replaced by stacked values at every run (for a
                loss, the outputs).
            pool: Scratch buffers; None for its own.

        Raises:
            UntraceableError: If an operation has no forward rule, or unusual arguments.
        """
        self._trace, self.parameters, self.blocks = trace, parameters, blocks
        self._placeholders = placeholders
        self._owners = self._find_owners()
        self._reads = [0] * len(trace.ops)
        for index, op in enumerate(trace.ops):
            if self._owners[index] == index:
                for ref in input_refs(op):
                    if ref.kind == "op":
                        self._reads[self._owners[ref.key]] += 1
        self._pool, self._last_uses = pool or BufferPool(), self._find_last_uses()
        self.doubled_linear, self.tanh_as_sigmoid = self._find_tanh_as_sigmoid()
        self._input_only = self._find_input_only()
        self._code: list[tuple[int, CompiledOp]] = []
        for index, op in enumerate(trace.ops):
            if self._owners[index] == index and index not in self._input_only:
                self._code.append((index, self._compile(index, op)))
        result = trace.result
        if result.kind != "op" or self._owners[result.key] in self._input_only:
            raise UntraceableError("a result that does not depend on the weights")
        self._result = self._owners[result.key]
        # The trace holds every layer's values for all data, which are not needed any more.
        del self._trace, self._reads, self._input_only, self._last_uses

    def run(self, coefficients: Tensor) -> Iterator[Tensor]:
        """The outputs at points (G, 3), one block of the data after the other.

        Yields (G, f, n') or (G, n'); each result may overwrite the previous one.
        """
        points = PlanePoints(coefficients)
        for block in range(len(self.blocks)):
            yield self._run_block(points, block, {})

    def loss(self, outputs: Tensor, block: int) -> Tensor:
        """The losses (G,) of one block's outputs (G, f, n') or (G, n')."""
        return self._run_block(PlanePoints(outputs.new_empty(len(outputs), 0)), block, {-1: outputs})

    def _run_block(self, points: PlanePoints, block: int, values: Values) -> Tensor:
        for index, run in self._code:
            values[index] = run(values, points, block)
        return values[self._result]

    # --- analysis of the trace, before the first run --------------------------------------------------

    def _find_owners(self) -> list[int]:
        """For each operation, the one whose value it passes on unchanged (usually itself)."""
        owners: list[int] = []
        for index, op in enumerate(self._trace.ops):
            first = input_refs(op)[0]
            owners.append(owners[first.key] if is_identity(op) and first.kind == "op" else index)
        return owners

    def _reads_value_of(self, op: Op, owner: int) -> bool:
        return any(ref.kind == "op" and self._owners[ref.key] == owner for ref in input_refs(op))

    def _find_last_uses(self) -> list[int]:
        """For each operation, the last one that may read its memory, also through a view of it."""
        ops = self._trace.ops
        last_uses = list(range(len(ops)))
        for index in reversed(range(len(ops))):
            if self._trace.result.kind == "op" and self._trace.result.key == index:
                last_uses[index] = len(ops)
            for ref in input_refs(ops[index]):
                if ref.kind == "op":
                    may_be_view = ops[index].name not in OWN_MEMORY
                    last_uses[ref.key] = max(last_uses[ref.key], last_uses[index] if may_be_view else index)
        return last_uses

    def _find_input_only(self) -> set[int]:
        """Operations that no parameter flows into: their recorded values hold for the whole grid."""
        found: set[int] = set()
        for index, op in enumerate(self._trace.ops):
            if all(
                (r.kind == "constant" and r.key not in self._placeholders)
                or (r.kind == "op" and r.key in found)
                for r in input_refs(op)
            ):
                found.add(index)
        return found

    def _find_tanh_as_sigmoid(self) -> tuple[set[int], set[int]]:
        """Linear layers to double and tanh operations to replace, by tanh z = 2 sigmoid(2z) - 1.

        If a tanh lies between linear layers, the factors 2 and the term -1 go into their weights at no cost.
        With AVX2 torch's sigmoid takes a third of the time of its tanh; with AVX-512 it does not.
        """
        ops = self._trace.ops
        if torch.backends.cpu.get_cpu_capability() != "AVX2" or (ops and ops[0].value.device.type != "cpu"):
            return set(), set()
        doubled, replaced = set(), set()
        for index, op in enumerate(ops):
            if op.name not in ("tanh", "tanh_") or input_refs(op)[0].kind != "op":
                continue
            source = self._owners[input_refs(op)[0].key]
            readers = [
                o for k, o in enumerate(ops) if self._owners[k] == k and self._reads_value_of(o, index)
            ]
            only_linear = readers and all(o.name == "linear" for o in readers)
            is_result = self._trace.result.kind == "op" and self._owners[self._trace.result.key] == index
            if only_linear and not is_result and ops[source].name == "linear" and self._reads[source] == 1:
                doubled.add(source)
                replaced.add(index)
        return doubled, replaced

    def _compile(self, index: int, op: Op) -> CompiledOp:
        rule = FORWARD_RULES.get(op.name)
        if rule is None:
            raise UntraceableError(f"{op.name}, which is not in the table of operations")
        return rule(self, index, op)

    # --- the interface for forward rules, see `Compiler` ----------------------------------------------

    @property
    def buffer_size(self) -> int:
        """Numbers in all scratch buffers, for one network on all data."""
        return sum(self._pool.sizes)

    @property
    def is_loss(self) -> bool:
        """Whether the program maps outputs to one number for each point, all data at once."""
        return bool(self._placeholders)

    def owner(self, ref: Ref) -> int:
        """The index in `Values` of a stacked value: its operation, or -1 for a placeholder."""
        return -1 if ref.kind == "constant" else self._owners[ref.key]

    def shape(self, ref: Any) -> tuple[int, ...]:
        """The recorded shape of an operand, examples first; () for a plain number."""
        if not isinstance(ref, Ref):
            return ()
        if ref.kind == "parameter":
            raise UntraceableError("a parameter used in an unusual place")
        return tuple(self.recorded(ref).shape)

    def is_stacked(self, ref: Any) -> bool:
        """Whether an operand has another value at each point."""
        if not isinstance(ref, Ref):
            return False
        if ref.kind == "constant":
            return ref.key in self._placeholders
        return ref.kind == "op" and ref.key not in self._input_only

    def recorded(self, ref: Ref) -> Tensor:
        """The recorded value of an operand, examples first."""
        if ref.kind == "parameter":
            raise UntraceableError("a parameter used in an unusual place")
        trace = self._trace
        value: Tensor = trace.ops[ref.key].value if ref.kind == "op" else trace.constants[ref.key]
        return value

    def buffer(self, index: int) -> Buffer:
        """A scratch buffer for an operation's result, reserved until its last use."""
        return self._pool.reserve(index, self._last_uses[index], self._trace.ops[index].value.numel())

    def can_overwrite(self, ref: Ref) -> bool:
        """Whether the only operation that reads a value may overwrite it."""
        if ref.kind != "op":
            return False
        owner = self._owners[ref.key]  # its value is its own memory, not a view of another's
        return self._trace.ops[owner].name in OWN_MEMORY and self._reads[owner] == 1

    def operand(self, ref: Any, rank: int, examples: int) -> CompiledOp:
        """The function that returns an operand of a value with this recorded rank and number of examples."""
        if not isinstance(ref, Ref):
            return lambda values, points, block: ref  # a plain number
        if self.is_stacked(ref):
            owner = self.owner(ref)
            if rank and self.shape(ref) == ():  # one number for each network, such as a mean over the data
                return lambda values, points, block: values[owner].view(-1, *([1] * rank))
            return lambda values, points, block: values[owner]
        if ref.kind == "parameter":
            return self._parameter(ref.key, rank)
        blocks = self.feature_major(self.recorded(ref), rank, examples)
        return lambda values, points, block: blocks[block]

    def _parameter(self, name: str, rank: int) -> CompiledOp:
        """A parameter as a factor or summand: one number, or one for each feature."""
        assert self.parameters is not None
        rows = self.parameters.rows(name)
        if rows.numel() == 3:
            rows = rows.reshape(3, *([1] * rank))
        elif rows.ndim == 2 and rank == 2:
            rows = rows.unsqueeze(-1)
        else:
            raise UntraceableError(f"parameter {name!r} in an unusual place")
        parameter_at = at_points(rows)
        return lambda values, points, block: points.cached(parameter_at)

    def feature_major(self, value: Tensor, rank: int, examples: int) -> list[Tensor]:
        """A value that is the same at all points, (n, f) or (n,), as blocks (f, n') or (n',).

        A single number is returned as it is, once for each block.
        """
        if value.numel() == 1:
            return [value.reshape(()) for _ in self.blocks]
        if value.ndim != rank or value.shape[0] != examples or rank > 2:
            raise UntraceableError(
                f"a value of shape {tuple(value.shape)} where {examples} examples are expected"
            )
        return [value[block].t().contiguous() if rank == 2 else value[block] for block in self.blocks]
