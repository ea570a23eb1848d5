"""One measure of a race against the steps: median over the seeds, their middle half, and each seed."""

from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import MUTE, PAPER, loss_style, note, with_opacity, y_axis_title
from lossviz.figures.race.marker_layout import apart, spots_of
from lossviz.figures.race.panel import Panel, Place, Record
from lossviz.figures.race.rug import classes_of, curve_axis, rug_axes, rug_dots, rug_places
from lossviz.figures.race.styles import (
    LETTERS,
    MEASURES,
    hollow,
    is_twin,
    lettered,
    line_style,
)
from lossviz.training.history import History


def draw_curves(race: History, measure: str, place: Place) -> Panel:
    name, axis_title = MEASURES[measure]
    values: Floats = getattr(race, name)
    contestants = range(len(race.settings.losses))
    summaries = [_summary(values[c]) for c in contestants]
    middles = np.stack([middle for _, middle, _ in summaries])
    axis, side = curve_axis(race, measure)
    traces: list[dict[str, Any]] = []
    if len(summaries) <= 2 and values.shape[1] > 1:
        traces += [_band(race, c, low, high) for c, (low, _, high) in enumerate(summaries)]
    lines: list[list[int]] = []  # the traces of a contestant that grow with time
    for c, middle in enumerate(middles):
        pale = {"x": race.steps, "y": middle, "opacity": 0.42, "line": line_style(race, c, 2.2)}
        traces.append({"type": "scatter", "mode": "lines", **pale})
        lines.append([len(traces)])
        traces.append({"type": "scatter", "mode": "lines", "line": line_style(race, c)})
        if is_twin(race, c):
            lines[-1].append(len(traces))
            traces.append({"type": "scatter", "mode": "lines", "line": hollow()})
    first_disc = len(traces)
    traces += [_disc(race, c, place.running) for c in contestants]
    first_rug = len(traces)
    traces += [rug_dots(race, c, place.narrow) for c in contestants]
    back = (
        0.05 if lettered(race) else 0.026
    ) * race.settings.steps  # discs that would hide one another stand this far apart

    def moving(i: int) -> Record:
        notes: list[dict[str, Any]] = []
        heights = apart(axis, middles[:, i])
        spots = spots_of(axis, race, middles, i, back)
        numbers: list[int] = []
        data: list[dict[str, Any]] = []
        for c in contestants:
            grown = np.flatnonzero(np.isfinite(middles[c][: i + 1]))
            part = {"x": race.steps[grown].tolist(), "y": middles[c][grown].tolist()}
            for trace in lines[c]:
                numbers.append(trace)
                data.append(part)
            numbers.append(first_disc + c)
            data.append({"x": [spots[c][0]], "y": [spots[c][1]]})
            _, x, y = rug_places(axis, values[c, :, i], c, len(middles))
            numbers.append(first_rug + c)
            data.append({"x": x, "y": y})
            letter = f"{LETTERS[c]} " if lettered(race) else ""
            notes.append(
                note(
                    f"{letter}<b>{_told(race, c, i, middles, measure)}</b>",
                    place.across[1],
                    heights[c],
                    xref="paper",
                    yref="y",
                    xanchor="left",
                    xshift=22 if place.narrow else 76 if lettered(race) else 84,
                    yanchor="middle",
                    font={"size": 20, "color": loss_style(race.settings.losses[c]).text},
                )
            )
        return numbers, data, notes

    texts = [y_axis_title(axis_title), _guessing(race, measure, place)]
    axes = {"yaxis": side, **rug_axes(place, side)}
    return Panel(axes, traces, texts, moving)


def _band(race: History, c: int, low: Floats, high: Floats) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": np.concatenate([race.steps, race.steps[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "fill": "toself",
        "mode": "lines",
        "line": {"width": 0},
        "fillcolor": with_opacity(loss_style(race.settings.losses[c]).line, 0.1),
        "hoverinfo": "skip",
    }


def _disc(race: History, c: int, running: bool) -> dict[str, Any]:
    """Where a contestant is now; while it runs it has a halo, from three on a letter."""
    style = loss_style(race.settings.losses[c])
    twin = is_twin(race, c)
    rim = {"color": with_opacity(style.line, 0.3), "width": 8} if running else {"color": PAPER, "width": 3}
    letter = LETTERS[c] if lettered(race) else ""
    font = {"size": 13, "color": style.text if twin else PAPER, "weight": 700}
    return {
        "type": "scatter",
        "mode": "markers+text" if letter else "markers",
        "cliponaxis": False,
        "textfont": font,
        **({"text": [letter]} if letter else {}),
        "marker": {
            "size": (22 if letter else 17) + (4 if running else 0),
            "color": PAPER if twin else style.text if letter else style.line,
            "line": {"color": style.line, "width": 2.5} if twin and not running else rim,
            "opacity": 1,
        },
    }


def _guessing(race: History, measure: str, place: Place) -> dict[str, Any]:
    """The height of who only guesses: in every measure's picture, and empty where there is none."""
    known = measure == "Accuracy"
    return note(
        "guessing" if known else " ",
        place.across[1],
        1 / max(2, classes_of(race)) if known else 0,
        xref="paper",
        yref="y",
        xanchor="right",
        yanchor="top",
        font={"size": 15 if place.narrow else 16, "color": MUTE},
    )


def _summary(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Median and middle half over seeds, by record, of values (seeds, records); NaN where none is known."""
    known = np.isfinite(values).any(axis=0)
    low, middle, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if known.any():
        some = values[:, known]
        quantile = np.quantile if np.isfinite(some).all() else np.nanquantile  # the latter goes one by one
        with np.errstate(invalid="ignore"):  # between two infinite seeds nothing is known
            low[known], middle[known], high[known] = quantile(some, [0.25, 0.5, 0.75], axis=0)
    return low, middle, high


def _told(race: History, c: int, i: int, middles: Floats, measure: str) -> str:
    value = float(middles[c, i])
    if np.isnan(value):
        return "gone" if (race.diverged_at[c] >= 0).any() else "–"
    return percent(value) if measure == "Accuracy" else number(value)
