"""Known values of an accuracy on an axis from 0 to 100 %, and the accuracy that is asked about."""

from collections.abc import Sequence

import plotly.graph_objects as go

from lossviz.figures.base.number_format import percent
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
from lossviz.metrics.accuracies import ReferenceAccuracy

N_NEAREST = 3  # references that are always drawn


def reference_accuracies(
    references: Sequence[ReferenceAccuracy], accuracy: float, narrow: bool = False
) -> go.Figure:
    """Draw known accuracies as stems on an axis, and a given accuracy as a disc.

    Args:
        references: From `lossviz.metrics.reference_accuracies`, nearest first; the three nearest and the
            prominent ones are drawn.
        accuracy: The accuracy that is compared, a share from 0 to 1.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The axis with the names of the values, the nearest in bold.

    Example:
        >>> import lossviz as lv
        >>> references = lv.metrics.reference_accuracies(0.5, classes=2)
        >>> lv.figures.reference_accuracies(references, 0.5).layout.annotations[1].text
        '<b>guessing, 1 / K&nbsp; 50 %</b>'
    """
    drawn = [c for i, c in enumerate(references) if i < N_NEAREST or c.prominent]

    def place(share: float) -> float:
        return min(max(share, 0.0), 1.0)

    ruler = Ruler(place, place, 330.0 if narrow else 1044.0, tenths, narrow)
    stems = ruler.heights(drawn)
    tallest = max(stems.values())
    ticks = [0, 0.5, 1] if narrow else [k / 10 for k in range(11)]
    figure = blank(
        HEIGHT + STEP * tallest,
        margin=MARGIN | {"l": 24, "r": 30},
        xaxis={"range": [0, 1], "tickvals": ticks, "ticktext": [f"{100 * t:.0f} %" for t in ticks]},
        yaxis={"range": [0, tallest + 0.7], "visible": False},
    )
    draw_stems(figure, ruler, stems, references[0], accuracy)
    figure.update_layout(
        annotations=[
            *name_annotations(ruler, stems, references[0]),
            *value_annotations(ruler, accuracy, accuracy, tenths(accuracy), "yours, of all examples"),
        ]
    )
    return figure


def tenths(share: float) -> str:
    """A share in percent, with one decimal unless that is 0."""
    return f"{round(100 * share, 1):g} %" if -1 <= share <= 1 else percent(share)
