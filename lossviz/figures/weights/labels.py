"""Labels and overlays of a contour plot: its heading, its levels, a marked region, the ends of its paths."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.common.typing import Floats
from lossviz.figures.base.levels import last_finite_step, log_level
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, WHITE, common_name, loss_style, note, unthemed
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.neuron.grid import LossGrid
from lossviz.neuron.trajectory import Trajectory

Overlay = Literal["plateau", "negative-curvature"]


def add_overlay(
    figure: go.Figure, grid: LossGrid, overlay: Overlay | None, threshold: float, axes: dict[str, str]
) -> tuple[float, str]:
    """Mark a region by dots or strokes; returns its share of the grid, and its name or ''."""
    if overlay == "plateau":
        region, share, name = grid.plateau(threshold), grid.plateau_share(threshold), "plateau"
        symbol: dict[str, Any] = {"symbol": "circle", "size": 3.6}
    elif overlay == "negative-curvature":
        region, share, name = grid.negative_curvature, grid.negative_curvature_share, "negative curvature"
        symbol = {"symbol": "line-ne", "size": 7}
    elif overlay is None:
        return 0.0, ""
    else:
        raise ValueError(f"overlay must be 'plateau', 'negative-curvature' or None; got {overlay!r}")
    k = len(grid.a)
    indices = np.arange(k // 2 % 4, k, max(1, k // 22))  # counted from the centre: symmetry stays visible
    rows, columns = np.meshgrid(indices, indices, indexing="ij")
    inside = region[rows, columns]
    on_dark = log_level(grid)[rows, columns][inside] > 0.9
    colour = np.where(on_dark, "rgba(255,255,255,0.9)", "rgba(20,26,34,0.6)")
    figure.add_trace(
        go.Scatter(
            x=grid.a[columns[inside]],
            y=grid.b[rows[inside]],
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


def headings(grid: LossGrid, share: tuple[float, str], x: str, y: str, narrow: bool) -> list[dict[str, Any]]:
    """What stands above the axes x and y: the loss, and the share that `add_overlay` has marked."""
    size = 17 if narrow else 19
    above = {"xref": f"{x} domain", "yref": f"{y} domain", "yanchor": "bottom", "yshift": 6}
    notes = [
        note(
            f"<b>{common_name(grid.loss_name)}</b>",
            0,
            1,
            xanchor="left",
            **above,
            font={"size": size, "color": loss_style(grid.loss_name).text},
        )
    ]
    if share[1]:
        notes.append(
            note(
                f"<b>{percent(share[0])}</b> {share[1]}",
                1,
                1,
                xanchor="right",
                **above,
                font={"size": size, "color": INK},
            )
        )
    return notes


def level_labels(grid: LossGrid, x: str, y: str) -> list[dict[str, Any]]:
    """1, 2, 4 and 8 on their contour lines, in the column right of the middle that most of them cross."""
    z, k = log_level(grid), len(grid.a)
    columns = {j: _crossings(z[:, j], grid.b) for j in range(int(0.6 * k), int(0.95 * k), 2)}
    most = max(len(crossings) for crossings in columns.values())
    fitting = [j for j, crossings in columns.items() if len(crossings) == most]
    column = fitting[2 * len(fitting) // 3]
    return [
        note(
            f"<b>{2**level}</b>",
            float(grid.a[column]),
            height,
            xref=x,
            yref=y,
            yanchor="middle",
            yshift=9,
            font={"size": 15, "color": unthemed(INK) if level == 0 else WHITE},
        )
        for level, height in columns[column]
    ]


def _crossings(column: NDArray[np.float32], b: Floats) -> list[tuple[int, float]]:
    """Where a column crosses the levels 1, 2, 4, 8: each at its lowest crossing that is not near another."""
    found: list[tuple[int, float]] = []
    least = 0.07 * float(b[-1] - b[0])
    for level in range(4):
        above = column >= level
        for i in np.flatnonzero(above[1:] != above[:-1]):
            fraction = (level - column[i]) / (column[i + 1] - column[i])
            height = float(b[i] + fraction * (b[i + 1] - b[i]))
            inside = abs(height) < 0.93 * b[-1]
            if inside and all(abs(height - other) > least for _, other in found):
                found.append((level, height))
                break
    return found


def path_labels(paths: Sequence[Trajectory], step: int, span: float) -> list[dict[str, Any]]:
    """Labels beside the paths' ends in one plot from -span to span: relative loss, and optimizer if several.

    Labels of ends that are close together would overlap: these are moved apart, upwards.
    """
    labels = [_path_label(path, step, span, len(paths) > 1) for path in paths]
    lowest = -np.inf
    for label in sorted(labels, key=lambda label: label["y"]):
        label["y"] = max(label["y"], lowest)
        lowest = label["y"] + 0.12 * span
    return labels


def _path_label(path: Trajectory, step: int, span: float, several: bool) -> dict[str, Any]:
    """The label of one path at a step."""
    end = last_finite_step(path, step)
    diverged = path.diverged_at is not None and step >= path.diverged_at
    value = f"diverged at step {path.diverged_at}" if diverged else number(float(path.relative_loss[end]))
    x, y = (float(part) for part in path.weights[end])
    outside = max(abs(x), abs(y)) > span and not diverged
    left = x > (0.1 if several else 0.4) * span
    name = f" {OPTIMIZERS[path.optimizer].label}" if several else ""
    return {
        "text": f"<b>{value}</b>{name}{', outside' if outside else ''}",
        "x": float(np.clip(x, -span, span)),
        "y": float(np.clip(y, -0.95 * span, 0.85 * span)) + 0.05 * span,
        "xanchor": "right" if left else "left",
        "xshift": -14 if left else 14,
    }
