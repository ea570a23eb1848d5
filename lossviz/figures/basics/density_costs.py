"""A density that rises above 1, and its negative logarithm that falls below 0."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.logarithms import DensityCosts
from lossviz.figures.base.frames import frame
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    AXIS,
    FAMILY_STYLES,
    INK,
    PAPER,
    UNDER_SLIDER,
    blank,
    key_number,
    note,
    under_axis,
    with_opacity,
    y_axis_title,
)

ROOM = 76  # px above a narrow figure, for its key number
HIGHEST = 4.4  # of the density's axis, and of the loss's
LOWEST = -1.9  # of the loss's axis


def density_costs(costs: DensityCosts, at: float = 0.1, narrow: bool = False) -> go.Figure:
    """Plot a Gaussian density, and below it its negative logarithm, for one of several widths.

    Args:
        costs: A result of `lv.basics.density_costs`.
        at: The standard deviation: the nearest of those that were computed.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the standard deviation.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.density_costs(lv.basics.density_costs([0.1, 0.5, 1.0]))
        >>> [frame.name for frame in figure.frames]
        ['0.1', '0.5', '1']
    """
    blue = FAMILY_STYLES["logarithm"]
    reach = float(costs.y[-1])
    axis = {"range": [-reach, reach]}
    figure = blank(
        460 if narrow else 440,
        margin={"l": 66, "r": 16, "t": ROOM if narrow else 8, "b": UNDER_SLIDER},
        xaxis=axis | {"anchor": "y", "visible": False},
        xaxis2=axis | {"anchor": "y2", "nticks": 7},
        yaxis={"domain": [0.56, 1], "range": [0, HIGHEST], "tickvals": [0, 1, 2, 3, 4]},
        yaxis2={
            "domain": [0, 0.46],
            "range": [LOWEST, HIGHEST],
            "tickvals": [-1, 0, 1, 2, 3, 4],
            "ticktext": ["−1", "0", "1", "2", "3", "4"],
        },
        meta={"slider": [0.0, 1.0]},
    )
    line = {"color": blue.line, "width": blue.width, "simplify": False}
    dot = {"size": 15, "color": blue.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(
        go.Scatter(
            mode="lines", line={"color": INK, "width": 3, "simplify": False},
            fill="tozeroy", fillcolor=with_opacity(INK, 0.08),
        )
    )  # fmt: skip
    figure.add_trace(go.Scatter(mode="lines", line=line, xaxis="x2", yaxis="y2"))
    figure.add_trace(go.Scatter(mode="markers", marker=dot, cliponaxis=False, xaxis="x2", yaxis="y2"))

    def content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        lowest, sigma = float(costs.lowest[i]), float(costs.sigma[i])
        visible = costs.nll[i] < 3 * HIGHEST
        data = [
            {"x": costs.y.round(4).tolist(), "y": [float(f"{v:.4g}") for v in costs.density[i]]},
            {
                "x": costs.y[visible].round(4).tolist(),
                "y": [float(f"{v:.4g}") for v in costs.nll[i][visible]],
            },
            {"x": [0.0], "y": [float(f"{lowest:.4g}")]},
        ]
        lead, words = key_number(
            number(lowest), f"nats at best, since the density there is {number(np.exp(-lowest))}", narrow
        )
        if narrow:
            words["text"] = f"nats at best:<br>the density is {number(np.exp(-lowest))}"
            lead["yshift"], words["yshift"] = ROOM - 8, ROOM - 6
            words["xshift"] = 24 + round(19 * len(number(lowest)))
        else:
            lead["xshift"] = words["xshift"] = 14
            words["text"] = f"nats at best, since<br>the density there is {number(np.exp(-lowest))}"
        return data, [lead, words, under_axis(f"standard deviation of the error: {number(sigma)}")]

    start = int(np.abs(costs.sigma - at).argmin())
    figure.layout.meta |= {"frame": f"{costs.sigma[start]:g}", "spoken": "{0} {1}: {2}."}
    data, texts = content(start)
    for trace, part in zip(figure.data, data, strict=True):
        trace.update(part)
    limit = "a probability<br>stops at 1" if narrow else "a probability stops at 1"
    rule: dict[str, Any] = {"type": "line", "x0": -reach, "x1": reach, "layer": "below"}
    figure.update_layout(
        annotations=[
            *texts,
            note(limit, reach, 1, xref="x", yref="y", xanchor="right", yshift=22 if narrow else 12),
            note("below 0", reach, LOWEST, xref="x2", yref="y2", xanchor="right", yshift=14,
                 font={"size": 16, "color": blue.text}),
            y_axis_title("density", 1),
            y_axis_title("loss, nats", 2),
        ],
        shapes=[
            rule | {"xref": "x", "yref": "y", "y0": 1, "y1": 1, "line": {"color": AXIS, "width": 1.5}},
            rule | {"xref": "x2", "yref": "y2", "y0": 0, "y1": 0, "line": {"color": AXIS, "width": 1.5}},
            rule
            | {"type": "rect", "xref": "x2", "yref": "y2", "y0": LOWEST, "y1": 0, "line": {"width": 0},
               "fillcolor": with_opacity(blue.line, 0.08)},
        ],
    )  # fmt: skip
    figure.frames = [
        frame(f"{sigma:g}", [0, 1, 2], *content(i), keys=("text", "xshift"))
        for i, sigma in enumerate(costs.sigma)
    ]
    return figure
