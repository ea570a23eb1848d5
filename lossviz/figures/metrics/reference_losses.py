"""Known values of a loss on a logarithmic axis, and the value that is asked about."""

import math
from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import blank
from lossviz.figures.metrics.stems import (
    HEIGHT,
    MARGIN,
    STEP,
    Ruler,
    draw_stems,
    name_annotations,
    value_annotations,
)
from lossviz.metrics.references import ReferenceLoss

LOW, HIGH = 0.04, 170.0  # nats, unless what is drawn lies outside
N_NEAREST = 3  # references that are always drawn


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
    rough = Ruler(float, float, 1.0, number, narrow)
    top = _top(max(drawn, key=lambda c: c.value), value, plot_width, rough)

    def place(number: float) -> float:
        return float(math.log10(min(max(number, LOW), top)))

    ruler = replace(
        rough,
        place=place,
        shown=lambda number: float(10 ** place(number)),
        scale=plot_width / math.log10(top / LOW),
    )
    stems = ruler.heights(drawn)
    tallest = max(stems.values())
    figure = blank(
        HEIGHT + STEP * tallest,
        margin=MARGIN,
        xaxis={
            "type": "log",
            "range": [math.log10(LOW), math.log10(top)],
            "tickvals": _ticks(top, narrow),
            "ticktext": [f"{t:g}" for t in _ticks(top, narrow)],
        },
        yaxis={"range": [0, tallest + 0.7], "visible": False},
    )
    draw_stems(figure, ruler, stems, references[0], value)
    share = (place(value) - math.log10(LOW)) / math.log10(top / LOW)
    shown = f"{value:.4g}".replace("-", "−") if 1e-3 < abs(value) < 1e6 else number(value)
    words = "yours, in nats" if value > LOW else "yours: left of the axis"
    figure.update_layout(
        annotations=[
            *name_annotations(ruler, stems, references[0]),
            *value_annotations(ruler, value, share, shown, words),
        ]
    )
    return figure


def _top(last: ReferenceLoss, value: float, plot_width: float, ruler: Ruler) -> float:
    """The right end of the axis; in a wide figure it leaves space for the last name."""
    top = max(HIGH, 1.3 * last.value, 1.3 * value)
    if ruler.narrow:
        return top
    share = 1 - (ruler.width(last) + 4) / plot_width  # of the axis, left of that name
    return float(max(top, LOW * (last.value / LOW) ** (1 / share)))


def _ticks(top: float, narrow: bool) -> list[float]:
    marks = [k * 10.0**p for p in range(-2, 9) for k in ((1,) if narrow else (1, 3))]
    return [mark for mark in marks if LOW <= mark <= top]
