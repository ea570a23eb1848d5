"""The map of a plane with a training's path on it, from above or in relief."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import every
from lossviz.figures.base.style import AXIS, INK, WHITE, common_name, loss_style, note, unthemed
from lossviz.figures.landscape.surface_traces import (
    TALLEST,
    level_labels,
    log_level,
    relief_scene,
    seen_from_above,
    seen_in_relief,
)
from lossviz.landscape.fidelity import PlaneFidelity

WIDE = 360  # px of a map, or about that many
ROUND = (
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
BLOB = 0.12  # of the map's width: a path that is smaller is one spot, and is told what it is
AXES = {
    "Random": ("direction 1", "direction 2"),
    "Its path": ("along the first component", "second component"),
    "Curvature": ("along the sharpest direction", "second sharpest"),
    "Three minima": ("towards the second minimum", "towards the third"),
    "A random walk": ("along the first component", "second component"),
}
BRIEF = {  # axes of a relief have little room
    "Random": ("direction 1", "direction 2"),
    "Its path": ("component 1", "component 2"),
    "Curvature": ("sharpest", "2nd sharpest"),
    "Three minima": ("to the second", "to the third"),
    "A random walk": ("component 1", "component 2"),
}


def walked_map(
    figure: go.Figure, look: PlaneFidelity, relief: bool, across: list[float], up: list[float], narrow: bool
) -> list[dict[str, Any]]:
    """The ground with the path; the last trace is where the training is now."""
    names, surface = AXES[look.kind], look.surface
    unit = ", in filter norms" if "filter-normalized" in surface.facts.method else ""
    above = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6}
    font = {"size": 17 if narrow else 19, "color": loss_style(look.loss_name).text}
    heads = [
        note(f"<b>{common_name(look.loss_name)}</b>", across[0], up[1], xanchor="left", font=font, **above)
    ]
    if surface.facts.stride > 1:
        label = f"first look, <b>{every(surface.facts.stride)}</b>"
        font = {"size": 16, "color": INK}
        heads.append(note(label, across[1], up[1], xanchor="right", font=font, **above))
    if relief:
        figure.update_layout(scene=relief_scene(BRIEF[look.kind], across, up, away=1.12 if narrow else 1.0))
        seen_in_relief(figure, surface, look.guess)
        _path_in_relief(figure, look)
        return heads
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
    leaders = []
    if np.ptp(path, axis=0).max() < BLOB * float(np.ptp(surface.a)):
        leader, words_at = _leader(look)
        leaders.append(leader)
        keep_clear = np.concatenate([keep_clear, words_at])
    texts = [
        *heads,
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
        *leaders,
    ]
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
                font={"size": 15, "color": unthemed(INK)},
            )
        )
    return texts


def path_colour(look: PlaneFidelity) -> str:
    """Of the path on the map; a walk is no training, so it is ink."""
    return unthemed(INK if look.kind == "A random walk" else loss_style(look.loss_name).line)


def _leader(look: PlaneFidelity) -> tuple[dict[str, Any], Floats]:
    """A line from a path that is one spot to words where the ground is calm, and places (3, 2) in them."""
    surface, end = look.surface, np.array([look.path.a[-1], look.path.b[-1]])
    pixel = np.array([np.ptp(surface.a), np.ptp(surface.b)]) / WIDE
    ground = log_level(surface, look.guess)

    def unrest(place: tuple[int, int]) -> float:
        """How much the ground changes under the words; heavy line, dark ground and the rim are worse."""
        middle = end + np.array([place[0], -place[1]]) * pixel
        rows = np.searchsorted(surface.b, middle[1] + pixel[1] * np.array([-11, 0, 11]))
        columns = np.searchsorted(surface.a, middle[0] + pixel[0] * np.linspace(-54, 54, 7))
        if min(rows.min(), columns.min()) < 1 or max(rows.max(), columns.max()) >= len(surface.a):
            return 9.0
        under = ground[np.ix_(rows, columns)]
        if not np.isfinite(under).all():
            return 9.0
        low, high = float(under.min()), float(under.max())
        return high - low + 2 * (low < 0 < high) + 3 * (high > 1.5)

    x, y = min(ROUND, key=unrest)
    leader = note(
        f"all {look.steps[-1]} steps",
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
    return leader, end + np.array([[x + along, -y] for along in (-42, 0, 42)]) * pixel


def _path_from_above(figure: go.Figure, look: PlaneFidelity) -> None:
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


def _path_in_relief(figure: go.Figure, look: PlaneFidelity) -> None:
    """At the height of the ground: what the map says."""
    z = np.clip(look.says / look.guess, 0, TALLEST) + 0.06
    line = {"mode": "lines", "scene": "scene", "hoverinfo": "skip", "x": look.path.a, "y": look.path.b}
    figure.add_trace(go.Scatter3d(z=z, line={"color": WHITE, "width": 11}, **line))
    figure.add_trace(go.Scatter3d(z=z + 0.03, line={"color": path_colour(look), "width": 6}, **line))
    marker = {"size": 7, "color": path_colour(look), "line": {"color": WHITE, "width": 1}, "opacity": 1}
    figure.add_trace(go.Scatter3d(mode="markers", scene="scene", hoverinfo="skip", marker=marker))
