"""Estimates by two methods against the number of examples, with their asymptotic standard deviation."""

import math
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    FAMILY_STYLES,
    INK,
    PAPER,
    blank,
    key_number,
    note,
    with_opacity,
    y_axis_title,
)
from lossviz.likelihood.estimators import PARAMETERS, Consistency

STYLES = (("Maximum likelihood", FAMILY_STYLES["logarithm"]), ("Least squares", FAMILY_STYLES["squared"]))
RANGE = 4.6  # standard deviations at the smallest n that the axis shows on either side


def consistency(
    result: Consistency, parameter: Literal["intercept", "slope"] = "slope", narrow: bool = False
) -> go.Figure:
    """Plot the estimates of one parameter against the number of examples, for both methods.

    Each dot is one fit. Lines are two asymptotic standard deviations from the true value. Fits outside the
    plot are counted at its edge.

    Args:
        result: A result of `lv.likelihood.consistency`.
        parameter: "intercept" or "slope".
        narrow: Lay the figure out for a phone.

    Returns:
        A figure without frames.

    Raises:
        ValueError: If ``parameter`` is neither.

    Example:
        >>> import lossviz as lv
        >>> result = lv.likelihood.consistency(sizes=(100, 400), repeats=10)
        >>> figure = lv.figures.consistency(result, parameter="slope")
        >>> len(figure.data[0].y)  # 10 fits at each of 2 sizes, by maximum likelihood
        20
    """
    if parameter not in PARAMETERS:
        raise ValueError(f"parameter must be one of {', '.join(PARAMETERS)}; got {parameter!r}")
    index = PARAMETERS.index(parameter)
    true_value = float(result.theta[index])
    reach = RANGE * float(result.asymptotic_std[1, 0, index])
    sizes = np.array(result.sizes, dtype=float)
    low, high = sizes[0] * 0.72, sizes[-1] * 1.38
    figure = blank(
        540 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 92 if narrow else 10, "b": 60},
        xaxis={
            "type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": sizes,
            "ticktext": [whole(n) for n in result.sizes],
        },
        yaxis={"range": [true_value - reach, true_value + reach], "nticks": 7},
    )  # fmt: skip
    figure.add_shape(
        type="line",
        x0=0,
        x1=1,
        xref="paper",
        y0=true_value,
        y1=true_value,
        layer="below",
        line={"color": INK, "width": 2},
    )
    offset, width = 0.062, 0.09  # in decades: of a method's dots from n, and of their jitter
    for method, (_, style) in enumerate(STYLES):
        estimates = result.estimates[method, :, :, index]
        repeats = estimates.shape[1]
        jitter = ((np.arange(repeats) * 0.6180339887) % 1 - 0.5) * width
        x = 10 ** (np.log10(sizes)[:, None] + (2 * method - 1) * offset + jitter)
        figure.add_trace(
            go.Scatter(
                x=np.round(x.ravel(), 2),
                y=np.round(estimates.ravel(), 4),
                mode="markers",
                marker={"size": 5 if narrow else 6, "color": with_opacity(style.line, 0.5)},
            )
        )
    n = np.geomspace(low, high, 60)
    for method, (_, style) in enumerate(STYLES):
        std = result.asymptotic_std[method, 0, index] * np.sqrt(sizes[0] / n)
        for sign in (-2, 2):
            line = {"color": style.line, "width": 3, "dash": style.dash, "simplify": False}
            figure.add_trace(go.Scatter(x=n, y=true_value + sign * std, mode="lines", line=line))
    figure.update_layout(annotations=_labels(result, index, reach, narrow))
    return figure


def _labels(result: Consistency, index: int, reach: float, narrow: bool) -> list[dict[str, Any]]:
    """The ratio of sample sizes, the methods, the true value, and the number of fits outside the plot."""
    true_value, ratio = float(result.theta[index]), float(result.sample_size_ratio[index])
    value, caption = key_number(
        f"{number(ratio)}×", "as many examples for least squares,<br>for the same error", narrow
    )
    if narrow:
        value |= {"yshift": 88, "xshift": -50}
        caption |= {
            "yshift": 92,
            "xshift": 74,
            "text": "as many examples for least<br>squares, for the same error",
        }
    else:
        value |= {"x": 1, "xanchor": "right"}
        caption |= {"x": 1, "xanchor": "right", "align": "right"}
    names = [
        note(
            f"<b>{name}</b>", 1, 0.16 - 0.075 * i, xref="paper", yref="paper", xanchor="right",
            font={"size": 17 if narrow else 19, "color": style.text}, bgcolor=PAPER,
        )
        for i, (name, style) in enumerate(STYLES)
    ]  # fmt: skip
    truth = note(
        f"true {true_value:g}".replace("-", "−"), 0, true_value, xref="paper", xanchor="left", xshift=4,
        yshift=12, font={"size": 16, "color": INK}, bgcolor=PAPER, borderpad=1,
    )  # fmt: skip
    outside = np.abs(result.estimates[..., index] - true_value) > reach
    hidden = int(outside.sum() + result.diverged.sum())
    labels = [value, caption, *names, truth, y_axis_title(f"estimated {PARAMETERS[index]}")]
    labels.append(
        note(
            "examples n",
            0.5,
            0,
            xref="paper",
            yref="paper",
            yshift=-30,
            yanchor="top",
            font={"size": 16, "color": INK},
        )
    )
    if hidden:
        fits = "1 fit lies" if hidden == 1 else f"{hidden} fits lie"
        position: dict[str, Any] = {"x": 0.3, "y": 1, "yanchor": "top"}
        if narrow:
            position = {"x": 0, "y": 0.02, "yanchor": "bottom", "xshift": 4}
        text = f"{fits} outside the picture"
        labels.append(note(text, **position, xref="paper", yref="paper", xanchor="left", bgcolor=PAPER))
    return labels
