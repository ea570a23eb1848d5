"""What contour maps and 3D surfaces of two weights share: levels, their colours, and paths."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.base.style import INK, RAMP, loss_style, unthemed
from lossviz.neuron.grid import LossGrid
from lossviz.neuron.trajectory import Trajectory

# log2 of the level: from a third of the loss of guessing to eleven times it
LOWEST, HIGHEST, STEP = -1.5, 3.5, 0.5
COLORSCALE = [[i / 10, colour] for i, colour in enumerate(RAMP)]
PATH_DASH = ("solid", "7px,3px", "2px,3px", "9px,3px,2px,3px")  # of the optimizers, in their order
TALLEST = 12  # levels above this are cut off in a 3D surface


def weight_name(name: str) -> str:
    """The name of a weight in an axis title, after the word "weight": that of a feature is the feature's."""
    return name.removeprefix("w of ")


def log_level(grid: LossGrid) -> NDArray[np.float32]:
    """log2 of the relative loss, (k, k), clipped where the colour scale ends."""
    return np.log2(np.clip(grid.relative_loss, 2.0**LOWEST / 2, 2.0**HIGHEST * 2)).astype(np.float32)


def path_colour(path: Trajectory) -> str:
    """The colour of a path: that of its loss, the same in both themes, as the colours of a map are."""
    return unthemed(loss_style(path.loss_name).line)


def last_finite_step(path: Trajectory, step: int) -> int:
    """The last step up to ``step`` before the path diverged."""
    end = min(step, len(path.loss) - 1)
    return end if path.diverged_at is None else max(0, min(end, path.diverged_at - 1))


def draw_contours(figure: go.Figure, grid: LossGrid, axes: dict[str, str]) -> None:
    """Draw filled contours, and a heavy line where the loss is that of always predicting 1/2."""
    z = log_level(grid)
    common = {"x": grid.a, "y": grid.b, "z": z, "showscale": False, "hoverinfo": "skip", **axes}
    figure.add_trace(
        go.Contour(
            **common,
            colorscale=COLORSCALE,
            zmin=LOWEST,
            zmax=HIGHEST,
            contours={"start": LOWEST, "end": HIGHEST, "size": STEP, "coloring": "fill"},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
        )
    )
    figure.add_trace(
        go.Contour(
            **common,
            contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
            line={"width": 2.2, "color": unthemed(INK)},
        )
    )
