"""The map of a plane with a training's path on it, from above or in relief."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.grounds import (
    TALLEST,
    level_labels,
    relief_scene,
    seen_from_above,
    seen_in_relief,
)
from lossviz.figures.style import AXIS, INK, WHITE, fixed, mark, note, short_name
from lossviz.honesty import Landscape

BLOB = 0.12  # of the map's width: a path that is smaller is one spot, and is told what it is
AXES = {
    "Random": ("direction 1", "direction 2"),
    "Its path": ("along the first component", "second component"),
    "Curvature": ("along the sharpest direction", "second sharpest"),
    "Three minima": ("towards the second minimum", "towards the third"),
    "A random walk": ("along the first component", "second component"),
}


def walked_map(
    figure: go.Figure, look: Landscape, relief: bool, across: list[float], up: list[float], narrow: bool
) -> list[dict[str, Any]]:
    """The ground with the path; the last trace is where the training is now."""
    names, surface = AXES[look.kind], look.surface
    unit = ", in filter norms" if "filter-normalized" in surface.facts.method else ""
    head = note(
        f"<b>{short_name(look.loss_name)}</b>",
        across[0],
        up[1],
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=6,
        font={"size": 17 if narrow else 19, "color": mark(look.loss_name).text},
    )
    if relief:
        figure.update_layout(scene=relief_scene(_brief(names), across, up))
        seen_in_relief(figure, surface, look.guess)
        _path_in_relief(figure, look)
        return [head]
    figure.update_layout(
        xaxis={
            "domain": across,
            "range": [surface.a[0], surface.a[-1]],
            "anchor": "y",
            "constrain": "domain",
            "nticks": 6,
            "showline": False,
            "title": {"text": names[0] + unit, "standoff": 6},
        },
        yaxis={
            "domain": up,
            "range": [surface.b[0], surface.b[-1]],
            "anchor": "x",
            "scaleanchor": "x",
            "showgrid": False,
            "constrain": "domain",
            "constraintoward": "top",
            "nticks": 6,
            "ticks": "outside",
            "ticklen": 5,
            "tickcolor": AXIS,
        },
    )
    seen_from_above(figure, surface, look.guess, {"xaxis": "x", "yaxis": "y"})
    _path_from_above(figure, look)
    path = np.stack([look.path.a, look.path.b], axis=1)
    keep_clear = np.concatenate([path, look.minima])
    texts = [
        head,
        note(
            names[1],
            0,
            0.5,
            xref="x domain",
            yref="y domain",
            textangle=-90,
            xshift=-50,
            font={"size": 16, "color": INK},
        ),
        *level_labels(surface, look.guess, (path[-1, 0], path[-1, 1]), keep_clear, "x", "y"),
    ]
    span = float(np.ptp(surface.a))
    if np.ptp(path, axis=0).max() < BLOB * span:
        texts.append(_leader(look))
    for k, (a, b) in enumerate(look.minima):
        words = ("second", "third")[k]
        texts.append(
            note(
                words,
                a,
                b,
                xref="x",
                yref="y",
                yanchor="bottom",
                yshift=10,
                font={"size": 15, "color": fixed(INK)},
            )
        )
    return texts


def path_colour(look: Landscape) -> str:
    """Of the path on the map; a walk is no training, so it is ink."""
    return fixed(INK if look.kind == "A random walk" else mark(look.loss_name).line)


def _brief(names: tuple[str, str]) -> tuple[str, str]:
    """Axes of a relief have little room."""
    first, second = (n.removeprefix("along the ").removeprefix("towards the ") for n in names)
    return first, second


def _leader(look: Landscape) -> dict[str, Any]:
    return note(
        f"all {look.steps[-1]} steps",
        float(look.path.a[-1]),
        float(look.path.b[-1]),
        xref="x",
        yref="y",
        showarrow=True,
        arrowhead=0,
        arrowwidth=1.2,
        arrowcolor=fixed(INK),
        standoff=13,
        ax=-58,
        ay=62,
        font={"size": 16, "color": fixed(INK)},
    )


def _path_from_above(figure: go.Figure, look: Landscape) -> None:
    a, b = look.path.a, look.path.b
    axes = {"xaxis": "x", "yaxis": "y"}
    white = {"color": WHITE, "width": 8, "simplify": False}
    own = {"color": path_colour(look), "width": 4.5, "simplify": False}
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=white, **axes))
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=own, **axes))
    ends = [(a[:1], b[:1])]
    if len(look.minima):
        ends.append((look.minima[:, 0], look.minima[:, 1]))
    for x, y in ends:
        marker = {"size": 14, "color": WHITE, "line": {"color": path_colour(look), "width": 4}, "opacity": 1}
        figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=marker, **axes))
    here = {"size": 18, "color": path_colour(look), "line": {"color": WHITE, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=here, cliponaxis=False, **axes))


def _path_in_relief(figure: go.Figure, look: Landscape) -> None:
    """At the height of the ground: what the map says."""
    z = np.clip(look.says / look.guess, 0, TALLEST) + 0.06
    line = {"mode": "lines", "scene": "scene", "hoverinfo": "skip", "x": look.path.a, "y": look.path.b}
    figure.add_trace(go.Scatter3d(z=z, line={"color": WHITE, "width": 11}, **line))
    figure.add_trace(go.Scatter3d(z=z + 0.03, line={"color": path_colour(look), "width": 6}, **line))
    marker = {"size": 7, "color": path_colour(look), "line": {"color": WHITE, "width": 1}, "opacity": 1}
    figure.add_trace(go.Scatter3d(mode="markers", scene="scene", hoverinfo="skip", marker=marker))
