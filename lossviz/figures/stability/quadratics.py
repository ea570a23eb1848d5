"""Which steps converge on a quadratic: the map of learning rate and momentum, and one descent."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    PANEL,
    RAMP,
    SERIF,
    UNDER_SLIDER,
    WHITE,
    blank,
    note,
    under_axis,
    unthemed,
    y_axis_title,
)
from lossviz.stability.quadratics import Quadratic, quadratic_edge

MAP_SHARE = 0.62  # share of a wide figure's width for the map
COLOURS = [[i / 10, colour] for i, colour in enumerate(RAMP)]


def quadratic(result: Quadratic, at: float = 1.9, narrow: bool = False) -> go.Figure:
    """Draw the map of the spectral radius, and beside it the descent at one learning rate and momentum.

    Light is fast convergence; shaded is divergence. The thick line is the edge, the dotted line the fastest
    momentum.

    Args:
        result: The result of `lossviz.stability.quadratic`.
        at: Learning rate x sharpness at which the figure stands.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        A figure with a frame, named by the product, for every descent in the result.

    Example:
        >>> import lossviz as lv
        >>> result = lv.stability.quadratic(momentum=0.3, spacing=1.0, points=11)
        >>> [frame.name for frame in lv.figures.quadratic(result, at=2.0).frames]
        ['1', '2', '3', '4']
    """
    index = int(np.abs(result.product - at).argmin())
    limit = _limit(result)
    across, up = ([0, 1], [0, 0.5]) if narrow else ([0, MAP_SHARE], [0, 1])
    figure = blank(
        640 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 104 if narrow else 84, "b": UNDER_SLIDER},
        xaxis={"domain": across, "range": [0, result.map_product[-1]], "dtick": 1, "anchor": "y"},
        yaxis={"domain": up, "range": [0, 1], "tickvals": [0, 0.5, 0.9], "showgrid": False, "anchor": "x"},
        xaxis2={
            "domain": [0, 1] if narrow else [MAP_SHARE + 0.12, 1],
            "range": [-0.8, result.distance.shape[1] - 0.2],
            "dtick": 10,
            "anchor": "y2",
        },
        yaxis2={
            "domain": [0.66, 1] if narrow else [0, 1],
            "range": [-limit, limit],
            "nticks": 5,
            "anchor": "x2",
            "zeroline": True,
            "zerolinecolor": AXIS,
            "showgrid": False,
        },
        meta={"click": "xy", "frame": f"{result.product[index]:g}", "spoken": "{0} {1}", "slider": across},
    )
    _add_map(figure, result)
    moving = [len(figure.data), len(figure.data) + 1]
    figure.add_trace(
        go.Scatter(
            mode="markers", cliponaxis=False,
            marker={"size": 18, "color": unthemed(INK), "line": {"color": WHITE, "width": 3}, "opacity": 1},
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            mode="lines+markers", xaxis="x2", yaxis="y2", cliponaxis=True,
            line={"color": INK, "width": 2.2, "simplify": False}, marker={"size": 8, "color": INK},
        )
    )  # fmt: skip
    for trace, part in zip(moving, _data(result, index, limit), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[
            *_product_annotations(result, index, limit, narrow),
            *_constant_annotations(result, narrow),
        ]
    )
    figure.frames = [
        {
            "name": f"{product:g}",
            "data": _data(result, k, limit),
            "traces": moving,
            "layout": {
                "annotations": [_changed(text) for text in _product_annotations(result, k, limit, narrow)]
            },
        }
        for k, product in enumerate(result.product)
    ]
    return figure


def _changed(text: dict[str, Any]) -> dict[str, Any]:
    """The parts of an annotation that differ between frames."""
    return {key: text[key] for key in ("text", "x", "y", "xanchor", "xshift") if key in text}


def _limit(result: Quadratic) -> float:
    """Limit of the distance axis: all converging descents fit in, unless they go very far."""
    stable = result.distance[result.radius < 1]
    widest = float(np.abs(stable).max()) if len(stable) else 1.0
    return float(np.clip(1.15 * widest, 2.2, 6.0))


def _add_map(figure: go.Figure, result: Quadratic) -> None:
    """Draw bands of the spectral radius, the edge, the region beyond it, and the fastest momentum."""
    figure.add_trace(
        go.Contour(
            x=result.map_product,
            y=result.map_momentum,
            z=np.minimum(result.map_radius, 1.0).astype(np.float32),
            colorscale=COLOURS,
            zmin=0,
            zmax=1,
            showscale=False,
            hoverinfo="skip",
            contours={"start": 0.1, "end": 0.9, "size": 0.1, "coloring": "fill"},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
        )
    )
    beta = np.linspace(0, 1, 101)
    edge = quadratic_edge(beta, result.rule)
    right = result.map_product[-1]
    common = {"mode": "lines", "hoverinfo": "skip"}
    figure.add_trace(
        go.Scatter(
            x=[*edge, right, right],
            y=[*beta, 1, 0],
            fill="toself",
            fillcolor=PANEL,
            line={"width": 0},
            **common,
        )
    )
    inside = np.isfinite(result.fastest) & (result.fastest <= 1)
    fastest = {"x": result.map_product[inside], "y": result.fastest[inside]}
    outline = {"color": WHITE, "width": 4, "simplify": False}
    dotted = {"color": unthemed(INK), "width": 2.2, "dash": "2px,4px", "simplify": False}
    figure.add_trace(go.Scatter(**fastest, line=outline, **common))
    figure.add_trace(go.Scatter(**fastest, line=dotted, **common))
    line = {"color": INK, "width": 2.6, "simplify": False}
    figure.add_trace(go.Scatter(x=edge, y=beta, line=line, **common))


def _leaves_at(result: Quadratic, k: int, limit: float) -> int | None:
    """The first step at which a descent is outside of the axis; None if there is none."""
    outside = np.flatnonzero(np.abs(result.distance[k]) > limit)
    return int(outside[0]) if len(outside) else None


def _data(result: Quadratic, k: int, limit: float) -> list[dict[str, Any]]:
    """The data of the traces that move: the marker on the map and the descent."""
    left = _leaves_at(result, k, limit)
    steps = result.distance.shape[1] if left is None else left + 1
    distance = np.clip(result.distance[k, :steps], -3 * limit, 3 * limit)
    return [
        {"x": [float(result.product[k])], "y": [result.momentum]},
        {"x": list(range(steps)), "y": [float(f"{y:.4g}") for y in distance]},
    ]


def _product_annotations(result: Quadratic, k: int, limit: float, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that change with the product: radius, explanation, where it leaves the axis, title."""
    radius, product = float(result.radius[k]), float(result.product[k])
    size = 36 if narrow else 42
    position = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    large = {"size": size, "family": SERIF, "color": INK}
    value = "0 %" if radius < 1e-12 else percent(radius)
    if 1e-9 < abs(radius - 1) < 0.00501:  # it must not be rounded to 100 %
        value = f"{100 * radius:.1f} %"
    shift = (20 if narrow else 23) * (len(value) - 1) + (30 if narrow else 34)
    if radius < 1 - 1e-9:
        outcome, sign = "it arrives", "<"
    else:
        outcome, sign = ("it diverges", ">") if radius > 1 + 1e-9 else ("it oscillates for ever", "=")
    edge = number(result.edge).rstrip("0").rstrip(".") if result.edge != 2 else "2"
    first = "of the distance remains after each step" + (", in the long run" if result.momentum else "")
    comparison = f"{product:.2f} {sign} {edge}"
    if narrow:
        lines = [
            f"of the distance remains<br>after each step: <b>{outcome}</b>.",
            f"rate × sharpness: {comparison}, the edge.",
        ]
        texts = [
            note(
                f"<b>{value}</b>",
                0,
                1,
                yshift=48,
                font={"size": size, "family": SERIF, "color": INK},
                **position,
            ),
            note(lines[0], 0, 1, xshift=shift, yshift=46, font={"size": 15, "color": MUTE}, **position),
            note(lines[1], 0, 1, yshift=18, font={"size": 15, "color": MUTE}, **position),
        ]
    else:
        line = f"Learning rate × sharpness is {product:.2f}, the edge {edge}: {comparison}."
        texts = [
            note(f"<b>{value}</b>", 0, 1, yshift=18, font=large, **position),
            note(
                f"{first}: <b>{outcome}</b>.<br>{line}", 0, 1, xshift=shift, yshift=22,
                font={"size": 17, "color": MUTE}, **position,
            ),
        ]  # fmt: skip
    left = _leaves_at(result, k, limit)
    late = left is not None and left > 18
    texts.append(
        note(
            "" if left is None else f"out of the picture<br>at step {left}",
            left or 0, limit, xref="x2", yref="y2", yanchor="top", xanchor="right" if late else "left",
            xshift=-10 if late else 12,
        )
    )  # fmt: skip
    title = f"learning rate × sharpness = {product:.2f}"
    texts.append(under_axis(title, 0.5 if narrow else MAP_SHARE / 2, xanchor="center"))
    return texts


def _constant_annotations(result: Quadratic, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that stay: regions of the map and names of the axes."""
    inside = {"xref": "x", "yref": "y", "xanchor": "center", "yanchor": "middle"}
    converges = note(
        "arrives",
        0.95 if result.rule == "heavy-ball" else 0.75,
        0.12,
        **inside,
        font={"size": 16, "color": unthemed(INK)},
    )
    diverges = note("diverges", 3.3, 0.12, **inside)
    momentum = y_axis_title("momentum β")
    distance = y_axis_title("distance", 2) if narrow else note(
        "distance to the minimum", 0, 0.5, xref="x2 domain", yref="y2 domain", xshift=-48, textangle=-90,
        xanchor="center", yanchor="middle", font={"size": 16, "color": INK},
    )  # fmt: skip
    steps = note(
        "step", 0.5, 0, xref="x2 domain", yref="y2 domain", yshift=-24 if narrow else -32, yanchor="top",
        xanchor="center", font={"size": 16, "color": INK},
    )  # fmt: skip
    return [converges, diverges, momentum, distance, steps]
