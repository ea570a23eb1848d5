"""One length on two rulers: what a guess costs, in bits and in nats."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.logarithms import GuessLosses
from lossviz.figures.base.frames import frame
from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    AXIS,
    FAMILY_STYLES,
    INK,
    MUTE,
    UNDER_SLIDER,
    blank,
    key_number,
    note,
    under_axis,
    with_opacity,
)

BAR = 0.5  # half its height, on an axis from -2 to 2
TICK = 0.22


def guess_losses(guess: GuessLosses, at: int = 8, narrow: bool = False) -> go.Figure:
    """Draw the loss of a guess as one bar, between a ruler of bits and a ruler of nats.

    Args:
        guess: A result of `lv.basics.guess_losses`.
        at: The number of answers: the nearest of those that were computed.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the number of answers.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.guess_losses(lv.basics.guess_losses([2, 4, 8]), at=4)
        >>> [frame.name for frame in figure.frames]
        ['2', '4', '8']
    """
    blue = FAMILY_STYLES["logarithm"]
    end = 1.12 * float(guess.bits.max())
    per_nat = 1 / float(np.log(2))  # bits in a nat: the axis is in bits
    figure = blank(
        400 if narrow else 380,
        margin={"l": 16, "r": 20, "t": 96, "b": UNDER_SLIDER},
        xaxis={"range": [0, end], "visible": False},
        yaxis={"range": [-2, 2], "visible": False},
        meta={"slider": [0.0, 1.0]},
    )
    for side, unit in ((1, 1.0), (-1, per_nat)):
        edge = side * (BAR + 0.12)
        x: list[float | None] = [0, end, None]
        y: list[float | None] = [edge, edge, None]
        for k in range(int(4 * end / unit) + 1):
            length = TICK * (2 if k % 4 == 0 else 1)
            x += [k * unit / 4, k * unit / 4, None]
            y += [edge, edge + side * length, None]
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": AXIS, "width": 1.5}))
    figure.add_trace(
        go.Bar(orientation="h", y=[0], base=[0], width=2 * BAR, marker={"color": blue.line}, cliponaxis=False)
    )
    bar = len(figure.data) - 1

    def content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        classes, bits, nats = whole(guess.classes[i]), number(guess.bits[i]), number(guess.nats[i])
        lead, words = key_number(bits, "", narrow)
        lead["text"] = f"<b>{bits}</b> bits = <b>{nats}</b> nats"
        lead["font"] = lead["font"] | {"size": 27 if narrow else 40}
        words["text"] = (
            f"for the truth among {classes} equally likely answers: a chance of {_share(guess, i)}"
        )
        if narrow:
            words["text"] = f"for the truth among {classes}<br>equally likely answers"
        lead["yshift"], words["yshift"] = (92, 56) if narrow else (92, 42)
        title = f"equally likely answers: {classes}"
        return [{"type": "bar", "x": [round(float(guess.bits[i]), 6)]}], [lead, words, under_axis(title)]

    start = int(np.abs(guess.classes - at).argmin())
    figure.layout.meta |= {"frame": f"{guess.classes[start]:g}", "spoken": "{0} {1}: {2}."}
    data, texts = content(start)
    figure.data[bar].update(data[0])
    figure.update_layout(
        annotations=[*texts, *_numbers(end, per_nat)],
        shapes=[
            {"type": "rect", "x0": 0, "x1": end, "y0": -BAR, "y1": BAR, "layer": "below",
             "line": {"width": 0}, "fillcolor": with_opacity(MUTE, 0.1)}
        ],
    )  # fmt: skip
    figure.frames = [frame(f"{classes:g}", [bar], *content(i)) for i, classes in enumerate(guess.classes)]
    return figure


def _share(guess: GuessLosses, i: int) -> str:
    """The probability of one answer, as a fraction."""
    return f"1 / {whole(guess.classes[i])}"


def _numbers(end: float, per_nat: float) -> list[dict[str, Any]]:
    """The numbers on both rulers, and their units at the left end."""
    numbers = []
    for side, unit, name in ((1, 1.0, "bits"), (-1, per_nat, "nats")):
        height = side * (BAR + 0.12 + 2 * TICK + 0.28)
        numbers += [
            note(f"{k}" if k else name, k * unit, height, xref="x", yref="y", yanchor="middle",
                 xanchor="center" if k else "left", font={"size": 16, "color": MUTE if k else INK})
            for k in range(int(end / unit) + 1)
        ]  # fmt: skip
    return numbers
