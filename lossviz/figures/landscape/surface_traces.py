"""The ground of a landscape through any network: its level, from above and in relief, and labels on lines."""

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

DEEPEST, HIGHEST, STEP = -5.0, 4.0, 0.5  # log2 of the level: from a thirtieth of guessing to sixteen times
TALLEST = 6.0  # levels above this are cut off in a relief
WORDS = {-4: "1/16", -3: "⅛", -2: "¼", -1: "½", 0: "1", 1: "2", 2: "4", 3: "8"}


def log_level(surface: Surface, guess: float) -> NDArray[np.float32]:
    """log2 of the surface in units of guessing, (k, k); a hole where the loss is not a number."""
    level = np.where(np.isfinite(surface.loss), surface.loss, np.nan) / guess
    clipped: NDArray[np.float32] = np.log2(np.clip(level, 2.0 ** (DEEPEST - 1), 2.0 ** (HIGHEST + 1))).astype(
        np.float32
    )
    return clipped


def seen_from_above(
    figure: go.Figure, surface: Surface, guess: float, axes: dict[str, str], small: bool = False
) -> None:
    """Bands of colour with hairlines; the line of guessing is heavy."""
    shown = {"x": surface.a, "y": surface.b, "z": log_level(surface, guess)}
    common = shown | {"showscale": False, "hoverinfo": "skip"} | axes
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


def seen_in_relief(figure: go.Figure, surface: Surface, guess: float, scene: str = "scene") -> None:
    """Height is the level, linear."""
    height = np.where(np.isfinite(surface.loss), surface.loss, np.nan) / guess
    draw_relief(
        figure,
        surface.a,
        surface.b,
        np.clip(height, 0, 1.5 * TALLEST),
        log_level(surface, guess),
        ends=(DEEPEST, HIGHEST),
        tallest=TALLEST,
        scene=scene,
    )


def relief_scene(
    names: tuple[str, str], x: Sequence[float], y: Sequence[float], away: float = 1.0
) -> dict[str, Any]:
    """Axes and camera of a relief in a part of the figure; the camera stands so many times as far away."""
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": GRID,
        "linecolor": AXIS,
        "zerolinecolor": GRID,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
        "nticks": 4,
    }

    def named(text: str, **more: Any) -> dict[str, Any]:
        return axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}} | more

    return {
        "domain": {"x": list(x), "y": list(y)},
        "aspectmode": "manual",
        "aspectratio": {"x": 1, "y": 1, "z": 0.8},
        "camera": {
            "eye": {"x": 1.24 * away, "y": 1.06 * away, "z": 0.93 * away},
            "center": {"x": 0, "y": 0, "z": -0.12},
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "xaxis": named(names[0]),
        "yaxis": named(names[1]),
        "zaxis": named("loss", range=[0, TALLEST], tickvals=[1, 2, 4, 6]),
    }


def level_labels(
    surface: Surface, guess: float, end: tuple[float, float], path: Floats, x: str, y: str
) -> list[dict[str, Any]]:
    """What the lines stand for, on the ray from the end that crosses most of them and is clear of the path.

    ``path`` (m, 2) is what the labels keep away from.
    """
    z = log_level(surface, guess)
    span = float(np.ptp(surface.a))
    best: list[tuple[int, float, float]] = []
    for angle in np.linspace(0, 2 * np.pi, 36, endpoint=False):
        spots = _on_ray(surface, z, end, (np.cos(angle), np.sin(angle)), 0.085 * span)
        spots = [s for s in spots if np.hypot(*(path - s[1:]).T).min() > 0.07 * span]
        if len(spots) > len(best):
            best = spots
    return [
        note(
            f"<b>{WORDS[level]}</b>",
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


def _on_ray(
    surface: Surface, z: NDArray[np.float32], end: tuple[float, float], way: tuple[float, float], apart: float
) -> list[tuple[int, float, float]]:
    """Where a ray crosses lines that have a word, each clear of the one before: (log2 of level, a, b)."""
    a, b = surface.a, surface.b
    r = np.linspace(0, 1.5 * float(np.ptp(a)), 300)
    x, y = end[0] + r * way[0], end[1] + r * way[1]
    room = 0.04 * float(np.ptp(a))
    inside = (x > a[0] + room) & (x < a[-1] - room) & (y > b[0] + room) & (y < b[-1] - room)
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
    spots: list[tuple[int, float, float]] = []
    last = -np.inf
    with np.errstate(invalid="ignore"):
        band = np.floor(height)
    for k in np.flatnonzero(band[:-1] != band[1:]):  # a line is crossed, or a hole entered
        for level in WORDS:
            crosses = (height[k] < level) != (height[k + 1] < level)
            new = all(level != known for known, _, _ in spots)
            if crosses and new and r[k] - last > apart and np.isfinite(height[k : k + 2]).all():
                spots.append((level, float(x[k]), float(y[k])))
                last = r[k]
    return spots
