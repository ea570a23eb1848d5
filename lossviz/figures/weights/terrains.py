"""Surface plots of the loss over two weights, in three dimensions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.levels import (
    HIGHEST,
    LOWEST,
    TALLEST,
    last_finite_step,
    log_level,
    path_colour,
    weight_name,
)
from lossviz.figures.base.meshes import draw_relief
from lossviz.figures.base.number_format import percent
from lossviz.figures.base.style import GRID, INK, MUTE, WHITE, blank, common_name, loss_style, note
from lossviz.neuron.grid import LossGrid
from lossviz.neuron.trajectory import Trajectory


def loss_terrains(
    grids: Sequence[LossGrid],
    trajectories: Sequence[Trajectory] = (),
    step: int | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Draw surface plots of the loss over two weights side by side, each with the trajectories of its loss.

    Height is the loss divided by that of always predicting 1/2, on one linear scale.

    Args:
        grids: Results of `lv.neuron.loss_grid`, of one model under different losses.
        trajectories: Results of `lv.neuron.trajectories`; each is drawn on the surface of its loss.
        step: The step up to which trajectories are drawn; by default all steps.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure without frames, with one scene for each grid.

    Example:
        >>> import lossviz as lv
        >>> grid = lv.neuron.loss_grid("one-example", "sigmoid-ce", points=21)
        >>> figure = lv.figures.loss_terrains([grid])
        >>> [trace.type for trace in figure.data]
        ['mesh3d', 'scatter3d']
    """
    count = len(grids)
    figure = blank(480, margin={"l": 0, "r": 0, "t": 34, "b": 0}, meta={"aspect": [0.86 / count, 40]})
    texts: list[dict[str, Any]] = []
    for i, grid in enumerate(grids):
        tag = "" if i == 0 else str(i + 1)
        left, right = i / count, (i + 1) / count
        scene = f"scene{tag}"
        _draw_surface(figure, grid, scene)
        for path in (p for p in trajectories if p.loss_name == grid.loss_name):
            _draw_path(figure, path, step, scene)
        names = grid.weight_names
        figure.update_layout({scene: _scene(names, [left, right], 1.18 if narrow else 1.0)})
        above = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 4}
        size = 17 if narrow else 19
        texts += [
            note(
                f"<b>{common_name(grid.loss_name)}</b>",
                left + 0.01,
                1,
                xanchor="left",
                **above,
                font={"size": size, "color": loss_style(grid.loss_name).text},
            ),
            note(
                f"<b>{percent(grid.plateau_share())}</b> plateau",
                right - 0.01,
                1,
                xanchor="right",
                **above,
                font={"size": size, "color": INK},
            ),
        ]
    figure.update_layout(annotations=texts)
    return figure


def _draw_surface(figure: go.Figure, grid: LossGrid, scene: str) -> None:
    """The surface of every n-th grid point, so that there are about 50 along each weight."""
    keep = slice(None, None, max(1, len(grid.a) // 50))
    height = np.clip(grid.relative_loss, 0, 1.5 * TALLEST)[keep, keep]
    draw_relief(
        figure,
        grid.a[keep],
        grid.b[keep],
        height,
        log_level(grid)[keep, keep],
        ends=(LOWEST, HIGHEST),
        tallest=TALLEST,
        scene=scene,
    )


def _draw_path(figure: go.Figure, path: Trajectory, step: int | None, scene: str) -> None:
    """A path with its start and end, a little above the surface so that it stays visible."""
    end = last_finite_step(path, len(path.loss) - 1 if step is None else step)
    part = slice(0, end + 1)
    x, y, z = (
        path.weights[part, 0],
        path.weights[part, 1],
        np.clip(path.relative_loss[part], 0, TALLEST) + 0.12,
    )
    figure.add_trace(
        go.Scatter3d(
            x=x, y=y, z=z, mode="lines", scene=scene, line={"color": WHITE, "width": 11}, hoverinfo="skip"
        )
    )
    figure.add_trace(
        go.Scatter3d(
            x=x,
            y=y,
            z=z + 0.06,
            mode="lines",
            scene=scene,
            line={"color": path_colour(path), "width": 6},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter3d(
            x=x[[0, -1]],
            y=y[[0, -1]],
            z=z[[0, -1]] + 0.15,
            mode="markers",
            scene=scene,
            hoverinfo="skip",
            marker={
                "size": [4, 6],
                "color": [WHITE, path_colour(path)],
                "line": {"color": WHITE, "width": 1},
                "opacity": 1,
            },
        )
    )


def _scene(names: tuple[str, str], domain: list[float], distance: float) -> dict[str, Any]:
    """The layout of one scene: axes, proportions and camera."""
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
        "nticks": 5,
    }

    def titled(text: str) -> dict[str, Any]:
        return axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}}

    return {
        "domain": {"x": domain, "y": [0, 1]},
        "aspectmode": "manual",
        "aspectratio": {"x": 1, "y": 1, "z": 0.8},
        "camera": {
            "eye": {"x": 1.35 * distance, "y": 1.19 * distance, "z": 1.06 * distance},
            "center": {"x": 0, "y": 0, "z": -0.2},
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "xaxis": titled(weight_name(names[0])),
        "yaxis": titled(weight_name(names[1])),
        "zaxis": titled("loss") | {"range": [0, TALLEST], "tickvals": [1, 4, 8, 12]},
    }
