"""What part of a plane is looked at, and where on it a grid's points lie."""

from typing import Any

import numpy as np
from torch import Tensor

from lossviz.common.validation import number_in
from lossviz.landscape.planes import UNIT, Plane, Window

Span = float | Window | None

FARTHEST = 1e30  # a span that float32 still holds


def window_of(span: Span, plane: Plane) -> Window:
    """((low, high), (low, high)) of a number s for [-s, s] twice, of itself, or of None, the plane's own."""
    if span is None:
        return plane.window
    if isinstance(span, (np.ndarray, Tensor)):
        span = span.tolist()
    if isinstance(span, (tuple, list)):
        if len(span) != 2 or not all(isinstance(part, (tuple, list)) for part in span):
            raise ValueError(f"span must be a number or ((low, high), (low, high)); got {span!r}")
        return interval_of("span", span[0], UNIT[0]), interval_of("span", span[1], UNIT[1])
    return interval_of("span", span, UNIT[0]), interval_of("span", span, UNIT[1])


def interval_of(name: str, span: Any, default: tuple[float, float]) -> tuple[float, float]:
    """(low, high) from a number s for [-s, s], a pair, or None for the default."""
    if span is None:
        return default
    if isinstance(span, (np.ndarray, Tensor)):
        span = span.tolist()
    if isinstance(span, (tuple, list)):
        if len(span) != 2:
            raise ValueError(f"{name} must be a number or (low, high); got {span!r}")
        low, high = (number_in(name, value, -FARTHEST, FARTHEST) for value in span)
        if not low < high:
            raise ValueError(f"{name} must go from a lower to a higher number; got {span!r}")
        return low, high
    reach = number_in(name, span, 0.0, FARTHEST, open_low=True)
    return -reach, reach


def axis_of(interval: tuple[float, float], points: int) -> np.ndarray:
    """(points,) even coordinates; the middle of a symmetric axis is exactly 0."""
    low, high = interval
    if points == 1:
        return np.array([0.5 * (low + high)])
    axis = np.linspace(low, high, points)
    return 0.5 * (axis - axis[::-1]) if low == -high else axis


def coarse(points: int, stride: int) -> list[int]:
    """Which of an axis's points a picture of every stride-th one holds: the last one always."""
    return sorted({*range(0, points, stride), points - 1})


def skips(shape: tuple[int, ...], most: int) -> int:
    """Every how many-th point of a grid to take, so that no axis has more than ``most`` (at least 2)."""
    return -(-(max(shape) - 1) // (most - 1)) or 1
