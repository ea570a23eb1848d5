"""The fast evaluator: a model's forward pass is recorded once, then replayed at many points together.

It handles models whose pass consists of known operations, on one batch of tensors; anything else raises
`UntraceableError` here and is left to the reference evaluator. Which evaluator was used, and why, is part of
every result.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.engine.batchable import CONVOLUTIONS
from lossviz.engine.batches import Batch
from lossviz.engine.convolution.conv_blocks import image_blocks
from lossviz.engine.convolution.conv_program import ConvProgram
from lossviz.engine.parameters import HALF, trainable_parameters
from lossviz.engine.reference import Task
from lossviz.engine.rule_types import PlaneParameters
from lossviz.engine.stacked_loss import FullDataLoss, compile_loss
from lossviz.engine.stacked_program import StackedProgram
from lossviz.engine.trace import UntraceableError, all_parameters, record
from lossviz.engine.user_loss import loss_extras

CACHE_SIZE = 2**21  # numbers that a block of points works on at a time: about what the CPU's caches hold
LAYER_SIZE = 3 * 2**13  # numbers in the widest layer's values for one point and one block of data
MIN_EXAMPLES = 192  # in a block of data
ALIGNMENT = 16  # examples: blocks are multiples of it, since odd row lengths halve the speed of a product
CONV_POINTS = 32  # points at a time where each takes long, so that progress is reported in time
MAX_OUTPUTS = 2**24  # numbers in all outputs of a block of points, so that memory stays bounded


class VectorizedEvaluator:
    """Losses at points of a task's plane, a block of points at a time.

    Whether its numbers are right is for the caller to check against the reference evaluator.

    Raises:
        UntraceableError: If the model, the data or the loss are not of a kind that it knows.
    """

    name = "vectorized"

    def __init__(self, task: Task) -> None:
        batch = merge_batches(task)
        parameters, buffers = all_parameters(task.model), list(task.model.buffers())
        trainable = trainable_parameters(task.model)
        first = next(iter(trainable.values()))
        if first.dtype in HALF:
            raise UntraceableError("weights of half precision")
        self._like = first
        directions = torch.from_numpy(task.directions).to(first.device, first.dtype)
        shapes = {name: tuple(p.shape) for name, p in trainable.items()}
        frozen = {name: p.detach() for name, p in parameters.items() if name not in trainable}
        trace = record(partial(batch.outputs_for, task.model), batch.all_inputs, parameters, buffers)
        outputs = trace.outputs
        if outputs.ndim not in (1, 2) or len(outputs) != batch.examples:
            raise UntraceableError(f"outputs of shape {tuple(outputs.shape)}")
        self._outputs: Callable[[Tensor], Iterator[Tensor]]
        if any(op.name in CONVOLUTIONS for op in trace.ops):
            conv = ConvProgram(trace, directions, shapes, frozen, image_blocks(trace, batch.examples))
            self._outputs = lambda coefficients: iter((conv.run(coefficients),))
            self._blocks, most = [slice(0, batch.examples)], CONV_POINTS
        else:
            widest = max(op.value.numel() for op in trace.ops)
            size = max(MIN_EXAMPLES, LAYER_SIZE * batch.examples // widest)
            self._blocks = _slices(batch.examples, size)
            program = StackedProgram(trace, PlaneParameters(directions, shapes, frozen), self._blocks)
            self._outputs = program.run
            share = self._blocks[0].stop / batch.examples
            needed = max(round(max(program.buffer_size, widest) * share), directions.shape[1])
            most = min(CACHE_SIZE // needed, 256)
        self.block_size = max(1, min(most, MAX_OUTPUTS // outputs.numel()))
        self._loss = compile_loss(task, batch, outputs, self._blocks)

    def __call__(self, points: Floats) -> Floats:
        """Losses (m,) at points (m, 2)."""
        c = torch.ones(len(points), 3, dtype=self._like.dtype)
        c[:, 1:] = torch.from_numpy(points)
        c = c.to(self._like.device)
        with torch.no_grad():
            losses = [self._losses(c[k : k + self.block_size]) for k in range(0, len(c), self.block_size)]
            return torch.cat(losses).cpu().double().numpy()

    def _losses(self, coefficients: Tensor) -> Tensor:
        outputs = self._outputs(coefficients)
        if isinstance(self._loss, FullDataLoss):
            return self._loss(_joined(outputs, self._blocks))
        losses = [self._loss(part, block) for block, part in enumerate(outputs)]
        return torch.stack(losses).sum(0) if len(losses) > 1 else losses[0]


def _slices(n: int, size: int) -> list[slice]:
    """n examples in equal blocks of about ``size``."""
    count = max(1, round(n / size))
    each = ALIGNMENT * math.ceil(n / (count * ALIGNMENT))
    return [slice(low, min(low + each, n)) for low in range(0, n, each)]


def _joined(parts: Iterator[Tensor], blocks: Sequence[slice]) -> Tensor:
    """The outputs of all data, (G, f, n) or (G, n), from those of the blocks."""
    if len(blocks) == 1:
        return next(parts)
    first = next(parts)
    joined = first.new_empty(*first.shape[:-1], blocks[-1].stop)
    for rows, part in zip(blocks, itertools.chain([first], parts), strict=True):
        joined[..., rows] = part  # copied at once: the next block is computed in the same memory
    return joined


def merge_batches(task: Task) -> Batch:
    """All batches as one."""
    batches = task.batches.items
    if loss_extras(task.loss_fn):
        raise UntraceableError("a loss that asks for more than outputs and targets")
    tensors = [(*batch.all_inputs, batch.targets) for batch in batches]
    for group in tensors:
        if not all(isinstance(value, Tensor) and not value.requires_grad for value in group):
            raise UntraceableError("data that are not plain tensors")
    if len(batches) == 1:
        return batches[0]
    if not task.batches.whole:
        raise UntraceableError("a weight for each batch")
    shapes = {tuple((value.dtype, value.shape[1:], value.ndim > 0) for value in group) for group in tensors}
    names = {tuple(batch.kwargs) for batch in batches}
    if len(shapes) > 1 or len(names) > 1 or not all(value.ndim for value in tensors[0]):
        raise UntraceableError("batches of several forms")
    joined = [torch.cat(parts) for parts in zip(*tensors, strict=True)]
    k = len(batches[0].args)
    kwargs = dict(zip(batches[0].kwargs, joined[k:-1], strict=True))
    return Batch(tuple(joined[:k]), kwargs, joined[-1], task.batches.examples)
