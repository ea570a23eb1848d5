"""The outputs of a code, and the joint distribution of words beside the product of the marginals."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.codes.bit_independence import BitIndependence
from lossviz.codes.decoding import NO_CLASS
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    INK,
    MUTE,
    PANEL,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    under_axis,
    with_opacity,
    y_axis_title,
)
from lossviz.figures.codes.code_plane_words import word_symbols


def bit_independence(results: Sequence[BitIndependence], at: int = 0, narrow: bool = False) -> go.Figure:
    """Draw the outputs of a code's neurons, and the joint distribution of words beside their product.

    Args:
        results: From `lossviz.codes.ambiguous_posteriors`, all of one code; a frame each, named 0, 1, 2, ...
            The likeliest class of the first gives the axis title its codeword.
        at: Index of the one that is shown.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        Discs for the neurons, and bars for the words.

    Example:
        >>> import lossviz as lv
        >>> code = lv.codes.CODES["binary"].code(8)
        >>> facts = lv.codes.ambiguous_posteriors((4, 2, 1), code, p_first=[1.0, 0.5])
        >>> len(lv.figures.bit_independence(facts, at=1).frames)
        2
    """
    first = results[0]
    bits, words = first.code.length, len(first.words)
    k = min(max(at, 0), len(results) - 1)
    figure = blank(
        650 if narrow else 460,
        margin={"l": 62, "r": 14, "t": 10, "b": UNDER_SLIDER},
        meta={"frame": str(k), "spoken": "{5}: {0} {7}.", "slider": [0 if narrow else 0.36, 1]},
    )
    bars = [0.0, 1.0] if narrow else [0.36, 1.0]
    figure.update_layout(
        xaxis={
            "domain": bars,
            "range": [-0.6, words - 0.4],
            "anchor": "y",
            "tickvals": list(range(words)),
            "ticktext": [_tick_label(word, narrow) for word in first.words],
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
    positions = list(range(words))
    truth = go.Bar(x=positions, marker={"color": INK}, hoverinfo="skip")
    light = {"color": with_opacity(MUTE, 0.3), "line": {"color": MUTE, "width": 1.5}}
    figure.add_traces([truth, go.Bar(x=positions, marker=light, hoverinfo="skip")])
    size = 50 if narrow else 60
    hollow = {"size": size, "color": PANEL, "line": {"color": INK, "width": 2.5}, "opacity": 1}
    axes = {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip", "cliponaxis": False}
    zero = [0] * bits
    figure.add_trace(go.Scatter(x=list(range(bits)), y=zero, mode="markers", marker=hollow, **axes))
    filled = {"size": size, "color": INK, "line": {"width": 0}}
    figure.add_trace(go.Scatter(x=list(range(bits)), y=zero, mode="markers", marker=filled, **axes))
    animated = [0, 1, 3]
    for trace, part in zip(animated, _frame_traces(results[k], words), strict=True):
        figure.data[trace].update(part)
    changing = _frame_annotations(results, k, narrow)
    figure.update_layout(
        annotations=[
            *changing,
            *_fixed_annotations(results, narrow),
            y_axis_title("probability") | {"x": bars[0]},
        ]
    )
    figure.add_shape(_word_box(results[k], narrow))
    figure.frames = [
        {
            "name": str(i),
            "data": _frame_traces(result, words),
            "traces": animated,
            "layout": {
                "annotations": [
                    {key: t[key] for key in ("text", "x", "y", "xanchor")}
                    for t in _frame_annotations(results, i, narrow)
                ],
                "shapes": [{key: _word_box(result, narrow)[key] for key in ("x0", "x1")}],
            },
        }
        for i, result in enumerate(results)
    ]
    return figure


def _tick_label(word: Any, narrow: bool) -> str:
    return "<br>".join(word_symbols(word)) if narrow else word_symbols(word)


def _frame_traces(result: BitIndependence, words: int) -> list[dict[str, Any]]:
    """Bars, and discs whose opacity is the output of the neuron."""
    return [
        {"type": "bar", "y": [round(float(v), 4) for v in result.joint]},
        {"type": "bar", "y": [round(float(v), 4) for v in result.product]},
        {"marker": {"opacity": [round(float(v), 3) for v in result.marginals]}},
    ]


def _word_box(result: BitIndependence, narrow: bool) -> dict[str, Any]:
    """A box around the thresholded word; in a narrow figure the word is written vertically."""
    at = result.thresholded
    depth = 0.05 + 0.081 * result.code.length if narrow else 0.11
    return {
        "type": "rect", "xref": "x", "yref": "y domain", "x0": at - 0.5, "x1": at + 0.5,
        "y0": -depth, "y1": 0,
        "line": {"color": INK, "width": 2}, "fillcolor": "rgba(0,0,0,0)",
    }  # fmt: skip


def _frame_annotations(results: Sequence[BitIndependence], k: int, narrow: bool) -> list[dict[str, Any]]:
    result, first = results[k], results[0]
    size = 34 if narrow else 42
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    top = 0.74 if narrow else 0.5
    texts = [
        note(
            f"<b>{number(result.total_correlation)}</b>",
            0,
            top,
            font={"size": size, "family": SERIF, "color": INK},
            **corner,
        ),
    ]
    for bit, p in enumerate(result.marginals):
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
    decoded = result.decoded
    label = "decoded"
    if result.impossible:
        label = "decoded,<br>impossible"
    elif decoded == NO_CLASS:
        label = "decoded,<br>no class"
    at = result.thresholded
    under = slice(max(at - 1, 0), at + 2) if narrow else slice(at, at + 1)  # bars that the label covers
    x, anchor = float(at), "center"
    if narrow and at == 0:  # centred, the label would cross the axis
        x, anchor = -0.5, "left"
    elif narrow and at == len(result.words) - 1:
        x, anchor = at + 0.5, "right"
    texts.append(
        note(
            f"<b>{label}</b>",
            x,
            max(float(result.joint[under].max()), float(result.product[under].max())) + 0.01,
            xref="x",
            yref="y",
            xanchor=anchor,
            yanchor="bottom",
            align="center",
            font={"size": 15 if narrow else 16, "color": INK},
        )
    )
    start = int(first.posterior.argmax())
    codeword = word_symbols(first.code.bits[start])
    texts.append(
        under_axis(
            f"true probability of {codeword} = {number(float(result.posterior[start]))}",
            0.5 if narrow else 0.68,
            0,
            yshift=-20,
            xanchor="center",
        )
    )
    return texts


def _fixed_annotations(results: Sequence[BitIndependence], narrow: bool) -> list[dict[str, Any]]:
    size = 34 if narrow else 42
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    top = 0.74 if narrow else 0.5
    bits = {1: "neuron outputs", 2: "two neurons output", 3: "three neurons output", 4: "four neurons output"}
    count = bits.get(results[0].code.length, f"{results[0].code.length} neurons output")
    legend = {"xref": "paper", "yref": "paper", "yanchor": "top", "xanchor": "right"}
    return [
        note(f"<b>What the {count}</b>", 0, 1, font={"size": 17, "color": INK}, **corner),
        note("bits lost by treating<br>bits as independent", 0, top, yshift=-size - 10, **corner),
        note(
            "<b>■ true</b>&nbsp;&nbsp; □ product of the neurons",
            1,
            0.58 if narrow else 1.0,
            font={"size": 15 if narrow else 16, "color": INK},
            **legend,
        ),
    ]
