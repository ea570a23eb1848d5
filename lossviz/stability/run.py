"""Full-batch training with the sharpness beside its edge, at every step.

Where a network trains on all its examples at once, the ground under it grows sharper until the steps just
about overshoot, and stays there: J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at
the Edge of Stability (2021). The sharpness, the largest eigenvalue of the loss's Hessian, is found by
Lanczos' method, which starts from what it found one step before. It is recorded at every step: at the edge
weights swing with a period of two, which any even stride would hide.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.curvature.compiled import CompiledHessian, hessian_operator
from lossviz.curvature.lanczos import NonFiniteHessianError
from lossviz.curvature.products import AutogradHessian
from lossviz.curvature.tracking import TopEigenvalueTracker
from lossviz.engine.user_loss import loss_name
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.stability.thresholds import preconditioner, stability_edge

Place = Literal["gone", "over", "at", "left", "never"]

MOST_STEPS = 20_000
FLOWN = 1e6  # times the loss at the start: what is this high does not come back
WINDOW = 100  # steps that a verdict looks back on
SETTLING = 20  # steps in which the averages of a preconditioner are too young to count


@dataclass(frozen=True)
class StabilityStatus:
    """Where a run is, up to a step.

    "gone": it left, ``share`` then is its learning rate x sharpness ÷ the constant where it began to;
    else ``share`` is the mean of sharpness ÷ edge over the last `WINDOW` steps: "over" above 1.12, "at"
    above 0.93; below that "left" if it has been above 0.97, and "never", with the most that it has been.
    """

    place: Place
    share: float


@dataclass(frozen=True, eq=False)
class EdgeRun:
    """One full-batch training; index 0 is the start. NaN from `diverged_at` on."""

    loss_name: str  # a row of LOSSES, or what the user's loss function is called
    optimizer: str  # a row of OPTIMIZERS
    lr: float
    edge: float  # the sharpness above which a step overshoots
    preconditioned: bool  # whether the sharpness is that of the preconditioned Hessian
    loss: Floats  # (steps + 1,)
    sharpness: Floats  # (steps + 1,)
    weights: int  # n, of the network
    diverged_at: int | None  # the first step whose loss is not finite, or a million times that of the start

    @property
    def ratio(self) -> Floats:
        """Sharpness ÷ edge, (steps + 1,): above 1 a step overshoots."""
        return self.sharpness / self.edge

    @property
    def steady(self) -> Floats:
        """The mean of each step's sharpness and that of the step before, (steps + 1,): without the swing."""
        return np.concatenate([self.sharpness[:1], (self.sharpness[1:] + self.sharpness[:-1]) / 2])

    @property
    def constant(self) -> float:
        """The edge of learning rate x sharpness: 2 for gradient descent."""
        return self.edge * self.lr

    def standing(self, step: int | None = None) -> StabilityStatus:
        """What can be said up to a step (None: the last)."""
        last = len(self.loss) - 1 if step is None else min(max(step, 0), len(self.loss) - 1)
        if self.diverged_at is not None and last >= self.diverged_at:
            return StabilityStatus("gone", float(self.ratio[self.overshot_at]))
        seen = self.ratio[: last + 1]
        mean = float(seen[-WINDOW:].mean())
        if mean > 0.93:
            return StabilityStatus("over" if mean > 1.12 else "at", mean)
        top = float(seen[SETTLING if self.preconditioned and len(seen) > SETTLING else 0 :].max())
        return StabilityStatus("left", mean) if top > 0.97 else StabilityStatus("never", top)

    @property
    def overshot_at(self) -> int:
        """For a run that is gone: the step at which it went over the edge for the last time."""
        known = self.ratio[: self.diverged_at]
        below = np.flatnonzero(known <= 1)
        if len(below) == 0:
            return 0
        return int(below[-1]) + 1 if below[-1] + 1 < len(known) else int(known.argmax())

    @property
    def why(self) -> str:
        """For a run that is gone, one sentence with the number that explains it; else nothing."""
        if self.diverged_at is None:
            return ""
        at = self.overshot_at
        product = self.lr * float(self.sharpness[at])
        steps = f"{self.diverged_at} step{'s' if self.diverged_at != 1 else ''}"
        if product <= self.constant:
            return f"it flew apart in {steps}"
        what = "preconditioned sharpness" if self.preconditioned else "sharpness"
        where = "at the start" if at == 0 else f"from step {at} on"
        return (
            f"it flew apart in {steps}: {where}, learning rate x {what} = {self.lr:g} x "
            f"{_plain(self.sharpness[at])} = {_plain(product)} > {_plain(self.constant)}"
        )


