"""A table of the same inputs scored by several methods, in which wrong values stand out."""

import math
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.style import GRID, INK, MUTE, blank, note
from lossviz.figures.metrics.terms import signed
from lossviz.metrics.tutorial import AsWritten, ScoredInput


def as_written(facts: AsWritten, narrow: bool = False) -> go.Figure:
    """Draw a table with a row for each input and a column for each method.

    Args:
        facts: From `lossviz.metrics.binary_as_written` or `lossviz.metrics.categorical_as_written`.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The table; values that differ from the definition are bold.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.as_written(lv.metrics.binary_as_written())
        >>> figure.layout.annotations[0].text
        'as written'
    """
    row_height, header = (134, 6) if narrow else (74, 40)
    count = len(facts.inputs)
    figure = blank(
        header + row_height * count,
        margin={"l": 2, "r": 6, "t": header, "b": 2},
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [count, 0], "visible": False},
    )
    edges = [edge for i in range(0 if not narrow else 1, count) for edge in (i, i, None)]
    ends = [x for _ in range(0 if not narrow else 1, count) for x in (0, 1, None)]
    figure.add_trace(go.Scatter(x=ends, y=edges, mode="lines", line={"color": GRID, "width": 1}))
    texts = [] if narrow else _column_titles(facts)
    for i, scored in enumerate(facts.inputs):
        texts += _narrow_row(facts, scored, i) if narrow else _row(scored, i)
    figure.update_layout(annotations=texts)
    return figure


def _cell(
    text: str, x: float, y: float, size: int = 17, colour: str = INK, right: bool = False
) -> dict[str, Any]:
    return note(text, x, y, xref="x", yref="y", yanchor="middle", xanchor="right" if right else "left",
                font={"size": size, "color": colour})  # fmt: skip


def _column_edges(methods: int) -> list[float]:
    """The right edges of the columns of numbers."""
    return [0.52 + 0.48 * k / (methods - 1) for k in range(methods)]


def _column_titles(facts: AsWritten) -> list[dict[str, Any]]:
    return [
        note(method, x, 1, xref="x", yref="paper", xanchor="right", yanchor="middle", yshift=20)
        for method, x in zip(facts.methods, _column_edges(len(facts.methods)), strict=True)
    ]


def _value(value: float) -> str:
    return "an error" if math.isnan(value) else signed(value)


def _number(scored: ScoredInput, k: int, x: float, y: float, right: bool) -> dict[str, Any]:
    wrong = bool(scored.wrong[k])
    text = _value(float(scored.values[k]))
    return _cell(f"<b>{text}</b>" if wrong else text, x, y, 20, INK if wrong else MUTE, right)


def _input_text(scored: ScoredInput) -> str:
    rows = ", ".join(scored.predicted) if " " in scored.predicted[0] else " ".join(scored.predicted)
    return f"y {' '.join(scored.actual)}; p {rows}"


def _row(scored: ScoredInput, i: int) -> list[dict[str, Any]]:
    numbers = [_number(scored, k, x, i + 0.5, True) for k, x in enumerate(_column_edges(len(scored.values)))]
    inputs = _input_text(scored)
    return [
        _cell(f"<b>{scored.name}</b>", 0, i + 0.33),
        _cell(inputs if len(inputs) < 62 else f"{inputs[:60]}…", 0, i + 0.68, 14, MUTE),
        *numbers,
    ]


def _narrow_row(facts: AsWritten, scored: ScoredInput, i: int) -> list[dict[str, Any]]:
    """The name, and the four values in two lines, each below its method."""
    texts = [_cell(f"<b>{scored.name}</b>", 0, i + 0.14)]
    for k, method in enumerate(facts.methods):
        x, y = (0.0, 0.52)[k % 2], (0.34, 0.68)[k // 2]
        texts.append(_cell(method, x, i + y, 14, MUTE))
        texts.append(_number(scored, k, x, i + y + 0.16, False))
    return texts
