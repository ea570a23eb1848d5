"""How long a wrong neuron takes to become undecided, against how wrong it starts."""

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


def escape_times(
    z0: Sequence[float], times: Mapping[str, Sequence[EscapeTime]], at: float, narrow: bool = False
) -> go.Figure:
    """Plot the steps until a neuron is undecided against its logit at the start, on a logarithmic axis.

    Lines are the gradient flow's closed form, dots are steps of gradient descent.

    Args:
        z0: Logits at the start, (n,), ascending.
        times: For each of two losses, by name, the results of `lv.neuron.escape_times` for ``z0``; first the
            loss that is slow.
        at: The start that is marked: the nearest of ``z0``.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the logit at the start.

    Raises:
        ValueError: If there are not two losses.

    Example:
        >>> import lossviz as lv
        >>> z0 = [2.0, 4.0, 6.0]
        >>> losses = ["sigmoid-half-mse", "sigmoid-ce"]
        >>> times = {loss: lv.neuron.escape_times(loss, z0) for loss in losses}
        >>> figure = lv.figures.escape_times(z0, times, at=4.0)
        >>> [frame.name for frame in figure.frames]
        ['2', '4', '6']
    """
    if len(times) != 2:
        raise ValueError(f"times must be those of two losses; got {len(times)}")
    slow, fast = times
    start = int(np.abs(np.asarray(z0) - at).argmin())
    counted = [t.steps for row in times.values() for t in row if t.steps]
    figure = blank(
        460 if narrow else 470,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 8, "b": UNDER_SLIDER},
        meta={"frame": f"{z0[start]:g}", "spoken": "{0} {1}: {4}."},
        xaxis={"range": [min(z0), max(z0)], "dtick": 2, "tick0": 0},
        yaxis={
            "type": "log",
            "range": [0, np.log10(max(counted)) + 0.6],
            "dtick": 1,
            "exponentformat": "none",
        },
    )
    figure.update_yaxes(
        tickvals=[10.0**k for k in range(0, 9)],
        ticktext=["1", "10", "100", "1\u2009000", "10⁴", "10⁵", "10⁶", "10⁷", "10⁸"],
    )
    for loss, row in times.items():
        closed_forms = [t.closed_form for t in row]
        if None not in closed_forms:
            figure.add_trace(loss_line(loss, list(z0), closed_forms, line={"width": 3}))
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
    marked = [len(figure.data), len(figure.data) + 1]
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

    def frame_content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
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
            words = "never" if count is None else whole(count)
            texts.append(
                note(
                    f"<b>{words}</b> steps",
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

    data, texts = frame_content(start)
    for trace, part in zip(marked, data, strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[
            *texts,
            y_axis_title("steps to escape"),
            loss_label(
                slow,
                z0[len(z0) // 2],
                _log_steps(times[slow], len(z0) // 2),
                narrow,
                xanchor="right",
                xshift=-16,
                yshift=12,
            ),
            loss_label(fast, z0[-1], _log_steps(times[fast], -1), narrow, xanchor="right", yshift=26),
        ],
        shapes=[cursor(z0[start])],
    )
    frames = []
    for i in range(len(z0)):
        data, texts = frame_content(i)
        changing = ("text", "x", "y", "xanchor", "xshift", "yshift")
        frames.append(
            {
                "name": f"{z0[i]:g}",
                "data": data,
                "traces": marked,
                "layout": {
                    "annotations": [{k: t[k] for k in changing if k in t} for t in texts],
                    "shapes": [{"x0": z0[i], "x1": z0[i]}],
                },
            }
        )
    figure.frames = frames
    return figure


def _log_steps(times: Sequence[EscapeTime], i: int) -> float:
    """The height of a dot on the logarithmic axis; 0 where nothing was counted."""
    return float(np.log10(times[i].steps or 1))
