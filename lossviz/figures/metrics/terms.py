"""Bars in rows: what each example adds to a score, and what a library charges for the worst mistake."""

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
from lossviz.metrics.landmarks import ClippingLimit
from lossviz.metrics.terms import SCORES, ScoreTerms

ROWS = 12  # that are drawn; of more, the costliest
PITCH, HEAD = 44, 40  # px
HATCH = {"shape": "/", "size": 9, "solidity": 0.16}


def score_terms(found: ScoreTerms, narrow: bool = False) -> go.Figure:
    """One bar an example, on one scale; below them their mean as the same bar, split.

    Hatched is what the tutorial's function leaves out. Of more than twelve examples the twelve costliest
    are drawn, and the file has all.
    """
    style = FAMILY_STYLES[SCORES[found.score].family]
    rows = list(range(len(found.term)))
    if len(rows) > ROWS:
        rows = np.argsort(-found.term, kind="stable")[:ROWS].tolist()
    columns = (0.0, 0.12, 0.36) if narrow else (0.0, 0.1, 0.24, 0.41)
    foot = 2.0 if narrow or len(found.term) > ROWS else 1.3
    figure, scale = _rows(found.term[rows], found.left_out[rows], style, columns[-1], narrow, foot)
    texts = [_cell(t, x, -1, MUTE) for t, x in _heads(found, columns, narrow)]
    for line, i in enumerate(rows):
        shown = [
            for_plotly(found.actual[i], 8),
            for_plotly(" ".join(found.predicted[i]), 9 if narrow else 15),
        ]
        if not narrow:
            shown.append(for_plotly(found.words[i], 20))
        texts += [_cell(t, x, line, INK) for t, x in zip(shown, columns, strict=False)]
        texts.append(_value(float(found.term[i]), scale, line, style, bool(found.left_out[i]), narrow))
    figure.update_layout(annotations=[*texts, *_sum(figure, found, len(rows), style, narrow)])
    return figure


def clipping_limits(found: Sequence[ClippingLimit], narrow: bool = False) -> go.Figure:
    """What sure and wrong costs, library by library; one without a cap goes on to infinity."""
    style = FAMILY_STYLES["logarithm"]
    columns = (0.0, 0.5) if narrow else (0.0, 0.24, 0.46)
    values = np.array([cap.value for cap in found])
    figure, scale = _rows(values, np.zeros(len(found), dtype=bool), style, columns[-1], narrow, 0)
    heads = ("library", "costs, in nats") if narrow else ("library", "what it does", "costs, in nats")
    texts = [_cell(t, x, -1, MUTE) for t, x in zip(heads, columns, strict=True)]
    for line, cap in enumerate(found):
        shown = (cap.library,) if narrow else (cap.library, cap.how)
        texts += [_cell(t, x, line, INK) for t, x in zip(shown, columns, strict=False)]
        texts.append(_value(cap.value, scale, line, style, False, narrow))
    figure.update_layout(annotations=texts)
    return figure


def _rows(
    values: Any, hatched: Any, style: LineStyle, left: float, narrow: bool, foot: float
) -> tuple[go.Figure, float]:
    """Bars of the values with room for so many rows below, and the value at their right end.

    An infinite one goes as far as there.
    """
    count = len(values)
    finite = values[np.isfinite(values)]
    scale = float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    if not np.isfinite(values).all():
        scale *= 1.25
    figure = blank(
        HEAD + round(PITCH * (count + foot)),
        margin={"l": 2, "r": 4, "t": HEAD, "b": 0},
        xaxis={"domain": [left, 0.8 if narrow else 0.87], "range": [0, scale], "visible": False},
        yaxis={"range": [count - 0.5 + foot, -0.5], "visible": False},
        barmode="overlay",
    )
    lengths = np.where(np.isfinite(values), values, scale)
    for kind in (False, True):
        chosen = np.flatnonzero(hatched == kind)
        if len(chosen):
            figure.add_trace(_bars(lengths[chosen], chosen, style, kind))
    return figure, scale


