"""What is written and marked on a map: its head, its levels, its plateau, where its paths have come to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.base.levels import last_finite_step, log_level
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, WHITE, common_name, loss_style, note, unthemed
from lossviz.neuron.two_weights import TWO_WEIGHTS
from lossviz.neuron.weight_planes import WeightPath, WeightPlane


def overlay_on(
    figure: go.Figure, plane: WeightPlane, overlay: str, threshold: float, axes: dict[str, str]
) -> tuple[float, str]:
    """Mark a region by dots or strokes; its share of the plane and what it is called."""
    if overlay == "Plateau":
        region, share, name = plane.slope < threshold, plane.plateau(threshold), "plateau"
        symbol: dict[str, Any] = {"symbol": "circle", "size": 3.6}
    elif overlay == "Bends down":
        region, share, name = plane.lowest_curvature < -1e-12, plane.bends_down, "bends down"
        symbol = {"symbol": "line-ne", "size": 7}
    else:
        return 0.0, ""
    k = len(plane.a)
    grid = np.arange(k // 2 % 4, k, max(1, k // 22))  # counted from the centre: symmetry stays visible
    rows, columns = np.meshgrid(grid, grid, indexing="ij")
    inside = region[rows, columns]
    on_dark = log_level(plane)[rows, columns][inside] > 0.9
    colour = np.where(on_dark, "rgba(255,255,255,0.9)", "rgba(20,26,34,0.6)")
    figure.add_trace(
        go.Scatter(
            x=plane.a[columns[inside]],
            y=plane.b[rows[inside]],
            mode="markers",
            hoverinfo="skip",
            **axes,
            marker={
                "color": colour,
                **symbol,
                "line": {"width": 1.3 if "line" in symbol["symbol"] else 0, "color": colour},
            },
        )
    )
    return share, name


def heads(plane: WeightPlane, share: tuple[float, str], x: str, y: str, narrow: bool) -> list[dict[str, Any]]:
    """What stands over a map on the axes x and y: the loss, and the share that `overlay_on` has marked."""
    size = 17 if narrow else 19
    spot = {"xref": f"{x} domain", "yref": f"{y} domain", "yanchor": "bottom", "yshift": 6}
    heads = [
        note(
            f"<b>{common_name(plane.loss_name)}</b>",
            0,
            1,
            xanchor="left",
            **spot,
            font={"size": size, "color": loss_style(plane.loss_name).text},
        )
    ]
    if share[1]:
        heads.append(
            note(
                f"<b>{percent(share[0])}</b> {share[1]}",
                1,
                1,
                xanchor="right",
                **spot,
                font={"size": size, "color": INK},
            )
        )
    return heads


def level_labels(plane: WeightPlane, x: str, y: str) -> list[dict[str, Any]]:
    """1, 2, 4, 8 on their own lines, in the column right of the middle where most of them cross it."""
    z, k = log_level(plane), len(plane.a)
    columns = {j: _crossings(z[:, j], plane.b) for j in range(int(0.6 * k), int(0.95 * k), 2)}
    most = max(len(crossings) for crossings in columns.values())
    fitting = [j for j, crossings in columns.items() if len(crossings) == most]
    column = fitting[2 * len(fitting) // 3]
    return [
        note(
            f"<b>{2**level}</b>",
            float(plane.a[column]),
            height,
            xref=x,
            yref=y,
            yanchor="middle",
            yshift=9,
            font={"size": 15, "color": unthemed(INK) if level == 0 else WHITE},
        )
        for level, height in columns[column]
    ]


def _crossings(column: NDArray[np.float32], b: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Where a column crosses the levels 1, 2, 4, 8: each at its lowest crossing clear of the others."""
    found: list[tuple[int, float]] = []
    least = 0.07 * float(b[-1] - b[0])
    for level in range(4):
        above = column >= level
        for i in np.flatnonzero(above[1:] != above[:-1]):
            share = (level - column[i]) / (column[i + 1] - column[i])
            height = float(b[i] + share * (b[i + 1] - b[i]))
            inside = abs(height) < 0.93 * b[-1]
            if inside and all(abs(height - other) > least for _, other in found):
                found.append((level, height))
                break
    return found


def path_labels(paths: Sequence[WeightPath], step: int) -> list[dict[str, Any]]:
    """What stands beside each path's end on one map: its level, and its optimizer if there are several.

    Ends that lie close together would have their labels on one another: these are pushed apart, upwards.
    """
    labels = [_label(path, step, len(paths) > 1) for path in paths]
    floor = -np.inf
    for label in sorted(labels, key=lambda label: label["y"]):
        span = label.pop("span")
        label["y"] = max(label["y"], floor)
        floor = label["y"] + 0.12 * span
    return labels


def _label(path: WeightPath, step: int, several: bool) -> dict[str, Any]:
    here = last_finite_step(path, step)
    gone = path.diverged_at is not None and step >= path.diverged_at
    told = f"gone at step {path.diverged_at}" if gone else number(float(path.level[here]))
    x, y = (float(part) for part in path.weights[here])
    span = TWO_WEIGHTS[path.model].span
    outside = max(abs(x), abs(y)) > span and not gone
    left = x > (0.1 if several else 0.4) * span
    return {
        "text": f"<b>{told}</b>{f' {path.optimizer}' if several else ''}{', outside' if outside else ''}",
        "x": float(np.clip(x, -span, span)),
        "y": float(np.clip(y, -0.95 * span, 0.85 * span)) + 0.05 * span,
        "xanchor": "right" if left else "left",
        "xshift": -14 if left else 14,
        "span": span,
    }
