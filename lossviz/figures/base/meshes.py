"""A 3D surface as a triangle mesh with contour lines.

Plotly's surface trace refines every grid to at least 128 points per side and draws it a second time to find
the point under the mouse. Without a graphics card this takes three times as long as the triangles of the
grid, which look the same. Contour lines are separate line traces.
"""

import numpy as np
import plotly.graph_objects as go
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from lossviz.common.typing import AnyFloats
from lossviz.figures.base.levels import COLORSCALE
from lossviz.figures.base.style import WHITE

LIGHT = {"ambient": 0.78, "diffuse": 0.45, "specular": 0.03, "roughness": 0.9}
LINE_OFFSET = 0.004  # of the drawn height: lines lie slightly above the mesh


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
    """Add a surface and its contour lines to a figure.

    Args:
        figure: The figure.
        x: Coordinates (m,).
        y: Coordinates (n,).
        height: Heights (n, m); there is a hole where one is not finite.
        colour: Values (n, m) on the colour scale.
        ends: The values at both ends of the colour scale.
        tallest: Contour lines are drawn at the heights 1, 2, ... up to this one.
        scene: Name of the scene.
    """
    across, up = np.meshgrid(x, y)
    finite = np.isfinite(height)
    index = np.cumsum(finite).reshape(finite.shape) - 1  # index of each finite corner
    low, high = slice(None, -1), slice(1, None)
    a, b, c, d = (low, low), (low, high), (high, low), (high, high)  # the corners of each cell
    halves = [
        [index[corner][finite[one] & finite[two] & finite[three]] for corner in (one, two, three)]
        for one, two, three in ((a, b, c), (b, d, c))
    ]
    i, j, k = np.concatenate(halves, axis=1).astype(np.int32)
    figure.add_trace(
        go.Mesh3d(
            x=across[finite].astype(np.float32),
            y=up[finite].astype(np.float32),
            z=height[finite].astype(np.float32),
            i=i,
            j=j,
            k=k,
            intensity=colour[finite].astype(np.float32),
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
            z=lines[:, 2] + LINE_OFFSET * tallest,
            mode="lines",
            line={"color": WHITE, "width": 2},
            scene=scene,
            hoverinfo="skip",
        )
    )


def _level_lines(x: AnyFloats, y: AnyFloats, height: AnyFloats, tallest: float) -> NDArray[np.float32]:
    """Points (k, 3) of the contour lines at the heights 1, 2, ..., with NaN between two lines."""
    generator = contour_generator(x, y, np.ma.masked_invalid(height), line_type=LineType.ChunkCombinedNan)
    parts = []
    for level in np.arange(1, tallest + 1):
        points = generator.lines(level)[0][0]
        if points is not None:
            gap = np.full((1, 2), np.nan)
            separated = np.concatenate([points, gap])
            parts.append(np.column_stack([separated, np.full(len(separated), level)]))
    return np.concatenate(parts or [np.empty((0, 3))]).astype(np.float32)
