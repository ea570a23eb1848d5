"""What the outputs of a code mean: the neurons, and beside each other the true words and their product."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.codes.bit_independence import BitIndependence
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    INK,
    MUTE,
    PANEL,
    SERIF,
    UNDER_SLIDER,
    axis_name,
    blank,
    faded,
    note,
    under_axis,
)
from lossviz.figures.codes.code_plane_words import discs


def bit_readings(readings: Sequence[BitIndependence], at: int = 0, narrow: bool = False) -> go.Figure:
    """Readings of one code, a frame each: named 0, 1, 2 ... The first class of the code that is likeliest in
    the first reading gives the axis its name.
    """
    first = readings[0]
    bits, words = first.code.length, len(first.words)
    figure = blank(
        650 if narrow else 460,
        margin={"l": 62, "r": 14, "t": 10, "b": UNDER_SLIDER},
        meta={"follows": "codes_torn", "slider": [0 if narrow else 0.36, 1]},
    )
    bars = [0.0, 1.0] if narrow else [0.36, 1.0]
    figure.update_layout(
        xaxis={
            "domain": bars,
            "range": [-0.6, words - 0.4],
            "anchor": "y",
            "tickvals": list(range(words)),
            "ticktext": [_stood(word, narrow) for word in first.words],
            "tickfont": {"size": 13 if narrow else 17, "color": INK},
            "ticks": "",
        },
        yaxis={
            "domain": [0.12, 0.5] if narrow else [0.2, 1.0],
            "range": [0, 1.02],
            "tickvals": [0, 0.5, 1],
            "anchor": "x",
        },
        bargap=0.24,
        bargroupgap=0.08,
        barmode="group",
        xaxis2={
            "domain": [0, 0.7] if narrow else [0, 0.27],
            "range": [-0.5, bits - 0.5],
            "anchor": "y2",
            "visible": False,
        },
        yaxis2={
            "domain": [0.81, 0.94] if narrow else [0.66, 0.92],
            "range": [-1, 1],
            "visible": False,
            "anchor": "x2",
        },
    )
    place = list(range(words))
    truth = go.Bar(x=place, marker={"color": INK}, hoverinfo="skip")
    soft = {"color": faded(MUTE, 0.3), "line": {"color": MUTE, "width": 1.5}}
    figure.add_traces([truth, go.Bar(x=place, marker=soft, hoverinfo="skip")])
    size = 50 if narrow else 60
    ring = {"size": size, "color": PANEL, "line": {"color": INK, "width": 2.5}, "opacity": 1}
    axes = {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip", "cliponaxis": False}
    zero = [0] * bits
    figure.add_trace(go.Scatter(x=list(range(bits)), y=zero, mode="markers", marker=ring, **axes))
    full = {"size": size, "color": INK, "line": {"width": 0}}
    figure.add_trace(go.Scatter(x=list(range(bits)), y=zero, mode="markers", marker=full, **axes))
    k = min(max(at, 0), len(readings) - 1)
    moving = [0, 1, 3]
    for trace, part in zip(moving, _data(readings[k], words), strict=True):
        figure.data[trace].update(part)
    live = _live(readings, k, narrow)
    figure.update_layout(
        annotations=[*live, *_texts(readings, narrow), axis_name("probability") | {"x": bars[0]}]
    )
    figure.add_shape(_box(readings[k], narrow))
    figure.frames = [
        {
            "name": str(i),
            "data": _data(reading, words),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: t[key] for key in ("text", "x", "y", "xanchor")} for t in _live(readings, i, narrow)
                ],
                "shapes": [{key: _box(reading, narrow)[key] for key in ("x0", "x1")}],
            },
        }
        for i, reading in enumerate(readings)
    ]
    return figure


def _stood(word: Any, narrow: bool) -> str:
    return "<br>".join(discs(word)) if narrow else discs(word)


def _data(reading: BitIndependence, words: int) -> list[dict[str, Any]]:
    """Bars, and discs whose opacity is what the neuron says."""
    return [
        {"type": "bar", "y": [round(float(v), 4) for v in reading.truth]},
        {"type": "bar", "y": [round(float(v), 4) for v in reading.product]},
        {"marker": {"opacity": [round(float(v), 3) for v in reading.marginals]}},
    ]


def _box(reading: BitIndependence, narrow: bool) -> dict[str, Any]:
    """Round the word that thresholding names; narrow, the word stands upright."""
    at = reading.thresholded
    depth = 0.05 + 0.081 * reading.code.length if narrow else 0.11
    return {
        "type": "rect", "xref": "x", "yref": "y domain", "x0": at - 0.5, "x1": at + 0.5,
        "y0": -depth, "y1": 0,
        "line": {"color": INK, "width": 2}, "fillcolor": "rgba(0,0,0,0)",
    }  # fmt: skip


def _live(readings: Sequence[BitIndependence], k: int, narrow: bool) -> list[dict[str, Any]]:
    reading, first = readings[k], readings[0]
    size = 34 if narrow else 42
    here = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    top = 0.74 if narrow else 0.5
    texts = [
        note(
            f"<b>{number(reading.lost)}</b>",
            0,
            top,
            font={"size": size, "family": SERIF, "color": INK},
            **here,
        ),
    ]
    for bit, p in enumerate(reading.marginals):
        texts.append(
            note(
                f"<b>{number(float(p))}</b>" if 0.005 <= p <= 0.995 else f"<b>{round(float(p))}</b>",
                bit,
                -0.12,
                xref="x2",
                yref="y2 domain",
                font={"size": 17, "color": INK},
                xanchor="center",
                yanchor="middle",
            )
        )
    named = reading.decoded
    told = "decoded"
    if reading.impossible:
        told = "decoded,<br>impossible"
    elif named < 0:
        told = "decoded,<br>no class"
    at = reading.thresholded
    under = slice(max(at - 1, 0), at + 2) if narrow else slice(at, at + 1)  # bars that the words stand over
    x, anchor = float(at), "center"
    if narrow and at == 0:  # in the middle the words would cross the axis
        x, anchor = -0.5, "left"
    elif narrow and at == len(reading.words) - 1:
        x, anchor = at + 0.5, "right"
    texts.append(
        note(
            f"<b>{told}</b>",
            x,
            max(float(reading.truth[under].max()), float(reading.product[under].max())) + 0.01,
            xref="x",
            yref="y",
            xanchor=anchor,
            yanchor="bottom",
            align="center",
            font={"size": 15 if narrow else 16, "color": INK},
        )
    )
    start = int(first.posterior.argmax())
    word = discs(first.code.bits[start])
    texts.append(
        under_axis(
            f"true probability of {word} = {number(float(reading.posterior[start]))}",
            0.5 if narrow else 0.68,
            0,
            yshift=-20,
            xanchor="center",
        )
    )
    return texts


def _texts(readings: Sequence[BitIndependence], narrow: bool) -> list[dict[str, Any]]:
    size = 34 if narrow else 42
    here = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    top = 0.74 if narrow else 0.5
    bits = {1: "one neuron says", 2: "two neurons say", 3: "three neurons say", 4: "four neurons say"}
    count = bits.get(readings[0].code.length, f"{readings[0].code.length} neurons say")
    key = {"xref": "paper", "yref": "paper", "yanchor": "top", "xanchor": "right"}
    return [
        note(f"<b>What the {count}</b>", 0, 1, font={"size": 17, "color": INK}, **here),
        note("bits lost by reading the<br>neurons one by one", 0, top, yshift=-size - 10, **here),
        note(
            "<b>■ true</b>&nbsp;&nbsp; □ product of the neurons",
            1,
            0.58 if narrow else 1.0,
            font={"size": 15 if narrow else 16, "color": INK},
            **key,
        ),
    ]
