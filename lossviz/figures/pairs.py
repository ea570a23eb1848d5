"""The table of eight pairs on ten digits: how much the loss, the code and the start matter."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.style import (
    MARKS,
    MUTE,
    PAPER,
    blank,
    faded,
    hero,
    note,
    percent,
    under_axis,
    wrapped,
)
from lossviz.pairs import EightPairs


def eight_pairs(table: EightPairs, narrow: bool = False) -> go.Figure:
    """A row a pair: every seed a small dot, the mean at the usual start a hollow disc and at the loudest a
    full one."""
    names, families = list(table.names), list(table.families)
    left = 12 if narrow else 262
    figure = blank(560 if narrow else 500, margin={"l": left, "r": 66, "t": 8, "b": 62})
    rows = np.arange(len(names))[::-1]
    figure.update_xaxes(
        range=[0, 1.02],
        tickvals=[0.1, 0.25, 0.5, 0.75, 1],
        ticktext=["10 %", "25 %", "50 %", "75 %", "100 %"],
        showgrid=False,
    )
    figure.update_yaxes(
        domain=[0, 0.76 if narrow else 0.83],
        range=[-0.6, len(names) - (0.1 if narrow else 0.4)],
        showgrid=False,
        visible=False,
    )
    mean = table.mean
    texts = []
    for row, name, family, means, each in zip(rows, names, families, mean, table.accuracy, strict=True):
        style = MARKS[family]  # type: ignore[index]
        figure.add_trace(
            go.Scatter(
                x=[means[0], means[-1]],
                y=[row, row],
                mode="lines",
                line={"color": style.line, "width": 4, "dash": style.dash},
            )
        )
        figure.add_trace(
            go.Scatter(
                x=each[-1],
                y=np.full(each.shape[1], row) - 0.27,
                mode="markers",
                marker={"size": 6, "color": faded(style.line, 0.75)},
            )
        )
        for value, full in ((means[0], False), (means[-1], True)):
            figure.add_trace(
                go.Scatter(
                    x=[value],
                    y=[row],
                    mode="markers",
                    marker={
                        "size": 15,
                        "color": style.line if full else PAPER,
                        "line": {"color": PAPER if full else style.line, "width": 3 if full else 2.5},
                        "opacity": 1,
                    },
                )
            )
        place: dict[str, Any] = (
            {"xref": "paper", "x": 0, "xanchor": "left", "yshift": 19}
            if narrow
            else {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -12}
        )
        texts.append(note(name, y=row, font={"size": 15 if narrow else 17, "color": style.text}, **place))
        texts.append(
            note(
                f"<b>{percent(float(means[-1]))}</b>",
                1,
                row,
                xref="paper",
                xanchor="left",
                xshift=12,
                font={"size": 18, "color": style.text},
            )
        )
    worst = int(np.argmin(mean[:, -1]))
    seeds, loud = table.accuracy.shape[2], f"{table.gains[-1]:g}"
    said = percent(float(mean[worst, -1]))
    lead, words = hero(
        said,
        f"right with {names[worst]}, when the last layer starts × {loud},<br>"
        f"{percent(float(mean[worst, 0]))} at a usual start. "
        f"Hollow: usual; full: × {loud}; dots: its {seeds} seeds.",
        narrow,
    )
    words["font"] = {"size": 14 if narrow else 17, "color": MUTE}
    if narrow:
        words["text"] = wrapped(words["text"])
    else:
        shift = -left + 62
        lead |= {"xshift": shift}
        words |= {"yshift": -4, "xshift": shift + 26 + 21 * len(said)}
    title = under_axis("right on digits that it has not seen, mean over seeds", 0.5, 0.0)
    guess = {
        "type": "line",
        "x0": 0.1,
        "x1": 0.1,
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "layer": "below",
        "line": {"color": faded(MUTE, 0.5), "width": 1.5, "dash": "3px,3px"},
    }
    figure.update_layout(annotations=[lead, words, title, *texts], shapes=[guess])
    return figure
