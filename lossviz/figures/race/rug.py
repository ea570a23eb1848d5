"""The curves' y axis, and right of it the rug: each seed a dot at its value."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.data.table import DATASETS
from lossviz.figures.base.number_format import number, power_of_ten
from lossviz.figures.base.style import PAPER, loss_style
from lossviz.figures.race.panel import Place
from lossviz.figures.race.styles import MEASURES, is_twin
from lossviz.training.history import History

RUG_AXIS = 20  # of the axes that the dots stand on
RUG_DOTS = 8  # dots of one contestant side by side at most; more lie closer
ROWS = 60  # dots fill the height
NEAR = 0.05  # of the panel: a click farther from every mark is at none


@dataclass(frozen=True)
class Axis:
    """The y axis, known without asking the figure: that takes long."""

    log: bool
    low: float
    high: float

    def height(self, value: float) -> float:
        """A value in the axis's own coordinates."""
        return math.log10(value) if self.log and value > 0 else value

    def share(self, value: float) -> float:
        """How far up a value stands, from 0 to 1."""
        return (self.height(value) - self.low) / (self.high - self.low)


def curve_axis(race: History, measure: str) -> tuple[Axis, dict[str, Any]]:
    """The y axis as the curves need it, and as the layout does."""
    values = getattr(race, MEASURES[measure][0])
    if measure == "Accuracy":
        chance = 1 / max(2, classes_of(race))
        known = values[np.isfinite(values)]
        low = min(chance, float(known.min())) if known.size else chance
        ticks = [t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.06]
        axis = Axis(False, low - 0.05, 1.04)
        words = [f"{t:.0%}".replace("%", " %") for t in ticks]
    else:
        known = values[np.isfinite(values) & (values > 0)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.1, 1.0)
        least, most = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
        exponents = range(max(least, -300), min(most, 300) + 1)  # a float has a few more, and then no more
        ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if high / low < 100 and e > -3 else (1,))]
        axis = Axis(True, float(np.log10(low) - 0.1), float(np.log10(high) + 0.1))
        words = [_tick(t) for t in ticks]
    side = {"type": "log" if axis.log else "linear", "range": [axis.low, axis.high]}
    return axis, side | {"tickvals": ticks, "ticktext": words}


def _tick(value: float) -> str:
    """A round number as short as it can be, since the axis's name stands close by."""
    if 0.01 <= value < 1e6:
        return f"{value:g}"
    if not 0 < value < math.inf:
        return number(value)
    lead, _, power = f"{value:.0e}".partition("e")
    return f"{'' if lead == '1' else f'{lead} × '}10{power_of_ten(int(power))}"


def classes_of(race: History) -> int:
    return len(DATASETS[race.settings.dataset].classes)


def rug_dots(race: History, c: int, narrow: bool) -> dict[str, Any]:
    colour = loss_style(race.settings.losses[c]).line
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


def rug_axes(place: Place, side: dict[str, Any]) -> dict[str, dict[str, Any]]:
    hidden = {"visible": False, "fixedrange": True}
    right, name = place.across[1], str(RUG_AXIS)
    across = {"domain": [right + 0.012, right + 0.074], "range": [0, 1], "anchor": f"y{name}"}
    up = {"domain": place.up, "type": side["type"], "range": side["range"], "anchor": f"x{name}"}
    return {f"xaxis{name}": across | hidden, f"yaxis{name}": up | hidden}


def rug_places(axis: Axis, values: Floats, c: int, count: int) -> tuple[list[int], list[float], list[float]]:
    """The seeds that are known, and the place of each one's dot; those at one height stand side by side."""
    taken: dict[int, int] = {}
    room = 1 / count
    close = room / max(RUG_DOTS, len(values)) if count > 1 else room / 16
    seeds = [int(seed) for seed in np.argsort(values, kind="stable") if np.isfinite(values[seed])]
    x, y = [], []
    for seed in seeds:
        value = float(values[seed])
        row = round(ROWS * axis.share(value))
        k = taken[row] = taken.get(row, -1) + 1
        x.append(round(c * room + (k + 0.5) * close, 4))
        y.append(value)
    return seeds, x, y


def seed_at(race: History, measure: str, view: str, step: int, x: float, y: float) -> int | None:
    """The seed, from 0, whose mark is nearest to a click: its dot in the rug of "Curves", or its line in
    "Seeds", at the record nearest to ``step``. None far from all.

    x and y are in the coordinates of the panel whose name is the figure's ``meta["click"]``.
    """
    record = int(np.abs(race.steps - step).argmin())
    values = getattr(race, MEASURES[measure][0])[:, :, record]  # (contestants, seeds)
    count = len(values)
    marks: list[tuple[float, int]] = []  # how far away, the seed
    if view == "Seeds":
        known = values[np.isfinite(values)]
        room = float(np.ptp(known)) or 1.0 if known.size else 1.0
        for seed, line in enumerate(values.T):
            there = np.flatnonzero(np.isfinite(line))
            if there.size:
                marks.append((abs(y - float(np.interp(x, there, line[there]))) / room, seed))
    else:
        axis, _ = curve_axis(race, measure)
        for c in range(count):
            for seed, *dot in zip(*rug_places(axis, values[c], c, count), strict=True):
                # the rug is an eighth as wide as it is tall
                marks.append((math.hypot((x - dot[0]) / 8, axis.share(y) - axis.share(dot[1])), seed))
    far, seed = min(marks, default=(math.inf, 0))
    return seed if far <= NEAR else None
