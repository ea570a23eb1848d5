"""Rescaled ReLU networks: the sharpness of one function, and what a filter-normalized direction shows."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    loss_style,
    note,
    prepend_shape,
    with_opacity,
    y_axis_title,
)
from lossviz.landscape.rescaling import RescaledNetwork

TALLEST = 4.0  # of the slices, in chance losses
NAMES = ("Plain random direction", "Filter-normalized")
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def rescaled(result: RescaledNetwork, at: float = 20.0, narrow: bool = False) -> go.Figure:
    """Draw the loss along two directions, and below it the sharpness over the factor c.

    Args:
        result: The result of `lossviz.landscape.rescaled`.
        at: The factor c at which the figure stands. Its frames are named -k to k, by the index of c on its
            logarithmic scale, with 0 for c = 1.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        A figure with a frame for every factor.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=2)
        >>> result = lv.landscape.rescaled(training, factors=3, points=5)
        >>> [frame.name for frame in lv.figures.rescaled(result, at=1.0).frames]
        ['-1', '0', '1']
    """
    half = len(result.c) // 2
    index = int(np.abs(np.log(result.c / at)).argmin())
    figure = blank(
        560 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 34, "b": UNDER_SLIDER},
        meta={"frame": str(index - half), "spoken": "{0} {2} {1}."},
    )
    half_gap = 0.06
    for panel, (left, right) in enumerate(((0.0, 0.5 - half_gap), (0.5 + half_gap, 1.0)), start=1):
        tag = "" if panel == 1 else str(panel)
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": [left, right],
                    "range": [-1, 1],
                    "anchor": f"y{tag}",
                    "tickvals": [-1, 0, 1] if narrow else [-1, -0.5, 0, 0.5, 1],
                },
                f"yaxis{tag}": {
                    "domain": [0.57, 1],
                    "range": [-0.06, TALLEST],
                    "anchor": f"x{tag}",
                    "tickvals": [0, 2, 4],
                },
            }
        )
    moving = _add_slices(figure, result)
    _add_sharpness(figure, result, half)
    moving.append(len(figure.data) - 1)
    constant = _constant_annotations(narrow)
    figure.update_layout(annotations=[*_annotations_at(result, index, narrow), *constant])
    prepend_shape(figure, _cursor(index - half))
    for trace, part in zip(moving, _data(result, index), strict=True):
        figure.data[trace].update(part)
    figure.frames = [
        {
            "name": str(k - half),
            "data": _data(result, k),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _annotations_at(result, k, narrow)],
                "shapes": [{"x0": k - half, "x1": k - half}],
            },
        }
        for k in range(len(result.c))
    ]
    return figure


def _add_slices(figure: go.Figure, result: RescaledNetwork) -> list[int]:
    """Draw both slices, thin at c = 1 and thick at c; return the indices of the thick ones, which move."""
    style = loss_style(result.loss_name)
    unscaled = result.unscaled
    moving = []
    for panel, rows in enumerate((result.plain_loss, result.filter_normalized_loss), start=1):
        axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"} if panel > 1 else {"xaxis": "x", "yaxis": "y"}
        thin = {"color": with_opacity(style.line, 0.5), "width": 1.8, "simplify": False}
        thick = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
        for line in (thin, thick):
            figure.add_trace(
                go.Scatter(
                    x=result.t,
                    y=_relative_loss(result, rows[unscaled]),
                    mode="lines",
                    line=line,
                    hoverinfo="skip",
                    **axes,
                )
            )
        moving.append(len(figure.data) - 1)
    return moving


def _relative_loss(result: RescaledNetwork, row: Any) -> list[float]:
    """The loss in units of the chance loss, cut off far above the panel, so that the line does not jump."""
    relative: list[float] = np.round(np.clip(row / result.chance_loss, 0, 10 * TALLEST), 4).tolist()
    return relative


def _add_sharpness(figure: go.Figure, result: RescaledNetwork, half: int) -> None:
    """Draw the sharpness over the factor, and the marker that moves."""
    places = np.arange(-half, half + 1)
    per_log = half / np.log(result.c[-1])
    ticks = [c for c in TICKS if result.c[0] * 0.999 <= c <= result.c[-1] * 1.001]
    low, high = np.log10(result.sharpness.min()), np.log10(result.sharpness.max())
    margin = 0.12 * (high - low) + 0.05
    figure.update_layout(
        xaxis3={
            "domain": [0, 1],
            "range": [-half, half],
            "anchor": "y3",
            "tickvals": [float(per_log * np.log(c)) for c in ticks],
            "ticktext": [f"{c:g}" for c in ticks],
        },
        yaxis3={
            "domain": [0, 0.38],
            "anchor": "x3",
            "type": "log",
            "range": [low - margin, high + margin],
            "showgrid": False,
            "tickvals": [10.0**p for p in range(-3, 7)],
            "ticktext": [f"{10.0**p:,g}".replace(",", "\u2009") for p in range(-3, 7)],
            "ticklabelstandoff": 8,
        },
    )  # fmt: skip
    axes = {"xaxis": "x3", "yaxis": "y3", "hoverinfo": "skip"}
    line = {"color": INK, "width": 3, "simplify": False}
    figure.add_trace(go.Scatter(x=places, y=result.sharpness, mode="lines", line=line, **axes))
    marker = {"size": 15, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=marker, cliponaxis=False, **axes))


def _data(result: RescaledNetwork, k: int) -> list[dict[str, Any]]:
    """The data of the traces that move, at a factor."""
    half = len(result.c) // 2
    return [
        {"y": _relative_loss(result, result.plain_loss[k])},
        {"y": _relative_loss(result, result.filter_normalized_loss[k])},
        {"x": [k - half], "y": [float(result.sharpness[k])]},
    ]


def _annotations_at(result: RescaledNetwork, k: int, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that change with c: the ratio of the sharpness to that at c = 1, and c."""
    ratio = float(result.sharpness[k] / result.sharpness[result.unscaled])
    size = 34 if narrow else 42
    factor = whole(ratio) if ratio >= 10 else f"{ratio:.1f}"
    spot = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top"}
    return [
        note(
            f"<b>{factor}×</b>",
            0.5,
            0.4,
            font={"size": size, "family": SERIF, "color": INK},
            **spot,
        ),
        note(
            f"first layer × c, second ÷ c, with c = {number(float(result.c[k]))}",
            0.5,
            0,
            yshift=-32,
            **spot,
            font={"size": 15 if narrow else 16, "color": INK},
        ),
        note("as sharp. Same function.", 0.5, 0.4, yshift=-size - 12, **spot),
    ]


def _constant_annotations(narrow: bool) -> list[dict[str, Any]]:
    """The titles of the slices and the names of the axes."""
    names = ("Plain direction", NAMES[1]) if narrow else NAMES
    titles = [
        note(
            f"<b>{name}</b>",
            0,
            1,
            xref=f"x{tag} domain",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=7,
            font={"size": 16 if narrow else 19, "color": INK},
        )
        for name, tag in zip(names, ("", "2"), strict=True)
    ]
    unchanged = note(
        "unchanged", 0.5, 0.86, xref="x2 domain", yref="y2 domain", xanchor="center",
        font={"size": 16, "color": MUTE},
    )  # fmt: skip
    return [*titles, unchanged, y_axis_title("loss"), y_axis_title("sharpness", 3)]


def _cursor(place: int) -> dict[str, Any]:
    """The vertical line at a factor."""
    return {
        "type": "line",
        "xref": "x3",
        "x0": place,
        "x1": place,
        "yref": "y3 domain",
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"color": AXIS, "width": 1.5},
    }
