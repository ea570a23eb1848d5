"""The lines that several losses fit to the same points, while one of the points is moved up and down."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import INK, MUTE, PAPER, blank, note, under_axis, with_opacity, y_axis_title
from lossviz.losses.outliers import OutlierLines

TOP = 85.0  # minutes
PANEL_HEIGHT = 400  # pixels


def outlier_lines(result: OutlierLines, at: float = 72.0, narrow: bool = False) -> go.Figure:
    """Draw the points and the line of each loss; thin lines are those with the moved point as an inlier.

    Args:
        result: The lines of L losses for k heights of the moved point.
        at: Height of the moved point; the nearest one is taken.
        narrow: Whether to lay it out for a phone.

    Returns:
        A figure with k frames, named by the heights of the moved point.

    Example:
        >>> import lossviz as lv
        >>> result = lv.losses.outlier_lines(["mse", "mae"], outlier_y=[25, 72])
        >>> [frame.name for frame in lv.figures.outlier_lines(result).frames]
        ['25', '72']
    """
    lines, reach = len(result.losses), max(25.0, result.outlier_x + 1)
    head = 36 + 23 * lines if narrow else 30
    figure = blank(
        head + PANEL_HEIGHT + 54,
        margin={"l": 62, "r": 14 if narrow else 250, "t": head, "b": 54},
        xaxis={"range": [0, reach], "dtick": 5},
        yaxis={"range": [0, TOP], "dtick": 20},
    )
    styles = line_styles(result.losses)
    x = [0.0, reach]
    for style, (slope, intercept) in zip(styles, result.inlier_lines, strict=True):
        thin = {"color": with_opacity(style.line, 0.45), "width": 1.5}
        figure.add_trace(go.Scatter(x=x, y=_ends(slope, intercept, reach), mode="lines", line=thin))
    moving = []
    for style in styles:
        moving.append(len(figure.data))
        line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
        figure.add_trace(go.Scatter(x=x, mode="lines", line=line))
    fixed = {"size": 12, "color": MUTE, "opacity": 1, "line": {"color": PAPER, "width": 1.5}}
    figure.add_trace(go.Scatter(x=result.x, y=result.y, mode="markers", marker=fixed))
    ring = {"size": 15, "color": PAPER, "line": {"color": INK, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[result.outlier_x], y=[result.inlier_y], mode="markers", marker=ring))
    moved = {"size": 22, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[result.outlier_x], mode="markers", marker=moved, cliponaxis=False))
    moving.append(len(figure.data) - 1)

    index = int(np.abs(result.outlier_y - at).argmin())
    spoken = f"{{{lines}}}. {', '.join(f'{{{i}}}' for i in range(lines))}."
    figure.update_layout(
        meta={"frame": f"{result.outlier_y[index]:g}", "spoken": spoken, "grip": [moving[-1], "y"]}
    )
    for trace, part in zip(moving, _data(result, index, reach), strict=True):
        figure.data[trace].update(part)
    live = _live_annotations(result, index, reach, narrow)
    for text, style in zip(live, styles, strict=False):
        text["font"] = {"size": 17 if narrow else 19, "color": style.text}
    figure.update_layout(annotations=[*live, *_fixed_annotations(lines, narrow)])
    figure.frames = [
        {
            "name": f"{height:g}",
            "data": _data(result, k, reach),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: text[key] for key in ("text", "y")}
                    for text in _live_annotations(result, k, reach, narrow)
                ]
            },
        }
        for k, height in enumerate(result.outlier_y)
    ]
    return figure


def _ends(slope: float, intercept: float, reach: float) -> list[float]:
    """The heights of a line at x = 0 and at x = reach."""
    return [round(float(intercept), 4), round(float(intercept + slope * reach), 4)]


def _data(result: OutlierLines, k: int, reach: float) -> list[dict[str, Any]]:
    lines = [
        {"y": _ends(result.lines[i, k, 0], result.lines[i, k, 1], reach)} for i in range(len(result.losses))
    ]
    return [*lines, {"y": [float(result.outlier_y[k])]}]


def _live_annotations(result: OutlierLines, k: int, reach: float, narrow: bool) -> list[dict[str, Any]]:
    """The label and slope of each line, at its end or above the figure; then the title of the axis."""
    slopes, texts = result.lines[:, k, 0], []
    for i, loss in enumerate(result.losses):
        words = f"<b>{loss.label}</b>  {_slope(slopes[i])}"
        if narrow:
            place = {
                "xref": "paper",
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 8 + 23 * (len(slopes) - 1 - i),
            }
            texts.append(note(words, 0, 1, xanchor="left", **place))
        else:
            texts.append(note(words, 1, 0, xref="paper", xanchor="left", xshift=8, yanchor="middle"))
    if not narrow:
        ends = np.clip(result.lines[:, k] @ [reach, 1.0], 2.0, TOP - 2)
        for text, height in zip(texts, _spread(ends, 24 * TOP / PANEL_HEIGHT), strict=True):
            text["y"] = height
    title = f"kilometres to work · the ninth: {result.outlier_x:g} km, {result.outlier_y[k]:g} minutes"
    if narrow:
        title = f"km to work · the ninth: {result.outlier_x:g} km, {result.outlier_y[k]:g} min"
    texts.append(under_axis(title, xanchor="center"))
    return texts


def _slope(value: float) -> str:
    return "0" if abs(value) < 5e-4 else number(float(value))


def _spread(heights: Any, least: float) -> list[float]:
    """Heights at least so far apart: moved up from the lowest on, and down from the top of the panel."""
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=float)
    floor = -np.inf
    for i in order:
        placed[i] = max(placed[i], floor)
        floor = placed[i] + least
    ceiling = TOP
    for i in order[::-1]:
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - least
    return [round(float(h), 3) for h in placed]


def _fixed_annotations(lines: int, narrow: bool) -> list[dict[str, Any]]:
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom"}
    words = note("minutes a kilometre", 1, 1, xanchor="left", xshift=8, yshift=6, **place)
    if narrow:
        words |= {"x": 0, "xshift": 0, "yshift": 8 + 23 * lines}
    return [y_axis_title("minutes"), words]
