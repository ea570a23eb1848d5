"""One measure of a race against the steps: median over the seeds, their middle half, and each seed."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.datasets import DATASETS
from lossviz.figures.contestants import (
    LETTERS,
    MEASURES,
    hollow,
    is_twin,
    lettered,
    line_style,
)
from lossviz.figures.crowding import Axis, apart, rug, spots_of
from lossviz.figures.numerals import number, percent, power_of_ten
from lossviz.figures.style import MUTE, PAPER, axis_name, faded, mark, note
from lossviz.race import Race

Floats = NDArray[np.float64]
RUG_AXIS = 20  # of the x axis that the seeds' dots stand on, right of the curves


def draw_curves(
    figure: go.Figure,
    race: Race,
    measure: str,
    narrow: bool,
    across: list[float],
    running: bool,
) -> tuple[list[dict[str, Any]], Any]:
    """Each contestant's median over the seeds as a curve, with a disc at the cursor and its number beside it.

    Pale all along, and in full up to the cursor. Up to two contestants have the middle half of their
    seeds as a band. Right of the curves stands a dot for each seed.
    """
    field, axis_title = MEASURES[measure]
    values: Floats = getattr(race, field)
    contestants = range(len(race.settings.losses))
    summaries = [_summary(values[c]) for c in contestants]
    middles = np.stack([middle for _, middle, _ in summaries])
    axis = _curve_axis(figure, race, measure, values)
    if len(summaries) <= 2 and values.shape[1] > 1:
        for c, (low, _, high) in enumerate(summaries):
            figure.add_trace(_band(race, c, low, high))
    lines: list[list[int]] = []  # the traces of a contestant that grow with time
    for c, middle in enumerate(middles):
        figure.add_trace(
            go.Scatter(x=race.steps, y=middle, mode="lines", opacity=0.42, line=line_style(race, c, 2.2))
        )
        known = np.flatnonzero(np.isfinite(middle))
        whole = {"x": race.steps[known].tolist(), "y": middle[known].tolist(), "mode": "lines"}
        lines.append([len(figure.data)])
        figure.add_trace(go.Scatter(**whole, line=line_style(race, c)))
        if is_twin(race, c):
            lines[-1].append(len(figure.data))
            figure.add_trace(go.Scatter(**whole, line=hollow()))
    first_disc = len(figure.data)
    for c in contestants:
        figure.add_trace(_disc(race, c, running))
    rugs = [len(figure.data) + c for c in contestants]
    _rug_axis(figure, across)
    for c in contestants:
        colour = mark(race.settings.losses[c]).line
        figure.add_trace(
            go.Scatter(
                mode="markers",
                xaxis=f"x{RUG_AXIS}",
                yaxis=f"y{RUG_AXIS}",
                cliponaxis=False,
                hoverinfo="skip",
                marker={
                    "size": 4 if narrow else 5,
                    "color": PAPER if is_twin(race, c) else colour,
                    "line": {"color": colour, "width": 1.4},
                },
            )
        )
    back = (0.05 if lettered(race) else 0.026) * race.settings.steps  # how far discs stand apart, not to hide

    def moving(i: int) -> tuple[list[int], list[dict[str, Any]], list[dict[str, Any]]]:
        notes: list[dict[str, Any]] = []
        heights = apart(axis, middles[:, i])
        spots = spots_of(axis, race, middles, i, back)
        traces: list[int] = []
        data: list[dict[str, Any]] = []
        for c in contestants:
            grown = np.flatnonzero(np.isfinite(middles[c][: i + 1]))
            part = {"x": race.steps[grown].tolist(), "y": middles[c][grown].tolist()}
            for trace in lines[c]:
                traces.append(trace)
                data.append(part)
            traces.append(first_disc + c)
            data.append({"x": [spots[c][0]], "y": [spots[c][1]]})
            x, y = rug(axis, values[c, :, i], c, len(middles))
            traces.append(rugs[c])
            data.append({"x": x, "y": y})
            letter = f"{LETTERS[c]} " if lettered(race) else ""
            notes.append(
                note(
                    f"{letter}<b>{_told(race, c, i, middles, measure)}</b>",
                    across[1],
                    heights[c],
                    xref="paper",
                    yref="y",
                    xanchor="left",
                    xshift=22 if narrow else 76 if lettered(race) else 84,
                    yanchor="middle",
                    font={"size": 20, "color": mark(race.settings.losses[c]).text},
                )
            )
        return traces, notes, data

    texts = [axis_name(axis_title)]
    if measure == "Accuracy":
        texts.append(_guessing(race, across, narrow))
    return texts, moving


def _band(race: Race, c: int, low: Floats, high: Floats) -> go.Scatter:
    return go.Scatter(
        x=[*race.steps, *race.steps[::-1]],
        y=[*high, *low[::-1]],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=faded(mark(race.settings.losses[c]).line, 0.1),
        hoverinfo="skip",
    )


def _disc(race: Race, c: int, running: bool) -> go.Scatter:
    """Where a contestant is now; while it runs it has a halo, from three on a letter."""
    style = mark(race.settings.losses[c])
    twin = is_twin(race, c)
    rim = {"color": faded(style.line, 0.3), "width": 8} if running else {"color": PAPER, "width": 3}
    size, text = (22, [LETTERS[c]]) if lettered(race) else (17, None)
    return go.Scatter(
        mode="markers+text" if text else "markers",
        cliponaxis=False,
        text=text,
        textfont={"size": 13, "color": style.text if twin else PAPER, "weight": 700},
        marker={
            "size": size + (4 if running else 0),
            "color": PAPER if twin else style.text if text else style.line,
            "line": {"color": style.line, "width": 2.5} if twin and not running else rim,
            "opacity": 1,
        },
    )


def _rug_axis(figure: go.Figure, across: list[float]) -> None:
    figure.update_layout(
        {
            f"xaxis{RUG_AXIS}": {
                "domain": [across[1] + 0.012, across[1] + 0.074],
                "anchor": f"y{RUG_AXIS}",
                "range": [0, 1],
                "visible": False,
                "fixedrange": True,
            },
            f"yaxis{RUG_AXIS}": {
                "domain": figure.layout.yaxis.domain,
                "type": figure.layout.yaxis.type,
                "range": figure.layout.yaxis.range,
                "anchor": f"x{RUG_AXIS}",
                "visible": False,
                "fixedrange": True,
            },
        }
    )


def _guessing(race: Race, across: list[float], narrow: bool) -> dict[str, Any]:
    return note(
        "guessing",
        across[1],
        1 / max(2, _classes(race)),
        xref="paper",
        yref="y",
        xanchor="right",
        yanchor="top",
        font={"size": 15 if narrow else 16, "color": MUTE},
    )


def _summary(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Median and middle half over seeds, by record, of values (seeds, records); NaN where none is known."""
    known = np.isfinite(values).any(axis=0)
    low, middle, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if known.any():
        some = values[:, known]
        quantile = np.quantile if np.isfinite(some).all() else np.nanquantile  # the latter goes one by one
        low[known], middle[known], high[known] = quantile(some, [0.25, 0.5, 0.75], axis=0)
    return low, middle, high


