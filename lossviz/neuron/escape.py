"""How long a wrong neuron takes to become undecided: counted in steps, and by the gradient flow's formula."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.losses.base import Loss
from lossviz.neuron.descent import binary_loss, logit_gradient

MAX_ESCAPE_STEPS = 100_000_000
_SEGMENT_STEPS = 400  # least number of steps in a segment of a long descent
_MAX_SEGMENTS = 4096


@dataclass(frozen=True)
class EscapeTime:
    """Steps until a confidently wrong neuron becomes undecided.

    Attributes:
        steps: Steps of gradient descent, by simulation; None beyond 100 million.
        closed_form: Time of the gradient flow in units of steps; None where no formula is known.
    """

    steps: int | None
    closed_form: float | None


def _half_mse_flow(z: float) -> float:
    """The integral of 1 / (dL/dz) for L = p^2 / 2, that is of (1 + e^z)^3 / e^2z."""
    return math.exp(z) + 3 * z - 3 * math.exp(-z) - math.exp(-2 * z) / 2


# 2 lr t for the gradient flow dz/dt = -2 lr dL/dz from z0 to 0: the integral of 1 / (dL/dz) over [0, z0].
_FLOW: dict[str, Callable[[float], float]] = {
    "sigmoid-ce": lambda z0: z0 + 1 - math.exp(-z0),
    "sigmoid-half-mse": lambda z0: _half_mse_flow(z0) - _half_mse_flow(0.0),
    "sigmoid-mse": lambda z0: (_half_mse_flow(z0) - _half_mse_flow(0.0)) / 2,
    # tanh z = 2 sigmoid(2z) - 1: eight times the half squared error of the logit 2z, differentiated by z
    "tanh-mse": lambda z0: (_half_mse_flow(2 * z0) - _half_mse_flow(0.0)) / 32,
    "hinge": lambda z0: z0,
    "squared-hinge": lambda z0: math.log1p(z0) / 2,
}


def escape_time(loss: str | Loss, z0: float, lr: float = 0.15) -> EscapeTime:
    """Count the steps until a wrong neuron becomes undecided.

    Gradient descent on w and b of p = sigmoid(w x + b) with x = 1, target 0 and w = b = z0 / 2 at the start,
    until p is at most 1/2. Each step moves the logit by -2 lr dL/dz.

    Args:
        loss: A row of `LOSSES` or its name; binary.
        z0: Logit at the start, in [-700, 700]; at or below 0 the neuron is not wrong, and takes no steps.
        lr: Learning rate, above 0.

    Returns:
        The number of steps, and the time of the gradient flow, which small steps approach, in closed form
        where there is one: about z0 / (2 lr) for cross-entropy, e^z0 / (2 lr) for half the squared error.

    Raises:
        KeyError: If the loss's name is unknown.
        ValueError: If the loss is not binary, or ``z0`` or ``lr`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> lv.escape_time("sigmoid-ce", 8.0).steps
        30
        >>> lv.escape_time("sigmoid-half-mse", 8.0).steps
        10028
    """
    return escape_times(loss, [z0], lr)[0]


def escape_times(loss: str | Loss, z0: Sequence[float], lr: float = 0.15) -> list[EscapeTime]:
    """Compute `escape_time` from many starts in about the time of the longest one.

    Args:
        loss: A row of `LOSSES` or its name; binary.
        z0: Logits at the start, (n,), each in [-700, 700].
        lr: Learning rate, above 0.

    Returns:
        One `EscapeTime` for each start.

    Raises:
        KeyError: If the loss's name is unknown.
        ValueError: If the loss is not binary, or an entry of ``z0`` or ``lr`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> [time.steps for time in lv.neuron.escape_times("sigmoid-half-mse", [2.0, 4.0, 6.0])]
        [52, 232, 1416]
    """
    row = binary_loss(loss)
    starts = [number_in("z0", z, -700.0, 700.0) for z in z0]
    lr = number_in("lr", lr, 0.0, open_low=True)
    flow = _FLOW.get(row.name) if not row.overrides else None
    closed_forms = [_flow_steps(flow, z, lr) if flow else None for z in starts]
    steps = _count_steps(row, np.array(starts), lr)
    return [EscapeTime(*pair) for pair in zip(steps, closed_forms, strict=True)]


def _flow_steps(flow: Callable[[float], float], z0: float, lr: float) -> float:
    """The time of the gradient flow from z0 to 0, in units of steps."""
    try:
        return flow(max(z0, 0.0)) / (2 * lr)
    except OverflowError:
        return math.inf


def _decrease(loss: Loss, z: Floats, lr: float) -> Floats:
    """By how much one step lowers the logits z (n,): 2 lr dL/dz, since w and b both move."""
    return 2 * lr * logit_gradient(loss, 0.0)(torch.from_numpy(z)).numpy()


def _count_steps(loss: Loss, z0: Floats, lr: float) -> list[int | None]:
    """Whole steps of gradient descent from each of z0 (n,) to 0 or below; None where it takes too long.

    A long descent is cut into segments of hundreds of steps, which are simulated all at once. On a plateau a
    step is so small that the step count is a smooth function of the logit: so each segment counts the steps
    from its own start to that of the next, and interpolates its last step. The error is about a thousandth of
    a step in all. The last segment is run in whole steps, from where the whole steps before it end.
    """
    segments = _segment_starts(loss, z0, lr)
    if segments is None:
        return [None if z > 0 else 0 for z in z0]
    largest, boundaries = segments
    last = boundaries[-1] if len(boundaries) else math.inf
    far = (z0 > last) & (z0 <= largest)
    before, z = np.zeros_like(z0), z0.copy()
    if far.any():
        starts = np.unique(np.concatenate([z0[far], boundaries]))[::-1]
        to_last = np.concatenate([np.cumsum(_segment_lengths(loss, starts, lr)[::-1])[::-1], [0.0]])
        before[far] = to_last[np.searchsorted(-starts, -z0[far])]
        z[far] = last - (np.ceil(before[far]) - before[far]) * _decrease(loss, np.array([last]), lr)
    active = np.flatnonzero((z > 0) & (z0 <= largest))
    steps = np.ceil(before)
    while len(active):
        z[active] -= _decrease(loss, z[active], lr)
        steps[active] += 1
        active = active[z[active] > 0]
    return [int(n) if start <= largest else None for n, start in zip(steps, z0, strict=True)]


def _segment_lengths(loss: Loss, starts: Floats, lr: float) -> Floats:
    """Steps, with a fraction, from each of the descending logits starts (n,) to the next one: (n - 1,)."""
    z, end = starts[:-1].copy(), starts[1:]
    steps = np.zeros_like(z)
    active = np.arange(len(z))
    while len(active):
        decrease = _decrease(loss, z[active], lr)
        left = z[active] - end[active]
        steps[active] += np.minimum(left / decrease, 1.0)
        z[active] -= decrease
        active = active[decrease < left]
    return steps


def _segment_starts(loss: Loss, z0: Floats, lr: float) -> tuple[float, Floats] | None:
    """The largest start that is within the limit of steps, and the descending logits at which segments start.

    Found by the time of the gradient flow; None if no start is above 0.
    """
    if not (z0 > 0).any():
        return None
    z = np.linspace(0.0, z0.max(), 20_001)
    with np.errstate(divide="ignore", over="ignore"):
        steps_per_logit = 1 / _decrease(loss, z, lr)
        means = (steps_per_logit[1:] + steps_per_logit[:-1]) / 2
        time = np.concatenate([[0.0], np.cumsum(np.diff(z) * means)])  # steps to 0
    reachable = (time < MAX_ESCAPE_STEPS) & (steps_per_logit > 0)
    z, time = z[reachable], time[reachable]
    length = max(_SEGMENT_STEPS, time[-1] / _MAX_SEGMENTS)
    return float(z[-1]), np.interp(np.arange(length, time[-1], length)[::-1], time, z)
