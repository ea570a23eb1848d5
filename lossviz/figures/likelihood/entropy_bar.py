"""Cross-entropy as a stacked bar of entropy and divergence, above the two distributions."""

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

BAR = -10.0  # y of the bar: below 0, so that a click on it is not a click on a column
MODEL_STYLE = FAMILY_STYLES["logarithm"]
TRUE_COLOUR = with_opacity(MUTE, 0.36)


def entropy_bar(
    bar: EntropyBar, at: float = 0, names: Sequence[str] = "ABCDEFGH", narrow: bool = False
) -> go.Figure:
    """Plot cross-entropy as a stacked bar of entropy (grey) and divergence (blue), and both distributions.

    In the lower panel class k has two columns: p at k - 0.2, q at k + 0.2.

    Args:
        bar: A result of `lv.likelihood.entropy_bar`.
        at: How far the model has moved to the true distribution, in percent.
        names: Names of the classes, at least as many as there are.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the percentage.

    Example:
        >>> import lossviz as lv
        >>> bar = lv.likelihood.entropy_bar([0.5, 0.5], [0.9, 0.1], steps=3)
        >>> figure = lv.figures.entropy_bar(bar, at=50)
        >>> [frame.name for frame in figure.frames]
        ['0', '50', '100']
    """
    steps = len(bar.kl)
    start = round(at / 100 * (steps - 1))
    finite = bar.cross_entropy[np.isfinite(bar.cross_entropy)]
    classes = len(bar.p)
    end = 1.12 * max(
        float(finite.max()), bar.entropy, math.log2(classes) if bar.unit == "bits" else math.log(classes)
    )
    highest = 1.2 * max(float(bar.p.max()), float(bar.q.max()))
    figure = blank(
        520 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 70, "b": UNDER_SLIDER},
        meta={"frame": f"{100 * start / (steps - 1):g}", "spoken": "{0} {4}, {1}: {2}."},
        barmode="overlay",
        xaxis={"domain": [0, 1], "range": [0, end], "anchor": "y", "nticks": 6,
               "showline": False, "ticks": ""},
        yaxis={"domain": [0.76, 1], "range": [BAR - 0.5, BAR + 0.5], "visible": False},
        xaxis2={"domain": [0, 1], "range": [-0.6, classes - 0.4], "anchor": "y2",
                "tickvals": list(range(classes)), "ticktext": list(map(for_plotly, names[:classes])),
                "ticks": ""},
        yaxis2={"domain": [0, 0.54], "range": [0, highest], "nticks": 4},
    )  # fmt: skip
    horizontal: dict[str, Any] = {"orientation": "h", "width": 0.62, "y": [BAR], "cliponaxis": False}
    figure.add_trace(go.Bar(x=[bar.entropy], base=[0], marker={"color": TRUE_COLOUR}, **horizontal))
    figure.add_trace(go.Bar(base=[bar.entropy], marker={"color": MODEL_STYLE.line}, **horizontal))
    column: dict[str, Any] = {
        "xaxis": "x2",
        "yaxis": "y2",
        "width": 0.36,
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
    }
    size = 14 if narrow else 16
    centres = np.arange(classes)
    figure.add_trace(
        go.Bar(x=centres - 0.2, y=bar.p, text=[number(v) for v in bar.p], marker={"color": TRUE_COLOUR},
               textfont={"size": size, "color": MUTE}, **column)
    )  # fmt: skip
    figure.add_trace(
        go.Bar(
            x=centres + 0.2,
            marker={"color": MODEL_STYLE.line},
            textfont={"size": size, "color": MODEL_STYLE.text},
            **column,
        )
    )
    moving = [1, 3]
    for trace, part in zip(moving, _frame_data(bar, start, end), strict=True):
        figure.data[trace].update(part)
    labels = [*_frame_labels(bar, start, end, narrow), *_static_labels(bar, end, narrow)]
    figure.update_layout(annotations=labels, shapes=_bracket(bar, start, end))
    changing = ("text", "x", "y", "xanchor", "yanchor", "xshift", "yshift", "font")
    figure.frames = [
        {
            "name": f"{100 * k / (steps - 1):g}",
            "data": _frame_data(bar, k, end),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: text[key] for key in changing if key in text}
                    for text in _frame_labels(bar, k, end, narrow)
                ],
                "shapes": [{"x0": s["x0"], "x1": s["x1"]} for s in _bracket(bar, k, end)],
            },
        }
        for k in range(steps)
    ]
    return figure


