"""Where the discs and numbers of a race's curves stand, so that none hides another."""

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.race.rug import Axis
from lossviz.training.history import History


def spots_of(
    axis: Axis, race: History, middles: Floats, i: int, back: float
) -> list[tuple[float | None, float | None]]:
    """Where each disc stands at record i: at the cursor, or farther back along its own curve.

    ``middles`` are the curves (contestants, records). A disc that would hide another goes ``back`` so many
    steps, and again if it must; a contestant that nothing is known of yet has (None, None).
    """
    spots: list[tuple[float | None, float | None]] = []
    for middle in middles:
        known = np.flatnonzero(np.isfinite(middle[: i + 1]))
        if not len(known):
            spots.append((None, None))
            continue
        x, y = float(race.steps[known[-1]]), float(middle[known[-1]])
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


def apart(axis: Axis, values: Floats) -> list[float]:
    """Heights (contestants,) for the numbers at the right edge, so far apart that none lies on another.

    In the axis's own coordinates; the number of what is not finite stands at the foot.
    """
    heights = [axis.height(float(v)) if np.isfinite(v) else axis.low for v in values]
    least = 0.075 * (axis.high - axis.low)
    placed: list[float] = [0.0] * len(heights)
    floor = -np.inf
    for c in sorted(range(len(heights)), key=lambda c: heights[c]):
        placed[c] = max(heights[c], floor + least)
        floor = placed[c]
    over = max(0.0, floor - axis.high)
    return [p - over for p in placed]
