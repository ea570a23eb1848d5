"""Stacked panels of lines with one cursor, which the figures of the basics share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.typing import Floats
from lossviz.figures.base.frames import AnimatedFigure, frame
from lossviz.figures.base.style import (
    PAPER,
    UNDER_SLIDER,
    LineStyle,
    blank,
    cursor,
    key_number,
    note,
    under_axis,
    y_axis_title,
)

GAP = 0.1  # between two panels, as a share of the plot's height
ROOM = 76  # px above the panels of a narrow figure, for its key number and what it is, beside it or below


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        y: Its values, (n,).
        style: How it is drawn.
        name: What stands beside it; "" for nothing.
        at: The index where the name stands.
        shift: By how many pixels the name is moved, right and up.
        anchor: Which side of the name is at that point.
        shape: "linear", or "hv" for a staircase.
    """

    y: Floats
    style: LineStyle
    name: str = ""
    at: int = 0
    shift: tuple[int, int] = (0, 0)
    anchor: str = "left"
    shape: str = "linear"


@dataclass(frozen=True)
class Panel:
    """One panel: the title of its y axis, its lines, and the range and ticks of the axis."""

    title: str
    lines: Sequence[Line]
    low: float
    high: float
    ticks: Sequence[float]
    labels: Sequence[str] = ()
    height: float = 1.0  # relative to the other panels


@dataclass(frozen=True)
class Reading:
    """What is written at one position of the cursor.

    Attributes:
        value: The key number.
        words: What it is.
        short: What it is, on a narrow screen; two lines at most.
        title: The title of the x axis.
        texts: Further annotations, as many at every position.
    """

    value: str
    words: str
    short: str
    title: str
    texts: Sequence[dict[str, Any]] = ()


def cursor_panels(
    panels: Sequence[Panel],
    x: Floats,
    at: int,
    names: Sequence[str],
    reading: Callable[[int], Reading],
    narrow: bool,
    xaxis: dict[str, Any],
    height: int = 440,
    right: bool = False,
    above: bool = False,
    below_number: bool = False,
    every: int = 1,
    ends: Sequence[dict[str, Any]] = (),
) -> AnimatedFigure:
    """Draw lines in stacked panels, with a cursor through all of them and a marker on every line.

    Args:
        panels: From the top.
        x: Common positions of all lines, (n,).
        at: Index of the position that is marked.
        names: Names of the positions, (n,), and of their frames.
        reading: What is written when the cursor is at an index.
        narrow: Lay the figure out for a phone.
        xaxis: Layout of the x axis of the lowest panel.
        height: Height of the wide figure in pixels.
        right: Whether the key number stands at the right.
        above: Whether it stands above the panels on a wide screen, too.
        below_number: Whether what the key number is stands below it on a narrow screen, not beside it.
        every: A frame is made for every so many positions.
        ends: Annotations that do not change.

    Returns:
        The figure.
    """
    figure = blank(
        height, margin={"l": 66, "r": 16, "t": ROOM if narrow else 92 if above else 8, "b": UNDER_SLIDER}
    )
    total = sum(panel.height for panel in panels)
    share = (1 - GAP * (len(panels) - 1)) / total
    top = 1.0
    for i, panel in enumerate(panels, start=1):
        tag, bottom = "" if i == 1 else str(i), max(0.0, top - share * panel.height)
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": [bottom, top],
                    "range": [panel.low, panel.high],
                    "tickvals": list(panel.ticks),
                    "ticktext": list(panel.labels) or [f"{tick:g}".replace("-", "−") for tick in panel.ticks],
                },
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "range": [float(x[0]), float(x[-1])],
                    "visible": i == len(panels),
                }
                | (xaxis if i == len(panels) else {}),
            }
        )
        for line in panel.lines:
            drawn = {
                "color": line.style.line,
                "width": line.style.width,
                "dash": line.style.dash,
                "shape": line.shape,
            }
            figure.add_trace(
                go.Scatter(
                    x=x, y=line.y, mode="lines", line=drawn | {"simplify": False},
                    xaxis=f"x{tag}", yaxis=f"y{tag}",
                )
            )  # fmt: skip
        top = bottom - GAP
    markers = _add_markers(figure, panels)

    def content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        position = float(x[i])
        data = [
            {"x": [position] * len(panel.lines), "y": [float(f"{line.y[i]:.4g}") for line in panel.lines]}
            for panel in panels
        ]
        now = reading(i)
        lead, words = key_number(now.value, now.short if narrow else now.words, narrow)
        if narrow:
            lead["yshift"], words["yshift"] = ROOM - 8, ROOM - 6
            words["xshift"] = 0 if below_number else 24 + round(19 * len(now.value))
            if below_number:
                words["yshift"] = ROOM - 52
        else:
            for text in (lead, words):
                text["yshift"] = text.get("yshift", 0) + (86 if above else 0)
                text |= (
                    {"x": 1, "xanchor": "right", "xshift": -14} if right else {"xshift": 0 if above else 14}
                )
        return data, [lead, words, under_axis(now.title), *now.texts]

    data, texts = content(at)
    for trace, part in zip(markers, data, strict=True):
        figure.data[trace].update(part)
    last = "" if len(panels) == 1 else str(len(panels))
    figure.update_layout(
        annotations=[
            *texts,
            *ends,
            *_line_names(panels, x, narrow),
            *(y_axis_title(panel.title, i) for i, panel in enumerate(panels, start=1)),
        ],
        shapes=[cursor(float(x[at]), f"x{last}")],
        meta={"frame": names[at], "spoken": "{0} {1}: {2}."},
    )
    changing = ("text", "x", "y", "xanchor", "xshift", "yshift")
    figure.frames = [
        frame(names[i], markers, *content(i), changing, shapes=[{"x0": float(x[i]), "x1": float(x[i])}])
        for i in sorted({*range(0, len(names), every), at})
    ]
    return figure


def _add_markers(figure: go.Figure, panels: Sequence[Panel]) -> list[int]:
    """One trace a panel, with a marker for each of its lines; their indices."""
    first = len(figure.data)
    for i, panel in enumerate(panels, start=1):
        tag = "" if i == 1 else str(i)
        figure.add_trace(
            go.Scatter(
                mode="markers",
                xaxis=f"x{tag}",
                yaxis=f"y{tag}",
                cliponaxis=False,
                marker={
                    "size": 15,
                    "color": [line.style.line for line in panel.lines],
                    "line": {"color": PAPER, "width": 3},
                    "opacity": 1,
                },
            )
        )
    return list(range(first, len(figure.data)))


def _line_names(panels: Sequence[Panel], x: Floats, narrow: bool) -> list[dict[str, Any]]:
    names = []
    for i, panel in enumerate(panels, start=1):
        tag = "" if i == 1 else str(i)
        for line in panel.lines:
            if line.name:
                names.append(
                    note(
                        f"<b>{line.name}</b>",
                        float(x[line.at]),
                        float(np.clip(line.y[line.at], panel.low, panel.high)),
                        xref=f"x{tag}",
                        yref=f"y{tag}",
                        xanchor=line.anchor,
                        xshift=line.shift[0],
                        yshift=line.shift[1],
                        font={"size": 17 if narrow else 19, "color": line.style.text},
                        bgcolor=PAPER,
                        borderpad=1,
                    )
                )
    return names
