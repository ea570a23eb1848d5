"""A ruler of known numbers: yours on it, and what it probably is."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import AXIS, FAMILY_STYLES, INK, MUTE, PAPER, SERIF, blank, note
from lossviz.metrics.landmarks import Landmark

LOW, HIGH = 0.04, 170.0  # nats, unless what is drawn lies outside
LANDMARKS = ("guessing, ln K", "guessing, in bits", "softmax twice, floor", "smoothing 0.1, floor",
             "ε = 10⁻⁷: sure, wrong",
             "ε = 10⁻¹⁵: sure, wrong", "torch BCELoss cap", "class frequencies")  # fmt: skip
NEAREST = 3  # candidates that are always drawn
STEP = 30  # px between two names


def ruler(found: Sequence[Landmark], value: float, narrow: bool = False) -> go.Figure:
    """Candidates, nearest first, as stems on a logarithmic axis; the nearest in bold, yours a blue disc.

    What is 0 or below stands at the left end.
    """
    drawn = [c for i, c in enumerate(found) if i < NEAREST or c.name in LANDMARKS]
    inner = 330.0 if narrow else 1044.0  # px, near enough to place names
    top = _top(max(drawn, key=lambda c: c.value), value, inner, narrow)
    per_decade = inner / math.log10(top / LOW)

    def place(number: float) -> float:
        return math.log10(min(max(number, LOW), top))

    stems = _heights(sorted(drawn, key=lambda c: c.value), place, per_decade, narrow)
    tall = max(stems.values())
    figure = blank(
        170 + STEP * tall,
        margin={"l": 14, "r": 14, "t": 14, "b": 122},
        xaxis={
            "type": "log",
            "range": [math.log10(LOW), math.log10(top)],
            "tickvals": _ticks(top, narrow),
            "ticktext": [f"{t:g}" for t in _ticks(top, narrow)],
        },
        yaxis={"range": [0, tall + 0.7], "visible": False},
    )
    x: list[float | None] = []
    y: list[float | None] = []
    for candidate, height in stems.items():
        at = 10 ** place(candidate.value)
        x += [at, at, None]
        y += [0, height, None]
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": AXIS, "width": 1.5}))
    near = found[0]
    at = 10 ** place(near.value)
    figure.add_trace(
        go.Scatter(x=[at, at], y=[0, stems[near]], mode="lines", line={"color": INK, "width": 3})
    )
    feet = [10 ** place(c.value) for c in stems]
    foot = {"size": 9, "color": MUTE, "opacity": 1}
    figure.add_trace(go.Scatter(x=feet, y=[0] * len(feet), mode="markers", cliponaxis=False, marker=foot))
    blue = FAMILY_STYLES["logarithm"]
    disc = {"size": 22, "color": blue.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[10 ** place(value)], y=[0], mode="markers", cliponaxis=False, marker=disc))
    figure.update_layout(
        annotations=[
            *_names(stems, near, place, per_decade, narrow),
            *_yours(value, place(value), top, narrow),
        ]
    )
    return figure


def _top(last: Landmark, value: float, inner: float, narrow: bool) -> float:
    """The right end of the axis: wide, so far that the last name fits."""
    top = max(HIGH, 1.3 * last.value, 1.3 * value)
    if narrow:
        return top
    share = 1 - (_width(last, narrow) + 4) / inner  # of the axis, left of that name
    return float(max(top, LOW * (last.value / LOW) ** (1 / share)))


def _ticks(top: float, narrow: bool) -> list[float]:
    marks = [k * 10.0**p for p in range(-2, 9) for k in ((1,) if narrow else (1, 3))]
    return [mark for mark in marks if LOW <= mark <= top]


def _label(candidate: Landmark) -> str:
    return f"{candidate.name}&nbsp; {number(candidate.value)}"


def _width(candidate: Landmark, narrow: bool) -> float:
    return (6.8 if narrow else 7.6) * (len(candidate.name) + 2 + len(number(candidate.value))) + 16


def _extent(candidate: Landmark, place: Any, per_decade: float, narrow: bool) -> tuple[float, float]:
    """From where to where its name goes, in px: right of its stem, unless it would leave the picture."""
    x, width = place(candidate.value) * per_decade, _width(candidate, narrow)
    if x + width > place(math.inf) * per_decade + 12 and x - width > place(0) * per_decade - 8:
        return x - width, x + 2
    return x - 2, x + width


def _heights(drawn: Sequence[Landmark], place: Any, per_decade: float, narrow: bool) -> dict[Landmark, int]:
    """Each stem is higher than all that its name covers: first those that go right, from the right."""
    extent = {c: _extent(c, place, per_decade, narrow) for c in drawn}
    goes_right = [c for c in drawn if extent[c][1] > place(c.value) * per_decade + 2]
    order = [*reversed(goes_right), *(c for c in drawn if c not in goes_right)]
    stems: dict[Landmark, int] = {}
    for candidate in order:
        left, right = extent[candidate]
        covered = [h for c, h in stems.items() if extent[c][0] <= right and left <= extent[c][1]]
        stems[candidate] = 1 + max(covered, default=0)
    return {candidate: stems[candidate] for candidate in drawn}


def _names(
    stems: dict[Landmark, int], near: Landmark, place: Any, per_decade: float, narrow: bool
) -> list[dict[str, Any]]:
    texts = []
    for candidate, height in stems.items():
        own = candidate is near
        left = _extent(candidate, place, per_decade, narrow)[1] <= place(candidate.value) * per_decade + 2
        texts.append(
            note(
                f"<b>{_label(candidate)}</b>" if own else _label(candidate),
                place(candidate.value),
                height - 0.25,
                xref="x",
                yref="y",
                xanchor="right" if left else "left",
                xshift=-8 if left else 8,
                yanchor="middle",
                bgcolor=PAPER,
                borderpad=1,
                font={"size": 15 if narrow else 16, "color": INK if own else MUTE},
            )
        )
    return texts


def _yours(value: float, at: float, top: float, narrow: bool) -> list[dict[str, Any]]:
    blue = FAMILY_STYLES["logarithm"].text
    share = (at - math.log10(LOW)) / math.log10(top / LOW)
    anchor = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    place: dict[str, Any] = {"x": at, "y": 0, "xref": "x", "yref": "y", "xanchor": anchor, "yanchor": "top"}
    shown = f"{value:.4g}".replace("-", "−") if 1e-3 < abs(value) < 1e6 else number(value)
    size = 36 if narrow else 42
    return [
        note(f"<b>{shown}</b>", yshift=-32, font={"size": size, "family": SERIF, "color": blue}, **place),
        note("yours, in nats" if value > LOW else "yours: off the ruler, on its left", yshift=-88, **place),
    ]
