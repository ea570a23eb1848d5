"""How long a wrong neuron takes to become undecided: counted in steps, and by the gradient flow's formula."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.losses.base import Loss
from lossviz.neuron.descent import binary_loss, slope_towards

MOST_ESCAPE_STEPS = 100_000_000
_LEG = 400  # steps that one runner of the relay goes, at least
_RUNNERS = 4096  # at most


@dataclass(frozen=True)
class EscapeTime:
    """Steps until a confidently wrong neuron is undecided."""

    steps: int | None  # by simulation; None beyond `MOST_ESCAPE_STEPS`
    closed_form: float | None  # by the gradient flow, in steps; None where no formula is known


def _half_mse_flow(z: float) -> float:
    """The integral of 1 / (dL/dz) for L = p^2 / 2, that is of (1 + e^z)^3 / e^2z."""
    return math.exp(z) + 3 * z - 3 * math.exp(-z) - math.exp(-2 * z) / 2


# 2 lr t for the gradient flow dz/dt = -2 lr dL/dz from z0 to 0: the integral of 1 / (dL/dz) over [0, z0].
_FLOW: dict[str, Callable[[float], float]] = {
    "sigmoid-ce": lambda z0: z0 + 1 - math.exp(-z0),
    "sigmoid-half-mse": lambda z0: _half_mse_flow(z0) - _half_mse_flow(0.0),
    "sigmoid-mse": lambda z0: (_half_mse_flow(z0) - _half_mse_flow(0.0)) / 2,
    # tanh z = 2 sigmoid(2z) - 1: eight times the half square error of the logit 2z, differentiated by z
    "tanh-mse": lambda z0: (_half_mse_flow(2 * z0) - _half_mse_flow(0.0)) / 32,
    "hinge": lambda z0: z0,
    "squared-hinge": lambda z0: math.log1p(z0) / 2,
}


def escape_time(loss: str | Loss, z0: float, lr: float = 0.15) -> EscapeTime:
    """Steps until a neuron with x = 1, y = 0, w = b = z0 / 2, both learning, puts out at most 1/2.

    ``steps`` counts gradient descent's own steps: each moves the logit by -2 lr dL/dz. ``closed_form`` is
    the time of the gradient flow, which a small step approaches: about z0 / (2 lr) for cross-entropy,
    e^z0 / (2 lr) for squared error with the 1/2.

    Raises ValueError unless z0 is in [-700, 700] and lr is finite and above 0.
    """
    return escape_times(loss, [z0], lr)[0]


def escape_times(loss: str | Loss, z0: Sequence[float], lr: float = 0.15) -> list[EscapeTime]:
    """`escape_time` from many starts, in the time that the longest takes alone."""
    row = binary_loss(loss)
    starts = [number_in("z0", z, -700.0, 700.0) for z in z0]
    lr = number_in("lr", lr, 0.0, open_low=True)
    flow = _FLOW.get(row.name) if not row.overrides else None
    closed = [_flow_steps(flow, z, lr) if flow else None for z in starts]
    steps = _relay(row, np.array(starts), lr)
    return [EscapeTime(*pair) for pair in zip(steps, closed, strict=True)]


def _flow_steps(flow: Callable[[float], float], z0: float, lr: float) -> float:
    try:
        return flow(max(z0, 0.0)) / (2 * lr)
    except OverflowError:
        return math.inf


def _move(row: Loss, z: Floats, lr: float) -> Floats:
    """How far one step takes the logits z (n,) down: 2 lr dL/dz, since w and b both move."""
    return 2 * lr * slope_towards(row, 0.0)(torch.from_numpy(z)).numpy()


def _relay(row: Loss, z0: Floats, lr: float) -> list[int | None]:
    """Whole steps of gradient descent from each of z0 (n,) to 0 or below; None where it takes too long.

    A long descent is run as a relay. On a plateau one step is so small that time is a smooth function of
    place: so runners start at once all along the way, hundreds of steps apart, and each runs until it is
    where the next one started. Only the moment of handing over is interpolated; it is right to about a
    thousandth of a step. The last leg is run in whole steps, from where the whole steps before it end.
    """
    way = _handovers(row, z0, lr)
    if way is None:
        return [None if z > 0 else 0 for z in z0]
    farthest, places = way
    base = places[-1] if len(places) else math.inf
    far = (z0 > base) & (z0 <= farthest)
    before, begin = np.zeros_like(z0), z0.copy()
    if far.any():
        starts = np.unique(np.concatenate([z0[far], places]))[::-1]
        to_base = np.concatenate([np.cumsum(_legs(row, starts, lr)[::-1])[::-1], [0.0]])
        before[far] = to_base[np.searchsorted(-starts, -z0[far])]
        begin[far] = base - (np.ceil(before[far]) - before[far]) * _move(row, np.array([base]), lr)
    running = np.flatnonzero((begin > 0) & (z0 <= farthest))
    steps = np.ceil(before)
    while len(running):
        begin[running] -= _move(row, begin[running], lr)
        steps[running] += 1
        running = running[begin[running] > 0]
    return [int(n) if z <= farthest else None for n, z in zip(steps, z0, strict=True)]


def _legs(row: Loss, starts: Floats, lr: float) -> Floats:
    """Steps, with their fraction, from each of starts (n,), falling, to the next: (n - 1,)."""
    place, goal = starts[:-1].copy(), starts[1:]
    taken = np.zeros_like(place)
    running = np.arange(len(place))
    while len(running):
        move = _move(row, place[running], lr)
        left = place[running] - goal[running]
        taken[running] += np.minimum(left / move, 1.0)
        place[running] -= move
        running = running[move < left]
    return taken


def _handovers(row: Loss, z0: Floats, lr: float) -> tuple[float, Floats] | None:
    """The farthest start that is worth running, and the places (n,), falling, where runners start.

    Found by the time of the gradient flow; None if there is nothing to run.
    """
    if not (z0 > 0).any():
        return None
    z = np.linspace(0.0, z0.max(), 20_001)
    with np.errstate(divide="ignore", over="ignore"):
        pace = 1 / _move(row, z, lr)
        time = np.concatenate([[0.0], np.cumsum(np.diff(z) * (pace[1:] + pace[:-1]) / 2)])  # steps to 0
    reachable = (time < MOST_ESCAPE_STEPS) & (pace > 0)
    z, time = z[reachable], time[reachable]
    leg = max(_LEG, time[-1] / _RUNNERS)
    return float(z[-1]), np.interp(np.arange(leg, time[-1], leg)[::-1], time, z)
