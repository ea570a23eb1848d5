"""What heads and codes are worth on real digits: a row for each head, by one measure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.digits import HeadScores
from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    MUTE,
    PAPER,
    blank,
    common_name,
    loss_style,
    note,
    under_axis,
    with_opacity,
)


def _points(value: float) -> str:
    if not abs(value) < 100:
        return f"{number(100 * value)} points"
    return f"{round(100 * value, 1) + 0.0:.1f} points".replace("-", "−")  # never −0.0


# measure: (of a table, how a value is written, what the axis is called)
SCORES: Mapping[str, tuple[Callable[[HeadScores], Floats], Callable[[float], str], str]] = MappingProxyType(
    {
        "Accuracy": (lambda table: table.accuracy, lambda v: f"{100 * v:.1f} %", "right on test digits"),
        "Log loss": (lambda table: table.log_loss, number, "log loss on test digits, nats"),
        "Calibration": (
            lambda table: table.calibration,
            lambda v: f"{100 * v:.1f} %",
            "expected calibration error on test digits",
        ),
        "Overfitting": (
            lambda table: table.train_accuracy - table.accuracy,
            _points,
            "right on training digits minus right on test digits",
        ),
    }
)


def head_scores(table: HeadScores, measure: str = "Accuracy", narrow: bool = False) -> go.Figure:
    """A row for each head: a disc for the usual start and a ring for the loud one, a dot for each seed.

    KeyError for an unknown measure.
    """
    if measure not in SCORES:
        raise KeyError(f"unknown measure {measure!r}; known: {', '.join(SCORES)}")
    of, write, words = SCORES[measure]
    values = of(table)
    rows, pitch = len(table.entries), 78 if narrow else 52
    figure = blank(rows * pitch + 84, margin={"l": 14, "r": 14, "t": 26, "b": 58})
    left = 0.0 if narrow else 0.27
    axis = _axis(values, measure)
    figure.update_layout(
        xaxis={"domain": [left, 0.99], "anchor": "y", **axis},
        yaxis={
            "range": [rows - (0.36 if narrow else 0.5), -0.5],  # narrow, the last ring stands lower
            "tickvals": list(range(rows)),
            "showticklabels": False,
            "anchor": "x",
        },
    )
    texts: list[dict[str, Any]] = []
    log = axis.get("type") == "log"
    for row, entry in enumerate(table.entries):
        own = loss_style(entry.head)
        at = row + (0.26 if narrow else 0)
        for gain in reversed(range(len(table.gains))):
            seeds = values[row, gain]
            mean = float(np.mean(seeds))
            loud = gain > 0
            place = at + (0.19 if loud else -0.19 if len(table.gains) > 1 else 0)
            dot = {"size": 6, "color": with_opacity(own.line, 0.45), "line": {"width": 0}}
            figure.add_trace(
                go.Scatter(x=seeds, y=[place] * len(seeds), mode="markers", marker=dot, hoverinfo="skip")
            )
            disc = {
                "size": 13,
                "color": PAPER if loud else own.line,
                "line": {"color": own.line, "width": 3},
                "opacity": 1,
            }
            figure.add_trace(go.Scatter(x=[mean], y=[place], mode="markers", marker=disc, hoverinfo="skip"))
            if not narrow or not loud:
                spots = np.log10([mean, *seeds]) if log else np.array([mean, *seeds])
                shift = _beside(spots, axis, narrow, len(write(mean)))
                texts.append(
                    note(
                        f"<b>{write(mean)}</b>",
                        float(spots[0]),
                        place,
                        xref="x",
                        yref="y",
                        xanchor="right" if shift < 0 else "left",
                        xshift=shift,
                        font={"size": 15, "color": own.text},
                    )
                )
        name = {"xref": "paper", "yref": "y", "xanchor": "left", "yanchor": "middle"}
        sub = f"{common_name(entry.head).lower()}, {table.weights[row]} weights"
        if narrow:
            words_row = f"<b>{entry.label}</b> {sub}"
            texts.append(note(words_row, 0, row - 0.22, font={"size": 15, "color": own.text}, **name))
        else:
            texts.append(
                note(f"<b>{entry.label}</b>", 0, row - 0.16, font={"size": 17, "color": own.text}, **name)
            )
            texts.append(note(sub, 0, row + 0.24, font={"size": 15, "color": MUTE}, **name))
    gains = " &nbsp; ".join(
        f"{'○' if k else '●'} last layer × {gain:g}" for k, gain in enumerate(table.gains)
    )
    texts.append(
        note(gains, 0.99, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", yshift=2,
             font={"size": 15, "color": MUTE})
    )  # fmt: skip
    axis_words = (
        words if not narrow else words.replace("right on training digits minus right on test", "train − test")
    )
    texts.append(
        under_axis(f"{axis_words}, {len(table.seeds)} seeds", 0.5, 0, xref="x domain", xanchor="center")
    )
    figure.update_layout(annotations=texts)
    return figure


def _beside(spots: Floats, axis: dict[str, Any], narrow: bool, letters: int) -> float:
    """How far from its disc a value stands, in px: near, within the axis, and not on a dot.

    ``spots`` are the disc and the dots, on the axis. Negative is left of the disc: sooner at the right end.
    """
    low, high = axis["range"]
    scale = (325 if narrow else 770) / (high - low)  # px, about
    width = 8.5 * letters
    at_end = spots[0] > low + 0.8 * (high - low)
    free: list[float] = []
    for side in (-1, 1) if at_end else (1, -1):
        room = scale * ((high - spots[0]) if side > 0 else (spots[0] - low))
        dots = side * scale * (spots[1:] - spots[0])
        for start in (12.0, *(dots[dots > 1] + 11)):
            end = start + width
            if start >= 12 and end < room and not ((dots > start - 8) & (dots < end + 5)).any():
                free.append(float(side * start))
    return min(free, key=abs, default=-12.0 if at_end else 12.0)


def _axis(values: Floats, measure: str) -> dict[str, Any]:
    if measure == "Log loss":
        low, high = float(np.log10(values.min())), float(np.log10(values.max()))
        ticks = [
            v
            for v in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
            if low - 0.1 <= np.log10(v) <= high + 0.1
        ]
        return {
            "type": "log",
            "range": [low - 0.1, high + 0.15],
            "tickvals": ticks,
            "ticktext": [f"{v:g}" for v in ticks],
        }
    low, high = float(min(values.min(), 0.0 if measure != "Accuracy" else 1.0)), float(values.max())
    if measure == "Accuracy":
        low, high = float(np.floor(10 * low) / 10), 1.0
    room = 0.03 * (high - low)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if s >= (high - low) / 6)
    places = (np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step).tolist()
    return {
        "range": [low - room, high + room],
        "tickvals": places,
        "ticktext": [
            percent(float(t)) if t >= 0.005 else f"{100 * t:.0f} %".replace("-", "−") for t in places
        ],
    }
