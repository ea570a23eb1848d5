"""One measure of a race against the steps: median over the seeds, their middle half, and each seed."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
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
from lossviz.figures.numerals import number, percent, power_of_ten
from lossviz.figures.race_panel import Panel, Place, Record
from lossviz.figures.style import MUTE, PAPER, axis_name, faded, mark, note
from lossviz.race import Race

Floats = NDArray[np.float64]
RUG_AXIS = 20  # of the x axis that the seeds' dots stand on, right of the curves
RUG_DOTS = 8  # dots of one contestant side by side at most; more lie closer


def draw_curves(race: Race, measure: str, place: Place) -> Panel:
    name, axis_title = MEASURES[measure]
    values: Floats = getattr(race, name)
    contestants = range(len(race.settings.losses))
    summaries = [_summary(values[c]) for c in contestants]
    middles = np.stack([middle for _, middle, _ in summaries])
    axis, side = _curve_axis(race, measure, values)
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
    traces += [_rug_dots(race, c, place.narrow) for c in contestants]
    back = (
        0.05 if lettered(race) else 0.026
    ) * race.settings.steps  # discs that would hide one another stand this far apart

    def moving(i: int) -> Record:
        notes: list[dict[str, Any]] = []
        heights = _apart(axis, middles[:, i])
        spots = _spots(axis, race, middles, i, back)
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
            x, y = _rug(axis, values[c, :, i], c, len(middles))
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
                    font={"size": 20, "color": mark(race.settings.losses[c]).text},
                )
            )
        return numbers, data, notes

    texts = [axis_name(axis_title), _guessing(race, measure, place)]
    axes = {"yaxis": side, **_rug_axes(place, side)}
    return Panel(axes, traces, texts, moving)


def _band(race: Race, c: int, low: Floats, high: Floats) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": np.concatenate([race.steps, race.steps[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "fill": "toself",
        "mode": "lines",
        "line": {"width": 0},
        "fillcolor": faded(mark(race.settings.losses[c]).line, 0.1),
        "hoverinfo": "skip",
    }


def _disc(race: Race, c: int, running: bool) -> dict[str, Any]:
    """Where a contestant is now; while it runs it has a halo, from three on a letter."""
    style = mark(race.settings.losses[c])
    twin = is_twin(race, c)
    rim = {"color": faded(style.line, 0.3), "width": 8} if running else {"color": PAPER, "width": 3}
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


def _rug_dots(race: Race, c: int, narrow: bool) -> dict[str, Any]:
    colour = mark(race.settings.losses[c]).line
    fill = PAPER if is_twin(race, c) else colour
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": f"x{RUG_AXIS}",
        "yaxis": f"y{RUG_AXIS}",
        "cliponaxis": False,
        "hoverinfo": "skip",
        "marker": {"size": 4 if narrow else 5, "color": fill, "line": {"color": colour, "width": 1.4}},
    }


def _rug_axes(place: Place, side: dict[str, Any]) -> dict[str, dict[str, Any]]:
    hidden = {"visible": False, "fixedrange": True}
    right = place.across[1]
    return {
        f"xaxis{RUG_AXIS}": {
            "domain": [right + 0.012, right + 0.074],
            "anchor": f"y{RUG_AXIS}",
            "range": [0, 1],
            **hidden,
        },
        f"yaxis{RUG_AXIS}": {
            "domain": place.up,
            "type": side["type"],
            "range": side["range"],
            "anchor": f"x{RUG_AXIS}",
            **hidden,
        },
    }


@dataclass(frozen=True)
class _Axis:
    """The y axis, known without asking the figure: that takes long."""

    log: bool
    low: float
    high: float

    def height(self, value: float) -> float:
        """A value in the axis's own coordinates."""
        return math.log10(value) if self.log and value > 0 else value


