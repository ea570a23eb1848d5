"""The result of full-batch training beside its edge of stability: `EdgeRun`."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossviz.common.typing import Floats
from lossviz.curvature.products import AUTOMATIC

State = Literal["diverged", "above", "at", "left", "below"]

WINDOW = 100  # steps over which a status averages
WARM_UP = 20  # steps after which the averages of a preconditioner are reliable
ABOVE, AT, REACHED = 1.12, 0.93, 0.97  # sharpness ÷ edge: limits between the states


@dataclass(frozen=True)
class StabilityStatus:
    """Where the sharpness of a run is, relative to the edge, up to a step.

    ``state`` is "diverged" if the loss has become infinite or a million times that of the start. Otherwise it
    depends on ``ratio``, the mean of sharpness ÷ edge over the last 100 steps: "above" over 1.12, "at" over
    0.93; below that, "left" if the sharpness has been over 0.97 of the edge before, and "below" if not.

    For "diverged", ``ratio`` is that at the step where the sharpness crossed the edge for the last time; for
    "below", it is the largest so far.

    Example:
        >>> import lossviz as lv
        >>> (run,) = lv.stability.edge_runs("moons", "mlp-4", ["mse"], lr=0.01, steps=3)
        >>> run.status().state
        'below'
    """

    state: State
    ratio: float


@dataclass(frozen=True, eq=False)
class EdgeRun:
    """One full-batch training with its sharpness at every step; index 0 is the start, before any step.

    Example:
        >>> import lossviz as lv
        >>> (run,) = lv.stability.edge_runs("moons", "mlp-4", ["mse"], lr=0.5, steps=3)
        >>> run.edge, run.sharpness.shape
        (4.0, (4,))
    """

    loss_name: str  # a name of LOSSES, or the name of the user's loss function
    optimizer: str  # a name of OPTIMIZERS
    lr: float
    edge: float  # the sharpness above which a step overshoots
    preconditioned: bool  # whether the sharpness is that of the preconditioned Hessian
    loss: Floats  # (steps + 1,), NaN from `diverged_at` on
    sharpness: Floats  # (steps + 1,) largest eigenvalue of the Hessian, NaN from `diverged_at` on
    weights: int  # number of weights of the network
    diverged_at: int | None  # first step whose loss is not finite, or a million times that of the start
    method: str = AUTOMATIC  # how Hessian products were computed, as in `lossviz.curvature.result.Sharpness`

    @property
    def ratio(self) -> Floats:
        """(steps + 1,) sharpness ÷ edge: above 1 a step overshoots."""
        return self.sharpness / self.edge

    @property
    def smoothed_sharpness(self) -> Floats:
        """(steps + 1,) mean of each step's sharpness and that of the step before.

        At the edge the sharpness oscillates with a period of two steps, which this mean removes.
        """
        return np.concatenate([self.sharpness[:1], (self.sharpness[1:] + self.sharpness[:-1]) / 2])

    @property
    def edge_constant(self) -> float:
        """The edge of learning rate x sharpness: 2 for gradient descent."""
        return self.edge * self.lr

    def status(self, step: int | None = None) -> StabilityStatus:
        """Where the sharpness is, relative to the edge.

        Args:
            step: The step up to which the run is considered; None for the last.

        Returns:
            The state, and the ratio of sharpness and edge that decides it.
        """
        last = len(self.loss) - 1 if step is None else min(max(step, 0), len(self.loss) - 1)
        if self.diverged_at is not None and last >= self.diverged_at:
            return StabilityStatus("diverged", float(self.ratio[self.crossed_at]))
        ratio = self.ratio[: last + 1]
        mean = float(ratio[-WINDOW:].mean())
        if mean > AT:
            return StabilityStatus("above" if mean > ABOVE else "at", mean)
        highest = float(ratio[WARM_UP if self.preconditioned and len(ratio) > WARM_UP else 0 :].max())
        return StabilityStatus("left", mean) if highest > REACHED else StabilityStatus("below", highest)

    @property
    def crossed_at(self) -> int:
        """The step at which the sharpness of a diverged run crossed the edge for the last time."""
        ratio = self.ratio[: self.diverged_at]
        below = np.flatnonzero(ratio <= 1)
        if len(below) == 0:
            return 0
        return int(below[-1]) + 1 if below[-1] + 1 < len(ratio) else int(ratio.argmax())

    @property
    def explanation(self) -> str:
        """Why a run diverged, with the numbers that show it, in one sentence; "" if it did not."""
        if self.diverged_at is None:
            return ""
        step = self.crossed_at
        product = self.lr * float(self.sharpness[step])
        steps = f"{self.diverged_at} step{'s' if self.diverged_at != 1 else ''}"
        if product <= self.edge_constant:
            return f"it flew apart in {steps}"
        sharpness = "preconditioned sharpness" if self.preconditioned else "sharpness"
        since = "at the start" if step == 0 else f"from step {step} on"
        return (
            f"it flew apart in {steps}: {since}, learning rate x {sharpness} = {self.lr:g} x "
            f"{_three_digits(self.sharpness[step])} = {_three_digits(product)} > "
            f"{_three_digits(self.edge_constant)}"
        )


def _three_digits(value: float) -> str:
    """Three significant digits, without an exponent for a large number."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
