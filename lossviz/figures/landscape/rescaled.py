"""One function written in many ways: how sharp each looks, and what a normalised direction shows."""

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
from lossviz.landscape.reparametrization import Rescaled

TALLEST = 4.0  # of the slices, in levels
NAMES = ("Plain random direction", "Filter-normalised")
ROUND = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def rescaled(facts: Rescaled, at: float = 20.0, narrow: bool = False) -> go.Figure:
    """Two slices through the same minimum, and below them the sharpness over the factor c.

    ``at`` is the c that is looked at. The frames are named by the place of c between 1 / most (-k) and
    most (k), in the 2k + 1 even steps of its logarithm.
    """
    half = len(facts.c) // 2
    here = int(np.abs(np.log(facts.c / at)).argmin())
    figure = blank(
        560 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 34, "b": UNDER_SLIDER},
        meta={"follows": "landscape_scale"},
    )
    middle = 0.06
    for panel, (left, right) in enumerate(((0.0, 0.5 - middle), (0.5 + middle, 1.0)), start=1):
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
    moving = _slices(figure, facts)
    _sharpness(figure, facts, half)
    moving.append(len(figure.data) - 1)
    texts = _texts(narrow)
    figure.update_layout(annotations=[*_live(facts, here, narrow), *texts])
    prepend_shape(figure, _cursor(here - half))
    for trace, part in zip(moving, _data(facts, here), strict=True):
        figure.data[trace].update(part)
    figure.frames = [
        {
            "name": str(k - half),
            "data": _data(facts, k),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(facts, k, narrow)],
                "shapes": [{"x0": k - half, "x1": k - half}],
            },
        }
        for k in range(len(facts.c))
    ]
    return figure


def _slices(figure: go.Figure, facts: Rescaled) -> list[int]:
    """Thin as trained, thick at c; the thick ones move."""
    own = loss_style(facts.loss_name)
    one = facts.unchanged
    moving = []
    for panel, rows in enumerate((facts.plain, facts.filtered), start=1):
        axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"} if panel > 1 else {"xaxis": "x", "yaxis": "y"}
        thin = {"color": with_opacity(own.line, 0.5), "width": 1.8, "simplify": False}
        thick = {"color": own.line, "width": own.width, "dash": own.dash, "simplify": False}
        for line in (thin, thick):
            figure.add_trace(
                go.Scatter(
                    x=facts.t, y=_level(facts, rows[one]), mode="lines", line=line, hoverinfo="skip", **axes
                )
            )
        moving.append(len(figure.data) - 1)
    return moving


def _level(facts: Rescaled, row: Any) -> list[float]:
    """In units of guessing; what is far above the panel is cut, so that the line does not jump."""
    level: list[float] = np.round(np.clip(row / facts.guess, 0, 10 * TALLEST), 4).tolist()
    return level


def _sharpness(figure: go.Figure, facts: Rescaled, half: int) -> None:
    places = np.arange(-half, half + 1)
    per_log = half / np.log(facts.c[-1])
    ticks = [c for c in ROUND if facts.c[0] * 0.999 <= c <= facts.c[-1] * 1.001]
    low, high = np.log10(facts.sharpness.min()), np.log10(facts.sharpness.max())
    room = 0.12 * (high - low) + 0.05
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
            "range": [low - room, high + room],
            "showgrid": False,
            "tickvals": [10.0**p for p in range(-3, 7)],
            "ticktext": [f"{10.0**p:,g}".replace(",", "\u2009") for p in range(-3, 7)],
            "ticklabelstandoff": 8,
        },
    )  # fmt: skip
    axes = {"xaxis": "x3", "yaxis": "y3", "hoverinfo": "skip"}
    line = {"color": INK, "width": 3, "simplify": False}
    figure.add_trace(go.Scatter(x=places, y=facts.sharpness, mode="lines", line=line, **axes))
    marker = {"size": 15, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=marker, cliponaxis=False, **axes))


def _data(facts: Rescaled, k: int) -> list[dict[str, Any]]:
    half = len(facts.c) // 2
    return [
        {"y": _level(facts, facts.plain[k])},
        {"y": _level(facts, facts.filtered[k])},
        {"x": [k - half], "y": [float(facts.sharpness[k])]},
    ]


def _live(facts: Rescaled, k: int, narrow: bool) -> list[dict[str, Any]]:
    """The one number of the page in the V of the curve, and c."""
    ratio = float(facts.sharpness[k] / facts.sharpness[facts.unchanged])
    size = 34 if narrow else 42
    times = whole(ratio) if ratio >= 10 else f"{ratio:.1f}"
    spot = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top"}
    return [
        note(
            f"<b>{times}×</b>",
            0.5,
            0.4,
            font={"size": size, "family": SERIF, "color": INK},
            **spot,
        ),
        note(
            f"first layer × c, second ÷ c, with c = {number(float(facts.c[k]))}",
            0.5,
            0,
            yshift=-32,
            **spot,
            font={"size": 15 if narrow else 16, "color": INK},
        ),
        note("as sharp. Same function.", 0.5, 0.4, yshift=-size - 12, **spot),
    ]


def _texts(narrow: bool) -> list[dict[str, Any]]:
    names = ("Plain direction", NAMES[1]) if narrow else NAMES
    heads = [
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
    still = note(
        "stands still", 0.5, 0.86, xref="x2 domain", yref="y2 domain", xanchor="center",
        font={"size": 16, "color": MUTE},
    )  # fmt: skip
    return [*heads, still, y_axis_title("loss"), y_axis_title("sharpness", 3)]


def _cursor(place: int) -> dict[str, Any]:
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
