"""Can a probability be believed: what was said against what came true, and how far apart over training."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import percent
from lossviz.figures.base.style import (
    AXIS,
    FADED,
    INK,
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
from lossviz.metrics import thresholds
from lossviz.metrics.history import ScoreHistory

BINS = 10


def calibration_of(history: ScoreHistory, k: int) -> thresholds.Calibration:
    """The calibration at one record: of yes for two classes, of the likeliest class for more."""
    two = len(history.classes) == 2
    truth = history.y == 1 if two else history.right[k]
    low = 0.0 if two else 1 / len(history.classes)
    return thresholds.calibration(history.confidence[k], truth, BINS, low)


def calibration(history: ScoreHistory, at: float = 300, narrow: bool = False) -> go.Figure:
    """Left, the share that came true over what was said; right, their mean gap over the steps.

    A dot for each bin, larger where more was said, with a 95 % interval. The frames are named by steps.
    ValueError for a regression.
    """
    if not history.confidence.shape[1]:
        raise ValueError("calibration needs probabilities; a regression gives none")
    facts = [calibration_of(history, k) for k in range(len(history.steps))]
    errors = 100 * np.array([f.error for f in facts])
    low = float(facts[0].edges[0])
    if narrow:
        domains = ((0.0, 1.0), (0.47, 1.0)), ((0.0, 1.0), (0.0, 0.3))
    else:
        domains = ((0.0, 0.42), (0.0, 1.0)), ((0.56, 1.0), (0.0, 0.7))
    figure = blank(
        680 if narrow else 470,
        margin={"l": 62, "r": 14, "t": 12, "b": UNDER_SLIDER},
        meta={"follows": "metric_seen", "slider": domains[1][0]},
        xaxis={"domain": domains[0][0], "range": [low, 1], "anchor": "y", "tickformat": ".0%", "nticks": 6},
        yaxis={"domain": domains[0][1], "range": [0, 1], "anchor": "x", "tickformat": ".0%", "nticks": 6},
        xaxis2={"domain": domains[1][0], "range": [0, int(history.steps[-1])], "anchor": "y2", "nticks": 7},
        yaxis2={
            "domain": domains[1][1],
            "range": [0, 1.15 * float(errors.max())],
            "anchor": "x2",
            "nticks": 4,
        },
    )
    figure.add_trace(
        go.Scatter(x=[low, 1], y=[low, 1], mode="lines", line={"color": AXIS, "width": 2, "dash": "2px,4px"})
    )
    figure.add_trace(
        go.Scatter(
            x=history.steps,
            y=errors,
            mode="lines",
            line={"color": INK, "width": 3.5, "simplify": False},
            xaxis="x2",
            yaxis="y2",
        )
    )
    figure.add_trace(go.Scatter(mode="lines", line={"color": faded(INK, 0.55), "width": 1.5}))
    bars = {"type": "data", "symmetric": False, "color": FADED, "thickness": 2, "width": 0}
    dots = {"color": INK, "line": {"color": PAPER, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=dots, error_y=bars, cliponaxis=False))
    spot = {"size": 14, "color": INK, "line": {"color": PAPER, "width": 2.5}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=spot, cliponaxis=False, xaxis="x2", yaxis="y2"))
    here = int(np.abs(history.steps - at).argmin())
    for trace, part in zip((2, 3, 4), _data(history, facts, errors, here), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(annotations=[*_live(history, facts, here, narrow), *_still(history, narrow)])
    put_first(figure, cursor(float(history.steps[here]), "x2") | {"yref": "y2 domain"})
    figure.frames = [
        {
            "name": str(step),
            "data": _data(history, facts, errors, k),
            "traces": [2, 3, 4],
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(history, facts, k, narrow)],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(history.steps)
    ]
    return figure


def _data(
    history: ScoreHistory, facts: list[thresholds.Calibration], errors: Any, k: int
) -> list[dict[str, Any]]:
    bins = facts[k]
    full = bins.count > 0

    def short(values: Any) -> list[float]:
        return [round(float(v), 4) for v in values[full]]

    x, y = short(bins.said), short(bins.so)
    size = np.clip(9 + 26 * np.sqrt(bins.count[full] / bins.count.sum()), 9, 30)
    error = {"array": short(bins.high - bins.so), "arrayminus": short(bins.so - bins.low)}
    return [
        {"x": x, "y": y},
        {"x": x, "y": y, "marker": {"size": [round(float(s), 1) for s in size]}, "error_y": error},
        {"x": [int(history.steps[k])], "y": [round(float(errors[k]), 4)]},
    ]


def _live(
    history: ScoreHistory, facts: list[thresholds.Calibration], k: int, narrow: bool
) -> list[dict[str, Any]]:
    two = len(history.classes) == 2
    said, so = (
        float(history.confidence[k].mean()),
        float((history.y == 1).mean() if two else history.right[k].mean()),
    )
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    hero = f"<b>{100 * facts[k].error:.1f}</b>"
    if two:
        words = f"says {history.classes[1]} to {percent(said)}, and {percent(so)} are"
    else:
        words = f"says it is {percent(said)} sure, and is right in {percent(so)}"
    x, y = (0.0, 0.365) if narrow else (0.56, 1.0)
    step = int(history.steps[k])
    title = f"after {step} step{'' if step == 1 else 's'}"
    if narrow:
        texts = [
            note(hero, 0.03, 0.99, **place, font={"size": 32, "family": SERIF, "color": INK}),
            note(words, 0.5, y, **(place | {"xanchor": "center"}), font={"size": 15, "color": MUTE}),
        ]
    else:
        texts = [
            note(hero, x, y, **place, font={"size": 42, "family": SERIF, "color": INK}),
            note(words, x, y, yshift=-76, **place),
        ]
    return [*texts, under_axis(title, 0.5 if narrow else 0.78, xanchor="center")]


def _still(history: ScoreHistory, narrow: bool) -> list[dict[str, Any]]:
    said = (
        f"said: probability of {history.classes[1]}" if len(history.classes) == 2 else "said: how sure it is"
    )
    texts = [
        axis_name("came true"),
        note(
            "gap, points",
            0,
            0.5,
            xref="x2 domain",
            yref="y2 domain",
            textangle=-90,
            xshift=-46,
            xanchor="center",
            yanchor="middle",
            font={"size": 16, "color": INK},
        ),
    ]
    place = {"xref": "x domain", "yref": "y domain", "font": {"size": 16, "color": INK}}
    texts.append(note(said, 0.5, 0, yanchor="top", yshift=-30, xanchor="center", **place))
    corner = {"xref": "x domain", "yref": "y domain"}
    texts.append(note("too modest", 0.05, 0.72, xanchor="left", bgcolor=PAPER, **corner))
    texts.append(note("too sure", 0.97, 0.12, xanchor="right", **corner))
    if narrow:
        texts.append(
            note(
                "points between said and so",
                0.24,
                0.975,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="top",
                yshift=-2,
                font={"size": 15, "color": MUTE},
            )
        )
    else:
        texts.append(
            note(
                "points between what is said and what is so, in the mean",
                0.56,
                1,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="top",
                yshift=-52,
            )
        )
    return texts
