"""The trajectories that optimizers take through the weights of a two-weight model.

Everything is float64; the loss is the mean over the examples, and every step uses all of them.
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
from lossviz.networks.optimizers import OPTIMIZERS, Optimizer
from lossviz.neuron.descent import binary_loss, first_nonfinite
from lossviz.neuron.grid import baseline_loss, two_weight_model
from lossviz.neuron.two_weights import TwoWeightModel

MAX_STEPS = 20_000


@dataclass(frozen=True)
class Trajectory:
    """The weights that one optimizer steps through under one loss. NaN from `diverged_at` on.

    Attributes:
        model: Name of the `TwoWeightModel`.
        loss_name: Name of the loss.
        optimizer: Name of the optimizer.
        lr: Learning rate.
        weights: Both weights at the start and after each step, (steps + 1, 2).
        loss: Loss, (steps + 1,).
        baseline_loss: Loss of a model that always predicts 1/2.
        diverged_at: The first step at which the weights or the loss are not finite, or None.
    """

    model: str
    loss_name: str
    optimizer: str
    lr: float
    weights: Floats
    loss: Floats
    baseline_loss: float
    diverged_at: int | None

    @property
    def relative_loss(self) -> Floats:
        """Loss divided by the loss of always predicting 1/2: (steps + 1,)."""
        return self.loss / self.baseline_loss


def trajectories(
    model: str | TwoWeightModel,
    losses: Sequence[str | Loss],
    start: tuple[float, float],
    optimizer: str | Optimizer = "sgd",
    lr: float = 1.0,
    steps: int = 200,
) -> list[Trajectory]:
    """Run one torch optimizer on a two-weight model from the same start under each loss, full batch.

    Args:
        model: A row of `TWO_WEIGHT_MODELS` or its name.
        losses: Rows of `LOSSES` or their names; binary, at least one.
        start: Both weights at the start.
        optimizer: A row of `OPTIMIZERS` or its name.
        lr: Learning rate, above 0.
        steps: Number of steps, from 1 to 20 000.

    Returns:
        One trajectory for each loss.

    Raises:
        KeyError: If a name is unknown.
        ValueError: If there are no losses or one is not binary, ``start`` is not two finite numbers, or
            ``lr`` or ``steps`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> losses = ["sigmoid-mse", "sigmoid-ce"]
        >>> runs = lv.neuron.trajectories("noisy-step", losses, start=(5.0, -8.0), lr=1.0, steps=60)
        >>> for run in runs:
        ...     print(f"{run.loss_name}: {run.relative_loss[0]:.2f} -> {run.relative_loss[-1]:.2f}")
        sigmoid-mse: 3.66 -> 3.66
        sigmoid-ce: 10.11 -> 0.42
    """
    chosen = two_weight_model(model)
    stepper = OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer
    rows = [binary_loss(loss) for loss in losses]
    count_in("number of losses", len(rows), 1)
    origin = [number_in("start", part) for part in start]
    if len(origin) != 2:
        raise ValueError(f"start must be two numbers; got {len(origin)}")
    lr = number_in("lr", lr, 0.0, open_low=True)
    count_in("steps", steps, 1, MAX_STEPS)
    x, y = (torch.from_numpy(part) for part in chosen.data())
    # Weights that are stepped each by its own gradient can share an optimizer: one stack, one pass.
    groups = [rows] if stepper.elementwise else [[row] for row in rows]
    runs = [_optimize(chosen, group, origin, x, y, stepper, lr, steps) for group in groups]
    weights = np.concatenate([weights for weights, _ in runs], axis=1)
    values = np.concatenate([values for _, values in runs], axis=1)
    return [
        Trajectory(
            model=chosen.name,
            loss_name=row.name,
            optimizer=stepper.name,
            lr=lr,
            weights=weights[:, i],
            loss=values[:, i],
            baseline_loss=baseline_loss(row, y.numpy()),
            diverged_at=first_nonfinite(values[:, i]),
        )
        for i, row in enumerate(rows)
    ]


def _optimize(
    model: TwoWeightModel,
    losses: list[Loss],
    start: list[float],
    x: Tensor,
    y: Tensor,
    stepper: Optimizer,
    lr: float,
    steps: int,
) -> tuple[Floats, Floats]:
    """Weights (steps + 1, losses, 2) and losses (steps + 1, losses), NaN where no longer finite."""
    w = torch.tensor([start] * len(losses), dtype=torch.float64, requires_grad=True)
    optimizer = stepper.build([w], lr)
    weights = np.full((steps + 1, len(losses), 2), math.nan)
    values = np.full((steps + 1, len(losses)), math.nan)
    finite = np.full(len(losses), True)

    def evaluate() -> Tensor:
        z = model.logits(w, x)
        return torch.stack([loss(z[i], y).mean() for i, loss in enumerate(losses)])

    def record(step: int, value: Floats) -> None:
        now = w.detach().numpy()
        finite[:] &= np.isfinite(value) & np.isfinite(now).all(axis=1)
        weights[step, finite], values[step, finite] = now[finite], value[finite]

    unrecorded: int | None = None  # the step whose weights are still to be recorded

    def closure() -> float:
        nonlocal unrecorded
        optimizer.zero_grad()
        value = evaluate()
        if unrecorded is not None:
            record(unrecorded, value.detach().numpy())
            unrecorded = None  # L-BFGS calls again, at the weights that its line search tries
        total = value.nansum()  # a loss that has diverged leaves the others running
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    for step in range(steps):
        unrecorded = step
        optimizer.step(closure)
    with torch.no_grad():
        record(steps, evaluate().numpy())
    return weights, values
