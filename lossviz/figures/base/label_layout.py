"""Place the labels of curves: each beside its own curve, without overlapping other curves or labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossviz.common.typing import Floats

Box = tuple[float, float, float, float]  # left, right, bottom, top
LINE_HEIGHT = 1.36  # of a label, in its font size
_SIDES = (  # anchors and shifts: above, below, beside, and at the four corners
    ("center", "bottom", 0, 7),
    ("center", "top", 0, -7),
    ("left", "middle", 14, 0),
    ("right", "middle", -14, 0),
    ("left", "top", 9, -3),
    ("right", "bottom", -9, 3),
    ("left", "bottom", 9, 3),
    ("right", "top", -9, -3),
)


def place_labels(
    x: Floats, y: Floats, widths: Sequence[float], size: tuple[float, float], font: float
) -> list[dict[str, Any]]:
    """Find a position for the label of each curve, by minimizing a penalty over candidates along the curve.

    Args:
        x: Ascending positions (n,), as a fraction of the panel's width.
        y: Curves (L, n), as a fraction of its height; points outside [0, 1] or not finite are not drawn.
        widths: Width of each label in pixels.
        size: Width and height of the panel in pixels.
        font: Size of the labels' font in pixels.

    Returns:
        For each label ``x`` and ``y`` (fractions), anchors and shifts, as a Plotly annotation takes them.
    """
    width, height = size
    line = LINE_HEIGHT * font
    fine = np.linspace(0, 1, 500)
    where = np.interp(fine, np.linspace(0, 1, len(x)), x)
    dense = np.stack([np.interp(where, x, row) for row in y])
    dense_x, dense_y = where * width, dense * height
    taken: list[Box] = []
    positions: list[dict[str, Any]] = []
    for i, row in enumerate(y):
        inside = np.flatnonzero(np.isfinite(row) & (row >= 0) & (row <= 1))
        candidates = inside[:: max(1, len(inside) // 20)] if len(inside) else np.array([0])
        best: tuple[float, dict[str, Any], Box] | None = None
        for k in candidates:
            ambiguity = 0.2 * abs(x[k] - 0.8) + _proximity(x[k], i, where, dense, height, line)
            for xanchor, yanchor, dx, dy in _SIDES:
                box = _box(x[k] * width + dx, row[k] * height + dy, widths[i], line, xanchor, yanchor)
                cost = _overlap(box, dense_x, dense_y, i, taken, size) + ambiguity
                if best is None or cost < best[0]:
                    position = {
                        "x": float(x[k]), "y": float(row[k]), "xanchor": xanchor, "yanchor": yanchor,
                        "xshift": dx, "yshift": dy,
                    }  # fmt: skip
                    best = cost, position, box
        assert best is not None
        taken.append(best[2])
        positions.append(best[1])
    return positions


def _box(x: float, y: float, width: float, line: float, xanchor: str, yanchor: str) -> Box:
    left = {"center": x - width / 2, "left": x, "right": x - width}[xanchor]
    bottom = {"bottom": y, "top": y - line, "middle": y - line / 2}[yanchor]
    return left, left + width, bottom, bottom + line


def _overlap(
    box: Box, x: Floats, curves: Floats, own: int, taken: list[Box], size: tuple[float, float]
) -> float:
    """The penalty of a box: for curves below the label, for other labels, and for the edge of the panel."""
    left, right, bottom, top = box
    cost = 1000.0 * sum(left < b[1] and right > b[0] and bottom < b[3] and top > b[2] for b in taken)
    cost += 100.0 * (left < 2 or right > size[0] - 2 or bottom < -4 or top > size[1] + 4)
    below = curves[:, np.searchsorted(x, left - 3, "right") : np.searchsorted(x, right + 3)]
    hits = ((below > bottom - 2) & (below < top + 2)).sum(axis=1)
    return cost + float(2 * hits.sum() - hits[own])


def _proximity(at: float, own: int, x: Floats, curves: Floats, height: float, line: float) -> float:
    """The penalty for another curve within a line's height, where the label would be ambiguous."""
    index = int(np.abs(x - at).argmin())
    gaps = np.abs(np.delete(curves[:, index], own) - curves[own, index]) * height
    near = float(gaps[np.isfinite(gaps)].min(initial=np.inf))
    return 60.0 * max(0.0, 1 - near / line)
