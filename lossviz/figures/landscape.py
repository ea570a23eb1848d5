"""Surfaces, paths and profiles drawn with plotly: pure functions from a result to a figure."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lossviz.paths import Path
from lossviz.surfaces import Profile, Surface

_GREENS = (
    "#F8F2C8", "#DDE1AF", "#BED09A", "#9EC08B", "#7EAF81", "#5F9D79", "#438B73", "#2C786B", "#1C6462",
    "#155055", "#143D46",
)  # fmt: skip
SCALE = [(k / 10, colour) for k, colour in enumerate(reversed(_GREENS))]  # low loss is dark
INK, PAPER, GRID, PATH = "#1B1F23", "#FFFFFF", "#D8DEE4", "#D55E00"
LEVELS = 12


def contour(surface: Surface, paths: Sequence[Path] = ()) -> go.Figure:
    """Level lines, spaced by rank so that plateaus and ravines both show; paths on top."""
    height, ticks = _ranked(surface.loss)
    figure = go.Figure(
        go.Contour(
            x=surface.a,
            y=surface.b,
            z=height,
            customdata=surface.loss,
            colorscale=SCALE,
            contours={"start": 0, "end": 1, "size": 1 / LEVELS},
            line={"width": 0.6, "color": "rgba(255,255,255,0.6)"},
            colorbar={
                "title": {"text": "loss"},
                "tickvals": list(ticks),
                "ticktext": [f"{v:.3g}" for v in ticks.values()],
            },
            hovertemplate="a = %{x:.3g}<br>b = %{y:.3g}<br>loss = %{customdata:.5g}<extra></extra>",
        )
    )
    for path in paths:
        figure.add_scatter(
            x=path.a, y=path.b, mode="lines+markers", line={"color": PATH, "width": 2}, marker={"size": 4},
            name=f"path ({path.explained:.0%} of its motion is in this plane)",
        )  # fmt: skip
    figure.update_layout(
        **_frame(surface), xaxis=_axis(surface.facts.axes[0]), yaxis=_axis(surface.facts.axes[1])
    )
    return figure


def terrain(surface: Surface) -> go.Figure:
    """The surface in three dimensions, at its true height."""
    loss = _holes(surface.loss)
    figure = go.Figure(
        go.Surface(
            x=surface.a, y=surface.b, z=loss, colorscale=SCALE, colorbar={"title": {"text": "loss"}},
            hovertemplate="a = %{x:.3g}<br>b = %{y:.3g}<br>loss = %{z:.5g}<extra></extra>",
        )
    )  # fmt: skip
    first, second = surface.facts.axes
    scene = {
        "xaxis": {"title": {"text": first}},
        "yaxis": {"title": {"text": second}},
        "zaxis": {"title": {"text": "loss"}},
    }
    figure.update_layout(**_frame(surface), scene=scene)
    return figure


def profile(line: Profile) -> go.Figure:
    """The loss along a line."""
    figure = go.Figure(
        go.Scatter(x=line.a, y=_holes(line.loss), mode="lines", line={"color": INK, "width": 2})
    )
    figure.update_layout(
        **_frame(line), xaxis=_axis(line.facts.axes[0]), yaxis=_axis(f"loss ({line.facts.loss_name})")
    )
    return figure


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
    span = known[-1] - known[0]
    height = 0.5 * np.linspace(0, 1, len(known)) + 0.5 * (known - known[0]) / span
    marks = np.linspace(0, 1, 6)
    return np.interp(values, known, height, left=np.nan, right=np.nan), {
        float(mark): float(np.interp(mark, height, known)) for mark in marks
    }


def _holes(loss: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(loss), loss, np.nan)


def _frame(result: Surface | Profile) -> dict[str, object]:
    facts, missing = result.facts, int((~np.isfinite(result.loss)).sum())
    notes = [facts.method]
    if facts.stride > 1:
        notes.append(f"first picture, every {facts.stride}th point")
    if facts.subset:
        notes.append(f"on {facts.examples} examples, not all")
    if missing:
        notes.append(f"{missing} points are not finite: drawn as holes")
    return {
        "template": None,
        "title": {"text": "; ".join(notes), "font": {"size": 14}},
        "font": {"family": "Source Sans, Source Sans 3, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 64, "r": 16, "t": 48, "b": 56},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    }


def _axis(title: str) -> dict[str, object]:
    return {
        "title": {"text": title},
        "gridcolor": GRID,
        "zeroline": False,
        "showline": True,
        "linecolor": GRID,
        "ticks": "",
    }
