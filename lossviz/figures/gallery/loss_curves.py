"""Losses against a common axis: loss, slope and curvature in three panels, with a cursor through all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.typing import Floats
from lossviz.figures.base.families import line_styles
from lossviz.figures.base.style import (
    PAPER,
    UNDER_SLIDER,
    LineStyle,
    blank,
    cursor,
    prepend_shape,
    with_opacity,
)
from lossviz.figures.gallery.curve_annotations import (
    PANELS,
    WIDE,
    cursor_annotations,
    curve_labels,
    fixed_annotations,
)
from lossviz.losses.curves import LossCurves

TICK_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def loss_curves(curves: LossCurves, at: float = 1.0, narrow: bool = False) -> go.Figure:
    """Draw loss, slope and curvature of each loss; negative curvature is shaded.

    The first four losses are coloured, any further ones are thin and grey. The range of a panel is cut
    where one loss would make all the others look flat.

    Args:
        curves: L losses at n points of an axis.
        at: Position of the cursor on that axis; the nearest point is taken.
        narrow: Whether to lay it out for a phone.

    Returns:
        A figure with n frames, named by the positions of the cursor.

    Example:
        >>> import lossviz as lv
        >>> curves = lv.losses.loss_curves(["mse", "mae"], x=[-1.0, 0.0, 1.0])
        >>> [frame.name for frame in lv.figures.loss_curves(curves).frames]
        ['-1', '0', '1']
    """
    rows = (curves.value, curves.gradient, curves.curvature)
    losses = len(curves.losses)
    index = int(np.abs(curves.x - at).argmin())
    spoken = (
        f"{{3}}. {', '.join(loss.label for loss in curves.losses)}: loss {{0}}; slope {{1}}; curvature {{2}}."
    )
    head = 28 + 23 * losses if narrow else 6
    figure = blank(
        (560 if narrow else 500) + (head if narrow else 0),
        margin={"l": 62, "r": 14, "t": head, "b": UNDER_SLIDER},
        meta={"frame": f"{curves.x[index]:g}", "spoken": spoken, "slider": [0, 1 if narrow else WIDE]},
    )
    styles = line_styles(curves.losses)
    domain = [0, 1] if narrow else [0, WIDE]
    for panel, (place, values) in enumerate(zip(PANELS, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = panel_range(values)
        figure.update_layout(
            {
                f"yaxis{tag}": {"domain": place, "range": [low, high], "tickvals": few_ticks(low, high)},
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "domain": domain,
                    "range": [curves.x[0], curves.x[-1]],
                    "visible": panel == 3,
                    "nticks": 6 if narrow else 11,
                },
            }
        )
        if panel == 3:
            _shade(figure, curves, styles)
        for style, value in zip(styles, values, strict=True):
            line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
            figure.add_trace(
                go.Scatter(x=curves.x, y=value, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    moving = list(range(len(figure.data), len(figure.data) + 3))
    for panel in range(3):
        tag = "" if panel == 0 else str(panel + 1)
        dots = {
            "size": 14,
            "color": [style.line for style in styles],
            "line": {"color": PAPER, "width": 3},
            "opacity": 1,
        }
        figure.add_trace(go.Scatter(mode="markers", marker=dots, xaxis=f"x{tag}", yaxis=f"y{tag}"))

    for trace, part in zip(moving, _marker_data(rows, curves.x, index), strict=True):
        figure.data[trace].update(part)
    low, high = figure.layout.yaxis.range
    size = (280.0, 180.0) if narrow else (740.0, 154.0)
    figure.update_layout(
        annotations=[
            *cursor_annotations(curves, index, narrow),
            *curve_labels(curves, (low, high), size, narrow),
            *fixed_annotations(curves, narrow),
        ]
    )
    prepend_shape(figure, cursor(float(curves.x[index]), "x3"))
    figure.frames = [
        {
            "name": f"{x:g}",
            "data": _marker_data(rows, curves.x, k),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in cursor_annotations(curves, k, narrow)],
                "shapes": [{"x0": float(x), "x1": float(x)}],
            },
        }
        for k, x in enumerate(curves.x)
    ]
    return figure


def panel_range(values: Floats) -> tuple[float, float]:
    """The range of a panel: all values (L, n), unless one loss, or one end of x, goes far beyond the rest."""
    finite = np.where(np.isfinite(values), values, 0.0)
    low, high = float(finite.min()), float(finite.max())
    reach = np.sort(np.abs(finite).max(axis=1))
    usual = 4.5 * float(reach[(len(reach) - 1) // 2])
    within = 6 * float(np.quantile(np.abs(finite), 0.75, axis=1).max())
    usual = min(usual, within) if within > 0 else usual
    if usual > 0:
        low, high = max(low, -usual), min(high, usual)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    margin = 0.08 * (high - low)
    return low - margin, high + margin


def few_ticks(low: float, high: float) -> list[float]:
    """0 and a few round numbers."""
    step = next((s for s in TICK_STEPS if (high - low) / s <= 3.6), TICK_STEPS[-1])
    return [round(k * step, 6) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _shade(figure: go.Figure, curves: LossCurves, styles: Sequence[LineStyle]) -> None:
    """Shade the area between a curvature and 0 where it is negative."""
    for style, negative, curvature in zip(styles, curves.negative_curvature, curves.curvature, strict=True):
        if negative.any():
            low = np.where(negative, curvature, 0.0)
            figure.add_trace(
                go.Scatter(
                    x=curves.x, y=low, mode="lines", line={"width": 0}, fill="tozeroy",
                    fillcolor=with_opacity(style.line, 0.2), xaxis="x3", yaxis="y3",
                )
            )  # fmt: skip


def _marker_data(rows: Sequence[Floats], x: Floats, k: int) -> list[dict[str, Any]]:
    """The markers at point k, for each panel."""
    heights = [[float(f"{v:.5g}") if np.isfinite(v) else None for v in values[:, k]] for values in rows]
    return [{"x": [float(x[k])] * len(column), "y": column} for column in heights]
