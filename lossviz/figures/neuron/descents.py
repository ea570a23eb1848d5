"""Neurons that descend side by side, each a disc that is filled as strongly as it fires."""

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
    runs: Sequence[Descent], at: int, every: int = 1, target: float = 0.0, narrow: bool = False
) -> go.Figure:
    """The output of neurons that descend side by side; each is a disc, filled as strongly as it fires.

    What lies after step `at` is drawn faint. The frames are the pictures at every `every`-th step. A third
    run, if there is one, is the widget's curve: thin and grey.
    """
    steps = len(runs[0].output) - 1
    size = 54 if narrow else 68
    figure = blank(
        400 if narrow else 430,
        margin={"l": 62, "r": 42, "t": 8, "b": UNDER_SLIDER},
        meta={"follows": "step"},
        xaxis={"range": [0, steps]},
        yaxis={"range": [-0.19, 1.19], "tickvals": [0, 0.5, 1]},
    )
    x = np.arange(steps + 1)
    for run in runs[2:]:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=run.output,
                mode="lines",
                line={"color": with_opacity(INK, 0.55), "width": 2, "dash": "2px,3px"},
            )
        )
    extra = len(figure.data)
    for run in runs[:2]:
        figure.add_trace(loss_line(run.loss_name, x, run.output, line={"width": 2.2}, opacity=0.42))
    for run in runs[:2]:
        grown = loss_line(run.loss_name, x.tolist(), run.output.tolist(), line={"width": 5})
        figure.add_trace(grown)
    solid = [extra + 2, extra + 3]
    for run in runs[:2]:
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
    discs = list(range(extra + 4, extra + 8))
    per_step = steps / (270 if narrow else 960)  # steps in a pixel, near enough to part two discs

    def moving(step: int) -> list[dict[str, Any]]:
        outputs = [float(run.output[step]) for run in runs[:2]]
        gap = abs(outputs[0] - outputs[1]) * (240 if narrow else 260)
        shift = max(0.0, 1 - gap / size) * size * 0.32 * per_step
        parts: list[dict[str, Any]] = []
        for run, output, side in zip(runs[:2], outputs, (1, -1), strict=True):
            place = {"x": [step + side * shift], "y": [output]}
            fill = with_opacity(loss_style(run.loss_name).line, round(0.06 + 0.42 * output, 3))
            parts += [place, {**place, "text": [f"<b>{output:.2f}</b>"], "marker": {"color": fill}}]
        return parts

    def words(step: int) -> str:
        return f"after {step} steps of gradient descent" if step != 1 else "after 1 step of gradient descent"

    for trace, part in zip(discs, moving(at), strict=True):
        figure.data[trace].update(part)
    title = under_axis(words(at))
    figure.update_layout(
        annotations=[
            title,
            y_axis_title("output of the neuron"),
            note(
                f"target {target:g}", 0, target, xanchor="left", xshift=4, yshift=-14 if target < 0.5 else 14
            ),
            *_run_names(runs, narrow),
        ],
        shapes=[cursor(at)],
    )
    figure.update_layout(meta=draw_up_to(solid, at) | {"follows": "step"})
    figure.frames = [
        {
            "name": str(step),
            "data": moving(step),
            "traces": discs,
            "layout": {
                "annotations": [{"text": words(step)}],
                "shapes": [{"x0": step, "x1": step}],
                "meta": draw_up_to(solid, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def _run_names(runs: Sequence[Descent], narrow: bool) -> list[dict[str, Any]]:
    """Each name beside its own curve, where the two are farthest apart."""
    gap = np.abs(runs[0].output - runs[1].output)
    steps = len(gap) - 1
    place = int(np.clip(np.nanargmax(gap), 0.1 * steps, 0.26 * steps))
    upper = 0 if runs[0].output[place] >= runs[1].output[place] else 1
    names = []
    for i, run in enumerate(runs[:2]):
        more: dict[str, Any]
        where, y, more = place, float(run.output[place]), {"xshift": 8, "yshift": -20 if i == upper else 20}
        if narrow:  # a disc would cover what stands beside a curve: both names stand above, in a row
            where, y, more = steps * i, 1.19, {"yanchor": "top"}
        side = "right" if narrow and i else "left"
        names.append(loss_label(run.loss_name, where, y, narrow, xanchor=side, **more))
    for run in runs[2:]:
        if narrow:
            names.append(note("dotted: the book’s widget", steps, 0, xanchor="right", yshift=-14))
            continue
        spot = int(0.8 * steps)
        names.append(
            note("as the book’s widget draws it", spot, float(run.output[spot]), yshift=14, bgcolor=PAPER)
        )
    return names
