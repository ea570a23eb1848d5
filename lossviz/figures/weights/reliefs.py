"""Loss surfaces over two weights in relief; a page turns their cameras together."""

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
from lossviz.neuron.two_weights import TWO_WEIGHTS
from lossviz.neuron.weight_planes import WeightPath, WeightPlane


def reliefs(
    planes: Sequence[WeightPlane],
    paths: Sequence[WeightPath] = (),
    step: int | None = None,
    narrow: bool = False,
) -> go.Figure:
    """The planes in relief, height = level, linear and on one scale; a page turns their cameras together."""
    count = len(planes)
    figure = blank(480, margin={"l": 0, "r": 0, "t": 34, "b": 0}, meta={"aspect": [0.86 / count, 40]})
    texts: list[dict[str, Any]] = []
    for i, plane in enumerate(planes):
        tag = "" if i == 0 else str(i + 1)
        left, right = i / count, (i + 1) / count
        scene = f"scene{tag}"
        _relief(figure, plane, scene)
        for path in (p for p in paths if p.loss_name == plane.loss_name):
            _relief_path(figure, path, step, scene)
        names = TWO_WEIGHTS[plane.model].axes
        figure.update_layout({scene: _scene(names, [left, right], 1.18 if narrow else 1.0)})
        spot = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 4}
        size = 17 if narrow else 19
        texts += [
            note(
                f"<b>{common_name(plane.loss_name)}</b>",
                left + 0.01,
                1,
                xanchor="left",
                **spot,
                font={"size": size, "color": loss_style(plane.loss_name).text},
            ),
            note(
                f"<b>{percent(plane.plateau())}</b> plateau",
                right - 0.01,
                1,
                xanchor="right",
                **spot,
                font={"size": size, "color": INK},
            ),
        ]
    figure.update_layout(annotations=texts)
    return figure


def _relief(figure: go.Figure, plane: WeightPlane, scene: str) -> None:
    keep = slice(None, None, max(1, len(plane.a) // 50))
    height = np.clip(plane.level, 0, 1.5 * TALLEST)[keep, keep]
    draw_relief(
        figure,
        plane.a[keep],
        plane.b[keep],
        height,
        log_level(plane)[keep, keep],
        ends=(LOWEST, HIGHEST),
        tallest=TALLEST,
        scene=scene,
    )


def _relief_path(figure: go.Figure, path: WeightPath, step: int | None, scene: str) -> None:
    here = last_finite_step(path, len(path.loss) - 1 if step is None else step)
    part = slice(0, here + 1)
    x, y, z = path.weights[part, 0], path.weights[part, 1], np.clip(path.level[part], 0, TALLEST) + 0.12
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


def _scene(names: tuple[str, str], across: list[float], away: float) -> dict[str, Any]:
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
        "nticks": 5,
    }

    def named(text: str, **more: Any) -> dict[str, Any]:
        return axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}} | more

    return {
        "domain": {"x": across, "y": [0, 1]},
        "aspectmode": "manual",
        "aspectratio": {"x": 1, "y": 1, "z": 0.8},
        "camera": {
            "eye": {"x": 1.35 * away, "y": 1.19 * away, "z": 1.06 * away},
            "center": {"x": 0, "y": 0, "z": -0.2},
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "xaxis": named(weight_name(names[0])),
        "yaxis": named(weight_name(names[1])),
        "zaxis": named("loss", range=[0, TALLEST], tickvals=[1, 4, 8, 12]),
    }
