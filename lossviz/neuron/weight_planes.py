"""The exact loss surface of a model with two weights, and the ways that optimizers take on it.

Everything is float64; the loss is the mean over the examples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Loss
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.neuron.descent import binary_loss
from lossviz.neuron.two_weights import TWO_WEIGHTS, TwoWeights

# Logits that a block of the plane has: autograd holds some forty arrays as large at once. With 4,000,000 they
# were 1.3 GB, and took five times as long.
_BLOCK = 100_000
MOST_POINTS, MOST_STEPS = 401, 20_000


@dataclass(frozen=True)
class WeightPlane:
    """The loss over all weights in a square around 0, with its slope and its bends."""

    model: str
    loss_name: str
    chance: float  # the loss of a model that always says 1/2, that is of the weights (0, 0)
    a: Floats  # (k,) the first weight, along x
    b: Floats  # (k,) the second weight, along y
    loss: Floats  # (k, k), loss[i, j] at (a[j], b[i])
    gradient: Floats  # (k, k, 2)
    lowest_curvature: Floats  # (k, k) the smaller eigenvalue of the Hessian

    @property
    def level(self) -> Floats:
        """The loss in units of always guessing 1/2, so that unlike losses can share a scale: (k, k)."""
        return self.loss / self.chance

    @property
    def slope(self) -> Floats:
        """The norm of the gradient: (k, k)."""
        norm: Floats = np.linalg.norm(self.gradient, axis=-1)
        return norm

    def plateau(self, threshold: float = 0.01) -> float:
        """The share of the plane where the gradient's norm is below the threshold."""
        return float((self.slope < threshold).mean())

    @property
    def bends_down(self) -> float:
        """The share of the plane where some direction has negative curvature."""
        return float((self.lowest_curvature < -1e-12).mean())


@dataclass(frozen=True)
class WeightPath:
    """One optimizer's way down from a start; NaN from `diverged_at` on."""

    model: str
    loss_name: str
    optimizer: str
    lr: float
    weights: Floats  # (steps + 1, 2)
    loss: Floats  # (steps + 1,)
    chance: float
    diverged_at: int | None

    @property
    def level(self) -> Floats:
        """The loss in units of always guessing 1/2: (steps + 1,)."""
        return self.loss / self.chance


def _chance(loss: Loss, y: Floats) -> float:
    return float(loss.value(np.zeros_like(y), y).mean())


