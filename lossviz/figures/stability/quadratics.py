"""Which steps arrive at the bottom of a bowl: the map of learning rate and momentum, and one walk."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    PANEL,
    SEA,
    SERIF,
    UNDER_SLIDER,
    WHITE,
    axis_name,
    blank,
    fixed,
    note,
    under_axis,
)
from lossviz.stability.quadratics import Quadratic

SHARE = 0.62  # of a wide chart's width for the map
COLOURS = [[i / 10, colour] for i, colour in enumerate(SEA)]


def quadratic(facts: Quadratic, at: float = 1.9, narrow: bool = False) -> go.Figure:
    """The map with a dot at learning rate x sharpness nearest `at`, and that walk step by step.

    Light is few steps; tinted is where it flies apart. The frames are the pictures for every product, named
    by it.
    """
    here = int(np.abs(facts.product - at).argmin())
    reach = _reach(facts)
    across, up = ([0, 1], [0, 0.5]) if narrow else ([0, SHARE], [0, 1])
    figure = blank(
        640 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 104 if narrow else 84, "b": UNDER_SLIDER},
        xaxis={"domain": across, "range": [0, facts.map_product[-1]], "dtick": 1, "anchor": "y"},
        yaxis={"domain": up, "range": [0, 1], "tickvals": [0, 0.5, 0.9], "showgrid": False, "anchor": "x"},
        xaxis2={
            "domain": [0, 1] if narrow else [SHARE + 0.12, 1],
            "range": [-0.8, facts.walk.shape[1] - 0.2],
            "dtick": 10,
            "anchor": "y2",
        },
        yaxis2={
            "domain": [0.66, 1] if narrow else [0, 1],
            "range": [-reach, reach],
            "nticks": 5,
            "anchor": "x2",
            "zeroline": True,
            "zerolinecolor": AXIS,
            "showgrid": False,
        },
        meta={"click": "xy", "slider": across},
    )
    _map(figure, facts)
    moving = [len(figure.data), len(figure.data) + 1]
    figure.add_trace(
        go.Scatter(
            mode="markers", cliponaxis=False,
            marker={"size": 18, "color": fixed(INK), "line": {"color": WHITE, "width": 3}, "opacity": 1},
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            mode="lines+markers", xaxis="x2", yaxis="y2", cliponaxis=True,
            line={"color": INK, "width": 2.2, "simplify": False}, marker={"size": 8, "color": INK},
        )
    )  # fmt: skip
    for trace, part in zip(moving, _data(facts, here, reach), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(annotations=[*_live(facts, here, reach, narrow), *_still(facts, narrow)])
    figure.frames = [
        {
            "name": f"{product:g}",
            "data": _data(facts, k, reach),
            "traces": moving,
            "layout": {"annotations": [_changed(text) for text in _live(facts, k, reach, narrow)]},
        }
        for k, product in enumerate(facts.product)
    ]
    return figure


def _changed(text: dict[str, Any]) -> dict[str, Any]:
    return {key: text[key] for key in ("text", "x", "y", "xanchor", "xshift") if key in text}


def _reach(facts: Quadratic) -> float:
    """How far the walk's picture goes to each side: all that arrives is in it, if it can be."""
    stable = facts.walk[facts.radius < 1]
    widest = float(np.abs(stable).max()) if len(stable) else 1.0
    return float(np.clip(1.15 * widest, 2.2, 6.0))


