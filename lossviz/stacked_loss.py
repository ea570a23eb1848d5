"""A task's loss, of the outputs of many points of the plane at once.

A loss that ends in a mean or a sum over the examples is found block by block of the data, while a block's
outputs are still in the cache; any other is given the outputs of all data, and what the tape's table does
not know is called point by point.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.dense import Program
from lossviz.loop import Task
from lossviz.loss import MeanLoss
from lossviz.tape import Tape, Untraceable, record

LIVELY = 2**16  # outputs that a loss of ours takes at a time: it has some 16 values as large in hand


@dataclass(frozen=True, eq=False)
class ByBlock:
    """From the outputs (G, f, n') or (G, n') of one block of the data, its part (G,) of the loss."""

    of_block: Callable[[Tensor, int], Tensor]
    shares: Sequence[float]  # of the blocks

    def __call__(self, outputs: Tensor, block: int) -> Tensor:
        return self.of_block(outputs, block) * self.shares[block]


@dataclass(frozen=True, eq=False)
class Whole:
    """From the outputs (G, f, n) or (G, n) of all data, the losses (G,)."""

    of_all: Callable[[Tensor], Tensor]

    def __call__(self, outputs: Tensor) -> Tensor:
        return self.of_all(outputs)


def loss_program(task: Task, batch: Batch, outputs: Tensor, blocks: Sequence[slice]) -> ByBlock | Whole:
    """The task's loss made ready; ``outputs`` are the model's own, recorded."""
    shares = [(rows.stop - rows.start) / batch.examples for rows in blocks]
    if isinstance(task.loss_fn, MeanLoss) and outputs.ndim == 2:
        return ByBlock(_ours(task.loss_fn, [batch.targets[rows] for rows in blocks]), shares)
    try:
        tape = record(task.loss_fn, (outputs.clone(), batch.targets), {}, [])
        if tape.outputs.ndim == 0:
            reduction = _reduction(tape)
            if reduction is not None:
                by_block = Program(tape, None, blocks, free=frozenset({0}))
                return ByBlock(by_block.of_outputs, shares if reduction == "mean" else [1.0] * len(blocks))
            at_once = Program(tape, None, [slice(0, batch.examples)], free=frozenset({0}))
            return Whole(lambda stacked: at_once.of_outputs(stacked, 0))
    except Untraceable:
        pass

    def one_by_one(stacked: Tensor) -> Tensor:
        losses = [task.loss_fn(one.movedim(-1, 0).contiguous(), batch.targets) for one in stacked]
        kind = None if isinstance(losses[0], Tensor) else torch.float64
        return torch.stack([torch.as_tensor(loss, dtype=kind, device=stacked.device) for loss in losses])

    return Whole(one_by_one)


def _ours(loss_fn: MeanLoss, targets: Sequence[Tensor]) -> Callable[[Tensor, int], Tensor]:
    """A row of ours takes the outputs of many networks as they are."""

    def together(stacked: Tensor, block: int) -> Tensor:
        few = max(1, LIVELY // stacked[0].numel())
        parts = (stacked[k : k + few] for k in range(0, len(stacked), few))
        return torch.cat([loss_fn(one.transpose(1, 2).contiguous(), targets[block]) for one in parts])

    return together


def ends_in_mean(task: Task) -> bool:
    """Whether the loss is known to be a mean over the examples."""
    if isinstance(task.loss_fn, MeanLoss):
        return True
    batch = task.batches.rows[0]
    with torch.no_grad():
        outputs = batch.outputs(task.model)
    if not isinstance(outputs, Tensor):
        return False
    tape = record(task.loss_fn, (outputs.clone(), batch.targets), {}, [])
    if _reduction(tape) != "mean":
        return False
    ignored = tape.steps[-1].kwargs.get("ignore_index")  # those targets do not count in their batch's mean
    return ignored is None or not any(bool((rows.targets == ignored).any()) for rows in task.batches.rows)


def _reduction(tape: Tape) -> str | None:
    """The tape's last step, if it is a "mean" or a "sum" and what goes before has a value an example."""
    numbers = [step for step in tape.steps if step.shape == ()]
    if len(numbers) != 1 or numbers[0] is not tape.steps[-1]:
        return None
    last = numbers[0]
    is_loss = last.op.endswith(("_loss", "entropy", "logits"))
    reduction = last.kwargs.get("reduction") if is_loss else last.op
    return reduction if reduction in ("mean", "sum") else None
