"""Unions: what each neuron of a code must learn, drawn over the clouds, and a strip of all labellings."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.labellings import Unions
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
from lossviz.figures.codes.code_plane_words import discs

ACROSS = 4  # plates in a row
NEURONS = ("Left neuron", "Right neuron")


def unions(facts: Unions, at: int = 1, narrow: bool = False) -> go.Figure:
    """The labelling number ``at``, counted from 1, with a frame for every one that is shown."""
    plates = 1 + facts.units
    across = (2 if plates in (2, 4) else min(3, plates)) if narrow else min(ACROSS, plates)
    down = -(-plates // across)
    tall = (118 if across == 3 else 170) if narrow else (290 if across < 4 else 240 if down == 1 else 210)
    foot = 150
    height = 40 + down * (tall + 36) + foot + UNDER_SLIDER
    figure = blank(
        height,
        margin={"l": 14 if narrow else 62, "r": 14, "t": 36, "b": UNDER_SLIDER},
        meta={"follows": "codes_labelling"},
    )
    inner = height - 36 - UNDER_SLIDER
    texts: list[dict[str, Any]] = []
    moving: list[int] = []
    for plate in range(plates):
        row, column = divmod(plate, across)
        wide = (1 - 0.05 * (across - 1)) / across
        left = column * (wide + 0.05)
        top = 1 - row * (tall + 36) / inner
        moving += _plate(figure, facts, plate, (left, left + wide), (top - tall / inner, top), narrow)
        texts.append(_head(facts, plate, narrow))
    moving += _strip(figure, facts, narrow)
    place = min(max(at, 1), len(facts.labels)) - 1
    for trace, part in zip(moving, _data(facts, place), strict=True):
        figure.data[trace].update(part)
    live = _live(facts, place, narrow)
    figure.update_layout(annotations=[*live, *texts, *_count(facts, foot / inner, narrow)])
    figure.frames = [
        {
            "name": str(k + 1),
            "data": _data(facts, k),
            "traces": moving,
            "layout": {
                "annotations": [{"text": t["text"], "font": t["font"]} for t in _live(facts, k, narrow)]
            },
        }
        for k in range(len(facts.labels))
    ]
    return figure


def _reach(facts: Unions) -> float:
    return float(np.abs(facts.x).max() * 1.05)


def _plate(
    figure: go.Figure,
    facts: Unions,
    plate: int,
    across: tuple[float, float],
    up: tuple[float, float],
    narrow: bool,
) -> list[int]:
    tag = "" if plate == 0 else str(plate + 1)
    r = _reach(facts)
    hidden = {"visible": False, "range": [-r, r], "constrain": "domain"}
    figure.update_layout(
        {
            f"xaxis{tag}": hidden | {"domain": across, "anchor": f"y{tag}", "constraintoward": "left"},
            f"yaxis{tag}": hidden
            | {
                "domain": up,
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
    if plate == 0:
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
    for cloud in range(facts.code.classes):
        own = facts.cloud == cloud
        figure.add_trace(go.Scatter(x=x[own], y=y[own], mode="markers", marker=marker, **axes))
    count = 2 + facts.code.classes
    return list(range(len(figure.data) - count, len(figure.data)))


def _half_plane(line: Any, r: float) -> tuple[list[list[float]], list[list[float]]]:
    """The part of the square [-r, r]^2 where the line's neuron fires, and the line within the square."""
    a, b, c = (float(v) for v in line)
    corners = [(-r, -r), (r, -r), (r, r), (-r, r)]
    inside: list[list[float]] = []
    cut: list[list[float]] = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        s0, s1 = a * x0 + b * y0 + c, a * x1 + b * y1 + c
        if s0 > 0:
            inside.append([x0, y0])
        if (s0 > 0) != (s1 > 0):
            t = s0 / (s0 - s1)
            point = [round(x0 + t * (x1 - x0), 3), round(y0 + t * (y1 - y0), 3)]
            inside.append(point)
            cut.append(point)
    return inside, cut


