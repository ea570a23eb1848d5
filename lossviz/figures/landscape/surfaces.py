"""Any model's surfaces, paths and profiles: pure functions from a result to a figure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.plain_text import for_plotly
from lossviz.figures.base.levels import COLORSCALE
from lossviz.figures.base.meshes import LIGHT
from lossviz.figures.base.number_format import every, number, percent, whole
from lossviz.figures.base.style import AXIS, FAMILY_STYLES, INK, MUTE, WHITE, blank, note, unthemed
from lossviz.landscape.grid import coarse, skips
from lossviz.landscape.projection import Path
from lossviz.landscape.surface import Profile, Surface

LEVELS = 12
FINEST = 401  # points along an axis: more than a figure has pixels for, and than a browser draws in a second
PATH = unthemed(FAMILY_STYLES["logarithm"].line)


def contour(surface: Surface, paths: Sequence[Path] = (), narrow: bool = False) -> go.Figure:
    """Level lines, spaced by rank so that plateaus and ravines both show; paths on top.

    Of a grid with more than `FINEST` points along an axis every 2nd, or 3rd ... is drawn, and it says so.
    """
    figure = _blank(surface, narrow)
    surface = _visible(surface)
    height, ticks = _ranked(surface.loss)
    grid = {"x": surface.a, "y": surface.b, "z": height, "colorscale": COLORSCALE}
    figure.add_trace(
        go.Contour(
            **grid,
            customdata=surface.loss,
            contours={"start": 0, "end": 1, "size": 1 / LEVELS},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
            colorbar=_bar(ticks),
            hovertemplate="a = %{x:.3g}<br>b = %{y:.3g}<br>loss = %{customdata:.5g}<extra></extra>",
        )
    )
    for path in paths:
        _draw(figure, path, narrow)
    first, second = map(for_plotly, surface.facts.axes)
    figure.update_layout(
        hovermode="closest",
        xaxis={"title": {"text": first, "standoff": 6}, "showline": False, "constrain": "domain"},
        yaxis={
            "scaleanchor": "x" if _alike(surface) else None,
            "constrain": "domain",
            "constraintoward": "top",
            "showgrid": False,
            "ticks": "outside",
            "ticklen": 5,
            "tickcolor": AXIS,
            "title": {"text": second, "standoff": 4},
        },
    )
    return figure


def terrain(surface: Surface, narrow: bool = False) -> go.Figure:
    """The surface in three dimensions, at its true height; coloured, and thinned, as `contour` does it."""
    figure = _blank(surface, narrow)
    surface = _visible(surface)
    height, _ = _ranked(surface.loss)
    figure.add_trace(
        go.Surface(
            x=surface.a,
            y=surface.b,
            z=_holes(surface.loss),
            surfacecolor=height,
            colorscale=COLORSCALE,
            showscale=False,
            lighting=LIGHT,
            hovertemplate="a = %{x:.3g}<br>b = %{y:.3g}<br>loss = %{z:.5g}<extra></extra>",
        )
    )
    first, second = map(for_plotly, surface.facts.axes)
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": AXIS,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
    }
    names = {"xaxis": first, "yaxis": second, "zaxis": "loss"}
    scene: dict[str, Any] = {
        name: axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}}
        for name, text in names.items()
    }
    figure.update_layout(hovermode="closest", scene=scene | {"dragmode": "turntable"})
    return figure


def profile(line: Profile, narrow: bool = False) -> go.Figure:
    """The loss along a line."""
    figure = _blank(line, narrow)
    figure.add_trace(
        go.Scatter(
            x=line.a, y=_holes(line.loss), mode="lines", line={"color": INK, "width": 4, "simplify": False}
        )
    )
    figure.update_layout(
        xaxis_title_text=for_plotly(line.facts.axes[0]),
        yaxis_title_text=f"loss ({for_plotly(line.facts.loss_name)})",
    )
    return figure


def _draw(figure: go.Figure, path: Path, narrow: bool) -> None:
    """A path with its two ends, and the share of it that lies in the plane."""
    common = {"x": path.a, "y": path.b, "mode": "lines", "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(line={"color": WHITE, "width": 8, "simplify": False}, **common))
    figure.add_trace(go.Scatter(line={"color": PATH, "width": 4.5, "simplify": False}, **common))
    start = {"size": 14, "color": WHITE, "line": {"color": PATH, "width": 4}, "opacity": 1}
    end = {"size": 18, "color": PATH, "line": {"color": WHITE, "width": 3}, "opacity": 1}
    for k, marker in ((0, start), (-1, end)):
        figure.add_trace(
            go.Scatter(x=[path.a[k]], y=[path.b[k]], mode="markers", marker=marker, hoverinfo="skip")
        )
    words = f"<b>{percent(path.explained)}</b> of this path's motion is in the plane"
    figure.add_annotation(
        note(words, 1, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", yshift=6)
        | {"font": {"size": 14 if narrow else 16, "color": INK}}
    )


def _skips(surface: Surface) -> int:
    """Every how many-th point along an axis is drawn."""
    return skips(surface.loss.shape, FINEST)


def _visible(surface: Surface) -> Surface:
    """The points that are drawn, the last ones among them, as in a coarse picture."""
    rows, columns = (coarse(n, _skips(surface)) for n in surface.loss.shape)
    loss = surface.loss[np.ix_(rows, columns)]
    return replace(surface, a=surface.a[columns], b=surface.b[rows], loss=loss)


def _alike(surface: Surface) -> bool:
    """Whether the two axes are worth drawing to one scale: neither would be a sliver."""
    across, up = (float(along[-1] / 2 - along[0] / 2) for along in (surface.a, surface.b))
    return bool(across and up and 0.25 < across / up < 4)


def _bar(ticks: dict[float, float]) -> dict[str, Any]:
    return {
        "title": {"text": "loss", "font": {"size": 16, "color": INK}},
        "thickness": 14,
        "outlinewidth": 0,
        "ticks": "",
        "tickfont": {"size": 15, "color": MUTE},
        "tickvals": list(ticks),
        "ticktext": [number(value) for value in ticks.values()],
    }


def _ranked(loss: np.ndarray) -> tuple[np.ndarray, dict[float, float]]:
    """Heights in [0, 1] (k, k), NaN for a hole, and what loss some of them stand for.

    Half way between the rank and the value: a ravine a thousand times deeper than the rest leaves the
    rest visible.
    """
    values = _holes(loss)
    known = np.unique(values[np.isfinite(values)])
    if len(known) < 2:
        return np.where(np.isfinite(values), 0.5, np.nan), dict.fromkeys(
            [0.5][: len(known)], float(known.sum())
        )
    above = known / 2 - known[0] / 2  # halves: of two enormous losses the difference may be infinite
    height = 0.5 * np.linspace(0, 1, len(known)) + 0.5 * above / above[-1]
    marks = np.linspace(0, 1, 6)
    return np.interp(values, known, height, left=np.nan, right=np.nan), {
        float(mark): float(np.interp(mark, height, known)) for mark in marks
    }


def _holes(loss: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(loss), loss, np.nan)


def _blank(result: Surface | Profile, narrow: bool) -> go.Figure:
    """An empty figure of the house that says below it how the result was made."""
    facts, missing = result.facts, int((~np.isfinite(result.loss)).sum())
    notes = [for_plotly(facts.method)]
    if facts.stride > 1:
        notes.append(f"first look, {every(facts.stride)}")
    if isinstance(result, Surface) and _skips(result) > 1:
        notes.append(f"drawn at {every(_skips(result))}")
    if facts.subset:
        notes.append(f"on {whole(facts.examples)} examples, not all")
    if missing:
        notes.append(f"{missing} points are not finite: drawn as holes")
    figure = blank(430 if narrow else 520, margin={"l": 74, "r": 14, "t": 34, "b": 92})
    figure.add_annotation(
        note("<br>".join(notes) if narrow else "; ".join(notes), 0, 0, xref="paper", yref="paper")
        | {"xanchor": "left", "yanchor": "top", "yshift": -58, "font": {"size": 15, "color": MUTE}}
    )
    return figure
