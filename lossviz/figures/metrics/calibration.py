"""Reliability diagram of a training at one record, and its calibration error over the steps."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import percent
from lossviz.figures.base.percent_ticks import percent_ticks
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    PALE,
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
from lossviz.metrics.history import ScoreHistory
from lossviz.metrics.thresholds import Calibration


def calibration(history: ScoreHistory, at: float = 300, narrow: bool = False) -> go.Figure:
    """Draw the reliability diagram at one record, and the expected calibration error over the steps.

    A dot for each bin, larger for more predictions, with a 95 % interval.

    Args:
        history: From `lossviz.metrics.score_history`, of a classification.
        at: The step that is shown, or the nearest record; there is a frame for each, named by its step.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The two panels.

    Raises:
        ValueError: For a regression.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.metrics.ScoreSettings("breast-cancer", "linear", steps=4, record_every=2)
        >>> figure = lv.figures.calibration(lv.metrics.score_history(settings), at=2)
        >>> [frame.name for frame in figure.frames]
        ['0', '2', '4']
    """
    facts = [history.calibration(k) for k in range(len(history.steps))]
    errors = 100 * np.array([f.error for f in facts])
    low = float(facts[0].edges[0])
    if narrow:
        domains = ((0.0, 1.0), (0.47, 1.0)), ((0.0, 1.0), (0.0, 0.3))
    else:
        domains = ((0.0, 0.42), (0.0, 1.0)), ((0.56, 1.0), (0.0, 0.7))
    current = int(np.abs(history.steps - at).argmin())
    figure = blank(
        680 if narrow else 470,
        margin={"l": 62, "r": 14, "t": 12, "b": UNDER_SLIDER},
        meta={"frame": str(history.steps[current]), "spoken": "{2}: {1}.", "slider": domains[1][0]},
        xaxis={"domain": domains[0][0], "range": [low, 1], "anchor": "y"} | percent_ticks(low, 1),
        yaxis={"domain": domains[0][1], "range": [0, 1], "anchor": "x"} | percent_ticks(0, 1),
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
    figure.add_trace(go.Scatter(mode="lines", line={"color": with_opacity(INK, 0.55), "width": 1.5}))
    bars = {"type": "data", "symmetric": False, "color": PALE, "thickness": 2, "width": 0}
    dots = {"color": INK, "line": {"color": PAPER, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=dots, error_y=bars, cliponaxis=False))
    marker = {"size": 14, "color": INK, "line": {"color": PAPER, "width": 2.5}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=marker, cliponaxis=False, xaxis="x2", yaxis="y2"))
    for trace, part in zip((2, 3, 4), _frame_traces(history, facts, errors, current), strict=True):
        figure.data[trace].update(part)
    changing = _frame_annotations(history, facts, current, narrow)
    figure.update_layout(annotations=[*changing, *_fixed_annotations(history, narrow)])
    prepend_shape(figure, cursor(float(history.steps[current]), "x2") | {"yref": "y2 domain"})
    figure.frames = [
        {
            "name": str(step),
            "data": _frame_traces(history, facts, errors, k),
            "traces": [2, 3, 4],
            "layout": {
                "annotations": [
                    {"text": text["text"]} for text in _frame_annotations(history, facts, k, narrow)
                ],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(history.steps)
    ]
    return figure


def _frame_traces(
    history: ScoreHistory, facts: list[Calibration], errors: Any, k: int
) -> list[dict[str, Any]]:
    bins = facts[k]
    filled = bins.count > 0

    def rounded(values: Any) -> list[float]:
        return [round(float(v), 4) for v in values[filled]]

    x, y = rounded(bins.mean_predicted), rounded(bins.fraction_of_positives)
    size = np.clip(9 + 26 * np.sqrt(bins.count[filled] / bins.count.sum()), 9, 30)
    above, below = bins.high - bins.fraction_of_positives, bins.fraction_of_positives - bins.low
    error = {"array": rounded(above), "arrayminus": rounded(below)}
    return [
        {"x": x, "y": y},
        {"x": x, "y": y, "marker": {"size": [round(float(s), 1) for s in size]}, "error_y": error},
        {"x": [int(history.steps[k])], "y": [round(float(errors[k]), 4)]},
    ]


def _frame_annotations(
    history: ScoreHistory, facts: list[Calibration], k: int, narrow: bool
) -> list[dict[str, Any]]:
    binary = len(history.classes) == 2
    mean_confidence = float(history.confidence[k].mean())
    frequency = float((history.y == 1).mean() if binary else history.correct[k].mean())
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    error_text = f"<b>{100 * facts[k].error:.1f}</b>"
    if binary:
        words = f"mean prediction {percent(mean_confidence)}, frequency {percent(frequency)}"
    else:
        words = f"mean confidence {percent(mean_confidence)}, accuracy {percent(frequency)}"
    x, y = (0.0, 0.365) if narrow else (0.56, 1.0)
    step = int(history.steps[k])
    title = f"after {step} step{'' if step == 1 else 's'}"
    if narrow:
        texts = [
            note(error_text, 0.03, 0.99, **place, font={"size": 32, "family": SERIF, "color": INK}),
            note(words, 0.5, y, **(place | {"xanchor": "center"}), font={"size": 15, "color": MUTE}),
        ]
    else:
        texts = [
            note(error_text, x, y, **place, font={"size": 42, "family": SERIF, "color": INK}),
            note(words, x, y, yshift=-76, **place),
        ]
    return [*texts, under_axis(title, 0.5 if narrow else 0.78, xanchor="center")]


def _fixed_annotations(history: ScoreHistory, narrow: bool) -> list[dict[str, Any]]:
    axis_title = (
        f"predicted probability of {history.classes[1]}" if len(history.classes) == 2 else "confidence"
    )
    texts = [
        y_axis_title("observed frequency"),
        note(
            "error, points",
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
    texts.append(note(axis_title, 0.5, 0, yanchor="top", yshift=-30, xanchor="center", **place))
    corner = {"xref": "x domain", "yref": "y domain"}
    texts.append(note("underconfident", 0.05, 0.72, xanchor="left", bgcolor=PAPER, **corner))
    texts.append(note("overconfident", 0.97, 0.12, xanchor="right", **corner))
    if narrow:
        texts.append(
            note(
                "calibration error, points",
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
                "percentage points: expected calibration error",
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
