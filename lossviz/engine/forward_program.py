"""A model's forward pass on all data at many points, compiled from recordings of parts of the data.

A recording holds the values of every layer. So that a loader of many batches needs no more memory than its
user thought of, the data are recorded a group of examples at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor

from lossviz.engine.batchable import CONVOLUTIONS
from lossviz.engine.batches import Batch
from lossviz.engine.buffers import BufferPool
from lossviz.engine.convolution.conv_blocks import image_blocks
from lossviz.engine.convolution.conv_program import ConvProgram
from lossviz.engine.parameters import trainable_parameters
from lossviz.engine.reference import Task
from lossviz.engine.rule_types import PlaneParameters
from lossviz.engine.stacked_program import StackedProgram
from lossviz.engine.state.plane_state import LinearPart, PlaneState
from lossviz.engine.trace import Trace, UntraceableError, all_parameters, record

CACHE_SIZE = 2**21  # numbers that a block of points works on at a time: about what the CPU's caches hold
LAYER_SIZE = 3 * 2**13  # numbers in the widest layer's values for one point and one block of data
MIN_EXAMPLES = 192  # in a block of data
ALIGNMENT = 16  # examples: blocks are multiples of it, since odd row lengths halve the speed of a product
CONV_POINTS = 32  # points at a time where each takes long, so that progress is reported in time
MAX_RECORDED = 2**24  # numbers in all values of a recording
PROBE = 32  # examples whose recording shows how many numbers there are


class ForwardProgram:
    """Outputs at points of a task's plane, one block of the data after the other.

    Raises:
        UntraceableError: If the model is not of a kind that it knows.
    """

    def __init__(self, task: Task, batch: Batch) -> None:
        trainable = trainable_parameters(task.model)
        first = next(iter(trainable.values()))
        self._tensors, self._buffers, moving = _named_tensors(task)
        directions = torch.from_numpy(task.directions).to(first.device, first.dtype)
        shapes = {name: tuple(p.shape) for name, p in trainable.items()}
        frozen = {
            name: p.detach() for name, p in self._tensors.items() if name not in {**trainable, **moving}
        }
        self.blocks: list[slice] = []  # of the data
        self.points_at_once = 256
        self._parts: list[Callable[[Tensor], Iterator[Tensor]]] = []
        outputs: list[Tensor] = []
        pool = BufferPool()
        for rows in self._groups(task, batch):
            trace = self._record(task, batch, rows)
            examples = rows.stop - rows.start
            outputs.append(trace.outputs)
            if outputs[-1].ndim not in (1, 2) or len(outputs[-1]) != examples:
                raise UntraceableError(f"outputs of shape {tuple(outputs[-1].shape)}")
            pool.reuse()
            if any(op.name in CONVOLUTIONS for op in trace.ops):
                images = image_blocks(trace, examples)
                conv = ConvProgram(trace, directions, shapes, frozen, images, moving, pool)
                self._parts.append(partial(_once, conv))
                blocks, most = [slice(0, examples)], CONV_POINTS
            else:
                widest = max(op.value.numel() for op in trace.ops)
                size = max(MIN_EXAMPLES, LAYER_SIZE * examples // widest)
                blocks = _slices(examples, size)
                plane = PlaneParameters(directions, shapes, frozen, moving)
                program = StackedProgram(trace, plane, blocks, pool=pool)
                self._parts.append(program.run)
                share = blocks[0].stop / examples
                needed = max(round(max(program.buffer_size, widest) * share), directions.shape[1])
                most = min(CACHE_SIZE // needed, 256)
            self.blocks += [slice(rows.start + block.start, rows.start + block.stop) for block in blocks]
            self.points_at_once = min(self.points_at_once, most)
            del trace
        self.outputs = torch.cat(outputs) if len(outputs) > 1 else outputs[0]  # where they were recorded
        del self._tensors, self._buffers

    def run(self, coefficients: Tensor) -> Iterator[Tensor]:
        """Outputs (G, f, n') or (G, n') at points (G, 3), for each of the blocks.

        Each result may overwrite the previous one.
        """
        for part in self._parts:
            yield from part(coefficients)

    def _groups(self, task: Task, batch: Batch) -> Sequence[slice]:
        """Equal groups of examples whose recordings have at most `MAX_RECORDED` numbers, or nearly so."""
        whole = slice(0, batch.examples)
        if batch.examples <= PROBE:
            return [whole]
        try:
            probe = self._record(task, batch, slice(0, PROBE))
        except (RuntimeError, ValueError, IndexError, TypeError):  # a pass of all examples or none
            return [whole]
        numbers = sum(op.value.numel() for op in probe.ops) * batch.examples / PROBE
        count = math.ceil(numbers / MAX_RECORDED)
        if count == 1 or probe.outputs.ndim == 0 or len(probe.outputs) != PROBE:
            return [whole]
        edges = [round(k * batch.examples / count) for k in range(count + 1)]
        return [slice(low, high) for low, high in pairwise(edges)]

    def _record(self, task: Task, batch: Batch, rows: slice) -> Trace:
        """The recorded pass of some examples."""
        inputs = tuple(
            value[rows] if value.ndim and len(value) == batch.examples else value
            for value in batch.all_inputs
        )
        inputs = batch.all_inputs if rows == slice(0, batch.examples) else inputs
        function = partial(batch.outputs_for, task.model)
        return record(function, inputs, self._tensors, self._buffers)


def _once(program: ConvProgram, coefficients: Tensor) -> Iterator[Tensor]:
    """The outputs of a program that does all its examples in one."""
    yield program.run(coefficients)


def _named_tensors(task: Task) -> tuple[dict[str, Tensor], list[Tensor], Mapping[str, LinearPart]]:
    """Parameters and moving buffers by name; the other buffers; what moves beside the weights.

    A buffer that is that of the nearest model is in none of them, so that a pass that reads it is refused.
    """
    state = task.state or PlaneState({})
    named, buffers = all_parameters(task.model), dict(task.model.named_buffers())
    named |= {name: buffers[name] for name in state.linear if name in buffers}
    kept = [buffer for name, buffer in buffers.items() if name not in {**state.linear, **state.nearest}]
    return named, kept, state.linear


def _slices(n: int, size: int) -> list[slice]:
    """n examples in equal blocks of about ``size``."""
    count = max(1, round(n / size))
    each = ALIGNMENT * math.ceil(n / (count * ALIGNMENT))
    return [slice(low, min(low + each, n)) for low in range(0, n, each)]
