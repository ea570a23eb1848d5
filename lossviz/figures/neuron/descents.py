"""The outputs of two neurons during gradient descent, each at a disc that is shaded by its output."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.style import (
    INK,
    PAPER,
    UNDER_SLIDER,
    blank,
    common_name,
    cursor,
    loss_label,
    loss_line,
    loss_style,
    note,
    under_axis,
    with_opacity,
    y_axis_title,
)
from lossviz.neuron.descent import Descent


def descents(
    runs: Sequence[Descent],
    at: int,
    every: int = 1,
    target: float = 0.0,
    widget: Descent | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Plot the outputs of two neurons against the steps of gradient descent.

    A disc on each curve marks the output at step ``at``, shaded by it; what comes after is drawn faint.

    Args:
        runs: Two results of `lv.descend` with as many steps.
        at: The step that is marked.
        every: A frame is made for every so many steps.
        target: The target of both neurons, in [0, 1].
        widget: A result of `lv.neuron.descend_widget` with as many steps, drawn dotted and grey.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the step.

    Raises:
        ValueError: If there are not two runs.

    Example:
        >>> import lossviz as lv
        >>> runs = [lv.descend(loss, w=2, b=2, steps=250) for loss in ("sigmoid-half-mse", "sigmoid-ce")]
        >>> figure = lv.figures.descents(runs, at=150, every=50)
        >>> [frame.name for frame in figure.frames]
        ['0', '50', '100', '150', '200', '250']
    """
    if len(runs) != 2:
        raise ValueError(f"runs must be two descents; got {len(runs)}")
    steps = len(runs[0].output) - 1
    size = 54 if narrow else 68
    figure = blank(
        400 if narrow else 430,
        margin={"l": 62, "r": 42, "t": 8, "b": UNDER_SLIDER},
        xaxis={"range": [0, steps]},
        yaxis={"range": [-0.19, 1.19], "tickvals": [0, 0.5, 1]},
    )
    x = np.arange(steps + 1)
    if widget is not None:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=widget.output,
                mode="lines",
                line={"color": with_opacity(INK, 0.55), "width": 2, "dash": "2px,3px"},
            )
        )
    first = len(figure.data)
    for run in runs:
        figure.add_trace(loss_line(run.loss_name, x, run.output, line={"width": 2.2}, opacity=0.42))
    for run in runs:
        until_now = loss_line(run.loss_name, x.tolist(), run.output.tolist(), line={"width": 5})
        figure.add_trace(until_now)
    growing = [first + 2, first + 3]
    for run in runs:
        colour = loss_style(run.loss_name).line
        common = {"mode": "markers", "cliponaxis": False}
        figure.add_trace(go.Scatter(**common, marker={"size": size, "color": PAPER, "opacity": 1}))
        figure.add_trace(
            go.Scatter(
                mode="markers+text",
                cliponaxis=False,
                textfont={"size": 17 if narrow else 20, "color": INK},
                marker={"size": size, "line": {"color": colour, "width": 4}, "opacity": 1},
            )
        )
    discs = list(range(first + 4, first + 8))
    per_step = steps / (270 if narrow else 960)  # steps in a pixel, approximately, to keep two discs apart

    def disc_data(step: int) -> list[dict[str, Any]]:
        outputs = [float(run.output[step]) for run in runs]
        gap = abs(outputs[0] - outputs[1]) * (240 if narrow else 260)
        shift = max(0.0, 1 - gap / size) * size * 0.32 * per_step
        parts: list[dict[str, Any]] = []
        for run, output, side in zip(runs, outputs, (1, -1), strict=True):
            centre = {"x": [step + side * shift], "y": [output]}
            fill = with_opacity(loss_style(run.loss_name).line, round(0.06 + 0.42 * output, 3))
            parts += [centre, {**centre, "text": [f"<b>{output:.2f}</b>"], "marker": {"color": fill}}]
        return parts

    def title_text(step: int) -> str:
        return f"after {step} steps of gradient descent" if step != 1 else "after 1 step of gradient descent"

    for trace, part in zip(discs, disc_data(at), strict=True):
        figure.data[trace].update(part)
    title = under_axis(title_text(at))
    figure.update_layout(
        annotations=[
            title,
            y_axis_title("output of the neuron"),
            note(
                f"target {target:g}", 0, target, xanchor="left", xshift=4, yshift=-14 if target < 0.5 else 14
            ),
            *_names(runs, widget, narrow),
        ],
        shapes=[cursor(at)],
    )
    names = [common_name(run.loss_name).lower() for run in runs]
    spoken = f"{{0}}: output {{of {discs[1]}}} under {names[0]}, {{of {discs[3]}}} under {names[1]}."
    figure.update_layout(meta=draw_up_to(growing, at) | {"frame": str(at), "spoken": spoken})
    figure.frames = [
        {
            "name": str(step),
            "data": disc_data(step),
            "traces": discs,
            "layout": {
                "annotations": [{"text": title_text(step)}],
                "shapes": [{"x0": step, "x1": step}],
                "meta": draw_up_to(growing, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def _names(runs: Sequence[Descent], widget: Descent | None, narrow: bool) -> list[dict[str, Any]]:
    """The names of the curves; those of the two losses stand where the curves are farthest apart."""
    gap = np.abs(runs[0].output - runs[1].output)
    steps = len(gap) - 1
    widest = int(np.clip(np.nanargmax(gap), 0.1 * steps, 0.26 * steps))
    upper = 0 if runs[0].output[widest] >= runs[1].output[widest] else 1
    names = []
    for i, run in enumerate(runs):
        shift: dict[str, Any]
        step, y, shift = widest, float(run.output[widest]), {"xshift": 8, "yshift": -20 if i == upper else 20}
        if narrow:  # a disc would cover a name beside its curve: both names stand above, in a row
            step, y, shift = steps * i, 1.19, {"yanchor": "top"}
        side = "right" if narrow and i else "left"
        names.append(loss_label(run.loss_name, step, y, narrow, xanchor=side, **shift))
    if widget is not None and narrow:
        names.append(note("dotted: the book’s widget", steps, 0, xanchor="right", yshift=-14))
    elif widget is not None:
        step = int(0.8 * steps)
        names.append(
            note("as the book’s widget draws it", step, float(widget.output[step]), yshift=14, bgcolor=PAPER)
        )
    return names