def _data(facts: Unions, k: int) -> list[dict[str, Any]]:
    given = facts.labels[k]
    r = _reach(facts)
    parts: list[dict[str, Any]] = [{"text": [discs(facts.code.bits[label][:8]) for label in given]}]
    for unit in range(facts.units):
        inside, cut = _half_plane(facts.lines[k, unit], r)
        parts.append({"x": [p[0] for p in inside], "y": [p[1] for p in inside]})
        parts.append({"x": [p[0] for p in cut], "y": [p[1] for p in cut]})
        parts += [{"marker": {"color": INK if fires else PAPER}} for fires in facts.code.bits[given, unit]]
    shown = len(facts.labels)
    rings = [2.5 if j == k else 0 for j in range(shown)]
    parts.append({"marker": {"line": {"width": rings}}})
    return parts


def _strip(figure: go.Figure, facts: Unions, narrow: bool) -> list[int]:
    """A disc for each labelling that is shown: full where every neuron of the code can be solved."""
    shown = len(facts.labels)
    figure.update_layout(
        xaxis20={"domain": [0, 1], "range": [1, shown], "anchor": "y20", "visible": False},
        yaxis20={"domain": [0, 0.06], "range": [-1, 1], "anchor": "x20", "visible": False},
    )
    can = facts.possible
    size = 9 if narrow else 16
    axes = {"xaxis": "x20", "yaxis": "y20", "hoverinfo": "skip", "cliponaxis": False, "mode": "markers"}
    places = list(range(1, shown + 1))
    ring = {
        "size": size + (6 if narrow else 10),
        "color": "rgba(0,0,0,0)",
        "line": {"color": INK, "width": 0},
    }
    figure.add_trace(go.Scatter(x=places, y=[0] * shown, marker=ring, **axes))
    fill = {"size": size, "color": [INK if c else PAPER for c in can], "line": {"color": INK, "width": 1.5}}
    figure.add_trace(go.Scatter(x=places, y=[0] * shown, marker=fill | {"opacity": 1}, **axes))
    return [len(figure.data) - 2]


def _head(facts: Unions, plate: int, narrow: bool) -> dict[str, Any]:
    tag = "" if plate == 0 else str(plate + 1)
    if plate == 0:
        words = "Words" if narrow else "Codewords"
    elif facts.code.length == 2:
        words = NEURONS[plate - 1].split()[0] if narrow else NEURONS[plate - 1]
    else:
        words = f"Neuron {plate}"
    return note(
        f"<b>{words}</b>", 0, 1, xref=f"x{tag} domain", yref=f"y{tag} domain", yanchor="bottom", yshift=4,
        xanchor="left", font={"size": 15 if narrow else 18, "color": INK},
    )  # fmt: skip


def _live(facts: Unions, k: int, narrow: bool) -> list[dict[str, Any]]:
    texts = []
    for unit in range(facts.units):
        solved = facts.solved[k, unit]
        share = percent(float(facts.best[k, unit]))
        told = f"{share}" if narrow else (f"solved, {share}" if solved else f"<b>{share}</b> at best")
        texts.append(
            note(
                told, 1, 1, xref=f"x{unit + 2} domain", yref=f"y{unit + 2} domain", xanchor="right",
                yanchor="bottom", yshift=4,
                font={"size": 14 if narrow else 16, "color": MUTE if solved else INK},
            )
        )  # fmt: skip
    shown, total = len(facts.labels), facts.counted.total
    of = f"{shown}" if shown == total else f"{shown} drawn from {whole(total)}"
    texts.append(under_axis(f"labelling {k + 1} of {of}", 0.5, 0, yshift=-16, xanchor="center"))
    return texts


def _count(facts: Unions, foot: float, narrow: bool) -> list[dict[str, Any]]:
    """The number of the page: how many labellings a line can solve, neuron by neuron."""
    counted, rest = facts.counted, facts.one_hot
    y = foot * 0.92
    value = f"<b>{whole(counted.solvable)} of {whole(counted.total)}</b>"
    more = f"{whole(rest.solvable)} of {whole(rest.total)}"
    words = f"labellings let one line solve each neuron.<br>One neuron a class: <b>{more}</b>."
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    size = 30 if narrow else 42
    number = note(value, 0, y, font={"size": size, "family": SERIF, "color": INK}, **place)
    if narrow:
        return [number, note(words, 0, y, yshift=-size - 10, **place)]
    wide = 25 * len(f"{whole(counted.solvable)} of {whole(counted.total)}") * 0.78 + 26
    return [number, note(words, 0, y, xshift=wide, yshift=-6, **place)]
