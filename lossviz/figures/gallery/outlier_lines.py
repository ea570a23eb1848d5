"""One far point pulls at the lines that several losses fit to the same people."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import INK, MUTE, PAPER, blank, note, under_axis, with_opacity, y_axis_title
from lossviz.losses.outliers import OutlierLines

TOP = 85.0  # minutes
TALL = 400


def outlier_lines(facts: OutlierLines, at: float = 72.0, narrow: bool = False) -> go.Figure:
    """The people, and each loss's line through them; thin, where it lay with the moved point at home.

    The frames are named by the heights of the moved point.
    """
    lines, reach = len(facts.names), max(25.0, facts.x_far + 1)
    head = 36 + 23 * lines if narrow else 30
    figure = blank(
        head + TALL + 54,
        margin={"l": 62, "r": 14 if narrow else 250, "t": head, "b": 54},
        xaxis={"range": [0, reach], "dtick": 5},
        yaxis={"range": [0, TOP], "dtick": 20},
    )
    marks = line_styles(facts.names, facts.families)
    x = [0.0, reach]
    for mark, (slope, intercept) in zip(marks, facts.at_home, strict=True):
        thin = {"color": with_opacity(mark.line, 0.45), "width": 1.5}
        figure.add_trace(go.Scatter(x=x, y=_heights(slope, intercept, reach), mode="lines", line=thin))
    moving = []
    for mark in marks:
        moving.append(len(figure.data))
        line = {"color": mark.line, "width": mark.width, "dash": mark.dash, "simplify": False}
        figure.add_trace(go.Scatter(x=x, mode="lines", line=line))
    stay = {"size": 12, "color": MUTE, "opacity": 1, "line": {"color": PAPER, "width": 1.5}}
    figure.add_trace(go.Scatter(x=facts.x, y=facts.y, mode="markers", marker=stay))
    ring = {"size": 15, "color": PAPER, "line": {"color": INK, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[facts.x_far], y=[facts.home], mode="markers", marker=ring))
    far = {"size": 22, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[facts.x_far], mode="markers", marker=far, cliponaxis=False))
    moving.append(len(figure.data) - 1)
    figure.update_layout(meta={"follows": "gallery_far", "grip": [moving[-1], "y"]})

    here = int(np.abs(facts.far - at).argmin())
    for trace, part in zip(moving, _data(facts, here, reach), strict=True):
        figure.data[trace].update(part)
    live = _live(facts, here, reach, narrow)
    for text, mark in zip(live, marks, strict=False):
        text["font"] = {"size": 17 if narrow else 19, "color": mark.text}
    figure.update_layout(annotations=[*live, *_texts(lines, narrow)])
    figure.frames = [
        {
            "name": f"{place:g}",
            "data": _data(facts, k, reach),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: t[key] for key in ("text", "y")} for t in _live(facts, k, reach, narrow)
                ]
            },
        }
        for k, place in enumerate(facts.far)
    ]
    return figure


def _heights(slope: float, intercept: float, reach: float) -> list[float]:
    return [round(float(intercept), 4), round(float(intercept + slope * reach), 4)]


def _data(facts: OutlierLines, k: int, reach: float) -> list[dict[str, Any]]:
    lines = [
        {"y": _heights(facts.lines[i, k, 0], facts.lines[i, k, 1], reach)} for i in range(len(facts.names))
    ]
    return [*lines, {"y": [float(facts.far[k])]}]


def _live(facts: OutlierLines, k: int, reach: float, narrow: bool) -> list[dict[str, Any]]:
    """Each line's name and slope, where the line ends, or above the picture; then the axis's title."""
    slopes, texts = facts.lines[:, k, 0], []
    for i, label in enumerate(facts.labels):
        words = f"<b>{label}</b>  {_slope(slopes[i])}"
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
        ends = np.clip(facts.lines[:, k] @ [reach, 1.0], 2.0, TOP - 2)
        for text, height in zip(texts, _apart(ends, 24 * TOP / TALL), strict=True):
            text["y"] = height
    here = f"kilometres to work · the ninth: {facts.x_far:g} km, {facts.far[k]:g} minutes"
    if narrow:
        here = f"km to work · the ninth: {facts.x_far:g} km, {facts.far[k]:g} min"
    texts.append(under_axis(here, xanchor="center"))
    return texts


def _slope(value: float) -> str:
    return "0" if abs(value) < 5e-4 else number(float(value))


def _apart(heights: Any, least: float) -> list[float]:
    """Heights pushed apart, upwards from the lowest, and down again where they would leave the picture."""
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


def _texts(lines: int, narrow: bool) -> list[dict[str, Any]]:
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom"}
    words = note("minutes a kilometre", 1, 1, xanchor="left", xshift=8, yshift=6, **place)
    if narrow:
        words |= {"x": 0, "xshift": 0, "yshift": 8 + 23 * lines}
    return [y_axis_title("minutes"), words]
