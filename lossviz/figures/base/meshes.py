"""A relief as triangles with level lines on it.

Plotly's own surface refines every grid to at least 128 points a side and draws it a second time for the
pointer: without a graphics card that takes three times as long as the grid's own triangles, which look the
same. Its level lines are drawn here as what they are: lines in space.
"""

import numpy as np
import plotly.graph_objects as go
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from lossviz.common.typing import AnyFloats
from lossviz.figures.base.levels import COLORSCALE
from lossviz.figures.base.style import WHITE

LIGHT = {"ambient": 0.78, "diffuse": 0.45, "specular": 0.03, "roughness": 0.9}
RAISED = 0.004  # of the height drawn: a line lies on the ground, not in it


def draw_relief(
    figure: go.Figure,
    x: AnyFloats,
    y: AnyFloats,
    height: AnyFloats,
    colour: AnyFloats,
    *,
    ends: tuple[float, float],
    tallest: float,
    scene: str = "scene",
) -> None:
    """Draw heights (n, m) over x (m,) and y (n,), coloured by ``colour`` (n, m) on a scale with these ends.

    White lines stand at the heights 1, 2, ... up to ``tallest``. Where the height is not a number there is
    a hole.
    """
    across, up = np.meshgrid(x, y)
    known = np.isfinite(height)
    number = np.cumsum(known).reshape(known.shape) - 1  # of a corner, among those that are there
    low, high = slice(None, -1), slice(1, None)
    a, b, c, d = (low, low), (low, high), (high, low), (high, high)  # the corners of every cell
    halves = [
        [number[corner][known[one] & known[two] & known[three]] for corner in (one, two, three)]
        for one, two, three in ((a, b, c), (b, d, c))
    ]
    i, j, k = np.concatenate(halves, axis=1).astype(np.int32)
    figure.add_trace(
        go.Mesh3d(
            x=across[known].astype(np.float32),
            y=up[known].astype(np.float32),
            z=height[known].astype(np.float32),
            i=i,
            j=j,
            k=k,
            intensity=colour[known].astype(np.float32),
            colorscale=COLORSCALE,
            cmin=ends[0],
            cmax=ends[1],
            showscale=False,
            lighting=LIGHT,
            scene=scene,
            hoverinfo="skip",
        )
    )
    lines = _level_lines(x, y, height, tallest)
    figure.add_trace(
        go.Scatter3d(
            x=lines[:, 0],
            y=lines[:, 1],
            z=lines[:, 2] + RAISED * tallest,
            mode="lines",
            line={"color": WHITE, "width": 2},
            scene=scene,
            hoverinfo="skip",
        )
    )


def _level_lines(x: AnyFloats, y: AnyFloats, height: AnyFloats, tallest: float) -> NDArray[np.float32]:
    """Places (k, 3) of the lines at the heights 1, 2, ...; one that is not a number parts two lines."""
    tracer = contour_generator(x, y, np.ma.masked_invalid(height), line_type=LineType.ChunkCombinedNan)
    found = []
    for level in np.arange(1, tallest + 1):
        points = tracer.lines(level)[0][0]
        if points is not None:
            gap = np.full((1, 2), np.nan)
            places = np.concatenate([points, gap])
            found.append(np.column_stack([places, np.full(len(places), level)]))
    return np.concatenate(found or [np.empty((0, 3))]).astype(np.float32)
