"""The loss surface with the path of a training on it, from above or in relief."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import every
from lossviz.figures.base.style import AXIS, INK, WHITE, common_name, loss_style, note, unthemed
from lossviz.figures.landscape.surface_traces import (
    TALLEST,
    add_contours,
    add_relief,
    level_labels,
    log2_relative_loss,
    relief_scene,
)
from lossviz.landscape.fidelity import PlaneFidelity

MAP_WIDTH = 360  # pixels of a map, approximately
LABEL_OFFSETS = (  # pixels from the end of a short path to its label, in the order of preference
    (-58, 62),
    (58, 62),
    (-58, -62),
    (58, -62),
    (-84, 34),
    (84, 34),
    (-84, -34),
    (84, -34),
    (0, 72),
    (0, -72),
)
SPOT = 0.12  # share of the map's width: a path smaller than that is one spot, and gets a label
AXES = {
    "random": ("direction 1", "direction 2"),
    "path": ("along the first component", "second component"),
    "curvature": ("along the sharpest direction", "second sharpest"),
    "minima": ("towards the second minimum", "towards the third"),
    "random-walk": ("along the first component", "second component"),
}
SHORT_AXES = {  # for a relief, where there is less space
    "random": ("direction 1", "direction 2"),
    "path": ("component 1", "component 2"),
    "curvature": ("sharpest", "2nd sharpest"),
    "minima": ("to the second", "to the third"),
    "random-walk": ("component 1", "component 2"),
}


def add_path_map(
    figure: go.Figure,
    fidelity: PlaneFidelity,
    relief: bool,
    across: list[float],
    up: list[float],
    narrow: bool,
) -> list[dict[str, Any]]:
    """Draw the surface with the path and return the annotations; the last trace is the current record."""
    names, surface = AXES[fidelity.plane], fidelity.surface
    unit = ", in filter norms" if fidelity.normalize == "filter" else ""
    above = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6}
    font = {"size": 17 if narrow else 19, "color": loss_style(fidelity.loss_name).text}
    titles = [
        note(
            f"<b>{common_name(fidelity.loss_name)}</b>", across[0], up[1], xanchor="left", font=font, **above
        )
    ]
    if surface.facts.stride > 1:
        coarse = f"coarse grid, <b>{every(surface.facts.stride)}</b>"
        font = {"size": 16, "color": INK}
        titles.append(note(coarse, across[1], up[1], xanchor="right", font=font, **above))
    if relief:
        figure.update_layout(
            scene=relief_scene(SHORT_AXES[fidelity.plane], across, up, distance=1.12 if narrow else 1.0)
        )
        add_relief(figure, surface, fidelity.chance_loss)
        _path_in_relief(figure, fidelity)
        return titles
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
    add_contours(figure, surface, fidelity.chance_loss, {"xaxis": "x", "yaxis": "y"})
    _path_from_above(figure, fidelity)
    path = np.stack([fidelity.path.a, fidelity.path.b], axis=1)
    avoid = np.concatenate([path, fidelity.minima])
    labels = []
    if np.ptp(path, axis=0).max() < SPOT * float(np.ptp(surface.a)):
        label, covered = _path_label(fidelity)
        labels.append(label)
        avoid = np.concatenate([avoid, covered])
    texts = [
        *titles,
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
        *level_labels(surface, fidelity.chance_loss, (path[-1, 0], path[-1, 1]), avoid, "x", "y"),
        *labels,
    ]
    for k, (a, b) in enumerate(fidelity.minima):
        name = ("second", "third")[k]
        texts.append(
            note(
                name,
                a,
                b,
                xref="x",
                yref="y",
                yanchor="bottom",
                yshift=10,
                font={"size": 15, "color": unthemed(INK)},
            )
        )
    return texts


def path_colour(fidelity: PlaneFidelity) -> str:
    """Colour of the path: its loss's, or ink for a random walk, which is no training."""
    return unthemed(INK if fidelity.plane == "random-walk" else loss_style(fidelity.loss_name).line)


def _path_label(fidelity: PlaneFidelity) -> tuple[dict[str, Any], Floats]:
    """The label of a path that is one spot, where the surface is even, and points (3, 2) that it covers."""
    surface, end = fidelity.surface, np.array([fidelity.path.a[-1], fidelity.path.b[-1]])
    pixel = np.array([np.ptp(surface.a), np.ptp(surface.b)]) / MAP_WIDTH
    height = log2_relative_loss(surface, fidelity.chance_loss)

    def cost(offset: tuple[int, int]) -> float:
        """How hard a label is to read there: range of heights, thick contour, dark colours, the margin."""
        middle = end + np.array([offset[0], -offset[1]]) * pixel
        rows = np.searchsorted(surface.b, middle[1] + pixel[1] * np.array([-11, 0, 11]))
        columns = np.searchsorted(surface.a, middle[0] + pixel[0] * np.linspace(-54, 54, 7))
        if min(rows.min(), columns.min()) < 1 or max(rows.max(), columns.max()) >= len(surface.a):
            return 9.0
        under = height[np.ix_(rows, columns)]
        if not np.isfinite(under).all():
            return 9.0
        low, high = float(under.min()), float(under.max())
        return high - low + 2 * (low < 0 < high) + 3 * (high > 1.5)

    x, y = min(LABEL_OFFSETS, key=cost)
    label = note(
        f"all {fidelity.steps[-1]} steps",
        float(end[0]),
        float(end[1]),
        xref="x",
        yref="y",
        showarrow=True,
        arrowhead=0,
        arrowwidth=1.2,
        arrowcolor=unthemed(INK),
        standoff=13,
        ax=x,
        ay=y,
        font={"size": 16, "color": unthemed(INK)},
    )
    return label, end + np.array([[x + along, -y] for along in (-42, 0, 42)]) * pixel


def _path_from_above(figure: go.Figure, fidelity: PlaneFidelity) -> None:
    a, b = fidelity.path.a, fidelity.path.b
    axes = {"xaxis": "x", "yaxis": "y"}
    outline = {"color": WHITE, "width": 8, "simplify": False}
    line = {"color": path_colour(fidelity), "width": 4.5, "simplify": False}
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=outline, **axes))
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=line, **axes))
    ends = [(a[:1], b[:1])]
    if len(fidelity.minima):
        ends.append((fidelity.minima[:, 0], fidelity.minima[:, 1]))
    for x, y in ends:
        marker = {
            "size": 14,
            "color": WHITE,
            "line": {"color": path_colour(fidelity), "width": 4},
            "opacity": 1,
        }
        figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=marker, **axes))
    current = {"size": 18, "color": path_colour(fidelity), "line": {"color": WHITE, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=current, cliponaxis=False, **axes))


def _path_in_relief(figure: go.Figure, fidelity: PlaneFidelity) -> None:
    """Draw the path at the height of the surface, which is the plane loss."""
    z = np.clip(fidelity.plane_loss / fidelity.chance_loss, 0, TALLEST) + 0.06
    line = {
        "mode": "lines",
        "scene": "scene",
        "hoverinfo": "skip",
        "x": fidelity.path.a,
        "y": fidelity.path.b,
    }
    figure.add_trace(go.Scatter3d(z=z, line={"color": WHITE, "width": 11}, **line))
    figure.add_trace(go.Scatter3d(z=z + 0.03, line={"color": path_colour(fidelity), "width": 6}, **line))
    marker = {"size": 7, "color": path_colour(fidelity), "line": {"color": WHITE, "width": 1}, "opacity": 1}
    figure.add_trace(go.Scatter3d(mode="markers", scene="scene", hoverinfo="skip", marker=marker))
