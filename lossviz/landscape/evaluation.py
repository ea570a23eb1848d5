"""The loss at any points of a plane: what surfaces and profiles are computed from."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from lossviz.common.plain_text import quoted
from lossviz.common.typing import Floats
from lossviz.engine.averaging.shares import BatchWeight, averaged
from lossviz.engine.batches import read_batches
from lossviz.engine.dispatch import EvaluatorChoice, choose_evaluator
from lossviz.engine.dispatch import evaluate as evaluate_pieces
from lossviz.engine.parameters import input_like, rounding, trainable_parameters
from lossviz.engine.reference import Task
from lossviz.engine.state.batch_norm import batch_norm_layers
from lossviz.engine.state.first_call import model_to_copy
from lossviz.engine.state.plane_state import PlaneState
from lossviz.engine.user_loss import loss_function, loss_name, refuse_captured_model
from lossviz.landscape.arrangement import arranged
from lossviz.landscape.buffer_modes import (
    BATCHNORM_MODES,
    BatchNormMode,
    buffer_rule,
    chosen_state,
    model_at_origin,
)
from lossviz.landscape.io import SurfaceFacts
from lossviz.landscape.planes import Plane, Window, few_names


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A loss to be evaluated on a plane: a private copy of the model, the data, and the chosen evaluator."""

    task: Task
    choice: EvaluatorChoice
    facts: SurfaceFacts
    window: Window


def prepare(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane,
    window: Window,
    max_batches: int | None,
    batchnorm: BatchNormMode = "interpolate",
    batch_weight: BatchWeight = None,
) -> Evaluation:
    """Check the arguments, copy the model, read the data once and choose an evaluator.

    Raises ValueError, in one sentence, for what cannot be used.
    """
    if batchnorm not in BATCHNORM_MODES:
        allowed = ", ".join(map(repr, BATCHNORM_MODES))
        raise ValueError(f"batchnorm must be one of {allowed}; got {quoted(batchnorm)}")
    plane = arranged(plane, model)
    free = trainable_parameters(model)
    for name, array in (("origin", plane.origin), ("u", plane.u), ("v", plane.v)):
        wanted = (sum(p.numel() for p in free.values()),)
        if array.shape != wanted:
            raise ValueError(f"{name} of the plane must have shape {wanted}; got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of the plane must be finite; it has NaN or infinity")
    loss_fn = loss_function(loss_fn)
    refuse_captured_model(model, loss_fn)
    like = next(iter(free.values()))
    batches = read_batches(data, input_like(model), max_batches)
    directions = np.stack([plane.origin, plane.u, plane.v])
    state = chosen_state(plane.state or PlaneState({}), batchnorm)
    copied = model_at_origin(model, state)
    recompute = batchnorm == "recompute" and bool(batch_norm_layers(copied))
    moving = replace(state, origin={}) if state.moves else None
    batches = averaged(batches, copied, loss_fn, batch_weight, model)
    task = Task(copied, loss_fn, batches, directions, moving, recompute)
    choice = choose_evaluator(task, window, model)
    kept = model_to_copy(task, choice.evaluator, lambda: model_at_origin(model, state), window)
    if kept is not None:
        task = replace(task, model=kept, fresh=True)
        choice = choose_evaluator(task, window, model)
    facts = SurfaceFacts(
        method=plane.method,
        axes=plane.axes,
        explained=None if plane.explained is None else (float(plane.explained[0]), float(plane.explained[1])),
        lengths=plane.lengths,
        cosine=plane.cosine,
        weights=plane.origin.size,
        loss_name=loss_name(loss_fn),
        examples=batches.examples,
        batches=len(batches.items),
        subset=batches.subset,
        was_training=model.training,
        dtype=str(like.dtype).removeprefix("torch."),
        device=str(like.device),
        evaluator=choice.evaluator.name,
        reason=choice.reason,
        torch=str(torch.__version__),
        averaging=batches.averaging,
        rounding=rounding(model),
        still=few_names(plane.still),
        buffers=buffer_rule(copied, state, batchnorm),
    )
    return Evaluation(task, choice, facts, window)


def check_executor(executor: Any) -> None:
    """Raise ValueError unless ``executor`` is None or can be given work."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ValueError(f"executor must be a concurrent.futures.Executor or None; got {executor!r:.100}")


def evaluate(
    evaluation: Evaluation,
    points: Floats,
    executor: Executor | None = None,
    done: Callable[[int], object] = lambda count: None,
) -> Floats:
    """The loss (m,) at coordinates (m, 2); ``done`` is called with the size of each finished piece."""
    losses = np.empty(len(points))
    with closing(evaluate_pieces(evaluation.task, evaluation.choice, points, executor)) as pieces:
        for where, values in pieces:
            losses[where] = values
            done(len(values))
    return losses


def losses_at(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane,
    a: ArrayLike,
    b: ArrayLike,
    *,
    max_batches: int | None = None,
    batchnorm: BatchNormMode = "interpolate",
    batch_weight: BatchWeight = None,
) -> Floats:
    """The loss at given points of a plane, where a surface would have to be interpolated.

    Args:
        model: The model, evaluated in eval mode; it is not changed.
        loss_fn: loss_fn(outputs, targets) -> scalar.
        data: (inputs, targets), or an iterable of such batches; the loss is that of all of them.
        plane: A plane through the model's weights.
        a: (m,) coordinates along the plane's first direction.
        b: (m,) coordinates along its second.
        max_batches: Use only so many batches.
        batchnorm: As in `surface`.
        batch_weight: As in `surface`.

    Returns:
        (m,) losses.

    Raises:
        ValueError: If the model, loss, data or plane cannot be used.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = model.weight.data.fill_(2.0)
        >>> plane = lv.direction_plane(model, [torch.ones(1, 1)], [torch.ones(1, 1)])
        >>> x, y = torch.ones(4, 1), torch.zeros(4, 1)
        >>> lv.losses_at(model, torch.nn.MSELoss(), (x, y), plane, [0.0, 1.0], [0.0, 0.0])
        array([4., 9.])
    """
    points = np.stack([np.asarray(a, dtype=float), np.asarray(b, dtype=float)], axis=1)
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    window = ((low[0], high[0]), (low[1], high[1]))
    evaluation = prepare(model, loss_fn, data, plane, window, max_batches, batchnorm, batch_weight)
    return evaluate(evaluation, points)
