"""A table of a few predictions with a bar for what each of them costs, and the mean."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.predictions import PredictionSweep
from lossviz.common.plain_text import for_plotly
from lossviz.figures.base.frames import frame
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    INK,
    MUTE,
    UNDER_SLIDER,
    blank,
    common_name,
    key_number,
    loss_style,
    note,
    under_axis,
    with_opacity,
)

COLUMNS = (
    0.0,
    0.14,
    0.30,
)  # left ends of the table's columns, as shares of the width: row, target, prediction
NARROW_COLUMNS = (0.0, 0.31, 0.47)
BARS = 0.46  # where the bars begin
NARROW_BARS = 0.64


def prediction_sweep(
    sweep: PredictionSweep,
    at: float = 0.4,
    rows: Sequence[str] = ("Monday", "Tuesday", "Wednesday"),
    outcomes: tuple[str, str] = ("dry", "rain"),
    narrow: bool = False,
) -> go.Figure:
    """Draw a table of predictions, a bar for the loss of each, and their mean as the key number.

    Args:
        sweep: A result of `lv.basics.prediction_sweep`.
        at: The probability of the prediction that moves: the nearest of those that were computed.
        rows: What the predictions are of, one name each.
        outcomes: What the targets 0 and 1 mean.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the probability.

    Raises:
        ValueError: If there are not as many names as predictions.

    Example:
        >>> import lossviz as lv
        >>> sweep = lv.basics.prediction_sweep("sigmoid-mse", positions=[0.2, 0.4, 0.6])
        >>> [frame.name for frame in lv.figures.prediction_sweep(sweep).frames]
        ['0.2', '0.4', '0.6']
    """
    count = len(sweep.y)
    if len(rows) != count:
        raise ValueError(f"rows must name each of {count} predictions; got {len(rows)}")
    places = sweep.p[:, sweep.moved]
    style = loss_style(sweep.loss_name)
    columns, bars = (NARROW_COLUMNS, NARROW_BARS) if narrow else (COLUMNS, BARS)
    figure = blank(
        400 if narrow else 380,
        margin={"l": 14, "r": 16, "t": 86, "b": UNDER_SLIDER},
        xaxis={"domain": [bars, 1], "range": [0, 1.28 * float(sweep.values.max())], "visible": False},
        yaxis={"range": [count - 0.4, -0.95], "visible": False},
    )
    lines = np.arange(count)
    names = [for_plotly(row) for row in rows]
    shades = [style.line if i == sweep.moved else with_opacity(style.line, 0.5) for i in lines]
    figure.add_trace(
        go.Bar(
            orientation="h",
            y=lines,
            width=0.5,
            marker={"color": shades},
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 18, "color": style.text},
        )
    )

    def cell(text: str, column: float, row: int) -> dict[str, Any]:
        font = {"size": 17 if narrow else 18, "color": INK}
        place = {"xref": "paper", "yref": "y", "xanchor": "left", "yanchor": "middle"}
        return note(text, column, row, xshift=8, font=font, **place)

    unit = " nats" if style is loss_style("sigmoid-ce") else ""

    def content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        p = [percent(float(v)) for v in sweep.p[i]]
        values = sweep.values[i]
        data = [
            {
                "type": "bar",
                "x": [float(f"{v:.5g}") for v in values],
                "text": [f"<b>{number(float(v))}</b>" for v in values],
            }
        ]
        words = f"mean of the {count} losses{',' if unit else ''}{unit}: this is the loss"
        lead, caption = key_number(number(float(sweep.mean[i])), words, narrow)
        lead["yshift"], caption["yshift"] = 84, 62
        caption["xshift"] = 124
        if narrow:
            caption |= {"text": f"mean of the {count} losses{unit}:<br>this is the loss", "yshift": 84}
            caption["xshift"] = 108
        title = f"prediction for {names[sweep.moved]}: {p[sweep.moved]}"
        moved = cell(f"<b>{p[sweep.moved]}</b>", columns[2], sweep.moved)
        return data, [lead, caption, under_axis(title), moved]

    start = int(np.abs(places - at).argmin())
    figure.update_layout(meta={"frame": f"{places[start]:g}", "spoken": "{0} {1}: {2}."})
    data, texts = content(start)
    figure.data[0].update(data[0])
    at_left: dict[str, Any] = {"xref": "paper", "yref": "y", "xanchor": "left", "xshift": 8}
    heads = ("", "it was", "predicted chance" if not narrow else "chance", _head(sweep.loss_name, narrow))
    figure.update_layout(
        annotations=[
            *texts,
            *(cell(name, columns[0], row) for row, name in enumerate(names)),
            *(cell(outcomes[int(y)], columns[1], row) for row, y in enumerate(sweep.y)),
            *(
                cell(percent(float(v)), columns[2], row)
                for row, v in enumerate(sweep.p[0])
                if row != sweep.moved
            ),
            *(
                note(head, place, -0.72, font=_head_font(narrow), **at_left)
                for head, place in zip(heads, (*columns, bars), strict=True)
                if head
            ),
        ],
        shapes=[
            {
                "type": "rect", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "line": {"width": 0},
                "y0": sweep.moved - 0.45, "y1": sweep.moved + 0.45, "layer": "below",
                "fillcolor": with_opacity(MUTE, 0.1),
            }
        ],
    )  # fmt: skip
    figure.frames = [frame(f"{place:g}", [0], *content(i)) for i, place in enumerate(places)]
    return figure


def _head(loss: str, narrow: bool) -> str:
    """What the bars are."""
    name = common_name(loss)
    return name if narrow else f"{name} of this prediction"


def _head_font(narrow: bool) -> dict[str, Any]:
    return {"size": 14 if narrow else 16, "color": MUTE}
