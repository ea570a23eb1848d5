"""Known values of a loss on a logarithmic axis, and the value that is asked about."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import AXIS, FAMILY_STYLES, INK, MUTE, PAPER, SERIF, blank, note
from lossviz.metrics.references import ReferenceLoss

LOW, HIGH = 0.04, 170.0  # nats, unless what is drawn lies outside
N_NEAREST = 3  # references that are always drawn
STEP = 30  # px between two names


def reference_losses(references: Sequence[ReferenceLoss], value: float, narrow: bool = False) -> go.Figure:
    """Draw known values of a loss as stems on a logarithmic axis, and a given value as a disc.

    Values of 0 and below are at the left end.

    Args:
        references: From `lossviz.metrics.reference_losses`, nearest first; the three nearest and the
            prominent ones are drawn.
        value: The loss that is compared, in nats.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The axis with the names of the values, the nearest in bold.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.reference_losses(lv.metrics.reference_losses(2.303, 10), 2.303)
        >>> figure.layout.xaxis.type
        'log'
    """
    drawn = [c for i, c in enumerate(references) if i < N_NEAREST or c.prominent]
    plot_width = 330.0 if narrow else 1044.0  # px, about
    top = _top(max(drawn, key=lambda c: c.value), value, plot_width, narrow)
    per_decade = plot_width / math.log10(top / LOW)

    def place(number: float) -> float:
        return float(math.log10(min(max(number, LOW), top)))

    stems = _heights(sorted(drawn, key=lambda c: c.value), place, per_decade, narrow)
    tallest = max(stems.values())
    figure = blank(
        170 + STEP * tallest,
        margin={"l": 14, "r": 14, "t": 14, "b": 122},
        xaxis={
            "type": "log",
            "range": [math.log10(LOW), math.log10(top)],
            "tickvals": _ticks(top, narrow),
            "ticktext": [f"{t:g}" for t in _ticks(top, narrow)],
        },
        yaxis={"range": [0, tallest + 0.7], "visible": False},
    )
    x: list[float | None] = []
    y: list[float | None] = []
    for reference, height in stems.items():
        at = 10 ** place(reference.value)
        x += [at, at, None]
        y += [0, height, None]
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": AXIS, "width": 1.5}))
    nearest = references[0]
    at = 10 ** place(nearest.value)
    figure.add_trace(
        go.Scatter(x=[at, at], y=[0, stems[nearest]], mode="lines", line={"color": INK, "width": 3})
    )
    bases = [10 ** place(c.value) for c in stems]
    base = {"size": 9, "color": MUTE, "opacity": 1}
    figure.add_trace(go.Scatter(x=bases, y=[0] * len(bases), mode="markers", cliponaxis=False, marker=base))
    blue = FAMILY_STYLES["logarithm"]
    disc = {"size": 22, "color": blue.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[10 ** place(value)], y=[0], mode="markers", cliponaxis=False, marker=disc))
    figure.update_layout(
        annotations=[
            *_name_annotations(stems, nearest, place, per_decade, narrow),
            *_value_annotations(value, place(value), top, narrow),
        ]
    )
    return figure


def _top(last: ReferenceLoss, value: float, plot_width: float, narrow: bool) -> float:
    """The right end of the axis; in a wide figure it leaves space for the last name."""
    top = max(HIGH, 1.3 * last.value, 1.3 * value)
    if narrow:
        return top
    share = 1 - (_width(last, narrow) + 4) / plot_width  # of the axis, left of that name
    return float(max(top, LOW * (last.value / LOW) ** (1 / share)))


def _ticks(top: float, narrow: bool) -> list[float]:
    marks = [k * 10.0**p for p in range(-2, 9) for k in ((1,) if narrow else (1, 3))]
    return [mark for mark in marks if LOW <= mark <= top]


def _label(reference: ReferenceLoss) -> str:
    return f"{reference.name}&nbsp; {number(reference.value)}"


def _width(reference: ReferenceLoss, narrow: bool) -> float:
    return (6.8 if narrow else 7.6) * (len(reference.name) + 2 + len(number(reference.value))) + 16


def _extent(reference: ReferenceLoss, place: Any, per_decade: float, narrow: bool) -> tuple[float, float]:
    """Left and right end of its name, in px: right of its stem, unless it would leave the figure."""
    x, width = place(reference.value) * per_decade, _width(reference, narrow)
    if x + width > place(math.inf) * per_decade + 12 and x - width > place(0) * per_decade - 8:
        return x - width, x + 2
    return x - 2, x + width


def _heights(
    drawn: Sequence[ReferenceLoss], place: Any, per_decade: float, narrow: bool
) -> dict[ReferenceLoss, int]:
    """Heights of the stems: each is higher than all stems that its name covers.

    Names to the right of their stems are placed first, from the right.
    """
    extent = {c: _extent(c, place, per_decade, narrow) for c in drawn}
    goes_right = [c for c in drawn if extent[c][1] > place(c.value) * per_decade + 2]
    order = [*reversed(goes_right), *(c for c in drawn if c not in goes_right)]
    stems: dict[ReferenceLoss, int] = {}
    for reference in order:
        left, right = extent[reference]
        covered = [h for c, h in stems.items() if extent[c][0] <= right and left <= extent[c][1]]
        stems[reference] = 1 + max(covered, default=0)
    return {reference: stems[reference] for reference in drawn}


def _name_annotations(
    stems: dict[ReferenceLoss, int], nearest: ReferenceLoss, place: Any, per_decade: float, narrow: bool
) -> list[dict[str, Any]]:
    texts = []
    for reference, height in stems.items():
        is_nearest = reference is nearest
        left = _extent(reference, place, per_decade, narrow)[1] <= place(reference.value) * per_decade + 2
        texts.append(
            note(
                f"<b>{_label(reference)}</b>" if is_nearest else _label(reference),
                place(reference.value),
                height - 0.25,
                xref="x",
                yref="y",
                xanchor="right" if left else "left",
                xshift=-8 if left else 8,
                yanchor="middle",
                bgcolor=PAPER,
                borderpad=1,
                font={"size": 15 if narrow else 16, "color": INK if is_nearest else MUTE},
            )
        )
    return texts


def _value_annotations(value: float, at: float, top: float, narrow: bool) -> list[dict[str, Any]]:
    blue = FAMILY_STYLES["logarithm"].text
    share = (at - math.log10(LOW)) / math.log10(top / LOW)
    anchor = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    place: dict[str, Any] = {"x": at, "y": 0, "xref": "x", "yref": "y", "xanchor": anchor, "yanchor": "top"}
    shown = f"{value:.4g}".replace("-", "−") if 1e-3 < abs(value) < 1e6 else number(value)
    size = 36 if narrow else 42
    return [
        note(f"<b>{shown}</b>", yshift=-32, font={"size": size, "family": SERIF, "color": blue}, **place),
        note("yours, in nats" if value > LOW else "yours: left of the axis", yshift=-88, **place),
    ]
