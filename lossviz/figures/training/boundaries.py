"""Beside the curves: each run's name and state, and its decision boundaries if the data are in a plane."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossviz.figures.base.style import INK, MUTE, PAPER, RAMP, loss_style, note, unthemed
from lossviz.figures.training.styles import (
    class_count,
    has_letters,
    is_hollow,
    line_style,
    own_settings,
    title_of,
)
from lossviz.training.diagnosis import diagnose
from lossviz.training.history import History
from lossviz.training.predictions import DecisionBoundaries

_REGION_COLOURS = [[i / 10, unthemed(colour)] for i, colour in enumerate(RAMP)]


@dataclass(frozen=True)
class SidePanel:
    """What is drawn beside a training's curves, as plain data.

    ``descriptions`` are the runs' states, which change from record to record; ``titles`` are the same for all
    records. ``changing`` are the numbers of the traces that change, counted from the panel's first.
    """

    descriptions: list[dict[str, Any]]
    titles: list[dict[str, Any]]
    shapes: list[dict[str, Any]]
    axes: dict[str, dict[str, Any]] = field(default_factory=dict)
    traces: list[dict[str, Any]] = field(default_factory=list)
    changing: list[int] = field(default_factory=list)


def regions(boundaries: DecisionBoundaries, record: int, run: int) -> NDArray[Any]:
    """A run's predictions in hundredths of the range: as bytes, unless some are unknown."""
    predictions = boundaries.predictions[min(record, len(boundaries.predictions) - 1), run]
    hundredths: NDArray[Any] = 100 * predictions / max(1, boundaries.classes - 1)
    return np.round(hundredths).astype(np.uint8) if np.isfinite(predictions).all() else hundredths


