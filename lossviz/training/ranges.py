"""What the numbers of a race can be: a file that says otherwise is no race."""

import math

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e100  # races are trained in float32, which ends long before; what is larger overflows when drawn
ROUNDING = 1e-6  # by which float32 may leave a range
_SHARE, _SIZE = (0.0, 1.0), (0.0, math.inf)
# field of `Race`: its least and its greatest number; one that is not here may be any
RANGES: dict[str, tuple[float, float]] = {
    "accuracy": _SHARE,
    "train_accuracy": _SHARE,
    "saturated": _SHARE,
    "sure_and_wrong": _SHARE,
    "common": _SHARE,
    "brier": (0.0, 2.0),
    "cross_entropy": _SIZE,
    "gradient_norm": _SIZE,
    "distance": _SIZE,
}


def check_range(name: str, values: NDArray[np.float64]) -> None:
    """ValueError, in one sentence, unless all values of that field mean something.

    NaN is not known, and may be anywhere; infinity is what a number becomes that float32 cannot hold.
    """
    low, high = RANGES.get(name, (-math.inf, math.inf))
    known = values[~np.isnan(values)]
    wrong = known[(known < low - ROUNDING) | (known > high + ROUNDING)]
    if wrong.size:
        allowed = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise ValueError(f"its {name} must be {allowed}; got {wrong[0]:g}")
    wrong = known[np.isfinite(known) & (np.abs(known) > LARGEST)]
    if wrong.size:
        raise ValueError(f"its {name} must be a number that training can reach; got {wrong[0]:g}")


def check_diverged(at: NDArray[np.int64], steps: int) -> None:
    """ValueError unless each is a step of the race, or -1 for none."""
    wrong = at[(at < -1) | (at > steps)]
    if wrong.size:
        raise ValueError(f"its diverged_at must be a step, at most {steps}, or -1 for none; got {wrong[0]}")
