"""Loss, slope and curvature against the logit of one neuron."""

import math
import sys
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    PAPER,
    UNDER_SLIDER,
    blank,
    cursor,
    key_number,
    live_value,
    loss_label,
    loss_line,
    loss_style,
    note,
    prepend_shape,
    under_axis,
    with_opacity,
    y_axis_title,
)
from lossviz.neuron.descent import LogitCurves


def logit_curves(curves: LogitCurves, at: float = 4.0, every: int = 1, narrow: bool = False) -> go.Figure:
    """Plot value, slope and curvature of two losses against the logit, in one panel each.

    Args:
        curves: A result of `lv.neuron.logit_curves` for two losses; first the one whose gradient vanishes.
        at: The logit that is marked: the nearest of those of the curves.
        every: A frame is made for every so many logits.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the logit.

    Raises:
        ValueError: If the curves are not those of two losses.

    Example:
        >>> import lossviz as lv
        >>> curves = lv.neuron.logit_curves(["sigmoid-mse", "sigmoid-ce"], y=0, z=[-8, -4, 0, 4, 8])
        >>> figure = lv.figures.logit_curves(curves, at=4.0)
        >>> [frame.name for frame in figure.frames]
        ['-8', '-4', '0', '4', '8']
    """
    if len(curves.losses) != 2:
        raise ValueError(f"curves must be those of two losses; got {len(curves.losses)}")
    start = int(np.abs(curves.z - at).argmin())
    panels = ((0.69, 1.0), (0.34, 0.63), (0.0, 0.28))
    rows = (curves.value, curves.gradient, curves.curvature)
    figure = blank(
        600 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 6, "b": UNDER_SLIDER},
        meta={"frame": f"{curves.z[start]:g}", "spoken": "{0} {1}: {6}."},
    )
    for panel, (domain, values) in enumerate(zip(panels, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = float(values.min()), float(values.max())
        margin = 0.16 * (high - low)
        ticks = _few_ticks(low, high)
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": domain,
                    "range": [low - margin / 2, high + margin],
                    "tickvals": ticks,
                },
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "range": [curves.z[0], curves.z[-1]],
                    "visible": panel == 3,
                    "dtick": 2,
                },
            }
        )
        for loss, value in zip(curves.losses, values, strict=True):
            figure.add_trace(loss_line(loss, curves.z, value, xaxis=f"x{tag}", yaxis=f"y{tag}"))
    _shade_negative_curvature(figure, curves)
    markers = range(len(figure.data), len(figure.data) + 3)
    for panel in range(3):
        tag = "" if panel == 0 else str(panel + 1)
        colours = [loss_style(loss).line for loss in curves.losses]
        figure.add_trace(
            go.Scatter(
                mode="markers",
                xaxis=f"x{tag}",
                yaxis=f"y{tag}",
                cliponaxis=False,
                marker={"size": 15, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )

    def frame_content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
        z = float(curves.z[i])
        ratio = _ratio(curves.gradient[:, i])
        lead, words = key_number(f"{number(ratio)}×", "steeper under cross-entropy", narrow)
        for text in () if narrow else (lead, words):
            left = curves.y < 0.5  # for the other target the curves rise to the left
            text |= {"xshift": 14} if left else {"x": 1, "xanchor": "right", "xshift": -14}
        if narrow:
            lead["yshift"] = 68
            words |= {"yshift": 70, "xshift": 118, "text": "steeper under<br>cross-entropy"}
        flip = z > curves.z[0] + (0.78 if narrow else 0.92) * (curves.z[-1] - curves.z[0])
        texts = [lead, words]
        for panel, values in ((2, curves.gradient), (3, curves.curvature)):
            for loss, value in zip(curves.losses, values[:, i], strict=True):
                texts.append(live_value(loss, z, float(value), flip, xref=f"x{panel}", yref=f"y{panel}"))
        _separate(texts[2:4], curves.gradient[:, i], 0.09)
        _separate(texts[4:6], curves.curvature[:, i], 0.06)
        texts.append(
            under_axis(f"logit z = {number(z) if z else '0'}, output {number(1 / (1 + np.exp(-z)))}")
        )
        data = [{"x": [z, z], "y": [_rounded(v) for v in values[:, i]]} for values in rows]
        return data, texts, [cursor(z, "x3")]

    data, texts, line_at = frame_content(start)
    for trace, part in zip(markers, data, strict=True):
        figure.data[trace].update(part)
    right_end = "confidently wrong →" if curves.y < 0.5 else "confidently right →"
    left_end = "← confidently right" if curves.y < 0.5 else "← confidently wrong"
    ends = [
        note(left_end, 0, 0, xref="paper", yref="paper", xanchor="left", yshift=-32, yanchor="top"),
        note(right_end, 1, 0, xref="paper", yref="paper", xanchor="right", yshift=-32, yanchor="top"),
    ]
    if narrow:
        texts[-1]["text"] = f"z = {number(float(curves.z[start]))}"
        for end in ends:
            end["text"] = end["text"].replace("confidently ", "")
    figure.update_layout(
        annotations=[
            *texts,
            *ends,
            *_loss_names(curves, narrow),
            y_axis_title("loss L", 1),
            y_axis_title("slope dL/dz", 2),
            y_axis_title("curvature", 3),
        ],
    )
    prepend_shape(figure, line_at[0])
    frames = []
    for i in sorted({*range(0, len(curves.z), every), start}):
        data, texts, line_at = frame_content(i)
        if narrow:
            texts[-1]["text"] = f"z = {number(float(curves.z[i]))}"
        changed = [
            {k: t[k] for k in ("text", "x", "y", "xanchor", "xshift", "yshift") if k in t} for t in texts
        ]
        frames.append(
            {
                "name": f"{curves.z[i]:g}",
                "data": data,
                "traces": list(markers),
                "layout": {
                    "annotations": changed,
                    "shapes": [{"x0": line_at[0]["x0"], "x1": line_at[0]["x1"]}],
                },
            }
        )
    figure.frames = frames
    return figure


def _rounded(value: float) -> float:
    """Four significant digits, to keep the frames small."""
    return float(f"{value:.4g}")


def _few_ticks(low: float, high: float) -> list[float]:
    """0 and a few round numbers."""
    size = max(high, -low)
    step = next(s for s in (8, 4, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02) if s <= size / 1.9)
    return [k * step for k in range(-3, 4) if low - 0.01 * size <= k * step <= high + 0.01 * size]


def _ratio(gradients: Any) -> float:
    """How many times steeper the second loss is than the first; infinite where that overflows."""
    slow, fast = (abs(float(gradient)) for gradient in gradients)
    return fast / slow if slow > fast / sys.float_info.max else math.inf


def _separate(pair: list[dict[str, Any]], values: Any, apart: float) -> None:
    """Keep two numbers at one cursor from overlapping: the lower one goes below its marker."""
    low, high = sorted(range(2), key=lambda i: values[i])
    if values[high] - values[low] < apart * 4:
        pair[low]["yshift"] = -17


def _shade_negative_curvature(figure: go.Figure, curves: LogitCurves) -> None:
    """Tint the curvature panel where the first loss has negative curvature."""
    negative = curves.z[curves.curvature[0] < 0]
    if len(negative):
        figure.add_shape(
            type="rect",
            x0=negative[0],
            x1=negative[-1],
            y0=0,
            y1=1,
            xref="x3",
            yref="y3 domain",
            layer="below",
            fillcolor=with_opacity(loss_style(curves.losses[0]).line, 0.10),
            line_width=0,
        )


def _loss_names(curves: LogitCurves, narrow: bool) -> list[dict[str, Any]]:
    """The losses' names beside their curves, at the end where the neuron is wrong."""
    wrong = curves.z[-1] if curves.y < 0.5 else curves.z[0]
    right_end = curves.y < 0.5
    slow, fast = (float(row[-1 if right_end else 0]) for row in curves.value)
    anchor = "right" if right_end else "left"
    share = 0.62 if narrow else 0.8  # above the line, and away from the first picture's cursor
    return [
        loss_label(
            curves.losses[1],
            wrong * share,
            fast * share,
            narrow,
            xanchor=anchor,
            xshift=-14 if right_end else 14,
            yshift=8,
        ),
        loss_label(curves.losses[0], wrong, slow, narrow, xanchor=anchor, yshift=-18 if narrow else 20),
    ]
