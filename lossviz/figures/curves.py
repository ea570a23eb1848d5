"""One measure of a race against the steps: median and middle half over the seeds."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.datasets import DATASETS
from lossviz.figures.contestants import MEASURES, line_style, name_of
from lossviz.figures.style import PAPER, axis_name, faded, mark, note, number, percent, power_of_ten
from lossviz.race import Race

Floats = NDArray[np.float64]


def draw_curves(
    figure: go.Figure,
    race: Race,
    measure: str,
    narrow: bool,
    across: list[float],
    running: bool,
    named: bool,
) -> tuple[list[dict[str, Any]], Any]:
    field, axis_title = MEASURES[measure]
    values: Floats = getattr(race, field)
    contestants = range(len(race.settings.losses))
    summaries = [_summary(values[c]) for c in contestants]
    middles = np.stack([middle for _, middle, _ in summaries])
    _curve_axis(figure, race, measure, values)
    if len(summaries) <= 2 and values.shape[1] > 1:
        for c, (low, _, high) in enumerate(summaries):
            figure.add_trace(
                go.Scatter(
                    x=[*race.steps, *race.steps[::-1]],
                    y=[*high, *low[::-1]],
                    fill="toself",
                    mode="lines",
                    line={"width": 0},
                    fillcolor=faded(mark(race.settings.losses[c]).line, 0.12),
                    hoverinfo="skip",
                )
            )
    for c, middle in enumerate(middles):
        known = np.flatnonzero(np.isfinite(middle))
        kept = known
        figure.add_trace(
            go.Scatter(
                x=race.steps, y=middle, mode="lines", opacity=0.4, line=line_style(race, c) | {"width": 2.2}
            )
        )
        figure.add_trace(
            go.Scatter(
                x=race.steps[kept].tolist(), y=middle[kept].tolist(), mode="lines", line=line_style(race, c)
            )
        )
    first = len(figure.data)
    for c in contestants:
        colour = mark(race.settings.losses[c]).line
        figure.add_trace(
            go.Scatter(
                mode="markers",
                cliponaxis=False,
                marker={"size": 17, "color": colour, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )
    lines = [first - 2 * len(middles) + 2 * c + 1 for c in contestants]

    def moving(i: int) -> tuple[list[int], list[dict[str, Any]], list[dict[str, Any]]]:
        data: list[dict[str, Any]] = []
        notes: list[dict[str, Any]] = []
        spots = _apart(figure, middles[:, i], measure)
        for c in contestants:
            last = _last_known(middles[c], i)
            data.append({"x": [int(race.steps[last])], "y": [_finite(middles[c, last])]})
            notes.append(
                note(
                    f"<b>{_told(race, c, i, middles, measure)}</b>",
                    across[1],
                    spots[c],
                    xref="paper",
                    yref="y",
                    xanchor="left",
                    xshift=12,
                    yanchor="middle",
                    font={"size": 20, "color": mark(race.settings.losses[c]).text},
                )
            )
        grown = [
            {"x": race.steps[k].tolist(), "y": middles[c][k].tolist()}
            for c in contestants
            for k in [np.flatnonzero(np.isfinite(middles[c][: i + 1]))]
        ]
        return [*lines, *range(first, first + len(middles))], notes, [*grown, *data]

    texts = [axis_name(axis_title)]
    for c in contestants if not named else ():
        spot = _name_spot(race, middles, c)
        if spot:
            x, y, shift = spot
            texts.append(
                note(
                    f"<b>{name_of(race, c)}</b>",
                    x,
                    y,
                    xanchor="left",
                    yshift=shift,
                    font={"size": 17 if narrow else 19, "color": mark(race.settings.losses[c]).text},
                    bgcolor=PAPER,
                )
            )
    return texts, moving


def _summary(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Median and middle half over seeds, by record, of values (seeds, records); NaN where none is known."""
    known = np.isfinite(values).any(axis=0)
    low, middle, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if known.any():
        low[known], middle[known], high[known] = np.nanquantile(values[:, known], [0.25, 0.5, 0.75], axis=0)
    return low, middle, high


def _curve_axis(figure: go.Figure, race: Race, measure: str, values: Floats) -> None:
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
        return
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


def _tick(value: float) -> str:
    """A round number as short as it can be, since the axis's name stands close by."""
    return f"{value:g}" if value >= 0.01 else f"10{power_of_ten(round(math.log10(value)))}"


def _classes(race: Race) -> int:
    return len(DATASETS[race.settings.dataset].classes)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _last_known(middle: Floats, i: int) -> int:
    known = np.flatnonzero(np.isfinite(middle[: i + 1]))
    return int(known[-1]) if len(known) else 0


def _told(race: Race, c: int, i: int, middles: Floats, measure: str) -> str:
    value = float(middles[c, i])
    if np.isnan(value):
        gone = race.diverged_at[c]
        return "gone" if (gone >= 0).any() else "–"
    return percent(value) if measure == "Accuracy" else number(value)


def _apart(figure: go.Figure, values: Floats, measure: str) -> list[float]:
    """Heights for the numbers at the right edge, pushed apart so that none lies on another."""
    log = figure.layout.yaxis.type == "log"
    low, high = figure.layout.yaxis.range
    heights = [np.log10(v) if log and v > 0 else v for v in values]
    heights = [h if np.isfinite(h) else low for h in heights]
    least = 0.075 * (high - low)
    placed: list[float] = [0.0] * len(heights)
    floor = -np.inf
    for c in sorted(range(len(heights)), key=lambda c: heights[c]):
        placed[c] = max(heights[c], floor + least)
        floor = placed[c]
    over = max(0.0, floor - high)
    return [p - over for p in placed]


def _name_spot(race: Race, middles: Floats, c: int) -> tuple[float, float, int] | None:
    """Where a contestant's name stands: beside its own curve, where the curves are farthest apart."""
    whole = np.isfinite(middles).all(axis=0)
    if whole.sum() < 3:
        return None
    usable = np.flatnonzero(
        whole & (race.steps >= 0.04 * race.settings.steps) & (race.steps <= 0.6 * race.settings.steps)
    )
    if not len(usable):
        return None
    spread = np.ptp(middles[:, usable], axis=0)
    i = int(usable[int(spread.argmax())])
    order = sorted(range(len(middles)), key=lambda k: middles[k, i])
    below = order[0] == c
    return float(race.steps[i]), float(middles[c, i]), -20 if below else 20
