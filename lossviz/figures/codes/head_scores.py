"""Scores of heads and codes on handwritten digits: a row for each head, by one measure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.digits import HeadScores
from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    MUTE,
    PAPER,
    blank,
    common_name,
    loss_style,
    note,
    under_axis,
    with_opacity,
)


def _percentage_points(value: float) -> str:
    if not abs(value) < 100:
        return f"{number(100 * value)} points"
    return f"{round(100 * value, 1) + 0.0:.1f} points".replace("-", "−")  # never −0.0


def _percent(value: float) -> str:
    if not abs(value) < 100:
        return f"{number(100 * value)} %"
    return f"{100 * value:.1f} %"


@dataclass(frozen=True)
class HeadMeasure:
    """How one score of `HeadScores` is drawn."""

    values: Callable[[HeadScores], Floats]  # (heads, gains, seeds)
    format: Callable[[float], str]
    title: str  # of the axis
    narrow_title: str = ""  # in a narrow figure, if it differs
    log_axis: bool = False
    upper: float | None = None  # the best possible value, where the axis ends


HEAD_MEASURES: Mapping[str, HeadMeasure] = MappingProxyType(
    {
        "accuracy": HeadMeasure(lambda t: t.accuracy, _percent, "test accuracy", upper=1.0),
        "log-loss": HeadMeasure(
            lambda t: t.log_loss, number, "log loss on the test set, nats", log_axis=True
        ),
        "calibration-error": HeadMeasure(
            lambda t: t.calibration_error, _percent, "expected calibration error, test set"
        ),
        "generalization-gap": HeadMeasure(
            lambda t: t.generalization_gap,
            _percentage_points,
            "training accuracy minus test accuracy",
            "training − test accuracy",
        ),
    }
)


def head_scores(table: HeadScores, measure: str = "accuracy", narrow: bool = False) -> go.Figure:
    """Draw one score of every head: a disc for each gain, the mean of the seeds, and a dot for each seed.

    Args:
        table: From `lossviz.codes.digits_table`.
        measure: "accuracy", "log-loss", "calibration-error" or "generalization-gap".
        narrow: Whether the figure is for the width of a phone.

    Returns:
        A row for each head. The first gain is a full disc, the others are hollow.

    Raises:
        KeyError: For an unknown measure.

    Example:
        >>> import lossviz as lv
        >>> table = lv.codes.digits_table(seeds=2, epochs=1, heads=["4-bits-ce"])
        >>> lv.figures.head_scores(table, "log-loss").layout.xaxis.type
        'log'
    """
    if measure not in HEAD_MEASURES:
        raise KeyError(f"unknown measure {measure!r}; known: {', '.join(HEAD_MEASURES)}")
    shown = HEAD_MEASURES[measure]
    values, write = shown.values(table), shown.format
    rows, row_height = len(table.heads), 78 if narrow else 52
    figure = blank(rows * row_height + 84, margin={"l": 14, "r": 14, "t": 26, "b": 58})
    left = 0.0 if narrow else 0.27
    axis = _axis(values, shown)
    figure.update_layout(
        xaxis={"domain": [left, 0.99], "anchor": "y", **axis},
        yaxis={
            "range": [rows - (0.36 if narrow else 0.5), -0.5],  # in a narrow figure the last disc is lower
            "tickvals": list(range(rows)),
            "showticklabels": False,
            "anchor": "x",
        },
    )
    texts: list[dict[str, Any]] = []
    for row, head in enumerate(table.heads):
        style = loss_style(head.head)
        at = row + (0.26 if narrow else 0)
        for gain in reversed(range(len(table.gains))):
            seeds = values[row, gain]
            mean = float(np.mean(seeds))
            scaled = gain > 0
            place = at + (0.19 if scaled else -0.19 if len(table.gains) > 1 else 0)
            dot = {"size": 6, "color": with_opacity(style.line, 0.45), "line": {"width": 0}}
            figure.add_trace(
                go.Scatter(x=seeds, y=[place] * len(seeds), mode="markers", marker=dot, hoverinfo="skip")
            )
            disc = {
                "size": 13,
                "color": PAPER if scaled else style.line,
                "line": {"color": style.line, "width": 3},
                "opacity": 1,
            }
            figure.add_trace(go.Scatter(x=[mean], y=[place], mode="markers", marker=disc, hoverinfo="skip"))
            if not narrow or not scaled:
                positions = np.log10([mean, *seeds]) if shown.log_axis else np.array([mean, *seeds])
                shift = _label_shift(positions, axis, narrow, len(write(mean)))
                texts.append(
                    note(
                        f"<b>{write(mean)}</b>",
                        float(positions[0]),
                        place,
                        xref="x",
                        yref="y",
                        xanchor="right" if shift < 0 else "left",
                        xshift=shift,
                        font={"size": 15, "color": style.text},
                    )
                )
        name = {"xref": "paper", "yref": "y", "xanchor": "left", "yanchor": "middle"}
        sub = f"{common_name(head.head).lower()}, {table.weights[row]} weights"
        if narrow:
            words_row = f"<b>{head.label}</b> {sub}"
            texts.append(note(words_row, 0, row - 0.22, font={"size": 15, "color": style.text}, **name))
        else:
            texts.append(
                note(f"<b>{head.label}</b>", 0, row - 0.16, font={"size": 17, "color": style.text}, **name)
            )
            texts.append(note(sub, 0, row + 0.24, font={"size": 15, "color": MUTE}, **name))
    gains = " &nbsp; ".join(
        f"{'○' if k else '●'} last layer × {gain:g}" for k, gain in enumerate(table.gains)
    )
    texts.append(
        note(gains, 0.99, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", yshift=2,
             font={"size": 15, "color": MUTE})
    )  # fmt: skip
    title = (narrow and shown.narrow_title) or shown.title
    texts.append(under_axis(f"{title}, {len(table.seeds)} seeds", 0.5, 0, xref="x domain", xanchor="center"))
    figure.update_layout(annotations=texts)
    return figure


def _label_shift(positions: Floats, axis: dict[str, Any], narrow: bool, letters: int) -> float:
    """The distance in px of a value's text from its disc, negative to the left: the nearest free place.

    Free means within the axis and on no dot. ``positions`` are the disc and the dots, on the axis. At the
    right end of the axis the left side is preferred.
    """
    low, high = axis["range"]
    scale = (325 if narrow else 770) / (high - low)  # px, about
    width = 8.5 * letters
    at_end = positions[0] > low + 0.8 * (high - low)
    free: list[float] = []
    for side in (-1, 1) if at_end else (1, -1):
        space = scale * ((high - positions[0]) if side > 0 else (positions[0] - low))
        dots = side * scale * (positions[1:] - positions[0])
        for start in (12.0, *(dots[dots > 1] + 11)):
            end = start + width
            if start >= 12 and end < space and not ((dots > start - 8) & (dots < end + 5)).any():
                free.append(float(side * start))
    return min(free, key=abs, default=-12.0 if at_end else 12.0)


def _axis(values: Floats, shown: HeadMeasure) -> dict[str, Any]:
    if shown.log_axis:
        low, high = float(np.log10(values.min())), float(np.log10(values.max()))
        ticks = [
            v
            for v in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
            if low - 0.1 <= np.log10(v) <= high + 0.1
        ]
        return {
            "type": "log",
            "range": [low - 0.1, high + 0.15],
            "tickvals": ticks,
            "ticktext": [f"{v:g}" for v in ticks],
        }
    if shown.upper is None:
        low, high = float(min(values.min(), 0.0)), float(values.max())
    else:
        low, high = float(np.floor(10 * min(values.min(), shown.upper)) / 10), shown.upper
    padding = 0.03 * (high - low)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if s >= (high - low) / 6)
    ticks = (np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step).tolist()
    return {
        "range": [low - padding, high + padding],
        "tickvals": ticks,
        "ticktext": [
            percent(float(t)) if t >= 0.005 else f"{100 * t:.0f} %".replace("-", "−") for t in ticks
        ],
    }
