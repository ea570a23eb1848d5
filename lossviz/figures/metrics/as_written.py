"""The same inputs through several functions: a table in which what is wrong stands out."""

import math
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.style import GRID, INK, MUTE, blank, note
from lossviz.figures.metrics.terms import signed
from lossviz.metrics.tutorial import AsWritten, Attempt


def as_written(found: AsWritten, narrow: bool = False) -> go.Figure:
    """A row for each input, a column for each way; in ink what the definition does not say."""
    pitch, head = (134, 6) if narrow else (74, 40)
    count = len(found.attempts)
    figure = blank(
        head + pitch * count,
        margin={"l": 2, "r": 6, "t": head, "b": 2},
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [count, 0], "visible": False},
    )
    edges = [edge for i in range(0 if not narrow else 1, count) for edge in (i, i, None)]
    ends = [x for _ in range(0 if not narrow else 1, count) for x in (0, 1, None)]
    figure.add_trace(go.Scatter(x=ends, y=edges, mode="lines", line={"color": GRID, "width": 1}))
    texts = [] if narrow else _heads(found)
    for i, attempt in enumerate(found.attempts):
        texts += _narrow_row(found, attempt, i) if narrow else _row(attempt, i)
    figure.update_layout(annotations=texts)
    return figure


def _cell(
    text: str, x: float, y: float, size: int = 17, colour: str = INK, right: bool = False
) -> dict[str, Any]:
    return note(text, x, y, xref="x", yref="y", yanchor="middle", xanchor="right" if right else "left",
                font={"size": size, "color": colour})  # fmt: skip


def _places(ways: int) -> list[float]:
    """The right edges of the columns of numbers."""
    return [0.52 + 0.48 * k / (ways - 1) for k in range(ways)]


def _heads(found: AsWritten) -> list[dict[str, Any]]:
    return [
        note(way, x, 1, xref="x", yref="paper", xanchor="right", yanchor="middle", yshift=20)
        for way, x in zip(found.ways, _places(len(found.ways)), strict=True)
    ]


def _value(value: float) -> str:
    return "an error" if math.isnan(value) else signed(value)


def _number(attempt: Attempt, k: int, x: float, y: float, right: bool) -> dict[str, Any]:
    wrong = bool(attempt.wrong[k])
    text = _value(float(attempt.values[k]))
    return _cell(f"<b>{text}</b>" if wrong else text, x, y, 20, INK if wrong else MUTE, right)


def _inputs(attempt: Attempt) -> str:
    rows = ", ".join(attempt.predicted) if " " in attempt.predicted[0] else " ".join(attempt.predicted)
    return f"y {' '.join(attempt.actual)}; p {rows}"


def _row(attempt: Attempt, i: int) -> list[dict[str, Any]]:
    numbers = [_number(attempt, k, x, i + 0.5, True) for k, x in enumerate(_places(len(attempt.values)))]
    inputs = _inputs(attempt)
    return [
        _cell(f"<b>{attempt.name}</b>", 0, i + 0.33),
        _cell(inputs if len(inputs) < 62 else f"{inputs[:60]}…", 0, i + 0.68, 14, MUTE),
        *numbers,
    ]


def _narrow_row(found: AsWritten, attempt: Attempt, i: int) -> list[dict[str, Any]]:
    """The name, and the four numbers in two lines, each below its way."""
    texts = [_cell(f"<b>{attempt.name}</b>", 0, i + 0.14)]
    for k, way in enumerate(found.ways):
        x, y = (0.0, 0.52)[k % 2], (0.34, 0.68)[k // 2]
        texts.append(_cell(way, x, i + y, 14, MUTE))
        texts.append(_number(attempt, k, x, i + y + 0.16, False))
    return texts
