"""One loss computed by several methods: loss above, gradient below, and their values at a slider."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    FAMILY_STYLES,
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    cursor,
    note,
    prepend_shape,
    under_axis,
    with_opacity,
    y_axis_title,
)
from lossviz.metrics.precision import FloatCurves, SoftmaxTwiceCurves

COLUMN = 0.79  # share of the width for the panels; the values are right of them
STYLE = FAMILY_STYLES["logarithm"]


@dataclass(frozen=True)
class _Curve:
    """One curve: its name, its values and its style."""

    name: str
    loss: Any  # (n,)
    gradient: Any  # (n,)
    line: dict[str, Any]
    colour: str  # of its values


def float_curves(curves: FloatCurves, at: float, narrow: bool = False) -> go.Figure:
    """Draw binary cross-entropy of target 0, as torch computes it by several methods, over the logit.

    Args:
        curves: From `lossviz.metrics.float_curves`.
        at: The logit at which values are written, or the nearest; there is a frame for each, named by it.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The loss, and its gradient below.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.float_curves(lv.metrics.float_curves([0.0, 17.0]), at=17)
        >>> [frame.name for frame in figure.frames]
        ['0', '17']
    """
    single, double, logits = range(3)
    styles = [
        ({"color": INK, "width": 4}, INK),
        ({"color": with_opacity(INK, 0.6), "width": 2.5, "dash": "3px,3px"}, MUTE),
        ({"color": STYLE.line, "width": STYLE.width}, STYLE.text),
    ]
    first = "sigmoid, log, float32" if narrow else "sigmoid, then log, float32"
    names = (first, "the same in float64", "from the logit")
    drawn = [
        _Curve(names[k], curves.loss[k], curves.gradient[k], *styles[k]) for k in (logits, double, single)
    ]  # the inaccurate ones are drawn on top
    return _two_panels(curves.z, drawn, at, ("loss", "slope dL/dz"), "logit z, target 0: z = ", narrow)


def softmax_twice(curves: SoftmaxTwiceCurves, at: float, narrow: bool = False) -> go.Figure:
    """Draw cross-entropy after one softmax and after two, over the margin.

    Args:
        curves: From `lossviz.metrics.softmax_twice`.
        at: The margin at which values are written, or the nearest; there is a frame for each, named by it.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The loss, and its gradient below.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.softmax_twice(lv.metrics.softmax_twice(10, [0.0, 5.0]), at=0)
        >>> [frame.name for frame in figure.frames]
        ['0', '5']
    """
    drawn = [
        _Curve(
            "one softmax",
            curves.once,
            curves.gradient_once,
            {"color": STYLE.line, "width": STYLE.width},
            STYLE.text,
        ),
        _Curve("softmax twice", curves.twice, curves.gradient_twice, {"color": INK, "width": 4}, INK),
    ]
    figure = _two_panels(
        curves.margin, drawn, at, ("loss", "slope"), "margin of the correct class = ", narrow
    )
    floor = {"type": "line", "xref": "x2 domain", "yref": "y", "x0": 0, "x1": 1,
             "y0": curves.floor, "y1": curves.floor,
             "line": {"color": MUTE, "width": 1.5, "dash": "4px,4px"}, "layer": "below"}  # fmt: skip
    figure.add_shape(floor)
    figure.add_annotation(
        note(f"no lower than {number(curves.floor)}", 0.99, curves.floor, xref="x2 domain", yref="y",
             xanchor="right", yshift=-12, bgcolor=PAPER)
    )  # fmt: skip
    return figure


def _two_panels(
    x: Any, drawn: Sequence[_Curve], at: float, axes: tuple[str, str], title: str, narrow: bool
) -> go.Figure:
    current = int(np.abs(np.asarray(x) - at).argmin())
    values = (f"{{{1 + i}}} by {curve.name}" for i, curve in enumerate(reversed(drawn)))
    spoken = f"{{0}}: {axes[0]} {', '.join(values)}."
    figure = blank(
        590 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 150 if narrow else 10, "b": UNDER_SLIDER},
        meta={"frame": f"{x[current]:g}", "spoken": spoken, "slider": [0, 1 if narrow else COLUMN]},
    )
    domains = ((0.5, 1.0), (0.0, 0.4))
    for panel, domain in enumerate(domains, start=1):
        tag = "" if panel == 1 else str(panel)
        rows = [curve.loss if panel == 1 else curve.gradient for curve in drawn]
        low, high = min(map(np.min, rows)), max(map(np.max, rows))
        padding = 0.08 * (high - low)
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": domain,
                    "range": [min(low, 0) - padding, max(high, 0) + padding],
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
        for curve, row in zip(drawn, rows, strict=True):
            line = curve.line | {"simplify": False}
            figure.add_trace(
                go.Scatter(x=x, y=row, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    first = len(figure.data)
    for panel in (1, 2):
        tag = "" if panel == 1 else str(panel)
        colours = [curve.line["color"] for curve in drawn]
        marker = {"size": 14, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1}
        figure.add_trace(
            go.Scatter(mode="markers", cliponaxis=False, marker=marker, xaxis=f"x{tag}", yaxis=f"y{tag}")
        )

    def traces(k: int) -> list[dict[str, Any]]:
        place = [float(x[k])] * len(drawn)
        return [
            {"x": place, "y": [float(f"{curve.loss[k]:.5g}") for curve in drawn]},
            {"x": place, "y": [float(f"{curve.gradient[k]:.5g}") for curve in drawn]},
        ]

    def annotations(k: int) -> list[dict[str, Any]]:
        words = number(float(x[k])) if x[k] else "0"
        texts = [under_axis(title + words, x=0.5 if narrow else COLUMN / 2)]
        if narrow:
            texts[0]["text"] = (
                title.split(":")[-1].split(",")[0].replace("of the correct class ", "").strip() + " " + words
            )
        for panel in (1, 2):
            for i, curve in enumerate(reversed(drawn)):
                value = float(curve.loss[k] if panel == 1 else curve.gradient[k])
                texts.append(_number(value, curve, i, panel, narrow))
        return texts

    for trace, part in enumerate(traces(current), start=first):
        figure.data[trace].update(part)
    names = [_name(curve, i, narrow) for i, curve in enumerate(reversed(drawn))]
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
    figure.update_layout(
        annotations=[*annotations(current), *names, y_axis_title(axes[0], 1), y_axis_title(axes[1], 2)]
    )
    prepend_shape(figure, cursor(float(x[current]), "x2"))
    figure.frames = [
        {
            "name": f"{x[k]:g}",
            "data": traces(k),
            "traces": [first, first + 1],
            "layout": {
                "annotations": [{"text": text["text"]} for text in annotations(k)],
                "shapes": [{"x0": float(x[k]), "x1": float(x[k])}],
            },
        }
        for k in range(len(x))
    ]
    return figure


def _number(value: float, curve: _Curve, i: int, panel: int, narrow: bool) -> dict[str, Any]:
    """Loss or gradient of one curve in its colour; those of the first are larger."""
    size = (30 if narrow else 42) if i == 0 else 24
    font = {"size": size, "family": SERIF, "color": curve.colour}
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


def _name(curve: _Curve, i: int, narrow: bool) -> dict[str, Any]:
    own: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    if narrow:
        place: dict[str, Any] = {"x": 0, "y": 1, "xshift": -54, "yanchor": "middle", "yshift": 112 - 36 * i}
        return note(curve.name, font={"size": 15, "color": curve.colour}, **own, **place)
    place = {"x": COLUMN, "y": 1, "yanchor": "top", "xshift": 24, "yshift": -(2, 84, 142)[i]}
    return note(curve.name, font={"size": 16, "color": curve.colour}, **own, **place)
