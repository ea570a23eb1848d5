"""Positions of the markers and the numbers of several curves, so that none hides another."""

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.training.rug import YAxis
from lossviz.training.history import History

LABEL_DISTANCE = 26  # pixels from the middle of a number of 20 pixels to the next


def marker_positions(
    axis: YAxis, history: History, medians: Floats, record: int, shift: float
) -> list[tuple[float | None, float | None]]:
    """The position of each run's marker: at the record, or earlier on its own curve.

    ``medians`` are the curves (runs, records). A marker that would hide another is moved ``shift`` steps back
    along its curve, as often as necessary. A run without a finite value yet has (None, None).
    """
    positions: list[tuple[float | None, float | None]] = []
    for median in medians:
        known = np.flatnonzero(np.isfinite(median[: record + 1]))
        if not len(known):
            positions.append((None, None))
            continue
        x, y = float(history.steps[known[-1]]), float(median[known[-1]])
        while x > 0 and any(
            ox is not None
            and oy is not None
            and abs(ox - x) < 0.9 * shift
            and abs(axis.coordinate(oy) - axis.coordinate(y)) < 0.05 * (axis.high - axis.low)
            for ox, oy in positions
        ):
            x = max(0.0, x - shift)
            y = float(np.interp(x, history.steps[known], median[known]))
        positions.append((x, y))
    return positions


def label_heights(axis: YAxis, values: Floats, pixels: float) -> list[float]:
    """Heights (runs,) for the numbers at the right edge, far enough apart that none overlaps another.

    ``pixels`` is the height of the axis on screen. The heights are coordinates of the axis; the number of a
    value that is not finite is placed at the bottom.
    """
    heights = [axis.coordinate(float(v)) if np.isfinite(v) else axis.low for v in values]
    distance = LABEL_DISTANCE / pixels * (axis.high - axis.low)
    placed: list[float] = [0.0] * len(heights)
    last = -np.inf
    for run in sorted(range(len(heights)), key=lambda run: heights[run]):
        last = placed[run] = max(heights[run], last + distance)
    excess = max(0.0, last - axis.high)
    return [height - excess for height in placed]
