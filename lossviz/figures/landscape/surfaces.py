"""Figures of the surfaces, paths and profiles of any model."""

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
from lossviz.landscape.grid import coarse_indices, stride_for
from lossviz.landscape.profile import Profile
from lossviz.landscape.projection import Path
from lossviz.landscape.surface import Surface

LEVELS = 12
MAX_DRAWN = 401  # points along an axis: more than a figure has pixels for
PATH_COLOUR = unthemed(FAMILY_STYLES["logarithm"].line)


def contour(surface: Surface, paths: Path | Sequence[Path] = (), narrow: bool = False) -> go.Figure:
    """Draw a surface as contours, with paths on it.

    The contours are spaced by the rank of the loss as much as by its value, so that plateaus and ravines are
    both visible. Of a grid with more than 401 points along an axis only every 2nd, 3rd ... is drawn, and the
    figure says so; points that are not finite are holes.

    Args:
        surface: The surface.
        paths: A path on the same plane, as `project` returns it, or several.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        The figure.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> figure = lv.figures.contour(lv.surface(model, torch.nn.MSELoss(), data, points=5))
        >>> figure.data[0].type
        'contour'
    """
    figure = _blank(surface, narrow)
    surface = _thinned(surface)
    height, ticks = _ranked(surface.loss)
    grid = {"x": surface.a, "y": surface.b, "z": height, "colorscale": COLORSCALE}
    figure.add_trace(
        go.Contour(
            **grid,
            customdata=surface.loss,
            contours={"start": 0, "end": 1, "size": 1 / LEVELS},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
            colorbar=_colorbar(ticks),
            hovertemplate="a = %{x:.3g}<br>b = %{y:.3g}<br>loss = %{customdata:.5g}<extra></extra>",
        )
    )
    for path in [paths] if isinstance(paths, Path) else paths:
        _add_path(figure, path, narrow)
    first, second = map(for_plotly, surface.facts.axes)
    figure.update_layout(
        hovermode="closest",
        xaxis={"title": {"text": first, "standoff": 6}, "showline": False, "constrain": "domain"},
        yaxis={
            "scaleanchor": "x" if _same_scale(surface) else None,
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
    """Draw a surface in three dimensions, at its true height, with the colours of `contour`.

    Args:
        surface: The surface.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        The figure.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> figure = lv.figures.terrain(lv.surface(model, torch.nn.MSELoss(), data, points=5))
        >>> figure.data[0].type
        'surface'
    """
    figure = _blank(surface, narrow)
    surface = _thinned(surface)
    height, _ = _ranked(surface.loss)
    figure.add_trace(
        go.Surface(
            x=surface.a,
            y=surface.b,
            z=_with_holes(surface.loss),
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
    """Draw the loss along a line.

    Args:
        line: The result of `lossviz.profile`.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        The figure.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> figure = lv.figures.profile(lv.profile(model, torch.nn.MSELoss(), data, points=5))
        >>> len(figure.data[0].x)
        5
    """
    figure = _blank(line, narrow)
    figure.add_trace(
        go.Scatter(
            x=line.a,
            y=_with_holes(line.loss),
            mode="lines",
            line={"color": INK, "width": 4, "simplify": False},
        )
    )
    figure.update_layout(
        xaxis_title_text=for_plotly(line.facts.axes[0]),
        yaxis_title_text=f"loss ({for_plotly(line.facts.loss_name)})",
    )
    return figure


def _add_path(figure: go.Figure, path: Path, narrow: bool) -> None:
    """Draw a path with its two ends, and say which share of it lies in the plane."""
    common = {"x": path.a, "y": path.b, "mode": "lines", "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(line={"color": WHITE, "width": 8, "simplify": False}, **common))
    figure.add_trace(go.Scatter(line={"color": PATH_COLOUR, "width": 4.5, "simplify": False}, **common))
    start = {"size": 14, "color": WHITE, "line": {"color": PATH_COLOUR, "width": 4}, "opacity": 1}
    end = {"size": 18, "color": PATH_COLOUR, "line": {"color": WHITE, "width": 3}, "opacity": 1}
    for k, marker in ((0, start), (-1, end)):
        figure.add_trace(
            go.Scatter(x=[path.a[k]], y=[path.b[k]], mode="markers", marker=marker, hoverinfo="skip")
        )
    words = f"<b>{percent(path.explained)}</b> of this path's variance is in the plane"
    figure.add_annotation(
        note(words, 1, 1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", yshift=6)
        | {"font": {"size": 14 if narrow else 16, "color": INK}}
    )


def _stride(surface: Surface) -> int:
    """Every stride-th point along an axis is drawn."""
    return stride_for(surface.loss.shape, MAX_DRAWN)


def _thinned(surface: Surface) -> Surface:
    """The surface at the points that are drawn; the last of each axis is among them."""
    rows, columns = (coarse_indices(n, _stride(surface)) for n in surface.loss.shape)
    loss = surface.loss[np.ix_(rows, columns)]
    return replace(surface, a=surface.a[columns], b=surface.b[rows], loss=loss)


def _same_scale(surface: Surface) -> bool:
    """Whether the two axes are drawn to one scale, unless one of them would then be too short."""
    across, up = (float(along[-1] / 2 - along[0] / 2) for along in (surface.a, surface.b))
    return bool(across and up and 0.25 < across / up < 4)


def _colorbar(ticks: dict[float, float]) -> dict[str, Any]:
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
    """Heights (k, k) in [0, 1], NaN where the loss is not finite, and the losses at some heights.

    A height is the mean of the rank and the value, both scaled to [0, 1], so that a ravine a thousand times
    deeper than the rest leaves the rest visible.
    """
    values = _with_holes(loss)
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


def _with_holes(loss: np.ndarray) -> np.ndarray:
    """The losses, NaN where they are not finite: Plotly draws that as a hole."""
    return np.where(np.isfinite(loss), loss, np.nan)


def _blank(result: Surface | Profile, narrow: bool) -> go.Figure:
    """An empty figure with a note below it that says how the result was computed."""
    facts, missing = result.facts, int((~np.isfinite(result.loss)).sum())
    notes = [for_plotly(facts.method)]
    if facts.buffers:
        notes.append(for_plotly(facts.buffers))
    if facts.stride > 1:
        notes.append(f"coarse grid, {every(facts.stride)}")
    if isinstance(result, Surface) and _stride(result) > 1:
        notes.append(f"drawn at {every(_stride(result))}")
    if facts.batches > 1 and facts.averaging:
        notes.append(for_plotly(facts.averaging))
    if facts.rounding:
        notes.append(for_plotly(facts.rounding))
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