def _length(bar: EntropyBar, k: int, end: float) -> float:
    """The length of the bar; to the edge of the panel if it is infinite."""
    return min(float(bar.cross_entropy[k]), end)


def _frame_data(bar: EntropyBar, k: int, end: float) -> list[dict[str, Any]]:
    """The data of the divergence's part of the bar and of the model's columns, at step k."""
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
    """The bracket over the whole bar, at step k."""
    length = _length(bar, k, end)
    rule = {"type": "line", "xref": "x", "yref": "paper", "line": {"color": INK, "width": 1.5}}
    low, high = 1.0, 1.045
    return [
        rule | {"x0": 0, "x1": length, "y0": high, "y1": high},
        rule | {"x0": 0, "x1": 0, "y0": low, "y1": high},
        rule | {"x0": length, "x1": length, "y0": low, "y1": high},
    ]


def _frame_labels(bar: EntropyBar, k: int, end: float, narrow: bool) -> list[dict[str, Any]]:
    """The labels that change with the step: cross-entropy, divergence and how far the model has moved."""
    length = _length(bar, k, end)
    cross_entropy, kl = float(bar.cross_entropy[k]), float(bar.kl[k])
    size = 34 if narrow else 42
    total = note(
        f"<b>{number(cross_entropy)}</b>",
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
    label = _divergence_label(bar.entropy / end, length / end, number(kl), narrow)
    percent = round(100 * k / (len(bar.kl) - 1))
    title = (
        f"model moved {percent} % towards the true distribution" if not narrow else f"model moved {percent} %"
    )
    label["x"] *= end
    return [total, note(yref="y", xref="x", **label), under_axis(title)]


def _divergence_label(start: float, length: float, kl: str, narrow: bool) -> dict[str, Any]:
    """The text of the divergence and its place: on its own part of the bar, else right of it, else below.

    ``start`` and ``length`` are the ends of that part, as shares of the panel.
    """
    full = f"KL {kl}" if narrow else f"KL from p to q&nbsp; <b>{kl}</b>"
    short = f"KL <b>{kl}</b>"
    beside = {"xanchor": "left", "xshift": 10, "font": {"size": 17, "color": MODEL_STYLE.text}}
    on_bar: dict[str, Any] = {"y": BAR, "yanchor": "middle", "yshift": 0}
    if length - start > (0.27 if narrow else 0.2):
        inside = {"x": (start + length) / 2, "xanchor": "center", "xshift": 0}
        return {"text": full, "font": {"size": 17, "color": PAPER}, **inside, **on_bar}
    if 1 - length > (0.28 if narrow else 0.19):
        return {"text": full, "x": length, **beside, **on_bar}
    if not narrow:  # right of the longest bar is space for a short text
        return {"text": short, "x": length, **beside, **on_bar}
    below = {"y": BAR - 0.42, "yanchor": "top", "yshift": -22}
    return {"text": short, "x": length, **beside, "xanchor": "right", "xshift": 0, **below}


def _static_labels(bar: EntropyBar, end: float, narrow: bool) -> list[dict[str, Any]]:
    """The labels that do not change: the entropy, the unit, and what the colours mean."""
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
        note("grey: p, true", 1, 0.6, xref="paper", yref="paper", xanchor="right", xshift=-150),
        note("<b>blue: q, model</b>", 1, 0.6, xref="paper", yref="paper", xanchor="right",
             font={"size": 16, "color": MODEL_STYLE.text}),
        y_axis_title("probability", 2),
    ]  # fmt: skip
