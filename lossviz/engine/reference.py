"""The evaluator that runs anything: a private copy of the model, moved from point to point.

It is the reference for the faster one, and what everything falls back on: attention, recurrent nets,
control flow, several inputs, any loss function, also one that differentiates inside.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.errors import InvalidInputError, first_line
from lossviz.common.rng import OwnRandomNumbers
from lossviz.engine.batches import Batch, Batches, Watched
from lossviz.engine.parameters import movable
from lossviz.engine.user_loss import OnlyTheCopy, batch_loss, loss_extras


@dataclass(frozen=True, eq=False)
class Task:
    """A loss to be found at many points of a plane: all that an evaluator needs, and all that travels.

    The copy of the model is the task's own. ``loss_fn(outputs, targets)`` returns a scalar; a parameter
    called ``model`` or ``inputs`` is given the moved model or the batch's inputs by name.
    """

    model: nn.Module  # a private copy
    loss_fn: Callable[..., Any]
    batches: Batches
    directions: np.ndarray  # (3, n): origin, u, v


class ReferenceEvaluator:
    """Losses at points of a task's plane, one forward pass after the other."""

    name = "loop"
    block = 1  # points that are worth handing over at once

    def __init__(self, task: Task, original: nn.Module | None = None) -> None:
        """From here on the task's model is the loop's to move; ``original`` is whose copy it is."""
        self._model = task.model
        self._task = task
        self._extras = loss_extras(task.loss_fn)
        free = movable(self._model)
        first = next(iter(free.values()))
        self._origin, self._u, self._v = (
            torch.from_numpy(row).to(first.device, first.dtype) for row in task.directions
        )
        self._weights = torch.empty_like(self._origin)
        offset = 0
        for parameter in free.values():  # from here on the copy's parameters look into one flat vector
            parameter.data = self._weights[offset : offset + parameter.numel()].view(parameter.shape)
            offset += parameter.numel()
        self._writes = False  # into its data: then it is given copies
        self.draws = False
        self._first = True
        with nullcontext() if original is None else OnlyTheCopy(original):
            self._needs_grad = self._finds_grad_needed()
        self._first = False

    @property
    def special(self) -> str:
        """What of the task only this evaluator can do, or nothing."""
        if self._needs_grad:
            return "the loss differentiates inside"
        if self._writes:
            return "the model or the loss writes into its data"
        return "the model or the loss draws random numbers" if self.draws else ""

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Losses (m,) float64 at points (m, 2); every point draws the same random numbers, if any."""
        with torch.enable_grad() if self._needs_grad else torch.no_grad():
            return np.array([self._loss_at(a, b) for a, b in points.tolist()], dtype=np.float64)

    def _loss_at(self, a: float, b: float) -> float:
        with torch.no_grad():
            torch.add(self._origin, self._u, alpha=a, out=self._weights)
            self._weights.add_(self._v, alpha=b)
        torch.clear_autocast_cache()  # within `torch.autocast` it holds casts of the weights as they were
        total = 0.0
        for index, batch in enumerate(self._task.batches.rows):
            loss = self._drawn_loss(index, batch) if self._first or self.draws else self._batch_loss(batch)
            total += float(loss.detach() if isinstance(loss, Tensor) else loss) * batch.examples
        return total / self._task.batches.examples

    def _drawn_loss(self, index: int, batch: Batch) -> Tensor | float:
        """With random numbers of the batch's own, the same at every point."""
        with OwnRandomNumbers(index) as numbers:
            loss = self._batch_loss(batch)
        self.draws |= numbers.drew
        return loss

    def _batch_loss(self, batch: Batch) -> Tensor | float:
        if not self._first:
            given = batch.copy() if self._writes else batch
            return batch_loss(self._model, self._task.loss_fn, given, self._extras)
        with Watched(batch) as watched:
            loss = batch_loss(self._model, self._task.loss_fn, batch, self._extras)
        self._writes |= watched.written
        return loss

    def _finds_grad_needed(self) -> bool:
        """Whether the loss differentiates inside; a ValueError if it fails either way."""
        try:
            with torch.no_grad():
                self._loss_at(0.0, 0.0)
            return False
        except RuntimeError as error:
            if "grad" not in str(error):
                raise ValueError(_failure(error, self._task)) from error
        except InvalidInputError:
            raise
        except Exception as error:
            raise ValueError(_failure(error, self._task)) from error
        try:
            with torch.enable_grad():
                self._loss_at(0.0, 0.0)
        except InvalidInputError:
            raise
        except Exception as error:
            raise ValueError(_failure(error, self._task)) from error
        return True


def _failure(error: Exception, task: Task) -> str:
    batch = task.batches.rows[0]
    tensors = [v for v in (*batch.positional, *batch.named.values(), batch.targets) if isinstance(v, Tensor)]
    shapes = ", ".join(f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for t in tensors)
    dtype = str(next(task.model.parameters()).dtype).removeprefix("torch.")
    return f"the {dtype} model and loss_fn fail on this data ({shapes}): {first_line(error)}"
