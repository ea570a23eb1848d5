"""Loss surfaces over two weights, seen from above, with the paths of optimizers."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.levels import (
    COLORSCALE,
    HIGHEST,
    LOWEST,
    PATH_DASH,
    STEP,
    last_finite_step,
    log_level,
    path_colour,
    weight_name,
)
from lossviz.figures.base.style import (
    GRID,
    INK,
    PAPER,
    WHITE,
    blank,
    loss_style,
    note,
    unthemed,
)
from lossviz.figures.weights.legends import heads, level_labels, overlay_on, path_labels
from lossviz.neuron.two_weights import TWO_WEIGHTS
from lossviz.neuron.weight_planes import WeightPath, WeightPlane


def maps(
    planes: Sequence[WeightPlane],
    paths: Sequence[WeightPath] = (),
    step: int | None = None,
    overlay: str = "Plateau",
    threshold: float = 0.01,
    every: int = 2,
    narrow: bool = False,
) -> go.Figure:
    """The planes side by side, seen from above, each with the paths of its own loss.

    ``overlay`` dots the "Plateau" (gradient norm below the threshold) or hatches where the surface "Bends
    down"; anything else marks nothing. ``step`` is how far the paths have come (None: to their ends). The
    frames are the pictures at every `every`-th step.
    """
    count = len(planes)
    last = max((len(path.loss) - 1 for path in paths), default=0)
    step = last if step is None else step
    gap = 0.0 if count == 1 else 0.11
    width = (1 - gap * (count - 1)) / count
    figure = blank(
        470,
        margin={"l": 62, "r": 14, "t": 40, "b": 62},
        # plot width = (chart width - 76) * width of a map; height follows, so that a map stays square
        meta={"aspect": [width, 102 - 76 * width], "follows": "weights_step"},
    )
    texts: list[dict[str, Any]] = []
    grow: list[int] = []
    ends: list[tuple[int, WeightPath]] = []
    end_notes: list[dict[str, Any]] = []
    runs: list[list[WeightPath]] = []
    for i, plane in enumerate(planes):
        tag = "" if i == 0 else str(i + 1)
        left = i * (width + gap)
        span = float(plane.a[-1])
        names = TWO_WEIGHTS[plane.model].axes
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
        _ground(figure, plane, axes)
        share = overlay_on(figure, plane, overlay, threshold, axes)
        texts += heads(plane, share, f"x{tag}", f"y{tag}", narrow)
        texts += level_labels(plane, f"x{tag}", f"y{tag}")
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
        own = [path for path in paths if path.loss_name == plane.loss_name]
        runs.append(own)
        for label in path_labels(own, step):
            font = {"size": 16 if len(own) > 1 else 18, "color": loss_style(plane.loss_name).text}
            ground = {"bgcolor": PAPER, "opacity": 0.95, "borderpad": 2}
            end_notes.append(
                note(
                    label.pop("text"),
                    label.pop("x"),
                    label.pop("y"),
                    xref=f"x{tag}",
                    yref=f"y{tag}",
                    yanchor="bottom",
                    font=font,
                    **ground,
                    **label,
                )
            )
        for k, path in enumerate(own):
            grow += _draw_path(figure, path, k, axes)
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
        figure.data[trace].update(_place(path, step))
    figure.update_layout(annotations=[*end_notes, *texts], meta=figure.layout.meta | draw_up_to(grow, step))
    figure.frames = [
        {
            "name": str(s),
            "data": [_place(path, s) for _, path in ends],
            "traces": [trace for trace, _ in ends],
            "layout": {
                "annotations": [label for own in runs for label in path_labels(own, s)],
                "meta": draw_up_to(grow, s),
            },
        }
        for s in sorted({*range(0, last + 1, every), last, step})
        if paths
    ]
    return figure


def _ground(figure: go.Figure, plane: WeightPlane, axes: dict[str, str]) -> None:
    z = log_level(plane)
    common = {"x": plane.a, "y": plane.b, "z": z, "showscale": False, "hoverinfo": "skip", **axes}
    figure.add_trace(
        go.Contour(
            **common,
            colorscale=COLORSCALE,
            zmin=LOWEST,
            zmax=HIGHEST,
            contours={"start": LOWEST, "end": HIGHEST, "size": STEP, "coloring": "fill"},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
        )
    )
    figure.add_trace(
        go.Contour(
            **common,
            contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
            line={"width": 2.2, "color": unthemed(INK)},
        )
    )


def _draw_path(figure: go.Figure, path: WeightPath, k: int, axes: dict[str, str]) -> list[int]:
    """The path and its start; the numbers of the traces that grow with the step."""
    x, y = path.weights[:, 0].tolist(), path.weights[:, 1].tolist()
    first = len(figure.data)
    white = {"color": WHITE, "width": 8, "simplify": False}
    own = {"color": path_colour(path), "width": 4.5, "dash": PATH_DASH[k % 4], "simplify": False}
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=white, **axes))
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=own, **axes))
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


def _place(path: WeightPath, step: int) -> dict[str, Any]:
    here = last_finite_step(path, step)
    return {"x": [float(path.weights[here, 0])], "y": [float(path.weights[here, 1])]}