def _rug(axis: _Axis, values: Floats, c: int, count: int) -> tuple[list[float], list[float]]:
    """A dot for each seed at its value; those at one height stand side by side."""
    taken: dict[int, int] = {}
    room = 1 / count
    close = room / max(RUG_DOTS, len(values)) if count > 1 else room / 16
    x, y = [], []
    for value in np.sort(values[np.isfinite(values)]):
        share = (axis.height(float(value)) - axis.low) / (axis.high - axis.low)
        row = round(60 * share)  # 60 dots fill the height
        k = taken[row] = taken.get(row, -1) + 1
        x.append(round(c * room + (k + 0.5) * close, 4))
        y.append(float(value))
    return x, y


def _spots(
    axis: _Axis, race: Race, middles: Floats, i: int, back: float
) -> list[tuple[float | None, float | None]]:
    """Where each disc stands: at the cursor, or farther back along its own curve where it would hide
    another."""
    spots: list[tuple[float | None, float | None]] = []
    for middle in middles:
        last = _last_known(middle, i)
        if last is None:
            spots.append((None, None))
            continue
        x = float(race.steps[last])
        y = float(middle[last])
        known = np.flatnonzero(np.isfinite(middle[: last + 1]))
        while x > 0 and any(
            ox is not None
            and oy is not None
            and abs(ox - x) < 0.9 * back
            and abs(axis.height(oy) - axis.height(y)) < 0.05 * (axis.high - axis.low)
            for ox, oy in spots
        ):
            x = max(0.0, x - back)
            y = float(np.interp(x, race.steps[known], middle[known]))
        spots.append((x, y))
    return spots


def _guessing(race: Race, measure: str, place: Place) -> dict[str, Any]:
    """The height of who only guesses: in every measure's picture, and empty where there is none."""
    known = measure == "Accuracy"
    return note(
        "guessing" if known else " ",
        place.across[1],
        1 / max(2, _classes(race)) if known else 0,
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
        low[known], middle[known], high[known] = quantile(some, [0.25, 0.5, 0.75], axis=0)
    return low, middle, high


def _curve_axis(race: Race, measure: str, values: Floats) -> tuple[_Axis, dict[str, Any]]:
    """The y axis as the curves need it, and as the layout does."""
    if measure == "Accuracy":
        chance = 1 / max(2, _classes(race))
        known = values[np.isfinite(values)]
        low = min(chance, float(known.min())) if known.size else chance
        ticks = [t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.06]
        axis = _Axis(False, low - 0.05, 1.04)
        words = [f"{t:.0%}".replace("%", " %") for t in ticks]
    else:
        known = values[np.isfinite(values) & (values > 0)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.1, 1.0)
        exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if high / low < 100 and e > -3 else (1,))]
        axis = _Axis(True, float(np.log10(low) - 0.1), float(np.log10(high) + 0.1))
        words = [_tick(t) for t in ticks]
    side = {"type": "log" if axis.log else "linear", "range": [axis.low, axis.high]}
    return axis, side | {"tickvals": ticks, "ticktext": words}


def _tick(value: float) -> str:
    """A round number as short as it can be, since the axis's name stands close by."""
    return f"{value:g}" if value >= 0.01 else f"10{power_of_ten(round(math.log10(value)))}"


def _classes(race: Race) -> int:
    return len(DATASETS[race.settings.dataset].classes)


def _last_known(middle: Floats, i: int) -> int | None:
    known = np.flatnonzero(np.isfinite(middle[: i + 1]))
    return int(known[-1]) if len(known) else None


def _told(race: Race, c: int, i: int, middles: Floats, measure: str) -> str:
    value = float(middles[c, i])
    if np.isnan(value):
        return "gone" if (race.diverged_at[c] >= 0).any() else "–"
    return percent(value) if measure == "Accuracy" else number(value)


def _apart(axis: _Axis, values: Floats) -> list[float]:
    """Heights for the numbers at the right edge, pushed apart so that none lies on another."""
    heights = [axis.height(float(v)) if np.isfinite(v) else axis.low for v in values]
    least = 0.075 * (axis.high - axis.low)
    placed: list[float] = [0.0] * len(heights)
    floor = -np.inf
    for c in sorted(range(len(heights)), key=lambda c: heights[c]):
        placed[c] = max(heights[c], floor + least)
        floor = placed[c]
    over = max(0.0, floor - axis.high)
    return [p - over for p in placed]
