"""How long a wrong neuron takes to become undecided."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, whole
from lossviz.figures.base.style import (
    PAPER,
    UNDER_SLIDER,
    blank,
    cursor,
    key_number,
    loss_label,
    loss_line,
    loss_style,
    note,
    under_axis,
    y_axis_title,
)
from lossviz.neuron.escape import EscapeTime


def escape(
    z0: Sequence[float], times: Mapping[str, Sequence[EscapeTime]], at: float, lr: float, narrow: bool = False
) -> go.Figure:
    """Steps to escape against the start, on a log axis: the line is the gradient flow, the dots are runs.

    ``times`` has, by loss, one `EscapeTime` for each of z0: first the loss that dies. The frames are
    named by z0.
    """
    slow, fast = times
    known = [t.steps for row in times.values() for t in row if t.steps]
    figure = blank(
        460 if narrow else 470,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 8, "b": UNDER_SLIDER},
        meta={"follows": "z0"},
        xaxis={"range": [min(z0), max(z0)], "dtick": 2, "tick0": 0},
        yaxis={"type": "log", "range": [0, np.log10(max(known)) + 0.6], "dtick": 1, "exponentformat": "none"},
    )
    figure.update_yaxes(
        tickvals=[10.0**k for k in range(0, 9)],
        ticktext=["1", "10", "100", "1\u2009000", "10⁴", "10⁵", "10⁶", "10⁷", "10⁸"],
    )
    for loss, row in times.items():
        closed = [t.closed_form for t in row]
        if None not in closed:
            figure.add_trace(loss_line(loss, list(z0), closed, line={"width": 3}))
        steps = [t.steps for t in row]
        figure.add_trace(
            go.Scatter(
                x=list(z0),
                y=steps,
                mode="markers",
                cliponaxis=False,
                marker={"size": 8, "color": PAPER, "line": {"color": loss_style(loss).line, "width": 2}},
            )
        )
    lit = [len(figure.data), len(figure.data) + 1]
    for loss in times:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                cliponaxis=False,
                marker={
                    "size": 17,
                    "color": loss_style(loss).line,
                    "line": {"color": PAPER, "width": 3},
                    "opacity": 1,
                },
            )
        )

    def moving(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        steps = {loss: row[i].steps for loss, row in times.items()}
        ratio = (steps[slow] or 0) / (steps[fast] or 1)
        lead, text = key_number(f"{number(ratio)}×", "as long under squared error", narrow, x=0.02)
        if narrow:
            lead["yshift"], lead["x"] = 66, 0
            text |= {"yshift": 68, "xshift": 158, "x": 0, "text": "as long under<br>squared error"}
        flip = z0[i] > 0.7 * max(z0)
        texts = [lead, text]
        for loss in times:
            count = steps[loss]
            told = "never" if count is None else whole(count)
            texts.append(
                note(
                    f"<b>{told}</b> steps",
                    z0[i],
                    float(np.log10(count)) if count else 0.0,
                    xanchor="right" if flip else "left",
                    xshift=-14 if flip else 14,
                    yshift=20 if flip else -18,
                    font={"size": 20, "color": loss_style(loss).text},
                    bgcolor=PAPER,
                )
            )
        texts.append(under_axis(f"start z₀ = {z0[i]:g}, output {number(1 / (1 + np.exp(-z0[i])))}"))
        return [{"x": [z0[i]], "y": [steps[loss]]} for loss in times], texts

    here = int(np.abs(np.asarray(z0) - at).argmin())
    data, texts = moving(here)
    for trace, part in zip(lit, data, strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[
            *texts,
            y_axis_title("steps to escape"),
            loss_label(
                slow,
                z0[len(z0) // 2],
                _log(times[slow], len(z0) // 2),
                narrow,
                xanchor="right",
                xshift=-16,
                yshift=12,
            ),
            loss_label(fast, z0[-1], _log(times[fast], -1), narrow, xanchor="right", yshift=26),
        ],
        shapes=[cursor(z0[here])],
    )
    frames = []
    for i in range(len(z0)):
        data, texts = moving(i)
        keep = ("text", "x", "y", "xanchor", "xshift", "yshift")
        frames.append(
            {
                "name": f"{z0[i]:g}",
                "data": data,
                "traces": lit,
                "layout": {
                    "annotations": [{k: t[k] for k in keep if k in t} for t in texts],
                    "shapes": [{"x0": z0[i], "x1": z0[i]}],
                },
            }
        )
    figure.frames = frames
    return figure


def _log(times: Sequence[EscapeTime], i: int) -> float:
    return float(np.log10(times[i].steps or 1))
