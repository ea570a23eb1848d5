"""One neuron's fit to its examples, beside the loss over its two weights."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.fits import NeuronFits
from lossviz.figures.base.frames import draw_up_to, frame
from lossviz.figures.base.levels import draw_contours
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    INK,
    PAPER,
    UNDER_SLIDER,
    WHITE,
    blank,
    key_number,
    loss_style,
    note,
    under_axis,
    unthemed,
)
from lossviz.neuron.grid import LossGrid

ROOM = 62  # px above the panels, for the key number
# Slope and offset in px of a wide figure's height by its width: the map, 32 % of the plot's width, is square.
MAP_ASPECT = [0.32, 134]


def neuron_fits(
    grid: LossGrid, fits: NeuronFits, at: int = 0, title: str = "w", narrow: bool = False
) -> go.Figure:
    """Draw the output of one neuron over its examples, and a point on the map of the loss over its weights.

    Args:
        grid: A result of `lv.neuron.loss_grid` for `lv.basics.STUDENTS` and the loss of the fits.
        fits: A result of `lv.basics.neuron_fits`: a line of weights, or those of a training.
        at: Index of the fit that is shown.
        title: "w" if the first weight moves, or "step" if the fits are those after each step of a training.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the weight w, or by the step.

    Raises:
        ValueError: If ``title`` is neither.

    Example:
        >>> import lossviz as lv
        >>> grid = lv.neuron.loss_grid(lv.basics.STUDENTS, "sigmoid-ce", points=21)
        >>> fits = lv.basics.neuron_fits("sigmoid-ce", [(w, 0.0) for w in (-1, 0, 1, 2)])
        >>> [frame.name for frame in lv.figures.neuron_fits(grid, fits).frames]
        ['-1', '0', '1', '2']
    """
    if title not in ("w", "step"):
        raise ValueError(f"title must be 'w' or 'step'; got {title!r}")
    style, training = loss_style(fits.loss_name), title == "step"
    top, bottom = ([0.64, 1.0], [0.0, 0.47]) if narrow else ([0.0, 1.0], [0.0, 1.0])
    left, right = ([0.0, 1.0], [0.0, 1.0]) if narrow else ([0.0, 0.57], [0.68, 1.0])
    figure = blank(
        560 if narrow else 486,
        margin={"l": 62, "r": 14, "t": ROOM, "b": UNDER_SLIDER + 30},
        xaxis={"domain": left, "anchor": "y", "range": [-3, 3], "nticks": 7},
        yaxis={"domain": top, "range": [-0.09, 1.09], "tickvals": [0, 0.5, 1],
               "ticktext": ["0 %", "50 %", "100 %"]},
        xaxis2={"domain": right, "anchor": "y2", "range": [-6, 6], "tickvals": [-6, -3, 0, 3, 6],
                "ticktext": ["−6", "−3", "0", "3", "6"], "showline": False},
        yaxis2={"domain": bottom, "anchor": "x2", "range": [-6, 6], "tickvals": [-6, -3, 0, 3, 6],
                "ticktext": ["−6", "−3", "0", "3", "6"], "showgrid": False},
        meta={"slider": [0.0, 1.0] if training else right} | ({} if narrow else {"aspect": MAP_ASPECT}),
    )  # fmt: skip
    on_map = {"xaxis": "x2", "yaxis": "y2"}
    draw_contours(figure, grid, on_map)
    w, b = (fits.weights[:, k].round(4).tolist() for k in (0, 1))
    colour = unthemed(style.line)
    # A path has a white rim; the line along which only w moves is a thin white one.
    for ink, width in ((WHITE, 8), (colour, 4.5)) if training else ((WHITE, 2),):
        drawn = {"color": ink, "width": width, "simplify": False}
        figure.add_trace(go.Scatter(x=w, y=b, mode="lines", line=drawn, **on_map))
    growing = [len(figure.data) - 2, len(figure.data) - 1] if training else []
    right_side = (fits.p >= 0.5) == (fits.y > 0.5)
    jitter = np.where(fits.y > 0.5, 0.05, -0.05)
    moving = list(range(len(figure.data), len(figure.data) + 3))
    figure.add_trace(go.Scatter(mode="lines", line={"color": style.line, "width": 4.5, "simplify": False}))
    figure.add_trace(
        go.Scatter(x=fits.x, y=fits.y + jitter, mode="markers", cliponaxis=False,
                   marker={"size": 12, "opacity": 1, "line": {"color": INK, "width": 2}})
    )  # fmt: skip
    point = {"size": 18, "color": colour, "line": {"color": WHITE, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=point, **on_map))
    names = [f"{value:g}" for value in (range(len(w)) if training else fits.weights[:, 0].round(6))]

    def content(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        fills = [INK if good else PAPER for good in right_side[i]]
        data: list[dict[str, Any]] = [
            {"x": fits.curve_x.round(3).tolist(), "y": [float(f"{v:.3g}") for v in fits.curve_p[i]]},
            {"marker": {"color": fills}},
            {"x": [w[i]], "y": [b[i]]},
        ]
        correct = percent(float(fits.accuracy[i]))
        lead, words = key_number(
            number(float(fits.loss[i])), f"nats of loss; {correct} of the students on the right side", narrow
        )
        lead["yshift"], words["yshift"], words["xshift"] = ROOM - 2, ROOM - 18, 118
        if narrow:
            words |= {"text": f"nats of loss;<br>{correct} on the right side", "xshift": 104}
            words["yshift"] = ROOM
        said = f"weight w = {w[i]:g}, with b = {b[i]:g}".replace("-", "−")
        if training:
            said = f"after {i} step{'' if i == 1 else 's'} of gradient descent"
        return data, [lead, words, under_axis(said, 0.5 if training else sum(right) / 2, yshift=-62)]

    data, texts = content(at)
    for trace, part in zip(moving, data, strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[*texts, *_axis_titles(narrow)],
        meta=figure.layout.meta
        | {"frame": names[at], "spoken": "{0} {1}: {2}."}
        | (draw_up_to(growing, at) if growing else {}),
    )

    def length(i: int) -> dict[str, Any]:
        return {"meta": draw_up_to(growing, i)} if growing else {}

    figure.frames = [frame(name, moving, *content(i), **length(i)) for i, name in enumerate(names)]
    return figure


def _axis_titles(narrow: bool) -> list[dict[str, Any]]:
    below: dict[str, Any] = {"yanchor": "top", "yshift": -26, "font": {"size": 16, "color": INK}}
    beside: dict[str, Any] = {"textangle": -90, "xanchor": "center", "yanchor": "middle",
                              "font": {"size": 16, "color": INK}}  # fmt: skip
    x, y = {"xref": "x domain", "yref": "y domain"}, {"xref": "x2 domain", "yref": "y2 domain"}
    hours = "hours of study, above the mean" if narrow else "hours of study, above or below the mean"
    return [
        note(hours, 0.5, 0, **x, **below),
        note("chance to pass", 0, 0.5, **x, **beside, xshift=-50),
        note("weight w", 0.5, 0, **y, **below),
        note("weight b", 0, 0.5, **y, **beside, xshift=-40),
        note("passed", 0, 1, **x, xanchor="left", yanchor="top", xshift=6, yshift=-22),
        note("failed", 1, 0, **x, xanchor="right", yanchor="bottom", xshift=-6, yshift=20),
    ]