def _bars(lengths: Any, places: Any, style: LineStyle, hatched: bool, base: float = 0.0) -> go.Bar:
    look: dict[str, Any] = {"color": style.line}
    if hatched:
        pattern = HATCH | {"fgcolor": style.line, "bgcolor": with_opacity(style.line, 0.13)}
        look |= {"pattern": pattern, "line": {"color": style.line, "width": 2}}
    return go.Bar(x=lengths, y=places, base=base, orientation="h", width=0.56, marker=look)


def _cell(text: str, x: float, line: int, colour: str) -> dict[str, Any]:
    place: dict[str, Any] = {"x": x, "y": line, "xref": "paper", "yref": "y", "xanchor": "left"}
    if line < 0:
        place |= {"y": 1, "yref": "paper", "yshift": HEAD / 2}
    return note(text, yanchor="middle", font={"size": 17 if line >= 0 else 16, "color": colour}, **place)


def _mute(words: str) -> str:
    return f"<span style='color:{MUTE};font-size:16px;font-family:Source Sans'>&nbsp; {words}</span>"


def _value(
    value: float, scale: float, line: int, style: LineStyle, left_out: bool, narrow: bool
) -> dict[str, Any]:
    """The number at the end of its bar."""
    text = f"<b>{number(value)}</b>"
    if left_out and not narrow and value < 0.6 * scale:
        text += _mute("left out as written")
    font = {"size": 17, "color": style.text}
    place = {"xref": "x", "yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": 8}
    return note(text, min(value, scale), line, font=font, **place)


def _heads(found: ScoreTerms, columns: tuple[float, ...], narrow: bool) -> list[tuple[str, float]]:
    probability = SCORES[found.score].task != "regression"
    names = ["actual y", "predicted p" if probability else "predicted", "its term"]
    if narrow:
        names = ["y", "p" if probability else "predicted"]
    return list(zip(names, columns, strict=False))


def _sum(
    figure: go.Figure, found: ScoreTerms, count: int, style: LineStyle, narrow: bool
) -> list[dict[str, Any]]:
    """Below the rows: the mean as one bar, what the score is, and what it would be as written."""
    left, right = figure.layout.xaxis.domain
    line = count + 0.45
    figure.add_shape(type="line", xref="paper", yref="y", x0=left, x1=right, y0=count - 0.35, y1=count - 0.35,
                     line={"color": AXIS, "width": 1.5})  # fmt: skip
    root, bar = SCORES[found.score].root, 0.0
    if not root:
        bar = found.value if math.isfinite(found.value) else 0.0
        lost = float(found.term[found.left_out].sum()) / len(found.term)
        lost = min(lost, bar) if bar else 0.0
        figure.add_trace(_bars([bar - lost], [line], style, False))
        if lost:
            figure.add_trace(_bars([lost], [line], style, True, base=bar - lost))
    size = 34 if narrow else 42
    serif = {"size": size, "family": SERIF, "color": style.text}
    place: dict[str, Any] = {"yref": "y", "y": line, "yanchor": "middle", "xanchor": "left"}
    agrees = math.isclose(found.value, found.library, rel_tol=1e-9, abs_tol=1e-12)
    name = "root of the mean, " if root else "" if narrow else "mean, "
    tells = f"{name}as scikit-learn’s" if agrees else f"scikit-learn, clipped: {number(found.library)}"
    texts = [
        note(
            f"<b>{number(found.value)}</b>" + ("" if narrow else _mute(tells)),
            bar,
            xref="x",
            xshift=10,
            font=serif,
            **place,
        )
    ]
    if narrow:
        texts.append(note(tells, 0.36, **place | {"y": count + 1.3}, xref="paper"))
    if found.left_out.any() and found.as_written is not None:
        written = f"<b>{signed(found.as_written)}</b>"
        texts.append(
            note(
                written + ("" if narrow else _mute("as written")),
                0,
                xref="paper",
                font=serif | {"color": INK},
                **place,
            )
        )
        if narrow:
            texts.append(note("as written", 0, **place | {"y": count + 1.3}, xref="paper"))
    rest = len(found.term) - count
    if rest:
        words = f"and {whole(rest)} more, none of them dearer"
        texts.append(note(words, 0, **place | {"y": count + 1.3}, xref="paper"))
    return texts


def signed(value: float) -> str:
    """A number as Python would sign it: a negative zero keeps its sign."""
    return "−0" if value == 0 and math.copysign(1, value) < 0 else number(value)
