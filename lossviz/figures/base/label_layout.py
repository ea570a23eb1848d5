"""Where the names of curves stand: each beside its own curve, clear of all the others."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossviz.common.typing import Floats

Box = tuple[float, float, float, float]  # left, right, bottom, top
TALL = 22.0  # pixels of a line of text
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
    x: Floats, y: Floats, widths: Sequence[float], size: tuple[float, float]
) -> list[dict[str, Any]]:
    """For each of L curves y (L, n) over rising x (n,), in shares of a panel, where its name goes.

    ``size`` is the panel in pixels. The answers are ``x``, ``y`` (shares), anchors and shifts, as an
    annotation takes them. What is not finite or outside the panel is not drawn and gets no name.
    """
    wide, tall = size
    fine = np.linspace(0, 1, 500)
    where = np.interp(fine, np.linspace(0, 1, len(x)), x)
    inked = np.stack([np.interp(where, x, row) for row in y])
    ink_x, ink_y = where * wide, inked * tall
    taken: list[Box] = []
    found: list[dict[str, Any]] = []
    for i, row in enumerate(y):
        inside = np.flatnonzero(np.isfinite(row) & (row >= 0) & (row <= 1))
        spots = inside[:: max(1, len(inside) // 20)] if len(inside) else np.array([0])
        best: tuple[float, dict[str, Any], Box] | None = None
        for k in spots:
            unclear = 0.2 * abs(x[k] - 0.8) + _crowded(x[k], i, where, inked, tall)
            for xanchor, yanchor, dx, dy in _SIDES:
                box = _box(x[k] * wide + dx, row[k] * tall + dy, widths[i], xanchor, yanchor)
                cost = _cost(box, ink_x, ink_y, i, taken, size) + unclear
                if best is None or cost < best[0]:
                    spot = {
                        "x": float(x[k]), "y": float(row[k]), "xanchor": xanchor, "yanchor": yanchor,
                        "xshift": dx, "yshift": dy,
                    }  # fmt: skip
                    best = cost, spot, box
        assert best is not None
        taken.append(best[2])
        found.append(best[1])
    return found


def _box(x: float, y: float, width: float, xanchor: str, yanchor: str) -> Box:
    left = {"center": x - width / 2, "left": x, "right": x - width}[xanchor]
    bottom = {"bottom": y, "top": y - TALL, "middle": y - TALL / 2}[yanchor]
    return left, left + width, bottom, bottom + TALL


def _cost(
    box: Box, x: Floats, curves: Floats, own: int, taken: list[Box], size: tuple[float, float]
) -> float:
    """What is wrong with a place: ink below the name, another name, the rim of the panel."""
    left, right, bottom, top = box
    cost = 1000.0 * sum(left < b[1] and right > b[0] and bottom < b[3] and top > b[2] for b in taken)
    cost += 100.0 * (left < 2 or right > size[0] - 2 or bottom < -4 or top > size[1] + 4)
    below = curves[:, np.searchsorted(x, left - 3, "right") : np.searchsorted(x, right + 3)]
    hits = ((below > bottom - 2) & (below < top + 2)).sum(axis=1)
    return cost + float(2 * hits.sum() - hits[own])


def _crowded(at: float, own: int, x: Floats, curves: Floats, tall: float) -> float:
    """How hard it is to see which curve a name there belongs to: another one within a line's height."""
    here = int(np.abs(x - at).argmin())
    gaps = np.abs(np.delete(curves[:, here], own) - curves[own, here]) * tall
    near = float(gaps[np.isfinite(gaps)].min(initial=np.inf))
    return 60.0 * max(0.0, 1 - near / TALL)
