"""What maps and reliefs share: the level, its colours, how a path is drawn."""

import numpy as np
from numpy.typing import NDArray

from lossviz.figures.base.style import SEA, fixed, mark
from lossviz.neuron.grid import LossGrid
from lossviz.neuron.trajectory import Trajectory

LOWEST, HIGHEST, STEP = -1.5, 3.5, 0.5  # log2 of the level: from a third of guessing to eleven times it
SCALE = [[i / 10, colour] for i, colour in enumerate(SEA)]
PATH_DASH = ("solid", "7px,3px", "2px,3px", "9px,3px,2px,3px")  # the optimizers, in the order they were named
TALLEST = 12  # levels above this are cut off in a relief


def weight_name(name: str) -> str:
    """What an axis calls a weight, after the word "weight": a feature's is called by the feature."""
    return name.removeprefix("w of ")


def log_level(grid: LossGrid) -> NDArray[np.float32]:
    """log2 of the relative loss, (k, k); clipped beyond the scale, where one colour is all there is."""
    return np.log2(np.clip(grid.relative_loss, 2.0**LOWEST / 2, 2.0**HIGHEST * 2)).astype(np.float32)


def on_map(path: Trajectory) -> str:
    """The colour of a path: its loss's, the same in both themes, since a map is."""
    return fixed(mark(path.loss_name).line)


def known_step(path: Trajectory, step: int) -> int:
    """The last point at or before step that is known."""
    end = min(step, len(path.loss) - 1)
    return end if path.diverged_at is None else max(0, min(end, path.diverged_at - 1))
