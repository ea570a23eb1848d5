"""The dichotomies of a code over clusters, with the best line for each neuron."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.class_dichotomies import Dichotomies
from lossviz.figures.base.number_format import percent, whole
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    PANEL,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    under_axis,
    with_opacity,
)
from lossviz.figures.codes.code_plane_words import word_symbols

PANELS_PER_ROW = 4  # panels in a row
NEURONS = ("Left neuron", "Right neuron")


def dichotomies(facts: Dichotomies, at: int = 1, narrow: bool = False) -> go.Figure:
    """Draw the codewords of clusters, and for each neuron the clusters with bit 1 and the best line.

    Args:
        facts: From `lossviz.codes.dichotomies`.
        at: Number of the labeling that is shown, from 1; there is a frame for each.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        A panel for the codewords and one for each neuron, and below them a dot for each labeling.

    Example:
        >>> import lossviz as lv
        >>> len(lv.figures.dichotomies(lv.codes.dichotomies("binary", 4), at=2).frames)
        24
    """
    panels = 1 + facts.neurons
    columns = (2 if panels in (2, 4) else min(3, panels)) if narrow else min(PANELS_PER_ROW, panels)
    rows = -(-panels // columns)
    if narrow:
        panel_height = 118 if columns == 3 else 170
    else:
        panel_height = 290 if columns < 4 else 240 if rows == 1 else 210
    bottom_height = 150
    height = 40 + rows * (panel_height + 36) + bottom_height + UNDER_SLIDER
    current = min(max(at, 1), len(facts.labels)) - 1
    figure = blank(
        height,
        margin={"l": 14 if narrow else 62, "r": 14, "t": 36, "b": UNDER_SLIDER},
        meta={"frame": str(current + 1), "spoken": "{2}: {0}; {1}."},
    )
    plot_height = height - 36 - UNDER_SLIDER
    texts: list[dict[str, Any]] = []
    animated: list[int] = []
    for panel in range(panels):
        row, column = divmod(panel, columns)
        width = (1 - 0.05 * (columns - 1)) / columns
        left = column * (width + 0.05)
        top = 1 - row * (panel_height + 36) / plot_height
        y_domain = top - panel_height / plot_height, top
        animated += _panel(figure, facts, panel, (left, left + width), y_domain, narrow)
        texts.append(_panel_title(facts, panel, narrow))
    animated += _labeling_dots(figure, facts, narrow)
    for trace, part in zip(animated, _frame_traces(facts, current), strict=True):
        figure.data[trace].update(part)
    changing = _frame_annotations(facts, current, narrow)
    counts = _count_annotations(facts, bottom_height / plot_height, narrow)
    figure.update_layout(annotations=[*changing, *texts, *counts])
    figure.frames = [
        {
            "name": str(k + 1),
            "data": _frame_traces(facts, k),
            "traces": animated,
            "layout": {
                "annotations": [
                    {"text": t["text"], "font": t["font"]} for t in _frame_annotations(facts, k, narrow)
                ]
            },
        }
        for k in range(len(facts.labels))
    ]
    return figure


def _extent(facts: Dichotomies) -> float:
    return float(np.abs(facts.x).max() * 1.05)


def _panel(
    figure: go.Figure,
    facts: Dichotomies,
    panel: int,
    x_domain: tuple[float, float],
    y_domain: tuple[float, float],
    narrow: bool,
) -> list[int]:
    tag = "" if panel == 0 else str(panel + 1)
    r = _extent(facts)
    hidden = {"visible": False, "range": [-r, r], "constrain": "domain"}
    figure.update_layout(
        {
            f"xaxis{tag}": hidden | {"domain": x_domain, "anchor": f"y{tag}", "constraintoward": "left"},
            f"yaxis{tag}": hidden
            | {
                "domain": y_domain,
                "anchor": f"x{tag}",
                "scaleanchor": f"x{tag}",
                "constraintoward": "top",
            },
        }
    )
    axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}", "hoverinfo": "skip"}
    figure.add_shape(
        type="rect", x0=-r, x1=r, y0=-r, y1=r, xref=f"x{tag}", yref=f"y{tag}", fillcolor=PANEL,
        line={"width": 0}, layer="below",
    )  # fmt: skip
    size = 4 if narrow else 6
    x, y = np.round(facts.x[:, 0], 3), np.round(facts.x[:, 1], 3)
    if panel == 0:
        ring = {"symbol": "circle-open", "size": size, "color": AXIS, "line": {"width": 1}}
        figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=ring, **axes))
        figure.add_trace(
            go.Scatter(
                x=facts.centres[:, 0],
                y=facts.centres[:, 1],
                mode="text",
                textfont={"size": 17 if narrow else 26, "color": INK},
                cliponaxis=False,
                **axes,
            )
        )
        return [len(figure.data) - 1]
    figure.add_trace(
        go.Scatter(fill="toself", fillcolor=with_opacity(MUTE, 0.2), line={"width": 0}, mode="lines", **axes)
    )
    figure.add_trace(go.Scatter(mode="lines", line={"color": INK, "width": 2.5}, **axes))
    marker = {"size": size, "line": {"color": INK, "width": 1}, "opacity": 1}
    for cluster in range(facts.code.classes):
        inside = facts.cluster == cluster
        figure.add_trace(go.Scatter(x=x[inside], y=y[inside], mode="markers", marker=marker, **axes))
    count = 2 + facts.code.classes
    return list(range(len(figure.data) - count, len(figure.data)))


def _half_plane(line: Any, r: float) -> tuple[list[list[float]], list[list[float]]]:
    """The part of the square [-r, r]^2 where the neuron outputs 1, and the line within the square."""
    a, b, c = (float(v) for v in line)
    corners = [(-r, -r), (r, -r), (r, r), (-r, r)]
    inside: list[list[float]] = []
    ends: list[list[float]] = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        s0, s1 = a * x0 + b * y0 + c, a * x1 + b * y1 + c
        if s0 > 0:
            inside.append([x0, y0])
        if (s0 > 0) != (s1 > 0):
            t = s0 / (s0 - s1)
            point = [round(x0 + t * (x1 - x0), 3), round(y0 + t * (y1 - y0), 3)]
            inside.append(point)
            ends.append(point)
    return inside, ends


def _frame_traces(facts: Dichotomies, k: int) -> list[dict[str, Any]]:
    given = facts.labels[k]
    r = _extent(facts)
    parts: list[dict[str, Any]] = [{"text": [word_symbols(facts.code.bits[label][:8]) for label in given]}]
    for neuron in range(facts.neurons):
        inside, ends = _half_plane(facts.lines[k, neuron], r)
        parts.append({"x": [p[0] for p in inside], "y": [p[1] for p in inside]})
        parts.append({"x": [p[0] for p in ends], "y": [p[1] for p in ends]})
        parts += [{"marker": {"color": INK if bit else PAPER}} for bit in facts.code.bits[given, neuron]]
    shown = len(facts.labels)
    rings = [2.5 if j == k else 0 for j in range(shown)]
    parts.append({"marker": {"line": {"width": rings}}})
    return parts


def _labeling_dots(figure: go.Figure, facts: Dichotomies, narrow: bool) -> list[int]:
    """A dot for each labeling that is shown: full where every neuron of the code can be solved by a line."""
    shown = len(facts.labels)
    figure.update_layout(
        xaxis20={"domain": [0, 1], "range": [1, shown], "anchor": "y20", "visible": False},
        yaxis20={"domain": [0, 0.06], "range": [-1, 1], "anchor": "x20", "visible": False},
    )
    size = 9 if narrow else 16
    axes = {"xaxis": "x20", "yaxis": "y20", "hoverinfo": "skip", "cliponaxis": False, "mode": "markers"}
    places = list(range(1, shown + 1))
    ring = {
        "size": size + (6 if narrow else 10),
        "color": "rgba(0,0,0,0)",
        "line": {"color": INK, "width": 0},
    }
    figure.add_trace(go.Scatter(x=places, y=[0] * shown, marker=ring, **axes))
    colours = [INK if solvable else PAPER for solvable in facts.solvable]
    fill = {"size": size, "color": colours, "line": {"color": INK, "width": 1.5}}
    figure.add_trace(go.Scatter(x=places, y=[0] * shown, marker=fill | {"opacity": 1}, **axes))
    return [len(figure.data) - 2]


def _panel_title(facts: Dichotomies, panel: int, narrow: bool) -> dict[str, Any]:
    tag = "" if panel == 0 else str(panel + 1)
    if panel == 0:
        words = "Codes" if narrow else "Code words"
    elif facts.code.length == 2:
        words = NEURONS[panel - 1].split()[0] if narrow else NEURONS[panel - 1]
    else:
        words = f"Neuron {panel}"
    return note(
        f"<b>{words}</b>", 0, 1, xref=f"x{tag} domain", yref=f"y{tag} domain", yanchor="bottom", yshift=4,
        xanchor="left", font={"size": 15 if narrow else 18, "color": INK},
    )  # fmt: skip


def _frame_annotations(facts: Dichotomies, k: int, narrow: bool) -> list[dict[str, Any]]:
    texts = []
    for neuron in range(facts.neurons):
        solved = facts.separated[k, neuron]
        share = percent(float(facts.accuracy[k, neuron]))
        label = f"{share}" if narrow else (f"separable, {share}" if solved else f"<b>{share}</b> at best")
        texts.append(
            note(
                label, 1, 1, xref=f"x{neuron + 2} domain", yref=f"y{neuron + 2} domain", xanchor="right",
                yanchor="bottom", yshift=4,
                font={"size": 14 if narrow else 16, "color": MUTE if solved else INK},
            )
        )  # fmt: skip
    shown, total = len(facts.labels), facts.separable.total
    of = f"{shown}" if shown == total else f"{shown} drawn from {whole(total)}"
    texts.append(under_axis(f"labelling {k + 1} of {of}", 0.5, 0, yshift=-16, xanchor="center"))
    return texts


def _count_annotations(facts: Dichotomies, bottom_height: float, narrow: bool) -> list[dict[str, Any]]:
    """How many labelings lines can solve, beside those of one neuron a class."""
    separable, one_hot = facts.separable, facts.separable_one_hot
    y = bottom_height * 0.92
    value = f"<b>{whole(separable.solvable)} of {whole(separable.total)}</b>"
    of_one_hot = f"{whole(one_hot.solvable)} of {whole(one_hot.total)}"
    text = f"labellings are linearly separable for each neuron.<br>One neuron a class: <b>{of_one_hot}</b>."
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    size = 30 if narrow else 42
    number = note(value, 0, y, font={"size": size, "family": SERIF, "color": INK}, **corner)
    if narrow:
        return [number, note(text, 0, y, yshift=-size - 10, **corner)]
    width = 25 * len(f"{whole(separable.solvable)} of {whole(separable.total)}") * 0.78 + 26
    return [number, note(text, 0, y, xshift=width, yshift=-6, **corner)]
