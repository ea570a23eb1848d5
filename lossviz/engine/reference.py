"""The evaluator that runs anything: a private copy of the model, whose weights are set to each point.

It is the reference for the vectorized evaluator, and the fallback for what that cannot do: attention,
recurrent networks, control flow, several inputs, any loss function, also one that differentiates inside.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.errors import InvalidInputError, first_line
from lossviz.common.rng import IsolatedRNG
from lossviz.common.typing import AnyFloats, Floats
from lossviz.engine.batches import Batch, BatchList, DataWriteGuard
from lossviz.engine.parameters import trainable_parameters, widened
from lossviz.engine.user_loss import OriginalModelGuard, batch_loss, loss_extras, withheld


@dataclass(frozen=True, eq=False)
class Task:
    """A loss to be evaluated at many points of a plane: all that an evaluator, or a worker process, needs.

    ``loss_fn(outputs, targets)`` returns a scalar; a parameter called ``model`` or ``inputs`` is given the
    model at the point, or the batch's inputs.
    """

    model: nn.Module  # a private copy
    loss_fn: Callable[..., Any]
    batches: BatchList
    directions: AnyFloats  # (3, n): origin, u, v


class ReferenceEvaluator:
    """Losses at points of a task's plane, one forward pass after the other.

    Args:
        task: What to evaluate; from here on the evaluator changes the weights of its model.
        original: The user's model, of which the task's model is a copy; it must not be used by the loss.

    Raises:
        ValueError: If the model and the loss do not run on the data.
    """

    name = "reference"
    block_size = 1  # points to be evaluated in one call

    def __init__(self, task: Task, original: nn.Module | None = None) -> None:
        self._model = task.model
        self._task = task
        self._calls = task.batches.calls
        self._extras = loss_extras(task.loss_fn)
        trainable = trainable_parameters(self._model)
        first = next(iter(trainable.values()))
        self._origin, self._u, self._v = (
            torch.from_numpy(row).to(first.device, widened(first).dtype) for row in task.directions
        )
        self._point = torch.empty_like(self._origin)
        # Weights of half precision are rounded once, where the sum is complete.
        self._weights = self._point if first.dtype == self._point.dtype else self._point.to(first.dtype)
        offset = 0
        for (
            parameter
        ) in trainable.values():  # from here on the copy's parameters are views of one flat vector
            parameter.data = self._weights[offset : offset + parameter.numel()].view(parameter.shape)
            offset += parameter.numel()
        self._writes_data = False  # the model or the loss: then they are given copies
        self._is_random = False
        self._first_pass = True
        with nullcontext() if original is None else OriginalModelGuard(original):
            self._needs_grad = self._find_needs_grad()
        self._first_pass = False

    @property
    def exclusive_reason(self) -> str:
        """Why only the reference evaluator can do the task; '' if the vectorized one may."""
        if self._needs_grad:
            return "the loss differentiates inside"
        if self._writes_data:
            return "the model or the loss writes into its data"
        return "the model or the loss draws random numbers" if self._is_random else ""

    def __call__(self, points: Floats) -> Floats:
        """Losses (m,) at points (m, 2); every point draws the same random numbers, if any."""
        with torch.enable_grad() if self._needs_grad else torch.no_grad():
            return np.array([self._loss_at(a, b) for a, b in points.tolist()], dtype=np.float64)

    def _loss_at(self, a: float, b: float) -> float:
        with torch.no_grad():
            torch.add(self._origin, self._u, alpha=a, out=self._point)
            self._point.add_(self._v, alpha=b)
            if self._weights is not self._point:
                self._weights.copy_(self._point)
        torch.clear_autocast_cache()  # within `torch.autocast` it holds casts of the previous weights
        total = 0.0
        for index, (batch, share) in enumerate(self._calls):
            if not share:
                continue  # no target of the batch counts, and its own mean may be NaN
            isolated = self._first_pass or self._is_random
            loss = self._isolated_loss(index, batch) if isolated else self._batch_loss(batch)
            total += share * float(loss.detach() if isinstance(loss, Tensor) else loss)
        return total

    def _isolated_loss(self, index: int, batch: Batch) -> Tensor | float:
        """The loss of a batch with random numbers of its own, the same at every point."""
        with IsolatedRNG(index) as rng:
            loss = self._batch_loss(batch)
        self._is_random |= rng.used
        return loss

    def _batch_loss(self, batch: Batch) -> Tensor | float:
        if not self._first_pass:
            data = batch.clone() if self._writes_data else batch
            return batch_loss(self._model, self._task.loss_fn, data, self._extras)
        with DataWriteGuard(batch) as guard:
            loss = batch_loss(self._model, self._task.loss_fn, batch, self._extras)
        self._writes_data |= guard.written
        return loss

    def _find_needs_grad(self) -> bool:
        """Whether the loss differentiates inside; ValueError if it fails with and without autograd."""
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
    batch = task.batches.items[0]
    tensors = batch.tensors()[:8]
    shapes = ", ".join(f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for t in tensors)
    dtype = str(next(task.model.parameters()).dtype).removeprefix("torch.")
    hint = withheld(batch) if "loss" in str(error) or "NoneType" in str(error) else ""
    return f"the {dtype} model and loss_fn fail on this data ({shapes}): {first_line(error)}{hint}"
