"""The range of each metric of a history. A file with a number outside of it is refused."""

import math

import numpy as np
from numpy.typing import NDArray

from lossviz.common.typing import Floats

MAX_VALUE = (
    1e100  # float32, in which networks are trained, ends long before; larger values overflow when drawn
)
ROUNDING = 1e-6  # how far float32 may leave a range
_SHARE, _NONNEGATIVE = (0.0, 1.0), (0.0, math.inf)
# Metric: its smallest and its largest value. A metric that is not listed may be any number.
RANGES: dict[str, tuple[float, float]] = {
    "accuracy": _SHARE,
    "train_accuracy": _SHARE,
    "saturated": _SHARE,
    "confidently_wrong": _SHARE,
    "majority_share": _SHARE,
    "brier": (0.0, 2.0),
    "cross_entropy": _NONNEGATIVE,
    "gradient_norm": _NONNEGATIVE,
    "distance": _NONNEGATIVE,
}


def check_range(name: str, values: Floats) -> None:
    """ValueError unless all values of a metric are possible.

    NaN stands for an unknown value, and infinity for a value too large for float32: both are allowed.
    """
    low, high = RANGES.get(name, (-math.inf, math.inf))
    known = values[~np.isnan(values)]
    wrong = known[(known < low - ROUNDING) | (known > high + ROUNDING)]
    if wrong.size:
        allowed = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise ValueError(f"its {name} must be {allowed}; got {wrong[0]:g}")
    wrong = known[np.isfinite(known) & (np.abs(known) > MAX_VALUE)]
    if wrong.size:
        raise ValueError(f"its {name} must be a number that training can reach; got {wrong[0]:g}")


def check_diverged(at: NDArray[np.int64], steps: int) -> None:
    """ValueError unless each value is a step of the training, or -1 for none."""
    wrong = at[(at < -1) | (at > steps)]
    if wrong.size:
        raise ValueError(f"its diverged_at must be a step, at most {steps}, or -1 for none; got {wrong[0]}")
