"""The evaluator that runs anything: a private copy of the model, moved from point to point.

It is the reference for the faster one, and what everything falls back on: attention, recurrent nets,
control flow, several inputs, any loss function, also one that differentiates inside.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lossviz.batches import Batch, Batches, Watched
from lossviz.loss import Loss, MeanLoss
from lossviz.randomness import same_random_numbers
from lossviz.tape import QUESTIONS
from lossviz.weights import movable


class Refused(ValueError):
    """Said by us, in a sentence of our own: what torch says of the same kind is quoted in one."""


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


class Loop:
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
        self._first = True
        guard = nullcontext() if original is None else OnlyTheCopy(original)
        with same_random_numbers(), guard:
            before = torch.random.get_rng_state()
            self._needs_grad = self._finds_grad_needed()
            self._first = False
            self.draws = not torch.equal(before, torch.random.get_rng_state())

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
        losses = np.empty(len(points))
        for index, (a, b) in enumerate(points.tolist()):
            guard = same_random_numbers() if self.draws else nullcontext()
            with guard, torch.set_grad_enabled(self._needs_grad):
                losses[index] = self._loss_at(a, b)
        return losses

    def _loss_at(self, a: float, b: float) -> float:
        with torch.no_grad():
            torch.add(self._origin, self._u, alpha=a, out=self._weights)
            self._weights.add_(self._v, alpha=b)
        total = 0.0
        for batch in self._task.batches.rows:
            loss = self._batch_loss(batch)
            total += float(loss.detach() if isinstance(loss, Tensor) else loss) * batch.examples
        return total / self._task.batches.examples

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
        except Refused:
            raise
        except Exception as error:
            raise ValueError(_failure(error, self._task)) from error
        try:
            with torch.enable_grad():
                self._loss_at(0.0, 0.0)
        except Refused:
            raise
        except Exception as error:
            raise ValueError(_failure(error, self._task)) from error
        return True


def loss_extras(loss_fn: Callable[..., Any]) -> tuple[str, ...]:
    """Which of "model" and "inputs" the loss asks for by name."""
    try:
        names = inspect.signature(loss_fn).parameters
    except (TypeError, ValueError):
        return ()
    return tuple(name for name in ("model", "inputs") if name in names)


def batch_loss(
    model: nn.Module, loss_fn: Callable[..., Any], batch: Batch, extras: tuple[str, ...] = ()
) -> Tensor | float:
    """The loss of one batch; ValueError if it is not one number."""
    values: Mapping[str, Any] = {"model": model, "inputs": batch.inputs}
    loss = loss_fn(batch.outputs(model), batch.targets, **{name: values[name] for name in extras})
    if isinstance(loss, (int, float, np.floating)):
        return float(loss)
    if not isinstance(loss, Tensor):
        raise Refused(f"loss_fn must return one number; got {type(loss).__name__}")
    if loss.ndim or loss.is_complex():
        raise Refused(
            f"loss_fn must return one real number; got a {str(loss.dtype).removeprefix('torch.')} tensor of "
            f"shape {tuple(loss.shape)}; add .mean() or reduction='mean'"
        )
    return loss


def _failure(error: Exception, task: Task) -> str:
    batch = task.batches.rows[0]
    tensors = [v for v in (*batch.positional, *batch.named.values(), batch.targets) if isinstance(v, Tensor)]
    shapes = ", ".join(f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for t in tensors)
    dtype = str(next(task.model.parameters()).dtype).removeprefix("torch.")
    return f"the {dtype} model and loss_fn fail on this data ({shapes}): {first_line(error)}"


def loss_name(loss_fn: Callable[..., Any]) -> str:
    """What a loss function is called, for a caption."""
    if isinstance(loss_fn, partial):
        return loss_name(loss_fn.func)
    return str(getattr(loss_fn, "__name__", "") or getattr(loss_fn, "name", "") or type(loss_fn).__name__)


def first_line(error: BaseException) -> str:
    """What went wrong elsewhere, for the end of a sentence of ours."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"


def loss_function(loss_fn: Any) -> Callable[..., Any]:
    """A row of LOSSES as the mean over the examples; anything else that can be called as it is.

    ValueError for what cannot be called on outputs and targets.
    """
    if isinstance(loss_fn, Loss):
        return MeanLoss(loss_fn)
    if isinstance(loss_fn, type):
        name = loss_fn.__name__
        raise ValueError(
            f"loss_fn must be a function of (outputs, targets); got the class {name}: write {name}()"
        )
    if not callable(loss_fn):
        raise ValueError(f"loss_fn must be a function of (outputs, targets); got {type(loss_fn).__name__}")
    return loss_fn  # type: ignore[no-any-return]


class OnlyTheCopy(TorchFunctionMode):
    """ValueError as soon as torch is called with a weight of the user's own model, or writes to its buffers.

    A loss that holds the model (as an object's attribute, in a `functools.partial`), or a model that holds
    itself (in a lambda, which no copy can follow), would see weights that do not move.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._weights = {id(p) for p in model.parameters() if p.requires_grad}
        self._buffers = {id(b) for b in model.buffers()}

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        op = getattr(function, "__name__", "")
        given = {id(value) for value in _leaves((*args, *kwargs.values()))}
        if self._buffers & given and op.endswith("_") and not op.endswith("__"):
            raise Refused(_OWN_WEIGHTS)
        if not self._weights & given:
            return function(*args, **kwargs)
        if op not in QUESTIONS:
            raise Refused(_OWN_WEIGHTS)
        answer = function(*args, **kwargs)
        if isinstance(answer, Tensor):
            raise Refused(_OWN_WEIGHTS)
        return answer


_OWN_WEIGHTS = (
    "loss_fn (or a function that the model holds) uses the model itself, whose weights do not move; give "
    "loss_fn a parameter called `model`"
)


def _leaves(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _leaves(value)
        else:
            yield value


def refuse_captured_model(model: nn.Module, loss_fn: Callable[..., Any]) -> None:
    """ValueError if loss_fn reaches for the model by itself: it would see weights that do not move."""
    code = getattr(loss_fn, "__code__", None)
    if code is None:
        return
    cells = [cell.cell_contents for cell in getattr(loss_fn, "__closure__", None) or () if _filled(cell)]
    known = getattr(loss_fn, "__globals__", {})
    cells += [known.get(name) for name in code.co_names]
    if any(value is model for value in cells):
        raise ValueError(
            "loss_fn uses the model itself, whose weights do not move; give it a parameter called `model`"
        )


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # an empty cell raises
    except ValueError:
        return False
    return True
