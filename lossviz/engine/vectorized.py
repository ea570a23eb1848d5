"""The fast evaluator: a model's forward pass is recorded once, then replayed at many points together.

It handles models whose pass consists of known operations, on one batch of tensors; anything else raises
`UntraceableError` here and is left to the reference evaluator. Which evaluator was used, and why, is part of
every result.
"""

import itertools
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.engine.batches import Batch
from lossviz.engine.forward_program import ForwardProgram
from lossviz.engine.parameters import HALF, trainable_parameters
from lossviz.engine.reference import Task
from lossviz.engine.stacked_loss import FullDataLoss, compile_loss
from lossviz.engine.trace import UntraceableError
from lossviz.engine.user_loss import loss_extras

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
        self._like = next(iter(trainable_parameters(task.model).values()))
        if self._like.dtype in HALF:
            raise UntraceableError("weights of half precision")
        forward = ForwardProgram(task, batch)
        self._outputs, self._blocks, outputs = forward.run, forward.blocks, forward.outputs
        most = forward.points_at_once
        self.block_size = max(1, min(most, MAX_OUTPUTS // outputs.numel()))
        try:
            self._loss = compile_loss(task, batch, outputs, self._blocks)
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            if len(task.batches.items) == 1 or isinstance(error, UntraceableError):
                raise
            raise UntraceableError("a loss that does not take the examples of all batches at once") from error
        del forward.outputs

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