def domains(run: int, runs: int, narrow: bool) -> tuple[list[float], list[float]]:
    """The place of a run's picture: in a column, or two by two; below the curves on a narrow figure."""
    if narrow:
        rows, low = -(-runs // 2), 0.27 if runs <= 2 else 0.47
        width, height = 0.47, low / rows - (0.0 if rows == 1 else 0.07)
        x0, y1 = (run % 2) * 0.53, low - (run // 2) * (height + 0.07)
        return [x0, x0 + width], [y1 - height, y1]
    columns, rows = (1, max(2, runs)) if runs <= 2 else (2, 2)
    width = 0.205 if columns == 1 else 0.16
    height = 1 / rows - 0.135
    x1 = 1.0 - (columns - 1 - run % columns) * (width + 0.02)
    top = 1 - (run // columns) / rows - 0.11
    return [x1 - width, x1], [top - height, top]


def descriptions(history: History, record: int) -> list[str]:
    """The diagnosis of each run at a record; with letters, shorter and behind the run's own settings."""
    found = [diagnose(history, run, record) for run in range(len(history.settings.losses))]
    if not has_letters(history):
        return [diagnosis.description for diagnosis in found]
    texts = []
    for run, diagnosis in enumerate(found):
        text, own = diagnosis.description, own_settings(history, run)
        if diagnosis.kind == "learning" and class_count(history):
            text = f"{100 * diagnosis.value:.0f} % correct"
        texts.append(f"{own}, {text}" if own else text)
    return texts


def draw_boundaries(history: History, boundaries: DecisionBoundaries, record: int, narrow: bool) -> SidePanel:
    """One picture per run, with the run's line above it."""
    runs, last = len(history.settings.losses), max(1, boundaries.classes - 1)
    side = SidePanel([], [], [])
    levels = (0.5, 0.5, 1.0) if boundaries.classes == 2 else (0.5 / last, (last - 0.5) / last, 1 / last)
    contours = {"start": 100 * levels[0], "end": 100 * levels[1], "size": 100 * levels[2]}
    x_range, y_range = ([float(one[0]), float(one[-1])] for one in (boundaries.a, boundaries.b))
    small = narrow or runs > 2
    for run, text in enumerate(descriptions(history, record)):
        axis = str(run + 2)
        x, y = domains(run, runs, narrow)
        hidden = {"visible": False, "fixedrange": True}
        side.axes[f"xaxis{axis}"] = hidden | {"domain": x, "anchor": f"y{axis}", "range": x_range}
        side.axes[f"yaxis{axis}"] = hidden | {"domain": y, "anchor": f"x{axis}", "range": y_range}
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        side.changing.append(len(side.traces))
        side.traces.append(
            {
                "type": "contour",
                "x": boundaries.a,
                "y": boundaries.b,
                "z": regions(boundaries, record, run),
                "showscale": False,
                "hoverinfo": "skip",
                "zmin": -6,
                "zmax": 130,
                "colorscale": _REGION_COLOURS,
                "line": {"width": 2.2, "color": unthemed(INK)},
                "contours": {"coloring": "heatmap", **contours},
                **axes,
            }
        )
        side.traces.append(_examples(boundaries) | axes)
        refs = {"xref": f"x{axis} domain", "yref": f"y{axis} domain"}
        side.shapes.extend(_key_line(history, run, {**refs, "x0": 0, "x1": 1, "y0": 1, "y1": 1}))
        where = {**refs, "xanchor": "left", "yanchor": "bottom"}
        font = {"size": 14 if small else 16, "color": MUTE}
        side.descriptions.append(note(text, 0, 1, yshift=4, font=font, **where))
        font = {"size": 15 if small else 18, "color": loss_style(history.settings.losses[run]).text}
        side.titles.append(note(f"<b>{title_of(history, run)}</b>", 0, 1, yshift=22, font=font, **where))
    return side


def draw_titles(history: History, record: int, narrow: bool) -> SidePanel:
    """For data that are not in a plane: each run's line, title and state."""
    side = SidePanel([], [], [])
    few = len(history.settings.losses) <= 2
    for run, text in enumerate(descriptions(history, record)):
        x, y, width = 0.795, 0.76 - 0.19 * run, 0.205
        if narrow:
            x, y, width = (run % 2) * 0.53, (0.09 if few else 0.17), 0.47
            y -= 0.13 * (run // 2)
        refs = {"xref": "paper", "yref": "paper"}
        side.shapes.extend(_key_line(history, run, {**refs, "x0": x, "x1": x + width, "y0": y, "y1": y}))
        where = {**refs, "xanchor": "left", "yanchor": "bottom"}
        font = {"size": 14 if narrow else 15, "color": MUTE}
        side.descriptions.append(note(text, x, y, yshift=-30, font=font, **where))
        font = {"size": 15 if narrow else 17, "color": loss_style(history.settings.losses[run]).text}
        side.titles.append(note(f"<b>{title_of(history, run)}</b>", x, y, yshift=4, font=font, **where))
    return side


def _key_line(history: History, run: int, place: dict[str, Any]) -> list[dict[str, Any]]:
    """A line in the run's colour and dash: the legend of the curves."""
    style = line_style(history, run)
    line = {"color": style["color"], "width": 5, "dash": style["dash"]}
    lines = [{"type": "line", "line": line, **place}]
    if is_hollow(history, run):
        lines.append({"type": "line", "line": {"color": PAPER, "width": 1.6}, **place})
    return lines


def _examples(boundaries: DecisionBoundaries) -> dict[str, Any]:
    """The training examples. Hues stand for losses, so classes differ by fill or by symbol instead."""
    shown = slice(None, 160)
    x, y = boundaries.x[shown], boundaries.y[shown]
    ink, white = unthemed(INK), "rgb(255,255,255)"
    dots = {"type": "scatter", "x": x[:, 0], "y": x[:, 1], "mode": "markers", "hoverinfo": "skip"}
    if boundaries.classes == 2:  # numbers on a colour scale: Plotly takes long to validate a list of colours
        scale = {"cmin": 0, "cmax": 1, "colorscale": [[0, white], [1, ink]]}
        edge = {"color": 1 - y, "width": 0.9, **scale}
        return dots | {"marker": {"size": 5.4, "color": y, "line": edge, "opacity": 1, **scale}}
    symbols = np.array(["circle", "circle-open", "square", "square-open", "diamond", "diamond-open"])[y % 6]
    edge = {"width": 0.9, "color": ink}
    return dots | {"marker": {"size": 5.4, "symbol": symbols, "color": ink, "line": edge}}
