"""The loss along a line through a model's weights."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, same_fields
from lossviz.engine.averaging.shares import BatchWeight
from lossviz.landscape.buffer_modes import BatchNormMode
from lossviz.landscape.directions import Direction, line_plane
from lossviz.landscape.evaluation import check_executor, evaluate, prepare
from lossviz.landscape.grid import axis_coordinates, interval_from_span
from lossviz.landscape.io import MAX_POINTS, SurfaceFacts
from lossviz.landscape.planes import Plane


@dataclass(frozen=True, eq=False)
class Profile:
    """The loss along a line: ``loss[i]`` is the loss of the weights ``origin + a[i] direction``.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> lv.profile(model, torch.nn.MSELoss(), data, points=5).a
        array([-1. , -0.5,  0. ,  0.5,  1. ])
    """

    a: Floats  # (k,) coordinates along the line
    loss: Floats  # (k,)
    facts: SurfaceFacts

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Profile) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.facts, self.loss.tobytes()))


def profile(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    direction: "Direction | nn.Module | Plane | None" = None,
    span: "float | tuple[float, float] | None" = None,
    points: int = 201,
    *,
    batchnorm: BatchNormMode = "interpolate",
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    executor: Executor | None = None,
    progress: Progress = True,
) -> Profile:
    """Compute the loss along a line through a model's weights.

    Args:
        model: The model at a = 0. A private copy is evaluated in eval mode; the model itself is not changed.
        loss_fn: loss_fn(outputs, targets) -> scalar, as in `surface`.
        data: (inputs, targets), or an iterable of such batches.
        direction: A dict by parameter name, a list of tensors or a flat array (n,); another model, to be
            reached at a = 1; a plane, for its first direction; by default a filter-normalized random
            direction with seed 0.
        span: s for [-s, s], (low, high), or None for [-1, 1], or [-0.5, 1.5] toward another model.
        points: Points along the line, from 1 to 16 million.
        batchnorm: As in `surface`: the end at a = 1 is the other model with its own buffers.
        max_batches: Use only so many batches.
        batch_weight: As in `surface`.
        executor: A `concurrent.futures.Executor` to share the work.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) points.

    Returns:
        The profile: ``loss[i]`` at ``a[i]``.

    Raises:
        ValueError: If the model, loss, data or another argument cannot be used.

    References:
        I. Goodfellow et al., Qualitatively Characterizing Neural Network Optimization Problems (2015).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, other = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
        >>> _ = model.weight.data.fill_(0.0), other.weight.data.fill_(2.0)
        >>> data = torch.ones(4, 1), torch.zeros(4, 1)
        >>> lv.profile(model, torch.nn.MSELoss(), data, other, span=(0.0, 1.0), points=3).loss
        array([0., 1., 4.])
    """
    toward = isinstance(direction, nn.Module)
    interval = interval_from_span("span", span, (-0.5, 1.5) if toward else (-1.0, 1.0))
    check_executor(executor)
    points = count_in("points", points, 1, MAX_POINTS**2)
    window = (interval, (0.0, 0.0))
    line = line_plane(model, direction)
    evaluation = prepare(model, loss_fn, data, line, window, max_batches, batchnorm, batch_weight)
    a = axis_coordinates(interval, points)
    coordinates = np.stack([a, np.zeros_like(a)], axis=1)
    with ProgressBar(progress, points, "profile") as meter:
        loss = evaluate(evaluation, coordinates, executor, meter.update)
    return Profile(a, loss, evaluation.facts)
