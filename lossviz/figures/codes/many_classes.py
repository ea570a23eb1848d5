"""Accuracy of codes, and weights of their output layer, over the number of classes."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.synthetic_classes import ManyClasses
from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    cursor,
    loss_style,
    note,
    prepend_shape,
    under_axis,
    y_axis_title,
)

CODE_NAMES = {"one-hot": "One neuron a class", "ecoc": "Error-correcting", "binary": "Binary"}
STYLES = {"one-hot": (4.5, "solid"), "ecoc": (4.5, "hollow"), "binary": (2.4, "solid")}


def many_classes(facts: ManyClasses, at: int = 10, narrow: bool = False) -> go.Figure:
    """Draw accuracy and weights of the output layer over the number of classes, for each code.

    Args:
        facts: From `lossviz.codes.many_classes`.
        at: log2 of the number of classes that is shown; there is a frame for each, named by it.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        Two panels with a line for each code.

    Example:
        >>> import lossviz as lv
        >>> facts = lv.codes.many_classes(classes=[4, 16], hidden=8, seeds=1, steps=20)
        >>> [frame.name for frame in lv.figures.many_classes(facts, at=2).frames]
        ['2', '4']
    """
    powers = np.log2(facts.classes).astype(int)
    current = int(np.abs(powers - at).argmin())
    spoken = f"{{{1 + len(facts.codes)}}}: {{0}} fewer weights with the binary code."
    figure = blank(
        600 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 10, "b": UNDER_SLIDER},
        meta={"frame": str(powers[current]), "spoken": spoken, "slider": [0, 1 if narrow else 0.74]},
    )
    x_domain = [0.0, 1.0] if narrow else [0.0, 0.74]
    low, high = float(np.log10(facts.weights.min())), float(np.log10(facts.weights.max()))
    figure.update_layout(
        xaxis={"domain": x_domain, "range": [powers[0], powers[-1]], "anchor": "y", "visible": False},
        yaxis={
            "domain": [0.46, 1],
            "range": [-0.03, 1.05],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["0 %", "50 %", "100 %"],
            "anchor": "x",
        },
        xaxis2={
            "domain": x_domain,
            "range": [powers[0], powers[-1]],
            "anchor": "y2",
            "tickvals": powers.tolist(),
            "ticktext": [whole(size) for size in facts.classes],
        },
        yaxis2={
            "domain": [0, 0.38],
            "type": "log",
            "range": [low - 0.2, high + 0.2],
            "tickvals": [10.0**p for p in range(1, 7)],
            "ticktext": [whole(10**p) for p in range(1, 7)],
            "anchor": "x2",
        },
    )  # fmt: skip
    style = loss_style("sigmoid-ce")
    for c, code in enumerate(facts.codes):
        width, pattern = STYLES[code]
        for panel, y in (("", facts.accuracy[c].mean(axis=0)), ("2", facts.weights[c])):
            axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}", "hoverinfo": "skip", "mode": "lines"}
            line = {"color": style.line, "width": width, "simplify": False}
            figure.add_trace(go.Scatter(x=powers, y=y, line=line, **axes))
            if pattern == "hollow":
                inner = {"color": PAPER, "width": 1.6, "simplify": False}
                figure.add_trace(go.Scatter(x=powers, y=y, line=inner, **axes))
    animated = [len(figure.data), len(figure.data) + 1]
    for panel in ("", "2"):
        marker = {"size": 15, "color": [style.line] * len(facts.codes), "line": {"color": PAPER, "width": 3}}
        figure.add_trace(
            go.Scatter(
                mode="markers", marker=marker | {"opacity": 1}, xaxis=f"x{panel}", yaxis=f"y{panel}",
                cliponaxis=False, hoverinfo="skip",
            )
        )  # fmt: skip
    for trace, part in zip(animated, _frame_traces(facts, powers, current), strict=True):
        figure.data[trace].update(part)
    changing = _frame_annotations(facts, current, narrow)
    names = [y_axis_title("test accuracy"), y_axis_title("weights, last layer", 2)]
    figure.update_layout(annotations=[*changing, *_fixed_annotations(narrow), *names])
    prepend_shape(figure, cursor(float(powers[current]), "x2"))
    figure.frames = [
        {
            "name": str(int(power)),
            "data": _frame_traces(facts, powers, k),
            "traces": animated,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _frame_annotations(facts, k, narrow)],
                "shapes": [{"x0": int(power), "x1": int(power)}],
            },
        }
        for k, power in enumerate(powers)
    ]
    return figure


def _frame_traces(facts: ManyClasses, powers: Any, k: int) -> list[dict[str, Any]]:
    at = [int(powers[k])] * len(facts.codes)
    return [
        {"x": at, "y": np.round(facts.accuracy[:, :, k].mean(axis=1), 4).tolist()},
        {"x": at, "y": facts.weights[:, k].tolist()},
    ]


def _frame_annotations(facts: ManyClasses, k: int, narrow: bool) -> list[dict[str, Any]]:
    one, binary = list(facts.codes).index("one-hot"), list(facts.codes).index("binary")
    ratio = facts.weights[one, k] / facts.weights[binary, k]
    size = 34 if narrow else 42
    x, top = (0.0, 1.0) if narrow else (0.79, 1.0)
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    lift = 70 if narrow else 0
    texts = [
        note(f"<b>{number(float(ratio))}×</b>", x, top, yshift=lift,
             font={"size": size, "family": SERIF, "color": INK}, **corner),
    ]  # fmt: skip
    style = loss_style("sigmoid-ce")
    for c in range(len(facts.codes)):
        accuracy = float(facts.accuracy[c, :, k].mean())
        value = f"{100 * accuracy:.0f} %" if accuracy > 0.1 else f"{100 * accuracy:.1f} %"
        weights = whole(facts.weights[c, k])
        outputs = whole(facts.lengths[c, k])
        if narrow:
            texts.append(
                note(
                    f"<b>{value}</b>",
                    0.36 + 0.25 * c,
                    top,
                    yshift=48,
                    font={"size": 17, "color": style.text},
                    **corner,
                )
            )
            continue
        texts.append(
            note(
                f"<b>{value}</b> right<br>{outputs} neurons, {weights} weights",
                x, 0.7 - 0.22 * c, font={"size": 16, "color": INK}, **corner,
            )
        )  # fmt: skip
    classes = whole(facts.classes[k])
    texts.append(
        under_axis(f"{classes} classes", 0.5, 0, xref="x2 domain", yref="y2 domain", xanchor="center")
    )
    return texts


def _fixed_annotations(narrow: bool) -> list[dict[str, Any]]:
    style = loss_style("sigmoid-ce")
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    if narrow:
        texts = [
            note("fewer weights,<br>binary code", 0, 1, yshift=30, font={"size": 14, "color": MUTE}, **corner)
        ]
        names = ("One each", "Correcting", "Binary")
        return texts + [
            note(
                f"<b>{name}</b>",
                0.36 + 0.25 * c,
                1,
                yshift=68,
                font={"size": 14, "color": style.text},
                **corner,
            )
            for c, name in enumerate(names)
        ]
    texts = [note("fewer weights in the last<br>layer with the binary code", 0.79, 1, yshift=-52, **corner)]
    marks = ("━", "═", "─")
    return texts + [
        note(
            f"<b>{marks[c]} {name}</b>", 0.79, 0.7 - 0.22 * c, yshift=22,
            font={"size": 17, "color": style.text}, **corner,
        )
        for c, name in enumerate(CODE_NAMES.values())
    ]  # fmt: skip