def _map(figure: go.Figure, facts: Quadratic) -> None:
    """Bands of the spectral radius, the edge, what lies beyond it, and the fastest momentum."""
    figure.add_trace(
        go.Contour(
            x=facts.map_product,
            y=facts.map_momentum,
            z=np.minimum(facts.map_radius, 1.0).astype(np.float32),
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
    edge = (2 + 2 * beta) / (1 if facts.rule == "Heavy ball" else 1 + 2 * beta)
    right = facts.map_product[-1]
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
    inside = np.isfinite(facts.fastest) & (facts.fastest <= 1)
    best = {"x": facts.map_product[inside], "y": facts.fastest[inside]}
    white = {"color": WHITE, "width": 4, "simplify": False}
    dots = {"color": fixed(INK), "width": 2.2, "dash": "2px,4px", "simplify": False}
    figure.add_trace(go.Scatter(**best, line=white, **common))
    figure.add_trace(go.Scatter(**best, line=dots, **common))
    line = {"color": INK, "width": 2.6, "simplify": False}
    figure.add_trace(go.Scatter(x=edge, y=beta, line=line, **common))


def _leaves(facts: Quadratic, k: int, reach: float) -> int | None:
    """The first step at which a walk is out of the picture."""
    outside = np.flatnonzero(np.abs(facts.walk[k]) > reach)
    return int(outside[0]) if len(outside) else None


def _data(facts: Quadratic, k: int, reach: float) -> list[dict[str, Any]]:
    out = _leaves(facts, k, reach)
    steps = facts.walk.shape[1] if out is None else out + 1
    walk = np.clip(facts.walk[k, :steps], -3 * reach, 3 * reach)
    return [
        {"x": [float(facts.product[k])], "y": [facts.momentum]},
        {"x": list(range(steps)), "y": [float(f"{y:.4g}") for y in walk]},
    ]


def _live(facts: Quadratic, k: int, reach: float, narrow: bool) -> list[dict[str, Any]]:
    """The share that is left, why, where the walk leaves the picture, and the axis's title."""
    radius, product = float(facts.radius[k]), float(facts.product[k])
    size = 36 if narrow else 42
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    big = {"size": size, "family": SERIF, "color": INK}
    value = "0 %" if radius < 1e-12 else percent(radius)
    if 1e-9 < abs(radius - 1) < 0.00501:  # that is not 100 %
        value = f"{100 * radius:.1f} %"
    shift = (20 if narrow else 23) * (len(value) - 1) + (30 if narrow else 34)
    if radius < 1 - 1e-9:
        end, sign = "it arrives", "<"
    else:
        end, sign = ("it flies apart", ">") if radius > 1 + 1e-9 else ("it swings for ever", "=")
    edge = number(facts.edge).rstrip("0").rstrip(".") if facts.edge != 2 else "2"
    first = "of the distance is left after each step" + (", in the long run" if facts.momentum else "")
    reason = f"{product:.2f} {sign} {edge}"
    if narrow:
        words = [
            f"of the distance is left<br>after each step: <b>{end}</b>.",
            f"rate × sharpness: {reason}, the edge.",
        ]
        texts = [
            note(
                f"<b>{value}</b>", 0, 1, yshift=48, font={"size": size, "family": SERIF, "color": INK}, **spot
            ),
            note(words[0], 0, 1, xshift=shift, yshift=46, font={"size": 15, "color": MUTE}, **spot),
            note(words[1], 0, 1, yshift=18, font={"size": 15, "color": MUTE}, **spot),
        ]
    else:
        line = f"Learning rate × sharpness is {product:.2f}, the edge {edge}: {reason}."
        texts = [
            note(f"<b>{value}</b>", 0, 1, yshift=18, font=big, **spot),
            note(
                f"{first}: <b>{end}</b>.<br>{line}", 0, 1, xshift=shift, yshift=22,
                font={"size": 17, "color": MUTE}, **spot,
            ),
        ]  # fmt: skip
    out = _leaves(facts, k, reach)
    late = out is not None and out > 18
    texts.append(
        note(
            "" if out is None else f"out of the picture<br>at step {out}",
            out or 0, reach, xref="x2", yref="y2", yanchor="top", xanchor="right" if late else "left",
            xshift=-10 if late else 12,
        )
    )  # fmt: skip
    title = f"learning rate × sharpness = {product:.2f}"
    texts.append(under_axis(title, 0.5 if narrow else SHARE / 2, xanchor="center"))
    return texts


def _still(facts: Quadratic, narrow: bool) -> list[dict[str, Any]]:
    inside = {"xref": "x", "yref": "y", "xanchor": "center", "yanchor": "middle"}
    arrives = note(
        "arrives",
        0.95 if facts.rule == "Heavy ball" else 0.75,
        0.12,
        **inside,
        font={"size": 16, "color": fixed(INK)},
    )
    apart = note("flies apart", 3.3, 0.12, **inside)
    left = axis_name("momentum β")
    distance = axis_name("distance", 2) if narrow else note(
        "distance from the bottom", 0, 0.5, xref="x2 domain", yref="y2 domain", xshift=-48, textangle=-90,
        xanchor="center", yanchor="middle", font={"size": 16, "color": INK},
    )  # fmt: skip
    steps = note(
        "step", 0.5, 0, xref="x2 domain", yref="y2 domain", yshift=-24 if narrow else -32, yanchor="top",
        xanchor="center", font={"size": 16, "color": INK},
    )  # fmt: skip
    return [arrives, apart, left, distance, steps]
