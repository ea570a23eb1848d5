"""The grid of a surface: which part of a plane it covers, and at which coordinates its points lie."""

from typing import Any

import numpy as np
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.landscape.planes import UNIT_WINDOW, Plane, Window

Span = float | Window | None  # s for [-s, s] on both axes, ((low, high), (low, high)), or the plane's window
Interval = tuple[float, float]

MAX_SPAN = 1e30  # still finite in float32


def window_from_span(span: Span, plane: Plane) -> Window:
    """((a low, a high), (b low, b high)) of a span; ValueError if it is none."""
    if span is None:
        return plane.window
    if isinstance(span, (np.ndarray, Tensor)):
        span = span.tolist()
    if isinstance(span, (tuple, list)):
        if len(span) != 2 or not all(isinstance(part, (tuple, list)) for part in span):
            raise ValueError(f"span must be a number or ((low, high), (low, high)); got {span!r}")
        a, b = span
    else:
        a = b = span  # type: ignore[assignment]  # a number stands for the same interval on both axes
    return interval_from_span("span", a, UNIT_WINDOW[0]), interval_from_span("span", b, UNIT_WINDOW[1])


def interval_from_span(name: str, span: Any, default: Interval) -> Interval:
    """(low, high) of a number s for [-s, s], of a pair, or the default for None."""
    if span is None:
        return default
    if isinstance(span, (np.ndarray, Tensor)):
        span = span.tolist()
    if isinstance(span, (tuple, list)):
        if len(span) != 2:
            raise ValueError(f"{name} must be a number or (low, high); got {span!r}")
        low, high = (number_in(name, value, -MAX_SPAN, MAX_SPAN) for value in span)
        if not low < high:
            raise ValueError(f"{name} must go from a lower to a higher number; got {span!r}")
        return low, high
    half = number_in(name, span, 0.0, MAX_SPAN, open_low=True)
    return -half, half


def axis_coordinates(interval: Interval, points: int) -> Floats:
    """Evenly spaced coordinates (points,); the middle of a symmetric axis is exactly 0."""
    low, high = interval
    if points == 1:
        return np.array([0.5 * (low + high)])
    axis: Floats = np.linspace(low, high, points)
    return 0.5 * (axis - axis[::-1]) if low == -high else axis


def coarse_indices(points: int, stride: int) -> list[int]:
    """Indices of every stride-th of an axis's points; the last point is always among them."""
    return sorted({*range(0, points, stride), points - 1})


def stride_for(shape: tuple[int, ...], max_points: int) -> int:
    """The smallest stride with which no axis of a grid has more than ``max_points`` (at least 2)."""
    return -(-(max(shape) - 1) // (max_points - 1)) or 1
