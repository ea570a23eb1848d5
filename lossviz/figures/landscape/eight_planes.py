"""Eight random planes through one minimum, and under them every curvature that there is."""

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
from lossviz.figures.landscape.surface_traces import seen_from_above
from lossviz.landscape.reparametrization import EightPlanes

UNIT = 0.001  # a curvature of this size is one step away from zero on the axis
HILL = (0.4, 1.0)  # the part of the lower panel's height in which the hill stands
TICKS = (0.3, 0.0)


def bent(curvature: Floats | float) -> Any:
    """Logarithmic away from zero, on both sides."""
    return np.sign(curvature) * np.log10(1 + np.abs(curvature) / UNIT)


def eight_planes(eight: EightPlanes, narrow: bool = False) -> go.Figure:
    """The strip of maps, and on one axis all eigenvalues, the hill of random curvatures and the 16 drawn."""
    across, down = (4, 2) if narrow else (8, 1)
    figure = blank(
        640 if narrow else 430,
        margin={"l": 14, "r": 14, "t": 30, "b": 56},
    )
    texts: list[dict[str, Any]] = []
    gap, floor = (0.03, 0.6) if narrow else (0.012, 0.64)
    wide = (1 - gap * (across - 1)) / across
    between = 0.055 if narrow else 0.0
    tall = (1 - floor - between * (down - 1)) / down
    for k, look in enumerate(eight.landscapes):
        row, column = divmod(k, across)
        left, top = column * (wide + gap), 1 - row * (tall + between)
        texts += _mini(figure, look, k, (left, left + wide), (top - tall, top), narrow)
    texts += _curvatures(figure, eight, 0.36 if narrow else 0.52, narrow)
    figure.update_layout(annotations=texts)
    return figure


def _mini(
    figure: go.Figure,
    look: Any,
    k: int,
    across: tuple[float, float],
    up: tuple[float, float],
    narrow: bool,
) -> list[dict[str, Any]]:
    tag = str(k + 2)
    surface = look.surface
    hidden = {"visible": False, "constrain": "domain"}
    figure.update_layout(
        {
            f"xaxis{tag}": hidden
            | {"domain": across, "range": [surface.a[0], surface.a[-1]], "anchor": f"y{tag}"},
            f"yaxis{tag}": hidden
            | {
                "domain": up,
                "range": [surface.b[0], surface.b[-1]],
                "anchor": f"x{tag}",
                "scaleanchor": f"x{tag}",
            },
        }
    )
    axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
    seen_from_above(figure, surface, look.guess, axes, small=True)
    own = unthemed(loss_style(look.loss_name).line)
    a, b = look.path.a, look.path.b
    for width, colour in ((5, WHITE), (3, own)):
        line = {"color": colour, "width": width, "simplify": False}
        figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=line, hoverinfo="skip", **axes))
    end = {"size": 10, "color": own, "line": {"color": WHITE, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(x=a[-1:], y=b[-1:], mode="markers", marker=end, hoverinfo="skip", **axes))
    share = look.path.explained
    said = "<1 %" if share < 0.005 else f"{100 * share:.0f} %"
    return [
        note(
            f"<b>{said}</b>" + (" of the path" if k == 0 and not narrow else ""),
            0,
            1,
            xref=f"x{tag} domain",
            yref=f"y{tag} domain",
            xanchor="left",
            yanchor="bottom",
            yshift=3,
            font={"size": 16, "color": INK},
        )
    ]


def _curvatures(figure: go.Figure, eight: EightPlanes, top: float, narrow: bool) -> list[dict[str, Any]]:
    values, hill = bent(eight.eigenvalues), bent(eight.random)
    least = min(float(values[0]), -0.5)
    most = max(float(values[-1]), float(hill.max()))
    room = 0.06 * (most - least)
    low, high = least - room, most + room
    powers = [s * 10.0**p for s in (-1, 1) for p in range(-3, 4)]
    ticks = sorted(v for v in [0.0, *powers] if low < bent(v) < high)
    if narrow:
        ticks = [v for v in ticks if abs(v) != 0.001]
    figure.update_layout(
        xaxis={
            "domain": [0, 1],
            "range": [low, high],
            "anchor": "y",
            "tickvals": [float(bent(v)) for v in ticks],
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
    _hill(figure, hill, low, high)
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
            x=bent(eight.drawn),
            y=np.full(len(eight.drawn), 0.5 * (TICKS[0] + HILL[0])),
            mode="markers",
            hoverinfo="skip",
            marker={"size": 9, "color": MAP, "line": {"color": PAPER, "width": 1}, "opacity": 1},
        )
    )
    return _words(eight, hill, low, high, top, narrow)


def _hill(figure: go.Figure, hill: Floats, low: float, high: float) -> None:
    """How dense the random curvatures lie on the axis, smoothed, as high as there is room."""
    x = np.linspace(low, high, 400)
    width = max(1.06 * float(hill.std()) * len(hill) ** -0.2, 0.01)
    bell = np.exp(-0.5 * ((x[:, None] - hill) / width) ** 2).sum(axis=1)
    seen = bell > 0.002 * bell.max()
    y = HILL[0] + (HILL[1] - HILL[0]) * bell[seen] / bell.max()
    base = np.full(int(seen.sum()), HILL[0])
    unseen = {"width": 0, "color": "rgba(0,0,0,0)"}
    figure.add_trace(go.Scatter(x=x[seen], y=base, mode="lines", line=unseen, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=x[seen],
            y=y,
            mode="lines",
            hoverinfo="skip",
            line={"color": MAP, "width": 3, "simplify": False},
            fill="tonexty",
            fillcolor=with_opacity(MAP, 0.22),
        )
    )


def _words(
    eight: EightPlanes, hill: Floats, low: float, high: float, top: float, narrow: bool
) -> list[dict[str, Any]]:
    n = len(eight.eigenvalues)
    size = 34 if narrow else 42
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left", "bgcolor": PAPER, "borderpad": 0}
    texts = [
        note(
            f"<b>{eight.down} of {n}</b>",
            0,
            top + 0.17 if narrow else top * 0.94,
            yanchor="top",
            font={"size": size, "family": SERIF, "color": INK},
            **spot,
        ),
        note(
            "curvatures bend down",
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
            float(bent(sharpest)),
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
        f"mean = trace / n = {number(eight.mean)}",
        "dots: the 16 drawn above",
    ]
    if narrow:
        spot = {"xref": "paper", "yref": "paper", "xanchor": "right", "align": "right"}
        words = "<br>".join(["<b>random</b>", *lines[1:2]]).replace(" = trace / n", "")
        font = {"size": 15, "color": MAP}
        return [*texts, note(words, 1, top + 0.165, yanchor="top", font=font, **spot)]
    place = float(hill.max()) + 0.02 * (high - low)
    above = {"xref": "x", "yref": "y", "xanchor": "left", "font": {"size": 16, "color": MAP}}
    return [*texts, note("<br>".join(lines), place, 1.0, yanchor="top", **above)]
