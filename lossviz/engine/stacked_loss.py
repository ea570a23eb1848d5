"""The loss of a task, computed from the outputs at many points of the plane at once.

A loss that ends in a mean or a sum over the examples is computed block by block of the data, while a block's
outputs are still in the CPU's cache. Any other is given the outputs of all data. A loss whose operations have
no forward rule is called point by point.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.engine.batches import Batch
from lossviz.engine.reference import Task
from lossviz.engine.stacked_program import StackedProgram
from lossviz.engine.trace import Trace, UntraceableError, record
from lossviz.losses.base import MeanLoss

OUTPUTS_AT_ONCE = 2**16  # outputs that a row of LOSSES takes at a time: it needs some 16 temporaries as large


@dataclass(frozen=True, eq=False)
class BlockwiseLoss:
    """From the outputs (G, f, n') or (G, n') of one block of the data, its part (G,) of the loss."""

    of_block: Callable[[Tensor, int], Tensor]
    weights: Sequence[float]  # of the blocks

    def __call__(self, outputs: Tensor, block: int) -> Tensor:
        return self.of_block(outputs, block) * self.weights[block]


@dataclass(frozen=True, eq=False)
class FullDataLoss:
    """From the outputs (G, f, n) or (G, n) of all data, the losses (G,)."""

    of_all: Callable[[Tensor], Tensor]

    def __call__(self, outputs: Tensor) -> Tensor:
        return self.of_all(outputs)


def compile_loss(
    task: Task, batch: Batch, outputs: Tensor, blocks: Sequence[slice]
) -> BlockwiseLoss | FullDataLoss:
    """Compile the task's loss.

    Args:
        task: Has the loss function.
        batch: All data as one batch.
        outputs: The model's recorded outputs, (n, f) or (n,).
        blocks: The slices of the data.

    Returns:
        The loss by blocks where that is possible, else of all data.
    """
    shares = [(rows.stop - rows.start) / batch.examples for rows in blocks]
    if isinstance(task.loss_fn, MeanLoss) and outputs.ndim == 2:
        return BlockwiseLoss(_row_loss(task.loss_fn, [batch.targets[rows] for rows in blocks]), shares)
    try:
        trace = record(task.loss_fn, (outputs.clone(), batch.targets), {}, [])
        if trace.outputs.ndim == 0:
            reduction = _final_reduction(trace)
            if reduction is not None:
                blockwise = StackedProgram(trace, None, blocks, placeholders=frozenset({0}))
                return BlockwiseLoss(blockwise.loss, shares if reduction == "mean" else [1.0] * len(blocks))
            whole = StackedProgram(trace, None, [slice(0, batch.examples)], placeholders=frozenset({0}))
            return FullDataLoss(lambda stacked: whole.loss(stacked, 0))
    except UntraceableError:
        pass

    def one_by_one(stacked: Tensor) -> Tensor:
        losses = [task.loss_fn(one.movedim(-1, 0).contiguous(), batch.targets) for one in stacked]
        dtype = None if isinstance(losses[0], Tensor) else torch.float64
        return torch.stack([torch.as_tensor(loss, dtype=dtype, device=stacked.device) for loss in losses])

    return FullDataLoss(one_by_one)


def _row_loss(loss_fn: MeanLoss, targets: Sequence[Tensor]) -> Callable[[Tensor, int], Tensor]:
    """A row of LOSSES, which accepts the outputs of many networks as they are."""

    def loss(stacked: Tensor, block: int) -> Tensor:
        networks = max(1, OUTPUTS_AT_ONCE // stacked[0].numel())
        parts = (stacked[k : k + networks] for k in range(0, len(stacked), networks))
        return torch.cat([loss_fn(part.transpose(1, 2).contiguous(), targets[block]) for part in parts])

    return loss


def _final_reduction(trace: Trace) -> str | None:
    """The trace's last operation, if it is a "mean" or a "sum" of one value for each example."""
    scalars = [op for op in trace.ops if op.shape == ()]
    if len(scalars) != 1 or scalars[0] is not trace.ops[-1]:
        return None
    last = scalars[0]
    is_loss = last.name.endswith(("_loss", "entropy", "logits"))
    reduction = last.kwargs.get("reduction") if is_loss else last.name
    return reduction if reduction in ("mean", "sum") else None