def weight_plane(model: str, loss: str | Loss, span: float | None = None, points: int = 121) -> WeightPlane:
    """The exact loss surface of a two-weight model on a square grid of points x points.

    The gradient and the Hessian come from autograd, at every point of the grid.

    Raises KeyError for an unknown name, ValueError unless span is in (0, 1000] and points in [3, 401].
    """
    problem, row = TWO_WEIGHTS[model], binary_loss(loss)
    span = number_in("span", problem.span if span is None else span, 0.0, 1000.0, open_low=True)
    count_in("points", points, 3, MOST_POINTS)
    x, y = (torch.from_numpy(part) for part in problem.data())
    axis = np.linspace(-span, span, points)
    grid = torch.from_numpy(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))
    blocks = torch.split(grid, max(1, _BLOCK // len(y)))
    value, gradient, lowest = (
        torch.cat(parts).numpy()
        for parts in zip(*(_bends(problem, row, w, x, y) for w in blocks), strict=True)
    )
    square = (points, points)
    return WeightPlane(
        model=problem.name,
        loss_name=row.name,
        chance=_chance(row, y.numpy()),
        a=axis,
        b=axis,
        loss=value.reshape(square),
        gradient=gradient.reshape(*square, 2),
        lowest_curvature=lowest.reshape(square),
    )


def _bends(problem: TwoWeights, loss: Loss, w: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Loss (m,), gradient (m, 2) and the Hessian's lower eigenvalue (m,) at the weights w (m, 2).

    The points of the grid do not touch one another, so that one backward pass serves them all.
    """
    w = w.clone().requires_grad_()
    value = loss(problem.logits(w, x), y.expand(len(w), -1)).mean(dim=1)
    (gradient,) = torch.autograd.grad(value.sum(), w, create_graph=True)
    rows = [
        torch.autograd.grad(gradient[:, i].sum(), w, retain_graph=True, materialize_grads=True)[0]
        if gradient.requires_grad
        else torch.zeros_like(w)
        for i in range(2)
    ]
    aa, bb, ab = rows[0][:, 0], rows[1][:, 1], rows[0][:, 1]
    lowest = (aa + bb) / 2 - torch.hypot((aa - bb) / 2, ab)
    return value.detach(), gradient.detach(), lowest.detach()


def weight_paths(
    model: str,
    losses: Sequence[str | Loss],
    start: tuple[float, float],
    optimizer: str = "sgd",
    lr: float = 1.0,
    steps: int = 200,
) -> list[WeightPath]:
    """The way of one torch optimizer from the same start under each loss, full batch.

    Raises KeyError for an unknown name, ValueError for no losses, a start that is not two finite numbers,
    lr not above 0, or steps outside [1, 20000].
    """
    problem, rule = TWO_WEIGHTS[model], OPTIMIZERS[optimizer]
    rows = [binary_loss(loss) for loss in losses]
    count_in("number of losses", len(rows), 1)
    origin = [number_in("start", part) for part in start]
    if len(origin) != 2:
        raise ValueError(f"start must be two numbers; got {len(origin)}")
    lr = number_in("lr", lr, 0.0, open_low=True)
    count_in("steps", steps, 1, MOST_STEPS)
    x, y = (torch.from_numpy(part) for part in problem.data())
    # Weights that are stepped each by its own gradient can share an optimizer: one stack, one pass.
    groups = [rows] if rule.elementwise else [[row] for row in rows]
    walks = [_walk(problem, group, origin, x, y, rule.name, lr, steps) for group in groups]
    weights = np.concatenate([w for w, _ in walks], axis=1)
    values = np.concatenate([v for _, v in walks], axis=1)
    return [
        WeightPath(
            problem.name,
            row.name,
            rule.name,
            lr,
            weights[:, i],
            values[:, i],
            _chance(row, y.numpy()),
            _first_lost(values[:, i]),
        )
        for i, row in enumerate(rows)
    ]


def _first_lost(values: Floats) -> int | None:
    finite = np.isfinite(values)
    return None if finite.all() else int(np.argmin(finite))


def _walk(
    problem: TwoWeights,
    losses: list[Loss],
    origin: list[float],
    x: Tensor,
    y: Tensor,
    optimizer: str,
    lr: float,
    steps: int,
) -> tuple[Floats, Floats]:
    """Weights (steps + 1, losses, 2) and values (steps + 1, losses), NaN where no longer finite."""
    w = torch.tensor([origin] * len(losses), dtype=torch.float64, requires_grad=True)
    stepper = OPTIMIZERS[optimizer].build([w], lr)
    weights = np.full((steps + 1, len(losses), 2), math.nan)
    values = np.full((steps + 1, len(losses)), math.nan)
    known = np.full(len(losses), True)

    def losses_here() -> Tensor:
        z = problem.logits(w, x)
        return torch.stack([loss(z[i], y).mean() for i, loss in enumerate(losses)])

    def note(step: int, value: Floats) -> None:
        place = w.detach().numpy()
        known[:] &= np.isfinite(value) & np.isfinite(place).all(axis=1)
        weights[step, known], values[step, known] = place[known], value[known]

    due: int | None = None  # the step whose place is still to be noted

    def closure() -> float:
        nonlocal due
        stepper.zero_grad()
        here = losses_here()
        if due is not None:
            note(due, here.detach().numpy())
            due = None  # L-BFGS asks again, at the places that it tries
        total = here.nansum()  # a loss that flew apart leaves the others running
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    for step in range(steps):
        due = step
        stepper.step(closure)
    with torch.no_grad():
        note(steps, losses_here().numpy())
    return weights, values
