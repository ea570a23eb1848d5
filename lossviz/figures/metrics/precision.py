"""One loss computed in several ways: loss above, slope below, and the numbers where a slider stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    INK,
    MARKS,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    axis_name,
    blank,
    cursor,
    faded,
    note,
    put_first,
    under_axis,
)
from lossviz.metrics.precision import FloatCurves, SoftmaxTwiceCurves

COLUMN = 0.79  # share of the width that the panels have; the numbers stand right of them
BLUE = MARKS["logarithm"]


@dataclass(frozen=True)
class _Way:
    """One curve: what it is called, and how it looks."""

    name: str
    loss: Any  # (n,)
    slope: Any  # (n,)
    line: dict[str, Any]
    colour: str  # of its numbers


def float_curves(curves: FloatCurves, at: float, narrow: bool = False) -> go.Figure:
    """Binary cross-entropy of target 0 as torch computes it, way by way. The frames are named by z."""
    single, double, logits = range(3)
    looks = [
        ({"color": INK, "width": 4}, INK),
        ({"color": faded(INK, 0.6), "width": 2.5, "dash": "3px,3px"}, MUTE),
        ({"color": BLUE.line, "width": BLUE.width}, BLUE.text),
    ]
    first = "sigmoid, log, float32" if narrow else "sigmoid, then log, float32"
    names = (first, "the same in float64", "from the logit")
    ways = [
        _Way(names[k], curves.loss[k], curves.gradient[k], *looks[k]) for k in (logits, double, single)
    ]  # the wrong ones on top
    return _two_panels(curves.z, ways, at, ("loss", "slope dL/dz"), "logit z, target 0: z = ", narrow)


def softmax_twice(curves: SoftmaxTwiceCurves, at: float, narrow: bool = False) -> go.Figure:
    """Cross-entropy after one softmax and after two, against the margin, which names the frames."""
    ways = [
        _Way(
            "one softmax",
            curves.once,
            curves.slope_once,
            {"color": BLUE.line, "width": BLUE.width},
            BLUE.text,
        ),
        _Way("softmax twice", curves.twice, curves.slope_twice, {"color": INK, "width": 4}, INK),
    ]
    figure = _two_panels(curves.margin, ways, at, ("loss", "slope"), "margin of the right class = ", narrow)
    floor = {"type": "line", "xref": "x2 domain", "yref": "y", "x0": 0, "x1": 1,
             "y0": curves.floor, "y1": curves.floor,
             "line": {"color": MUTE, "width": 1.5, "dash": "4px,4px"}, "layer": "below"}  # fmt: skip
    figure.add_shape(floor)
    figure.add_annotation(
        note(f"no lower than {number(curves.floor)}", 0.99, curves.floor, xref="x2 domain", yref="y",
             xanchor="right",             yshift=-12, bgcolor=PAPER)
    )  # fmt: skip
    return figure


def _two_panels(
    x: Any, ways: Sequence[_Way], at: float, axes: tuple[str, str], title: str, narrow: bool
) -> go.Figure:
    here = int(np.abs(np.asarray(x) - at).argmin())
    figure = blank(
        590 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 150 if narrow else 10, "b": UNDER_SLIDER},
        meta={"follows": "x", "slider": [0, 1 if narrow else COLUMN]},
    )
    domains = ((0.5, 1.0), (0.0, 0.4))
    for panel, domain in enumerate(domains, start=1):
        tag = "" if panel == 1 else str(panel)
        rows = [way.loss if panel == 1 else way.slope for way in ways]
        low, high = min(map(np.min, rows)), max(map(np.max, rows))
        room = 0.08 * (high - low)
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": domain,
                    "range": [min(low, 0) - room, max(high, 0) + room],
                    "nticks": 5,
                },
                f"xaxis{tag}": {
                    "domain": [0, 1 if narrow else COLUMN],
                    "anchor": f"y{tag}",
                    "range": [x[0], x[-1]],
                    "visible": panel == 2,
                    "nticks": 8,
                },
            }
        )
        for way, row in zip(ways, rows, strict=True):
            line = way.line | {"simplify": False}
            figure.add_trace(
                go.Scatter(x=x, y=row, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    first = len(figure.data)
    for panel in (1, 2):
        tag = "" if panel == 1 else str(panel)
        colours = [way.line["color"] for way in ways]
        marker = {"size": 14, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1}
        figure.add_trace(
            go.Scatter(mode="markers", cliponaxis=False, marker=marker, xaxis=f"x{tag}", yaxis=f"y{tag}")
        )

    def data(k: int) -> list[dict[str, Any]]:
        place = [float(x[k])] * len(ways)
        return [
            {"x": place, "y": [float(f"{way.loss[k]:.5g}") for way in ways]},
            {"x": place, "y": [float(f"{way.slope[k]:.5g}") for way in ways]},
        ]

    def live(k: int) -> list[dict[str, Any]]:
        words = number(float(x[k])) if x[k] else "0"
        texts = [under_axis(title + words, x=0.5 if narrow else COLUMN / 2)]
        if narrow:
            texts[0]["text"] = (
                title.split(":")[-1].split(",")[0].replace("of the right class ", "").strip() + " " + words
            )
        for panel in (1, 2):
            for i, way in enumerate(reversed(ways)):
                value = float(way.loss[k] if panel == 1 else way.slope[k])
                texts.append(_number(value, way, i, panel, narrow))
        return texts

    for trace, part in enumerate(data(here), start=first):
        figure.data[trace].update(part)
    names = [_name(way, i, narrow) for i, way in enumerate(reversed(ways))]
    if narrow:
        names += [
            note(
                word,
                x,
                1,
                xref="paper",
                yref="paper",
                xanchor="left",
                yshift=140,
                font={"size": 14, "color": MUTE},
            )
            for word, x in (("loss", 0.38), ("slope", 0.71))
        ]
    figure.update_layout(annotations=[*live(here), *names, axis_name(axes[0], 1), axis_name(axes[1], 2)])
    put_first(figure, cursor(float(x[here]), "x2"))
    figure.frames = [
        {
            "name": f"{x[k]:g}",
            "data": data(k),
            "traces": [first, first + 1],
            "layout": {
                "annotations": [{"text": text["text"]} for text in live(k)],
                "shapes": [{"x0": float(x[k]), "x1": float(x[k])}],
            },
        }
        for k in range(len(x))
    ]
    return figure


def _number(value: float, way: _Way, i: int, panel: int, narrow: bool) -> dict[str, Any]:
    """Loss and slope of a way: the first way's in large, all in its colour."""
    size = (30 if narrow else 42) if i == 0 else 24
    font = {"size": size, "family": SERIF, "color": way.colour}
    own: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    text = f"<b>{number(float(f'{value:.4g}'))}</b>"  # float32 knows seven digits
    if narrow:
        place: dict[str, Any] = {
            "x": 0.38 + 0.33 * (panel - 1),
            "y": 1,
            "yanchor": "middle",
            "yshift": 112 - 36 * i,
        }
        return note(text, font=font | {"size": 16}, **own, **place)
    top = 1.0 if panel == 1 else 0.4
    place = {
        "x": COLUMN,
        "y": top,
        "yanchor": "top",
        "xshift": 24,
        "yshift": -(28, 106, 164)[i] if panel == 1 else -(6, 60, 96)[i],
    }
    return note(text, font=font | ({"size": 24} if panel == 2 else {}), **own, **place)


def _name(way: _Way, i: int, narrow: bool) -> dict[str, Any]:
    own: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    if narrow:
        place: dict[str, Any] = {"x": 0, "y": 1, "xshift": -54, "yanchor": "middle", "yshift": 112 - 36 * i}
        return note(way.name, font={"size": 15, "color": way.colour}, **own, **place)
    place = {"x": COLUMN, "y": 1, "yanchor": "top", "xshift": 24, "yshift": -(2, 84, 142)[i]}
    return note(way.name, font={"size": 16, "color": way.colour}, **own, **place)
