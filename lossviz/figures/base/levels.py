"""What maps and reliefs share: the level, its colours, how a path is drawn."""

import numpy as np
from numpy.typing import NDArray

from lossviz.figures.base.style import RAMP, loss_style, unthemed
from lossviz.neuron.weight_planes import WeightPath, WeightPlane

LOWEST, HIGHEST, STEP = -1.5, 3.5, 0.5  # log2 of the level: from a third of guessing to eleven times it
COLORSCALE = [[i / 10, colour] for i, colour in enumerate(RAMP)]
PATH_DASH = ("solid", "7px,3px", "2px,3px", "9px,3px,2px,3px")  # the optimizers, in the order they were named
TALLEST = 12  # levels above this are cut off in a relief


def weight_name(name: str) -> str:
    """What an axis calls a weight, after the word "weight": a feature's is called by the feature."""
    return name.removeprefix("w of ")


def log_level(plane: WeightPlane) -> NDArray[np.float32]:
    """log2 of the plane's level, (k, k); clipped beyond the scale, where one colour is all there is."""
    return np.log2(np.clip(plane.level, 2.0**LOWEST / 2, 2.0**HIGHEST * 2)).astype(np.float32)


def path_colour(path: WeightPath) -> str:
    """The colour of a path: its loss's, the same in both themes, since a map is."""
    return unthemed(loss_style(path.loss_name).line)


def last_finite_step(path: WeightPath, step: int) -> int:
    """The last point at or before step that is known."""
    end = min(step, len(path.loss) - 1)
    return end if path.diverged_at is None else max(0, min(end, path.diverged_at - 1))