def _curve_axis(figure: go.Figure, race: Race, measure: str, values: Floats) -> Axis:
    if measure == "Accuracy":
        chance = 1 / max(2, _classes(race))
        known = values[np.isfinite(values)]
        low = min(chance, float(known.min())) if known.size else chance
        ticks = [t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.06]
        figure.update_yaxes(
            range=[low - 0.05, 1.04],
            tickvals=ticks,
            ticktext=[f"{t:.0%}".replace("%", " %") for t in ticks],
            selector=0,
        )
        return Axis(False, low - 0.05, 1.04)
    known = values[np.isfinite(values) & (values > 0)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.1, 1.0)
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if high / low < 100 and e > -3 else (1,))]
    figure.update_yaxes(
        type="log",
        range=[np.log10(low) - 0.1, np.log10(high) + 0.1],
        tickvals=ticks,
        ticktext=[_tick(t) for t in ticks],
        selector=0,
    )
    return Axis(True, float(np.log10(low) - 0.1), float(np.log10(high) + 0.1))


def _tick(value: float) -> str:
    """A round number as short as it can be, since the axis's name stands close by."""
    return f"{value:g}" if value >= 0.01 else f"10{power_of_ten(round(math.log10(value)))}"


def _classes(race: Race) -> int:
    return len(DATASETS[race.settings.dataset].classes)


def _told(race: Race, c: int, i: int, middles: Floats, measure: str) -> str:
    value = float(middles[c, i])
    if np.isnan(value):
        return "gone" if (race.diverged_at[c] >= 0).any() else "–"
    return percent(value) if measure == "Accuracy" else number(value)
