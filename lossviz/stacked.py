"""The fast evaluator: a model's forward pass written down once, then run at many points together.

It takes models whose pass is made of known operations, on one batch of tensors; everything else raises
`Untraceable` here and is done by the loop. Which way was taken, and why, is part of every result.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.dense import Directions, Program
from lossviz.images import ImageProgram
from lossviz.loop import Task
from lossviz.loss import MeanLoss
from lossviz.loss_functions import loss_extras
from lossviz.tape import Tape, Untraceable, all_weights, record
from lossviz.weights import movable

CACHED = 2**20  # numbers in the largest value of a block of points: about what the caches hold
IMAGES = 200  # images at a time
LIVELY = 16  # values as large as the outputs that a loss of ours has in hand
OUTPUTS = 2**24  # numbers in all outputs of a block of points, so that memory stays bounded


class Stacked:
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
        inputs = (*batch.positional, *batch.named.values())

        def forward(*given: Any) -> Any:
            positional = given[: len(batch.positional)]
            return task.model(*positional, **dict(zip(batch.named, given[len(positional) :], strict=True)))

        tape = record(forward, inputs, weights, buffers)
        outputs = _result(tape)
        if outputs.ndim not in (1, 2) or len(outputs) != batch.examples:
            raise Untraceable(f"outputs of shape {tuple(outputs.shape)}")
        convolutional = any(step.op == "conv2d" for step in tape.steps)
        self._forward: Callable[[Tensor], Tensor]
        if convolutional:
            blocks = _slices(batch.examples, IMAGES)
            self._forward = ImageProgram(tape, table, shapes, frozen, blocks).run
            width = outputs.numel()
        else:
            widest = max(step.value.numel() for step in tape.steps) // batch.examples
            blocks = _slices(batch.examples, max(256, CACHED // (16 * widest)))
            self._forward = Program(tape, Directions(table, shapes, frozen), blocks).run
            width = max(widest * (blocks[0].stop - blocks[0].start), table.shape[1])
        self.block = max(1, min(CACHED // width, OUTPUTS // outputs.numel(), 256))
        self._loss = _loss_program(task, batch, outputs)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Losses (m,) float64 at points (m, 2)."""
        c = torch.ones(len(points), 3, dtype=self._like.dtype)
        c[:, 1:] = torch.from_numpy(points)
        c = c.to(self._like.device)
        with torch.no_grad():
            losses = [self._loss(self._forward(c[k : k + self.block])) for k in range(0, len(c), self.block)]
            return torch.cat(losses).double().cpu().numpy()


def _slices(n: int, size: int) -> list[slice]:
    """n examples in equal blocks of at most about ``size``."""
    count = math.ceil(n / size)
    edges = [round(k * n / count) for k in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(edges)]


def _result(tape: Tape) -> Tensor:
    if tape.result.kind != "step":
        raise Untraceable("a result that does not depend on the weights")
    value: Tensor = tape.steps[tape.result.key].value
    return value


def _loss_program(task: Task, batch: Batch, outputs: Tensor) -> Callable[[Tensor], Tensor]:
    """From outputs (G, f, n) or (G, n), all losses (G,)."""
    loss_fn = task.loss_fn
    if isinstance(loss_fn, MeanLoss) and outputs.ndim == 2:  # ours: it takes many networks as it is
        few = max(1, CACHED // (LIVELY * outputs.numel()))

        def together(stacked: Tensor) -> Tensor:
            parts = (stacked[k : k + few] for k in range(0, len(stacked), few))
            return torch.cat([loss_fn(one.transpose(1, 2).contiguous(), batch.targets) for one in parts])

        return together
    plain = outputs.clone()
    try:
        tape = record(task.loss_fn, (plain, batch.targets), {}, [])
        program = Program(tape, None, [slice(0, batch.examples)], free=frozenset({0}))
        scalar = _result(tape).ndim == 0
    except Untraceable:
        scalar = False
    if scalar:
        empty = outputs.new_empty(0)
        return lambda stacked: program.run(empty, stacked)

    def one_by_one(stacked: Tensor) -> Tensor:
        losses = [task.loss_fn(one.movedim(-1, 0).contiguous(), batch.targets) for one in stacked]
        return torch.stack([torch.as_tensor(loss, device=stacked.device) for loss in losses])

    return one_by_one


def merged(task: Task) -> Batch:
    """All batches as one, where that gives the same average: for a loss that ends in a mean of examples."""
    rows = task.batches.rows
    if loss_extras(task.loss_fn):
        raise Untraceable("a loss that asks for more than outputs and targets")
    tensors = [(*batch.positional, *batch.named.values(), batch.targets) for batch in rows]
    for group in tensors:
        if not all(isinstance(value, Tensor) and not value.requires_grad for value in group):
            raise Untraceable("data that are not plain tensors")
    if len(rows) == 1:
        return rows[0]
    forms = {tuple((value.dtype, value.shape[1:], value.ndim > 0) for value in group) for group in tensors}
    names = {tuple(batch.named) for batch in rows}
    if len(forms) > 1 or len(names) > 1 or not all(value.ndim for value in tensors[0]):
        raise Untraceable("batches of several forms")
    if not _ends_in_mean(task):
        raise Untraceable("several batches under a loss that is not known to be a mean of examples")
    whole = [torch.cat(parts) for parts in zip(*tensors, strict=True)]
    k = len(rows[0].positional)
    return Batch(
        tuple(whole[:k]), dict(zip(rows[0].named, whole[k:-1], strict=True)), whole[-1], task.batches.examples
    )


def _ends_in_mean(task: Task) -> bool:
    if isinstance(task.loss_fn, MeanLoss):
        return True
    batch = task.batches.rows[0]
    with torch.no_grad():
        outputs = batch.outputs(task.model)
    if not isinstance(outputs, Tensor):
        return False
    tape = record(task.loss_fn, (outputs.clone(), batch.targets), {}, [])
    totals = [step for step in tape.steps if step.shape == ()]
    if len(totals) != 1 or totals[0] is not tape.steps[-1] or not tape.steps:
        return False
    last = totals[0]
    loss = last.op.endswith(("_loss", "entropy", "logits"))
    return last.kwargs.get("reduction") == "mean" if loss else last.op == "mean"
