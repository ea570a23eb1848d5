"""Cross-entropy as one bar that splits, above the two distributions that it compares."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.plain_text import for_plotly
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    FAMILY_STYLES,
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    under_axis,
    with_opacity,
    y_axis_title,
)
from lossviz.likelihood.information import EntropyBar

BAR = -10.0  # where the bar lies: below 0, so that a click on it is no click on a column
BLUE = FAMILY_STYLES["logarithm"]
WORLD = with_opacity(MUTE, 0.36)


def entropy_bar(
    bar: EntropyBar, at: float = 0, names: Sequence[str] = "ABCDEFGH", narrow: bool = False
) -> go.Figure:
    """Entropy of the world (grey) and KL from it to the model (blue) add up to cross-entropy.

    ``at`` is how far the model has come, in percent. Below, each class has two columns: p at k - 0.2, q at
    k + 0.2. The frames are named by the percentage.
    """
    steps = len(bar.kl)
    here = round(at / 100 * (steps - 1))
    finite = bar.cross_entropy[np.isfinite(bar.cross_entropy)]
    classes = len(bar.p)
    end = 1.12 * max(
        float(finite.max()), bar.entropy, math.log2(classes) if bar.unit == "bits" else math.log(classes)
    )
    tall = 1.2 * max(float(bar.p.max()), float(bar.q.max()))
    figure = blank(
        520 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 70, "b": UNDER_SLIDER},
        meta={"follows": "toward"},
        barmode="overlay",
        xaxis={"domain": [0, 1], "range": [0, end], "anchor": "y", "nticks": 6,
               "showline": False, "ticks": ""},
        yaxis={"domain": [0.76, 1], "range": [BAR - 0.5, BAR + 0.5], "visible": False},
        xaxis2={"domain": [0, 1], "range": [-0.6, classes - 0.4], "anchor": "y2",
                "tickvals": list(range(classes)), "ticktext": list(map(for_plotly, names[:classes])),
                "ticks": ""},
        yaxis2={"domain": [0, 0.54], "range": [0, tall], "nticks": 4},
    )  # fmt: skip
    flat: dict[str, Any] = {"orientation": "h", "width": 0.62, "y": [BAR], "cliponaxis": False}
    figure.add_trace(go.Bar(x=[bar.entropy], base=[0], marker={"color": WORLD}, **flat))
    figure.add_trace(go.Bar(base=[bar.entropy], marker={"color": BLUE.line}, **flat))
    column: dict[str, Any] = {
        "xaxis": "x2",
        "yaxis": "y2",
        "width": 0.36,
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
    }
    size = 14 if narrow else 16
    where = np.arange(classes)
    figure.add_trace(
        go.Bar(x=where - 0.2, y=bar.p, text=[number(v) for v in bar.p], marker={"color": WORLD},
               textfont={"size": size, "color": MUTE}, **column)
    )  # fmt: skip
    figure.add_trace(
        go.Bar(
            x=where + 0.2, marker={"color": BLUE.line}, textfont={"size": size, "color": BLUE.text}, **column
        )
    )
    moving = [1, 3]
    for trace, part in zip(moving, _data(bar, here, end), strict=True):
        figure.data[trace].update(part)
    live = _live(bar, here, end, narrow)
    figure.update_layout(annotations=[*live, *_words(bar, end, narrow)], shapes=_bracket(bar, here, end))
    keep = ("text", "x", "xanchor", "xshift", "font")
    figure.frames = [
        {
            "name": f"{100 * k / (steps - 1):g}",
            "data": _data(bar, k, end),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: text[key] for key in keep if key in text} for text in _live(bar, k, end, narrow)
                ],
                "shapes": [{"x0": s["x0"], "x1": s["x1"]} for s in _bracket(bar, k, end)],
            },
        }
        for k in range(steps)
    ]
    return figure


def _length(bar: EntropyBar, k: int, end: float) -> float:
    """Where the bar ends: at the edge if it is infinite."""
    return min(float(bar.cross_entropy[k]), end)


def _data(bar: EntropyBar, k: int, end: float) -> list[dict[str, Any]]:
    q = bar.q[k]
    return [
        {"type": "bar", "x": [round(_length(bar, k, end) - bar.entropy, 5)]},
        {
            "type": "bar",
            "y": [round(float(v), 5) for v in q],
            "text": [f"<b>{number(float(v))}</b>" for v in q],
        },
    ]


def _bracket(bar: EntropyBar, k: int, end: float) -> list[dict[str, Any]]:
    length = _length(bar, k, end)
    rule = {"type": "line", "xref": "x", "yref": "paper", "line": {"color": INK, "width": 1.5}}
    low, high = 1.0, 1.045
    return [
        rule | {"x0": 0, "x1": length, "y0": high, "y1": high},
        rule | {"x0": 0, "x1": 0, "y0": low, "y1": high},
        rule | {"x0": length, "x1": length, "y0": low, "y1": high},
    ]


def _live(bar: EntropyBar, k: int, end: float, narrow: bool) -> list[dict[str, Any]]:
    length = _length(bar, k, end)
    whole, kl = float(bar.cross_entropy[k]), float(bar.kl[k])
    size = 34 if narrow else 42
    head = note(
        f"<b>{number(whole)}</b>",
        0,
        1.045,
        xref="x",
        yref="paper",
        xanchor="left",
        xshift=24,
        yshift=4,
        yanchor="middle",
        bgcolor=PAPER,
        font={"size": size, "family": SERIF, "color": INK},
    )
    room = (end - length) / end
    inside = (length - bar.entropy) / end > (0.27 if narrow else 0.2)
    words = f"KL {number(kl)}" if narrow else f"KL from p to q&nbsp; <b>{number(kl)}</b>"
    label: dict[str, Any]
    if inside:
        middle = (bar.entropy + length) / 2
        label = {"x": middle, "xanchor": "center", "xshift": 0, "font": {"size": 17, "color": PAPER}}
    elif room > (0.28 if narrow else 0.19):
        label = {"x": length, "xanchor": "left", "xshift": 10, "font": {"size": 17, "color": BLUE.text}}
    else:  # right-hand in the grey part, beside what it belongs to
        label = {"x": bar.entropy, "xanchor": "right", "xshift": -10, "font": {"size": 17, "color": INK}}
    share = round(100 * k / (len(bar.kl) - 1))
    title = f"the model, {share} % of the way to the world" if not narrow else f"model {share} % of the way"
    return [head, note(words, y=BAR, yref="y", xref="x", yanchor="middle", **label), under_axis(title)]


def _words(bar: EntropyBar, end: float, narrow: bool) -> list[dict[str, Any]]:
    value = number(bar.entropy)
    fits = bar.entropy / end > (0.4 if narrow else 0.2)
    place: dict[str, Any] = {"x": 0, "y": BAR, "yanchor": "middle", "xanchor": "left", "xshift": 12}
    if not fits:
        place = {"x": 0, "y": BAR - 0.42, "yanchor": "top", "xanchor": "left", "yshift": -22}
    text = f"entropy of p&nbsp; <b>{value}</b>" if not narrow or not fits else f"entropy <b>{value}</b>"
    return [
        note(text, xref="x", yref="y", font={"size": 17, "color": INK}, **place),
        note(f"{bar.unit} of cross-entropy", 0, 1.045, xref="x", yref="paper", xanchor="left",
             yanchor="middle", xshift=122 if narrow else 148, yshift=0, bgcolor=PAPER),
        note("grey: p, the world", 1, 0.6, xref="paper", yref="paper", xanchor="right", xshift=-150),
        note("<b>blue: q, the model</b>", 1, 0.6, xref="paper", yref="paper", xanchor="right",
             font={"size": 16, "color": BLUE.text}),
        y_axis_title("probability", 2),
    ]  # fmt: skip
