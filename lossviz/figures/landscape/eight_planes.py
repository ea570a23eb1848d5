"""Eight random planes through one trained network, and below them all curvatures of the loss there."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MAP,
    MUTE,
    PAPER,
    SERIF,
    WHITE,
    blank,
    loss_style,
    note,
    prepend_shape,
    unthemed,
    with_opacity,
)
from lossviz.figures.landscape.surface_traces import add_contours
from lossviz.landscape.fidelity import PlaneFidelity
from lossviz.landscape.random_planes import EightPlanes

LINEAR = 0.001  # the curvature axis is linear below this size and logarithmic above
DENSITY = (0.4, 1.0)  # vertical range of the density in the lower panel
TICKS = (0.3, 0.0)  # vertical range of the marks of the eigenvalues


def symmetric_log(curvature: Floats | float) -> Any:
    """A logarithmic scale on both sides of zero."""
    return np.sign(curvature) * np.log10(1 + np.abs(curvature) / LINEAR)


def eight_planes(eight: EightPlanes, narrow: bool = False) -> go.Figure:
    """Draw the surfaces on eight random planes, and below them all eigenvalues of the Hessian.

    On the same axis are the density of curvatures along random directions, and the 16 curvatures along the
    directions that span the planes.

    Args:
        eight: The result of `lossviz.landscape.eight_planes`.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        The figure.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-4", steps=2)
        >>> figure = lv.figures.eight_planes(lv.landscape.eight_planes(training, points=3))
        >>> len(figure.data)
        44
    """
    across, down = (4, 2) if narrow else (8, 1)
    figure = blank(
        640 if narrow else 430,
        margin={"l": 14, "r": 14, "t": 30, "b": 56},
    )
    texts: list[dict[str, Any]] = []
    gap, bottom = (0.03, 0.6) if narrow else (0.012, 0.64)
    width = (1 - gap * (across - 1)) / across
    row_gap = 0.055 if narrow else 0.0
    height = (1 - bottom - row_gap * (down - 1)) / down
    for k, fidelity in enumerate(eight.planes):
        row, column = divmod(k, across)
        left, top = column * (width + gap), 1 - row * (height + row_gap)
        texts += _small_map(figure, fidelity, k, (left, left + width), (top - height, top), narrow)
    texts += _curvatures(figure, eight, 0.36 if narrow else 0.52, narrow)
    figure.update_layout(annotations=texts)
    return figure


def _small_map(
    figure: go.Figure,
    fidelity: PlaneFidelity,
    k: int,
    across: tuple[float, float],
    up: tuple[float, float],
    narrow: bool,
) -> list[dict[str, Any]]:
    """Draw one surface with its path, and return its annotation."""
    axis = str(k + 2)
    surface = fidelity.surface
    hidden = {"visible": False, "constrain": "domain"}
    figure.update_layout(
        {
            f"xaxis{axis}": hidden
            | {"domain": across, "range": [surface.a[0], surface.a[-1]], "anchor": f"y{axis}"},
            f"yaxis{axis}": hidden
            | {
                "domain": up,
                "range": [surface.b[0], surface.b[-1]],
                "anchor": f"x{axis}",
                "scaleanchor": f"x{axis}",
            },
        }
    )
    axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    add_contours(figure, surface, fidelity.chance_loss, axes, small=True)
    colour = unthemed(loss_style(fidelity.loss_name).line)
    a, b = fidelity.path.a, fidelity.path.b
    for width, line_colour in ((5, WHITE), (3, colour)):
        line = {"color": line_colour, "width": width, "simplify": False}
        figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=line, hoverinfo="skip", **axes))
    end = {"size": 10, "color": colour, "line": {"color": WHITE, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(x=a[-1:], y=b[-1:], mode="markers", marker=end, hoverinfo="skip", **axes))
    share = fidelity.path.explained
    percentage = "<1 %" if share < 0.005 else f"{100 * share:.0f} %"
    return [
        note(
            f"<b>{percentage}</b>" + (" of the path" if k == 0 and not narrow else ""),
            0,
            1,
            xref=f"x{axis} domain",
            yref=f"y{axis} domain",
            xanchor="left",
            yanchor="bottom",
            yshift=3,
            font={"size": 16, "color": INK},
        )
    ]


def _curvatures(figure: go.Figure, eight: EightPlanes, top: float, narrow: bool) -> list[dict[str, Any]]:
    """Draw the lower panel, and return its annotations."""
    values, random = symmetric_log(eight.eigenvalues), symmetric_log(eight.random_curvatures)
    least = min(float(values[0]), -0.5)
    most = max(float(values[-1]), float(random.max()))
    margin = 0.06 * (most - least)
    low, high = least - margin, most + margin
    powers = [s * 10.0**p for s in (-1, 1) for p in range(-3, 4)]
    ticks = sorted(v for v in [0.0, *powers] if low < symmetric_log(v) < high)
    if narrow:
        ticks = [v for v in ticks if abs(v) != 0.001]
    figure.update_layout(
        xaxis={
            "domain": [0, 1],
            "range": [low, high],
            "anchor": "y",
            "tickvals": [float(symmetric_log(v)) for v in ticks],
            "ticktext": ["0" if v == 0 else f"{v:g}".replace("-", "−") for v in ticks],
            "title": {"text": "curvature of the loss along a direction", "standoff": 8},
        },
        yaxis={"domain": [0, top], "range": [0, 1], "visible": False, "anchor": "x"},
    )
    prepend_shape(
        figure,
        {"type": "line", "xref": "x", "x0": 0, "x1": 0, "yref": "y", "y0": 0, "y1": 1, "layer": "below",
         "line": {"color": AXIS, "width": 1.2}},
    )  # fmt: skip
    _add_density(figure, random, low, high)
    gaps = [None] * len(values)
    x = [part for triple in zip(values.tolist(), values.tolist(), gaps, strict=True) for part in triple]
    y = [part for _ in values for part in (*TICKS, None)]
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines", line={"color": with_opacity(INK, 0.55), "width": 1.6}, hoverinfo="skip"
        )
    )
    figure.add_trace(
        go.Scatter(
            x=symmetric_log(eight.plane_curvatures),
            y=np.full(len(eight.plane_curvatures), 0.5 * (TICKS[0] + DENSITY[0])),
            mode="markers",
            hoverinfo="skip",
            marker={"size": 9, "color": MAP, "line": {"color": PAPER, "width": 1}, "opacity": 1},
        )
    )
    return _annotations(eight, random, low, high, top, narrow)


def _add_density(figure: go.Figure, random: Floats, low: float, high: float) -> None:
    """Draw a kernel density estimate of the random curvatures on the axis, with Silverman's bandwidth."""
    x = np.linspace(low, high, 400)
    bandwidth = max(1.06 * float(random.std()) * len(random) ** -0.2, 0.01)
    density = np.exp(-0.5 * ((x[:, None] - random) / bandwidth) ** 2).sum(axis=1)
    visible = density > 0.002 * density.max()
    y = DENSITY[0] + (DENSITY[1] - DENSITY[0]) * density[visible] / density.max()
    base = np.full(int(visible.sum()), DENSITY[0])
    invisible = {"width": 0, "color": "rgba(0,0,0,0)"}
    figure.add_trace(go.Scatter(x=x[visible], y=base, mode="lines", line=invisible, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=x[visible],
            y=y,
            mode="lines",
            hoverinfo="skip",
            line={"color": MAP, "width": 3, "simplify": False},
            fill="tonexty",
            fillcolor=with_opacity(MAP, 0.22),
        )
    )


