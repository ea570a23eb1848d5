"""Clouds of estimates that close on the truth as data grow, and how fast theory says that they do."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import INK, MARKS, PAPER, axis_name, blank, faded, hero, note
from lossviz.likelihood.estimators import Consistency

NAMES = ("Intercept", "Slope")
METHODS = (("Maximum likelihood", MARKS["logarithm"]), ("Least squares", MARKS["squared"]))
BEYOND = 4.6  # standard deviations at the smallest n that the axis shows


def consistency(found: Consistency, weight: int = 1, narrow: bool = False) -> go.Figure:
    """Each dot is one fit; the lines lie two standard deviations from the truth, by theory.

    ``weight`` is 0 for the intercept, 1 for the slope. Fits that lie outside the picture are counted at
    its edge.
    """
    truth = float(found.theta[weight])
    reach = BEYOND * float(found.theory[1, 0, weight])
    sizes = np.array(found.sizes, dtype=float)
    low, high = sizes[0] * 0.72, sizes[-1] * 1.38
    figure = blank(
        540 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 92 if narrow else 10, "b": 60},
        xaxis={
            "type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": sizes,
            "ticktext": [whole(n) for n in found.sizes],
        },
        yaxis={"range": [truth - reach, truth + reach], "nticks": 7},
    )  # fmt: skip
    figure.add_shape(
        type="line",
        x0=0,
        x1=1,
        xref="paper",
        y0=truth,
        y1=truth,
        layer="below",
        line={"color": INK, "width": 2},
    )
    side, broad = 0.062, 0.09  # in decades: how far the two clouds stand apart, how broad each is
    for method, (_, style) in enumerate(METHODS):
        estimates = found.estimates[method, :, :, weight]
        repeats = estimates.shape[1]
        spread = ((np.arange(repeats) * 0.6180339887) % 1 - 0.5) * broad
        x = 10 ** (np.log10(sizes)[:, None] + (2 * method - 1) * side + spread)
        figure.add_trace(
            go.Scatter(
                x=np.round(x.ravel(), 2),
                y=np.round(estimates.ravel(), 4),
                mode="markers",
                marker={"size": 5 if narrow else 6, "color": faded(style.line, 0.5)},
            )
        )
    n = np.geomspace(low, high, 60)
    for method, (_, style) in enumerate(METHODS):
        sd = found.theory[method, 0, weight] * np.sqrt(sizes[0] / n)
        for sign in (-2, 2):
            line = {"color": style.line, "width": 3, "dash": style.dash, "simplify": False}
            figure.add_trace(go.Scatter(x=n, y=truth + sign * sd, mode="lines", line=line))
    figure.update_layout(annotations=_words(found, weight, truth, reach, narrow))
    return figure


def _words(found: Consistency, weight: int, truth: float, reach: float, narrow: bool) -> list[dict[str, Any]]:
    times = float(found.times_the_data[weight])
    lead, words = hero(
        f"{number(times)}×", "as many examples for least squares,<br>for the same error", narrow
    )
    if narrow:
        lead |= {"yshift": 88, "xshift": -50}
        words |= {
            "yshift": 92,
            "xshift": 74,
            "text": "as many examples for least<br>squares, for the same error",
        }
    else:
        lead |= {"x": 1, "xanchor": "right"}
        words |= {"x": 1, "xanchor": "right", "align": "right"}
    names = [
        note(
            f"<b>{name}</b>", 1, 0.16 - 0.075 * i, xref="paper", yref="paper", xanchor="right",
            font={"size": 17 if narrow else 19, "color": style.text}, bgcolor=PAPER,
        )
        for i, (name, style) in enumerate(METHODS)
    ]  # fmt: skip
    here = note(
        f"true {truth:g}".replace("-", "−"), 0, truth, xref="paper", xanchor="left", xshift=4, yshift=12,
        font={"size": 16, "color": INK}, bgcolor=PAPER, borderpad=1,
    )  # fmt: skip
    outside = int((np.abs(found.estimates[..., weight] - truth) > reach).sum() + found.runaways.sum())
    told = [lead, words, *names, here, axis_name(f"estimated {NAMES[weight].lower()}")]
    told.append(
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
    if outside:
        fits = "1 fit lies" if outside == 1 else f"{outside} fits lie"
        place: dict[str, Any] = {"x": 0.3, "y": 1, "yanchor": "top"}
        if narrow:
            place = {"x": 0, "y": 0.02, "yanchor": "bottom", "xshift": 4}
        beyond = f"{fits} outside the picture"
        told.append(note(beyond, **place, xref="paper", yref="paper", xanchor="left", bgcolor=PAPER))
    return told