def _plain(value: float) -> str:
    """Three digits, without an exponent for what is large."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def edge_run(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    lr: float,
    optimizer: str = "sgd",
    steps: int = 500,
    *,
    tolerance: float = 1e-5,
    progress: Callable[[float], object] | None = None,
) -> EdgeRun:
    """Train a copy of a torch model on all its data at once, and watch how sharp the ground becomes.

    ``loss_fn(outputs, targets)`` is any torch loss, ``data`` one batch, ``optimizer`` a name in OPTIMIZERS
    whose edge is known. The model stays as it is; its copy is in eval mode, so that each step sees the same
    function. ``tolerance`` is the sharpness's, relative. ``progress`` is told how far the work has come.

    Raises KeyError for an unknown optimizer and ValueError for one without a known edge, for lr outside
    (0, 10^6], steps outside [1, 20000], or a model or data that cannot be used.
    """
    edge = stability_edge(optimizer, lr)
    steps = count_in("steps", steps, 1, MOST_STEPS)
    tolerance = number_in("tolerance", tolerance, 1e-12, 0.1)
    hessian = hessian_operator(model, loss_fn, data)
    hessian.gradient  # noqa: B018  # several batches are refused here
    rule = OPTIMIZERS[optimizer].build(hessian.weights, lr)
    loss, sharpness = np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    count = hessian.like.numel()
    follower = TopEigenvalueTracker(count, tolerance)
    diverged_at = None
    for step in range(steps + 1):
        if step:
            rule.step()
            hessian.refresh()
        if not (step or math.isfinite(hessian.loss)):
            raise ValueError(f"the loss must be finite at the start; got {hessian.loss}")
        if not math.isfinite(hessian.loss) or (step and abs(hessian.loss) > FLOWN * max(abs(loss[0]), 1e-6)):
            diverged_at = step
            break
        gradients = _shaped(hessian.gradient, hessian.weights)
        try:
            top = follower(_product(hessian, preconditioner(rule, gradients)))
        except NonFiniteHessianError:
            if step == 0:
                raise
            diverged_at = step
            break
        loss[step], sharpness[step] = hessian.loss, top
        for weight, gradient in zip(hessian.weights, gradients, strict=True):
            weight.grad = gradient
        if progress is not None and step % 10 == 0:
            progress(step / steps)
    adaptive = optimizer in ("rmsprop", "adam")
    return EdgeRun(
        loss_name(loss_fn),
        optimizer,
        float(lr),
        edge,
        adaptive,
        loss,
        sharpness,
        hessian.like.numel(),
        diverged_at,
    )


def _shaped(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    parts = torch.split(flat, [weight.numel() for weight in like])
    return [part.view_as(weight) for part, weight in zip(parts, like, strict=True)]


def _product(
    hessian: AutogradHessian | CompiledHessian, divisor: Tensor | None
) -> Callable[[Floats], Floats]:
    """v -> H v, or v -> P^-1/2 H P^-1/2 v, which has the eigenvalues of P^-1 H and is symmetric."""
    scale = None if divisor is None else divisor.rsqrt()

    def product(vector: Floats) -> Floats:
        v = torch.from_numpy(vector).to(hessian.like)
        found = hessian @ v if scale is None else scale * (hessian @ (scale * v))
        return found.double().cpu().numpy()

    return product