def _annotations(
    eight: EightPlanes, random: Floats, low: float, high: float, top: float, narrow: bool
) -> list[dict[str, Any]]:
    """The number of negative eigenvalues, the largest one, and what the density shows."""
    n = len(eight.eigenvalues)
    size = 34 if narrow else 42
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left", "bgcolor": PAPER, "borderpad": 0}
    texts = [
        note(
            f"<b>{eight.negative} of {n}</b>",
            0,
            top + 0.17 if narrow else top * 0.94,
            yanchor="top",
            font={"size": size, "family": SERIF, "color": INK},
            **spot,
        ),
        note(
            "eigenvalues are negative",
            0,
            top + 0.17 if narrow else top * 0.94,
            yanchor="top",
            yshift=-size - 12,
            font={"size": 15 if narrow else 17, "color": MUTE},
            **spot,
        ),
    ]
    sharpest = float(eight.eigenvalues[-1])
    texts.append(
        note(
            f"<b>{number(sharpest)}</b><br>sharpest"
            if narrow
            else f"<b>{number(sharpest)}</b>, the sharpest",
            float(symmetric_log(sharpest)),
            TICKS[0],
            xref="x",
            yref="y",
            xanchor="right",
            yanchor="bottom",
            xshift=12,
            yshift=6,
            align="right",
            font={"size": 16, "color": INK},
        )
    )
    lines = [
        "<b>random directions</b>",
        f"mean = trace / n = {number(eight.mean_curvature)}",
        "dots: the 16 drawn above",
    ]
    if narrow:
        spot = {"xref": "paper", "yref": "paper", "xanchor": "right", "align": "right"}
        words = "<br>".join(["<b>random</b>", *lines[1:2]]).replace(" = trace / n", "")
        font = {"size": 15, "color": MAP}
        return [*texts, note(words, 1, top + 0.165, yanchor="top", font=font, **spot)]
    place = float(random.max()) + 0.02 * (high - low)
    above = {"xref": "x", "yref": "y", "xanchor": "left", "font": {"size": 16, "color": MAP}}
    return [*texts, note("<br>".join(lines), place, 1.0, yanchor="top", **above)]
