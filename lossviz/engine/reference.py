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
from lossviz.engine.parameters import private_copy, trainable_parameters, widened
from lossviz.engine.state.batch_norm import RecomputedStatistics
from lossviz.engine.state.plane_state import LinearPart, NearestPart, PlaneState, replace_entry
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
    state: PlaneState | None = None  # buffers and frozen parameters that move with the weights
    recompute: bool = False  # whether BatchNorm's statistics are estimated from the data at each point
    fresh: bool = False  # whether each point is evaluated by a new copy of the model


class ReferenceEvaluator:
    """Losses at points of a task's plane, one forward pass after the other.

    Args:
        task: What to evaluate; from here on the evaluator changes the weights of its model.
        original: The user's model, of which the task's model is a copy; it must not be used by the loss.
        start: The point that is evaluated first, to see whether the model and the loss run.

    Raises:
        ValueError: If the model and the loss do not run on the data.
    """

    name = "reference"
    block_size = 1  # points to be evaluated in one call

    def __init__(
        self, task: Task, original: nn.Module | None = None, start: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self._task = task
        self._calls = task.batches.calls
        self._extras = loss_extras(task.loss_fn)
        first = next(iter(trainable_parameters(task.model).values()))
        self._origin, self._u, self._v = (
            torch.from_numpy(row).to(first.device, widened(first).dtype) for row in task.directions
        )
        self._point = torch.empty_like(self._origin)
        self._bind(private_copy(task.model) if task.fresh else task.model)
        self._start = start
        self.first_loss = float("nan")  # at the first point
        self._writes_data = False  # the model or the loss: then they are given copies
        self._is_random = False
        self._first_pass = True
        with nullcontext() if original is None else OriginalModelGuard(original):
            self._needs_grad = self._find_needs_grad()
        self._first_pass = False

    def _bind(self, model: nn.Module) -> None:
        """Evaluate this model from here on: its parameters become views of one flat vector."""
        self._model, offset = model, 0
        trainable = trainable_parameters(model)
        dtype = next(iter(trainable.values())).dtype
        # Weights of half precision are rounded once, where the sum is complete.
        self._weights = self._point if dtype == self._point.dtype else self._point.to(dtype)
        for parameter in trainable.values():
            parameter.data = self._weights[offset : offset + parameter.numel()].view(parameter.shape)
            offset += parameter.numel()
        self._statistics = RecomputedStatistics(model) if self._task.recompute else None
        state = self._task.state or PlaneState({})
        parts: dict[str, LinearPart | NearestPart] = {**state.linear, **state.nearest}
        named = {**dict(model.named_parameters()), **dict(model.named_buffers(remove_duplicate=False))}
        self._moving = [(replace_entry(model, name, named[name]), part) for name, part in parts.items()]

    @property
    def exclusive_reason(self) -> str:
        """Why only the reference evaluator can do the task; '' if the vectorized one may."""
        if self._task.fresh:
            return "the model keeps something made of its weights, so that each point has a new copy of it"
        if self._task.recompute:
            return "BatchNorm's statistics are estimated anew at each point"
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
        if self._task.fresh:
            self._bind(private_copy(self._task.model))
        with torch.no_grad():
            torch.add(self._origin, self._u, alpha=a, out=self._point)
            self._point.add_(self._v, alpha=b)
            if self._weights is not self._point:
                self._weights.copy_(self._point)
            if self._moving:
                coefficients = torch.tensor([[1.0, a, b]], dtype=torch.float64)
                for tensor, part in self._moving:
                    tensor.copy_(part.at(coefficients).view_as(tensor))
        torch.clear_autocast_cache()  # within `torch.autocast` it holds casts of the previous weights
        if self._statistics is not None:
            self._statistics.estimate(self._forward, len(self._task.batches.items))
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

    def _forward(self, index: int) -> None:
        """A forward pass of one batch, for what it does to the model's buffers."""
        batch = self._task.batches.items[index]
        if not self._first_pass and not self._is_random:
            (batch.clone() if self._writes_data else batch).outputs(self._model)
            return
        with DataWriteGuard(batch) as guard, IsolatedRNG(index) as rng:
            batch.outputs(self._model)
        self._writes_data |= guard.written
        self._is_random |= rng.used

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
                self.first_loss = self._loss_at(*self._start)
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
                self.first_loss = self._loss_at(*self._start)
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
