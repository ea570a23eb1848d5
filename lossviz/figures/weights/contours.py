"""Contour plots of the loss over two weights, with the trajectories of optimizers."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.levels import (
    PATH_DASH,
    draw_contours,
    last_finite_step,
    path_colour,
    weight_name,
)
from lossviz.figures.base.style import (
    GRID,
    INK,
    PAPER,
    WHITE,
    blank,
    common_name,
    loss_style,
    note,
)
from lossviz.figures.weights.labels import Overlay, add_overlay, headings, level_labels, path_labels
from lossviz.neuron.grid import LossGrid
from lossviz.neuron.trajectory import Trajectory


def loss_contours(
    grids: Sequence[LossGrid],
    trajectories: Sequence[Trajectory] = (),
    step: int | None = None,
    overlay: Overlay | None = "plateau",
    threshold: float = 0.01,
    every: int = 2,
    narrow: bool = False,
) -> go.Figure:
    """Draw contour plots of the loss over two weights side by side, each with the trajectories of its loss.

    Colour and lines are the loss divided by that of always predicting 1/2, on a logarithmic scale.

    Args:
        grids: Results of `lv.neuron.loss_grid`, of one model under different losses.
        trajectories: Results of `lv.neuron.trajectories`; each is drawn on the grid of its loss.
        step: The step up to which trajectories are drawn; by default all steps.
        overlay: "plateau" marks by dots where the gradient's norm is below ``threshold``,
            "negative-curvature" by strokes where the Hessian has a negative eigenvalue; None marks nothing.
        threshold: Gradient norm below which a point belongs to a plateau.
        every: A frame is made for every so many steps.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the step; without trajectories it has none.

    Raises:
        ValueError: If ``overlay`` is none of the three.

    Example:
        >>> import lossviz as lv
        >>> grid = lv.neuron.loss_grid("one-example", "sigmoid-ce", points=21)
        >>> runs = lv.neuron.trajectories("one-example", ["sigmoid-ce"], start=(5.0, 5.0), steps=20)
        >>> figure = lv.figures.loss_contours([grid], runs, every=10)
        >>> [frame.name for frame in figure.frames]
        ['0', '10', '20']
    """
    count = len(grids)
    last = max((len(path.loss) - 1 for path in trajectories), default=0)
    step = last if step is None else step
    gap = 0.0 if count == 1 else 0.11
    width = (1 - gap * (count - 1)) / count
    figure = blank(
        470,
        margin={"l": 62, "r": 14, "t": 40, "b": 62},
        # plot width = (chart width - 76) * width of a panel; height follows, so that a panel stays square
        meta={"aspect": [width, 102 - 76 * width], "frame": str(step)},
    )
    texts: list[dict[str, Any]] = []
    growing: list[int] = []
    ends: list[tuple[int, Trajectory]] = []
    end_notes: list[dict[str, Any]] = []
    panels: list[tuple[list[Trajectory], float]] = []
    for i, grid in enumerate(grids):
        tag = "" if i == 0 else str(i + 1)
        left = i * (width + gap)
        span = float(grid.a[-1])
        names = grid.weight_names
        axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": [left, left + width],
                    "range": [-span, span],
                    "anchor": f"y{tag}",
                    "constrain": "domain",
                    "nticks": 5,
                    "showline": False,
                    "title": {"text": f"weight {weight_name(names[0])}", "standoff": 8},
                },
                f"yaxis{tag}": {
                    "range": [-span, span],
                    "anchor": f"x{tag}",
                    "scaleanchor": f"x{tag}",
                    "showgrid": False,
                    "constrain": "domain",
                    "constraintoward": "top",
                    "nticks": 5,
                    "ticks": "outside",
                    "ticklen": 5,
                    "tickcolor": GRID,
                },
            }
        )
        draw_contours(figure, grid, axes)
        share = add_overlay(figure, grid, overlay, threshold, axes)
        texts += headings(grid, share, f"x{tag}", f"y{tag}", narrow)
        texts += level_labels(grid, f"x{tag}", f"y{tag}")
        texts.append(
            note(
                f"weight {weight_name(names[1])}",
                0,
                0.5,
                xref=f"x{tag} domain",
                yref=f"y{tag} domain",
                textangle=-90,
                xshift=-46,
                font={"size": 16, "color": INK},
            )
        )
        selected = [path for path in trajectories if path.loss_name == grid.loss_name]
        panels.append((selected, span))
        for label in path_labels(selected, step, span):
            font = {"size": 16 if len(selected) > 1 else 18, "color": loss_style(grid.loss_name).text}
            background = {"bgcolor": PAPER, "opacity": 0.95, "borderpad": 2}
            end_notes.append(
                note(
                    label.pop("text"),
                    label.pop("x"),
                    label.pop("y"),
                    xref=f"x{tag}",
                    yref=f"y{tag}",
                    yanchor="bottom",
                    font=font,
                    **background,
                    **label,
                )
            )
        for k, path in enumerate(selected):
            growing += _draw_path(figure, path, k, axes)
            ends.append((len(figure.data), path))
            figure.add_trace(
                go.Scatter(
                    mode="markers",
                    **axes,
                    marker={
                        "size": 18,
                        "color": path_colour(path),
                        "line": {"color": WHITE, "width": 3},
                        "opacity": 1,
                    },
                )
            )
    for trace, path in ends:
        figure.data[trace].update(_end_data(path, step))
    ends_said = [f"{common_name(path.loss_name)}: {{{i}}}" for i, (_, path) in enumerate(ends)]
    spoken = f"{', '.join(ends_said)}, times the loss of always guessing one half." if ends else ""
    figure.update_layout(
        annotations=[*end_notes, *texts],
        meta=figure.layout.meta | draw_up_to(growing, step) | {"spoken": spoken},
    )
    figure.frames = [
        {
            "name": str(s),
            "data": [_end_data(path, s) for _, path in ends],
            "traces": [trace for trace, _ in ends],
            "layout": {
                "annotations": [label for drawn, span in panels for label in path_labels(drawn, s, span)],
                "meta": draw_up_to(growing, s),
            },
        }
        for s in sorted({*range(0, last + 1, every), last, step})
        if trajectories
    ]
    return figure


def _draw_path(figure: go.Figure, path: Trajectory, k: int, axes: dict[str, str]) -> list[int]:
    """Draw a path, and its start if it is the first; returns the indices of the traces that grow."""
    x, y = path.weights[:, 0].tolist(), path.weights[:, 1].tolist()
    first = len(figure.data)
    white = {"color": WHITE, "width": 8, "simplify": False}
    colour = {"color": path_colour(path), "width": 4.5, "dash": PATH_DASH[k % 4], "simplify": False}
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=white, **axes))
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=colour, **axes))
    if k == 0:
        figure.add_trace(
            go.Scatter(
                x=x[:1],
                y=y[:1],
                mode="markers",
                **axes,
                marker={
                    "size": 14,
                    "color": WHITE,
                    "line": {"color": path_colour(path), "width": 4},
                    "opacity": 1,
                },
            )
        )
    return [first, first + 1]


def _end_data(path: Trajectory, step: int) -> dict[str, Any]:
    """Where the marker of a path stands at a step."""
    end = last_finite_step(path, step)
    return {"x": [float(path.weights[end, 0])], "y": [float(path.weights[end, 1])]}
