"""The y axis of the training curves, and the rug beside it: each seed a dot at its value."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, power_of_ten
from lossviz.figures.base.style import PAPER, loss_style
from lossviz.figures.training.panel import PanelLayout
from lossviz.figures.training.styles import TRAINING_METRICS, check_metric, class_count, is_hollow
from lossviz.training.history import History

RUG_AXIS = 20  # number of the axes of the dots
RUG_DOTS = 8  # dots of one run side by side; more are closer together
ROWS = 60  # dots that fill the height
CLICK_RADIUS = 0.05  # of the panel's height: a click farther from every mark chooses none


@dataclass(frozen=True)
class YAxis:
    """The y axis of the curves. Asking the figure for it would take long."""

    log: bool
    low: float
    high: float

    def coordinate(self, value: float) -> float:
        """A value in the axis's own coordinates."""
        return math.log10(value) if self.log and value > 0 else value

    def fraction(self, value: float) -> float:
        """The height of a value, from 0 at the bottom to 1 at the top."""
        return (self.coordinate(value) - self.low) / (self.high - self.low)


def y_axis(history: History, metric: str) -> tuple[YAxis, dict[str, Any]]:
    """The y axis, and its part of the figure's layout."""
    values = getattr(history, metric)
    if TRAINING_METRICS[metric].is_share:
        chance = 1 / max(2, class_count(history))
        known = values[np.isfinite(values)]
        low = min(chance, float(known.min())) if known.size else chance
        ticks = [t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.06]
        axis = YAxis(False, low - 0.05, 1.04)
        labels = [f"{t:.0%}".replace("%", " %") for t in ticks]
    else:
        known = values[np.isfinite(values) & (values > 0)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.1, 1.0)
        first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
        exponents = range(max(first, -300), min(last, 300) + 1)  # within the range of a float
        ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if high / low < 100 and e > -3 else (1,))]
        axis = YAxis(True, float(np.log10(low) - 0.1), float(np.log10(high) + 0.1))
        labels = [_tick_label(t) for t in ticks]
    layout = {"type": "log" if axis.log else "linear", "range": [axis.low, axis.high]}
    return axis, layout | {"tickvals": ticks, "ticktext": labels}


def _tick_label(value: float) -> str:
    """A round number, as short as it can be, since the axis's title is close to it."""
    if 0.01 <= value < 1e6:
        return f"{value:g}"
    if not 0 < value < math.inf:
        return number(value)
    lead, _, power = f"{value:.0e}".partition("e")
    return f"{'' if lead == '1' else f'{lead} × '}10{power_of_ten(int(power))}"


def rug_trace(history: History, run: int, narrow: bool) -> dict[str, Any]:
    """The trace of a run's dots, without their positions."""
    colour = loss_style(history.settings.losses[run]).line
    fill = PAPER if is_hollow(history, run) else colour
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": f"x{RUG_AXIS}",
        "yaxis": f"y{RUG_AXIS}",
        "cliponaxis": False,
        "hoverinfo": "skip",
        "marker": {"size": 4 if narrow else 5, "color": fill, "line": {"color": colour, "width": 1.4}},
    }


def rug_axes(layout: PanelLayout, y_layout: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The axes of the dots: right of the curves, and as high."""
    hidden = {"visible": False, "fixedrange": True}
    right, name = layout.across[1], str(RUG_AXIS)
    across = {"domain": [right + 0.012, right + 0.074], "range": [0, 1], "anchor": f"y{name}"}
    up = {"domain": layout.up, "type": y_layout["type"], "range": y_layout["range"], "anchor": f"x{name}"}
    return {f"xaxis{name}": across | hidden, f"yaxis{name}": up | hidden}


def rug_positions(
    axis: YAxis, values: Floats, run: int, runs: int
) -> tuple[list[int], list[float], list[float]]:
    """The seeds with a finite value, and the position of each one's dot. Equal values are side by side."""
    in_row: dict[int, int] = {}
    width = 1 / runs
    distance = width / max(RUG_DOTS, len(values)) if runs > 1 else width / 16
    seeds = [int(seed) for seed in np.argsort(values, kind="stable") if np.isfinite(values[seed])]
    x, y = [], []
    for seed in seeds:
        value = float(values[seed])
        row = round(ROWS * axis.fraction(value))
        k = in_row[row] = in_row.get(row, -1) + 1
        x.append(round(run * width + (k + 0.5) * distance, 4))
        y.append(value)
    return seeds, x, y


def seed_at(history: History, metric: str, view: str, step: int, x: float, y: float) -> int | None:
    """The seed that a click in the figure of `training_curves` means.

    Args:
        history: The history that is drawn.
        metric: "accuracy", "loss", "cross_entropy" or "brier".
        view: "curves", where a seed is a dot of the rug, or "seeds", where it is a line.
        step: The step that is shown; the nearest record counts.
        x: Of the click, in the coordinates of the panel whose name is the figure's ``layout.meta["click"]``.
        y: Of the click.

    Returns:
        The seed, from 0, whose dot or line is nearest; None far from all.

    Raises:
        ValueError: For an unknown metric.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=20)
        >>> middle = history.brier[:, 1, -1].mean()
        >>> lv.figures.seed_at(history, "brier", "seeds", step=20, x=0.5, y=middle)
        1
    """
    record = int(np.abs(history.steps - step).argmin())
    check_metric(metric)
    values = getattr(history, metric)[:, :, record]  # (runs, seeds)
    marks: list[tuple[float, int]] = []  # distance from the click, seed
    if view == "seeds":
        known = values[np.isfinite(values)]
        height = float(np.ptp(known)) or 1.0 if known.size else 1.0
        for seed, line in enumerate(values.T):
            runs = np.flatnonzero(np.isfinite(line))
            if runs.size:
                marks.append((abs(y - float(np.interp(x, runs, line[runs]))) / height, seed))
    else:
        axis, _ = y_axis(history, metric)
        for run in range(len(values)):
            for seed, *dot in zip(*rug_positions(axis, values[run], run, len(values)), strict=True):
                # the rug is an eighth as wide as it is tall
                distance = math.hypot((x - dot[0]) / 8, axis.fraction(y) - axis.fraction(dot[1]))
                marks.append((distance, seed))
    distance, seed = min(marks, default=(math.inf, 0))
    return seed if distance <= CLICK_RADIUS else None
