"""Traces of a loss surface: contours from above, a relief in three dimensions, and labels on the contours.

Colours and heights show the relative loss: the loss divided by that of a model whose logits are all 0.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.common.typing import Floats
from lossviz.figures.base.levels import COLORSCALE
from lossviz.figures.base.meshes import draw_relief
from lossviz.figures.base.style import AXIS, GRID, INK, MUTE, WHITE, note, unthemed
from lossviz.landscape.surface import Surface

DEEPEST, HIGHEST, STEP = -5.0, 4.0, 0.5  # log2 of the relative loss: the range of the colours
TALLEST = 6.0  # a relative loss above this is cut off in a relief
Crossing = tuple[int, float, float]  # log2 of the relative loss, a, b
CONTOUR_LABELS = {-4: "1/16", -3: "⅛", -2: "¼", -1: "½", 0: "1", 1: "2", 2: "4", 3: "8"}


def log2_relative_loss(surface: Surface, chance_loss: float) -> NDArray[np.float32]:
    """(k, k) log2 of the relative loss, clipped to the range of the colours; NaN where it is not finite."""
    relative = np.where(np.isfinite(surface.loss), surface.loss, np.nan) / chance_loss
    clipped: NDArray[np.float32] = np.log2(
        np.clip(relative, 2.0 ** (DEEPEST - 1), 2.0 ** (HIGHEST + 1))
    ).astype(np.float32)
    return clipped


def add_contours(
    figure: go.Figure, surface: Surface, chance_loss: float, axes: dict[str, str], small: bool = False
) -> None:
    """Draw bands of colour with thin contours; the contour of the chance loss is thick."""
    grid = {"x": surface.a, "y": surface.b, "z": log2_relative_loss(surface, chance_loss)}
    common = grid | {"showscale": False, "hoverinfo": "skip"} | axes
    figure.add_trace(
        go.Contour(
            **common,
            colorscale=COLORSCALE,
            zmin=DEEPEST,
            zmax=HIGHEST,
            contours={"start": DEEPEST, "end": HIGHEST, "size": STEP, "coloring": "fill"},
            line={"width": 0.5 if small else 0.8, "color": "rgba(255,255,255,0.5)"},
        )
    )
    figure.add_trace(
        go.Contour(
            **common,
            contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
            line={"width": 1.6 if small else 2.2, "color": unthemed(INK)},
        )
    )


def add_relief(figure: go.Figure, surface: Surface, chance_loss: float, scene: str = "scene") -> None:
    """Draw the surface in three dimensions, with the relative loss as height."""
    height = np.where(np.isfinite(surface.loss), surface.loss, np.nan) / chance_loss
    draw_relief(
        figure,
        surface.a,
        surface.b,
        np.clip(height, 0, 1.5 * TALLEST),
        log2_relative_loss(surface, chance_loss),
        ends=(DEEPEST, HIGHEST),
        tallest=TALLEST,
        scene=scene,
    )


def relief_scene(
    names: tuple[str, str], x: Sequence[float], y: Sequence[float], distance: float = 1.0
) -> dict[str, Any]:
    """Axes and camera of a relief in a part of the figure; ``distance`` scales that of the camera."""
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": GRID,
        "linecolor": AXIS,
        "zerolinecolor": GRID,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
        "nticks": 4,
    }

    def titled(text: str) -> dict[str, Any]:
        return axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}}

    return {
        "domain": {"x": list(x), "y": list(y)},
        "aspectmode": "manual",
        "aspectratio": {"x": 1, "y": 1, "z": 0.8},
        "camera": {
            "eye": {"x": 1.24 * distance, "y": 1.06 * distance, "z": 0.93 * distance},
            "center": {"x": 0, "y": 0, "z": -0.12},
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "xaxis": titled(names[0]),
        "yaxis": titled(names[1]),
        "zaxis": titled("loss") | {"range": [0, TALLEST], "tickvals": [1, 2, 4, 6]},
    }


def level_labels(
    surface: Surface, chance_loss: float, end: tuple[float, float], avoid: Floats, x: str, y: str
) -> list[dict[str, Any]]:
    """Labels of the contours, where a ray from ``end`` crosses them: the ray that crosses most.

    The labels keep clear of the points ``avoid`` (m, 2), as those of the path.
    """
    z = log2_relative_loss(surface, chance_loss)
    span = float(np.ptp(surface.a))
    best: list[Crossing] = []
    for angle in np.linspace(0, 2 * np.pi, 36, endpoint=False):
        found = _crossings(surface, z, end, (np.cos(angle), np.sin(angle)), 0.085 * span)
        found = [crossing for crossing in found if np.hypot(*(avoid - crossing[1:]).T).min() > 0.07 * span]
        if len(found) > len(best):
            best = found
    return [
        note(
            f"<b>{CONTOUR_LABELS[level]}</b>",
            a,
            b,
            xref=x,
            yref=y,
            xanchor="center",
            yanchor="middle",
            font={"size": 15, "color": WHITE if level > 0 else unthemed(INK)},
        )
        for level, a, b in best
    ]


def _crossings(
    surface: Surface,
    z: NDArray[np.float32],
    start: tuple[float, float],
    direction: tuple[float, float],
    min_distance: float,
) -> list[Crossing]:
    """Where a ray crosses labelled contours for the first time, each ``min_distance`` after the last."""
    a, b = surface.a, surface.b
    r = np.linspace(0, 1.5 * float(np.ptp(a)), 300)
    x, y = start[0] + r * direction[0], start[1] + r * direction[1]
    margin = 0.04 * float(np.ptp(a))
    inside = (x > a[0] + margin) & (x < a[-1] - margin) & (y > b[0] + margin) & (y < b[-1] - margin)
    if not inside.any():
        return []
    x, y, r = x[inside], y[inside], r[inside]
    column = np.interp(x, a, np.arange(len(a)))
    row = np.interp(y, b, np.arange(len(b)))
    i, j = np.minimum(row.astype(int), len(b) - 2), np.minimum(column.astype(int), len(a) - 2)
    s, t = row - i, column - j
    height = (1 - s) * ((1 - t) * z[i, j] + t * z[i, j + 1]) + s * (
        (1 - t) * z[i + 1, j] + t * z[i + 1, j + 1]
    )
    crossings: list[Crossing] = []
    last = -np.inf
    with np.errstate(invalid="ignore"):
        band = np.floor(height)
    for k in np.flatnonzero(band[:-1] != band[1:]):  # a contour is crossed, or a hole entered
        for level in CONTOUR_LABELS:
            crosses = (height[k] < level) != (height[k + 1] < level)
            new = all(level != known for known, _, _ in crossings)
            if crosses and new and r[k] - last > min_distance and np.isfinite(height[k : k + 2]).all():
                crossings.append((level, float(x[k]), float(y[k])))
                last = r[k]
    return crossings
