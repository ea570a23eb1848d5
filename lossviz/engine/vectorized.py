"""The fast evaluator: a model's forward pass written down once, then run at many points together.

It takes models whose pass is made of known operations, on one batch of tensors; everything else raises
`Untraceable` here and is done by the loop. Which way was taken, and why, is part of every result.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lossviz.engine.batches import Batch
from lossviz.engine.conv_blocks import image_blocks
from lossviz.engine.image_program import ImageProgram
from lossviz.engine.parameters import movable
from lossviz.engine.reference import Task
from lossviz.engine.stacked_loss import Whole, ends_in_mean, loss_program
from lossviz.engine.stacked_program import Directions, Program
from lossviz.engine.trace import Untraceable, all_weights, record
from lossviz.engine.user_loss import loss_extras

HELD = 2**21  # numbers that a block of points has in hand at a time: about what the caches hold
LAYER = 3 * 2**13  # numbers in the widest layer's values for one point and one block of data
LEAST = 192  # examples at a time, at least
ALIGNED = 16  # examples: blocks are multiples of it, since odd rows halve the speed of a product
IMAGE_POINTS = 32  # points at a time where each takes long, so that progress is told of in time
OUTPUTS = 2**24  # numbers in all outputs of a block of points, so that memory stays bounded


class VectorizedEvaluator:
    """Losses at points of a task's plane, a block of points at a time.

    Raises `Untraceable` if the model, the data or the loss are not of a kind that it knows. Whether its
    numbers are right is for the caller to check against the loop.
    """

    name = "stacked"

    def __init__(self, task: Task) -> None:
        batch = merged(task)
        weights, buffers = all_weights(task.model), list(task.model.buffers())
        free = movable(task.model)
        first = next(iter(free.values()))
        self._like = first
        table = torch.from_numpy(task.directions).to(first.device, first.dtype)
        shapes = {name: tuple(p.shape) for name, p in free.items()}
        frozen = {name: p.detach() for name, p in weights.items() if name not in free}
        tape = record(partial(batch.outputs_of, task.model), batch.given, weights, buffers)
        outputs = tape.outputs
        if outputs.ndim not in (1, 2) or len(outputs) != batch.examples:
            raise Untraceable(f"outputs of shape {tuple(outputs.shape)}")
        convolutional = any(step.op == "conv2d" for step in tape.steps)
        self._pieces: Callable[[Tensor], Iterator[Tensor]]
        if convolutional:
            images = ImageProgram(tape, table, shapes, frozen, image_blocks(tape, batch.examples))
            self._pieces = lambda c: iter((images.run(c),))
            self._blocks, most = [slice(0, batch.examples)], IMAGE_POINTS
        else:
            widest = max(step.value.numel() for step in tape.steps)
            self._blocks = _slices(batch.examples, max(LEAST, LAYER * batch.examples // widest))
            program = Program(tape, Directions(table, shapes, frozen), self._blocks)
            self._pieces = program.run
            share = self._blocks[0].stop / batch.examples
            most = min(HELD // max(round(max(program.held, widest) * share), table.shape[1]), 256)
        self.block = max(1, min(most, OUTPUTS // outputs.numel()))
        self._loss = loss_program(task, batch, outputs, self._blocks)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Losses (m,) float64 at points (m, 2)."""
        c = torch.ones(len(points), 3, dtype=self._like.dtype)
        c[:, 1:] = torch.from_numpy(points)
        c = c.to(self._like.device)
        with torch.no_grad():
            losses = [self._losses(c[k : k + self.block]) for k in range(0, len(c), self.block)]
            return torch.cat(losses).cpu().double().numpy()

    def _losses(self, c: Tensor) -> Tensor:
        pieces = self._pieces(c)
        if isinstance(self._loss, Whole):
            return self._loss(_joined(pieces, self._blocks))
        losses = [self._loss(piece, block) for block, piece in enumerate(pieces)]
        return torch.stack(losses).sum(0) if len(losses) > 1 else losses[0]


def _slices(n: int, size: int) -> list[slice]:
    """n examples in equal blocks of about ``size``."""
    count = max(1, round(n / size))
    each = ALIGNED * math.ceil(n / (count * ALIGNED))
    return [slice(low, min(low + each, n)) for low in range(0, n, each)]


def _joined(pieces: Iterator[Tensor], blocks: Sequence[slice]) -> Tensor:
    """The outputs of all data, (G, f, n) or (G, n)."""
    if len(blocks) == 1:
        return next(pieces)
    first = next(pieces)
    whole = first.new_empty(*first.shape[:-1], blocks[-1].stop)
    for rows, piece in zip(blocks, itertools.chain([first], pieces), strict=True):
        whole[..., rows] = piece  # at once: the next piece takes the same memory
    return whole


def merged(task: Task) -> Batch:
    """All batches as one, where that gives the same average: for a loss that ends in a mean of examples."""
    rows = task.batches.rows
    if loss_extras(task.loss_fn):
        raise Untraceable("a loss that asks for more than outputs and targets")
    tensors = [(*batch.given, batch.targets) for batch in rows]
    for group in tensors:
        if not all(isinstance(value, Tensor) and not value.requires_grad for value in group):
            raise Untraceable("data that are not plain tensors")
    if len(rows) == 1:
        return rows[0]
    forms = {tuple((value.dtype, value.shape[1:], value.ndim > 0) for value in group) for group in tensors}
    names = {tuple(batch.named) for batch in rows}
    if len(forms) > 1 or len(names) > 1 or not all(value.ndim for value in tensors[0]):
        raise Untraceable("batches of several forms")
    if not ends_in_mean(task):
        raise Untraceable("several batches under a loss that is not known to be a mean of examples")
    whole = [torch.cat(parts) for parts in zip(*tensors, strict=True)]
    k = len(rows[0].positional)
    return Batch(
        tuple(whole[:k]), dict(zip(rows[0].named, whole[k:-1], strict=True)), whole[-1], task.batches.examples
    )
