"""Rows of bars: the terms of a score, and what libraries charge for a confidently wrong prediction."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.plain_text import for_plotly
from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    AXIS,
    FAMILY_STYLES,
    INK,
    MUTE,
    SERIF,
    LineStyle,
    blank,
    note,
    with_opacity,
)
from lossviz.metrics.references import ClippingLimit
from lossviz.metrics.scores import SCORES
from lossviz.metrics.terms import ScoreTerms

ROWS = 12  # of more, the largest terms are drawn
ROW_HEIGHT, HEADER = 44, 40  # px
HATCH = {"shape": "/", "size": 9, "solidity": 0.16}


def score_terms(facts: ScoreTerms, narrow: bool = False) -> go.Figure:
    """Draw a bar for the term of each example, and below them their mean.

    Terms that the tutorial's function omits are hatched. Of more than twelve examples those with the twelve
    largest terms are drawn.

    Args:
        facts: From `lossviz.metrics.score_terms`.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The rows of bars.

    Example:
        >>> import lossviz as lv
        >>> terms = lv.metrics.score_terms("mae", [1, 2], [3, 2])
        >>> lv.figures.score_terms(terms).data[0].x.tolist()
        [2.0, 0.0]
    """
    style = FAMILY_STYLES[SCORES[facts.score].family]
    rows = list(range(len(facts.terms)))
    if len(rows) > ROWS:
        rows = np.argsort(-facts.terms, kind="stable")[:ROWS].tolist()
    columns = (0.0, 0.12, 0.36) if narrow else (0.0, 0.1, 0.24, 0.41)
    rows_below = (3.0 if narrow else 2.2) + (0.9 if len(facts.terms) > ROWS else 0)
    figure, scale = _rows(facts.terms[rows], facts.omitted[rows], style, columns[-1], narrow, rows_below)
    texts = [_cell(t, x, -1, MUTE) for t, x in _column_titles(facts, columns, narrow)]
    for line, i in enumerate(rows):
        shown = [
            for_plotly(facts.actual[i], 8),
            for_plotly(" ".join(facts.predicted[i]), 9 if narrow else 15),
        ]
        if not narrow:
            shown.append(for_plotly(facts.expressions[i], 20))
        texts += [_cell(t, x, line, INK) for t, x in zip(shown, columns, strict=False)]
        texts.append(_value(float(facts.terms[i]), scale, line, style, bool(facts.omitted[i]), narrow))
    figure.update_layout(annotations=[*texts, *_mean_row(figure, facts, len(rows), style, narrow)])
    return figure


def clipping_limits(facts: Sequence[ClippingLimit], narrow: bool = False) -> go.Figure:
    """Draw what a confidently wrong prediction costs, library by library.

    Args:
        facts: From `lossviz.metrics.clipping_limits`.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        A row of a bar for each library; an infinite one goes to the right end.

    Example:
        >>> import lossviz as lv
        >>> len(lv.figures.clipping_limits(lv.metrics.clipping_limits()).data[0].x)
        6
    """
    style = FAMILY_STYLES["logarithm"]
    columns = (0.0, 0.5) if narrow else (0.0, 0.24, 0.46)
    values = np.array([limit.value for limit in facts])
    figure, scale = _rows(values, np.zeros(len(facts), dtype=bool), style, columns[-1], narrow, 0)
    titles = ("library", "loss, in nats") if narrow else ("library", "what it does", "loss, in nats")
    texts = [_cell(t, x, -1, MUTE) for t, x in zip(titles, columns, strict=True)]
    for line, limit in enumerate(facts):
        shown = (limit.library,) if narrow else (limit.library, limit.rule)
        texts += [_cell(t, x, line, INK) for t, x in zip(shown, columns, strict=False)]
        texts.append(_value(limit.value, scale, line, style, False, narrow))
    figure.update_layout(annotations=texts)
    return figure


def _rows(
    values: Any, hatched: Any, style: LineStyle, left: float, narrow: bool, rows_below: float
) -> tuple[go.Figure, float]:
    """Bars of the values with space for so many rows below, and the value at the right end of the axis.

    The bar of an infinite value goes to the right end.
    """
    count = len(values)
    finite = values[np.isfinite(values)]
    scale = float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    if not np.isfinite(values).all():
        scale *= 1.25
    figure = blank(
        HEADER + round(ROW_HEIGHT * (count + rows_below)),
        margin={"l": 2, "r": 4, "t": HEADER, "b": 0},
        xaxis={"domain": [left, 0.8 if narrow else 0.87], "range": [0, scale], "visible": False},
        yaxis={"range": [count - 0.5 + rows_below, -0.5], "visible": False},
        barmode="overlay",
    )
    lengths = np.where(np.isfinite(values), values, scale)
    for hatch in (False, True):
        chosen = np.flatnonzero(hatched == hatch)
        if len(chosen):
            figure.add_trace(_bars(lengths[chosen], chosen, style, hatch))
    return figure, scale


def _bars(lengths: Any, places: Any, style: LineStyle, hatched: bool, base: float = 0.0) -> go.Bar:
    marker: dict[str, Any] = {"color": style.line}
    if hatched:
        pattern = HATCH | {"fgcolor": style.line, "bgcolor": with_opacity(style.line, 0.13)}
        marker |= {"pattern": pattern, "line": {"color": style.line, "width": 2}}
    return go.Bar(x=lengths, y=places, base=base, orientation="h", width=0.56, marker=marker)


def _cell(text: str, x: float, line: int, colour: str) -> dict[str, Any]:
    place: dict[str, Any] = {"x": x, "y": line, "xref": "paper", "yref": "y", "xanchor": "left"}
    if line < 0:
        place |= {"y": 1, "yref": "paper", "yshift": HEADER / 2}
    return note(text, yanchor="middle", font={"size": 17 if line >= 0 else 16, "color": colour}, **place)


def _muted(words: str) -> str:
    return f"<span style='color:{MUTE};font-size:16px;font-family:Source Sans'>&nbsp; {words}</span>"


def _value(
    value: float, scale: float, line: int, style: LineStyle, omitted: bool, narrow: bool
) -> dict[str, Any]:
    """The number at the end of its bar."""
    text = f"<b>{number(value)}</b>"
    if omitted and not narrow and value < 0.6 * scale:
        text += _muted("left out as written")
    font = {"size": 17, "color": style.text}
    place = {"xref": "x", "yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": 8}
    return note(text, min(value, scale), line, font=font, **place)


def _column_titles(facts: ScoreTerms, columns: tuple[float, ...], narrow: bool) -> list[tuple[str, float]]:
    probability = SCORES[facts.score].task != "regression"
    names = ["actual y", "predicted p" if probability else "predicted", "term"]
    if narrow:
        names = ["y", "p" if probability else "predicted"]
    return list(zip(names, columns, strict=False))


def _mean_row(
    figure: go.Figure, facts: ScoreTerms, count: int, style: LineStyle, narrow: bool
) -> list[dict[str, Any]]:
    """Below the rows: the mean as one bar, the score, and its value by the tutorial's function."""
    left, right = figure.layout.xaxis.domain
    line = count + 0.45
    figure.add_shape(type="line", xref="paper", yref="y", x0=left, x1=right, y0=count - 0.35, y1=count - 0.35,
                     line={"color": AXIS, "width": 1.5})  # fmt: skip
    root, bar = SCORES[facts.score].root, 0.0
    if not root:
        bar = facts.value if math.isfinite(facts.value) else 0.0
        omitted = float(facts.terms[facts.omitted].sum()) / len(facts.terms)
        omitted = min(omitted, bar) if bar else 0.0
        figure.add_trace(_bars([bar - omitted], [line], style, False))
        if omitted:
            figure.add_trace(_bars([omitted], [line], style, True, base=bar - omitted))
    agrees = math.isclose(facts.value, facts.sklearn_value, rel_tol=1e-9, abs_tol=1e-12)
    name = "root of the mean, " if root else "" if narrow else "mean, "
    clipped = f"scikit-learn clips: {number(facts.sklearn_value)}"
    comparison = name + ("as scikit-learn’s" if agrees else clipped)
    written = facts.as_written if facts.omitted.any() else None
    x = 0.0 if narrow and written is None else left
    texts = _total(f"<b>{number(facts.value)}</b>", comparison, x, count, style.text, narrow)
    if written is not None:
        texts += _total(f"<b>{signed(written)}</b>", "as written", 0.0, count, INK, narrow)
    rest = len(facts.terms) - count
    if rest:
        words = f"and {whole(rest)} more, none of them larger"
        below = count + (3.0 if narrow else 2.2)
        texts.append(note(words, 0, below, xref="paper", yref="y", yanchor="middle", xanchor="left"))
    return texts


def _total(value: str, words: str, x: float, count: int, colour: str, narrow: bool) -> list[dict[str, Any]]:
    """A number in large type with what it is below it: left of the bar of the mean, or below that bar.

    Beside a long bar there would be no space for it.
    """
    font = {"size": 34 if narrow else 42, "family": SERIF, "color": colour}
    place: dict[str, Any] = {"xref": "paper", "yref": "y", "yanchor": "middle", "xanchor": "left"}
    if narrow or not x:
        line, name = count + (1.45 if narrow else 0.45), {**place, "x": x}
        lead = name
    else:
        line, name = count + 0.45, {**place, "x": x}
        lead = {**place, "x": x, "xanchor": "right", "xshift": -14}
    return [
        note(value, y=line, font=font, **lead),
        note(words, y=line + (0.85 if narrow else 0.9), **name),
    ]


def signed(value: float) -> str:
    """A number with its sign: a negative zero keeps it, as in Python."""
    return "−0" if value == 0 and math.copysign(1, value) < 0 else number(value)
