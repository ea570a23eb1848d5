"""Over the steps of a training: the loss it had, the loss that a map shows, how far off the map it was."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import AXIS, INK, MAP, MUTE, PAPER, loss_style, note, with_opacity
from lossviz.landscape.fidelity import PlaneFidelity

BESIDE = 9  # px between an axis and its numbers, where a marker can stand on the axis


def two_losses(figure: go.Figure, look: PlaneFidelity, narrow: bool) -> list[int]:
    """The two losses, and the distances below them where there is room; the traces that move."""
    across = [0.0, 1.0] if narrow else [0.5, 1.0]
    had, says = look.had / look.guess, look.says / look.guess
    top = max(1.1, 1.05 * min(4.0, float(np.nanmax(np.concatenate([had, says])))))
    steps = {"domain": across, "range": [0, int(look.steps[-1])], "dtick": _third(look)}
    figure.update_layout(
        xaxis2=steps | {"anchor": "y2", "showticklabels": narrow, "showline": narrow, "ticks": ""},
        yaxis2={
            "anchor": "x2",
            "domain": [0, 0.25] if narrow else [0.31, 0.735],
            "range": [-0.02 * top, top],
            "tickvals": [0, 0.5, 1] if top < 2 else [0, 1, 2, 3, 4],
            "ticklabelstandoff": BESIDE,
        },
    )
    axes = {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip"}
    unseen = {"width": 0, "color": "rgba(0,0,0,0)"}
    figure.add_trace(go.Scatter(x=look.steps, y=had, mode="lines", line=unseen, **axes))
    figure.add_trace(
        go.Scatter(
            x=look.steps,
            y=says,
            mode="lines",
            line=unseen,
            fill="tonexty",
            fillcolor=with_opacity(MUTE, 0.12),
            **axes,
        )
    )
    own = loss_style(look.loss_name)
    walk = look.kind == "A random walk"
    colours = (INK if walk else own.line, MAP)
    dashes = ("solid" if walk else own.dash, "solid")
    for values, colour, dash in zip((had, says), colours, dashes, strict=True):
        line = {"color": colour, "width": 4.5, "dash": dash, "simplify": False}
        figure.add_trace(go.Scatter(x=look.steps, y=values, mode="lines", line=line, **axes))
    if not narrow:
        _distances(figure, look, across)
    first = len(figure.data)
    markers = {"size": 15, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    common = {"mode": "markers", "cliponaxis": False, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(marker=markers | {"color": list(colours)}, **common, xaxis="x2", yaxis="y2"))
    if narrow:
        return [first]
    figure.add_trace(
        go.Scatter(marker=markers | {"color": MUTE, "size": 13}, **common, xaxis="x3", yaxis="y3")
    )
    return [first, first + 1]


def _distances(figure: go.Figure, look: PlaneFidelity, across: list[float]) -> None:
    far = float(max(look.way.max(), look.path.off_plane.max())) or 1.0
    figure.update_layout(
        xaxis3={"domain": across, "range": [0, int(look.steps[-1])], "dtick": _third(look), "anchor": "y3"},
        yaxis3={
            "anchor": "x3",
            "domain": [0, 0.2],
            "range": [0, 1.15 * far],
            "tickvals": [0, float(f"{far:.1g}")],
            "ticklabelstandoff": BESIDE,
        },
    )
    axes = {"xaxis": "x3", "yaxis": "y3", "mode": "lines", "hoverinfo": "skip", "x": look.steps}
    figure.add_trace(go.Scatter(y=look.way, line={"color": with_opacity(MUTE, 0.75), "width": 1.6}, **axes))
    figure.add_trace(
        go.Scatter(
            y=look.path.off_plane,
            line={"color": MUTE, "width": 3.2},
            fill="tozeroy",
            fillcolor=with_opacity(MUTE, 0.16),
            **axes,
        )
    )


def live(look: PlaneFidelity, k: int, narrow: bool) -> list[dict[str, Any]]:
    """What moves with the step and is read: the two losses, the distances, and the step itself."""
    size = 18 if narrow else 20
    walk = look.kind == "A random walk"
    inks = (INK if walk else loss_style(look.loss_name).text, MAP)
    subject = "the walk had" if walk else "the network had"
    pairs = ((subject, look.had[k]), ("the map says", look.says[k]))
    spot = {"xref": "paper", "yref": "y2 domain", "xanchor": "right", "yanchor": "top", "align": "right"}
    live = [
        note(
            f"{words} <b>{_short(float(value) / look.guess)}</b>",
            1,
            1.0,
            yshift=(14 if not narrow else 26) - (size + 6) * row,
            font={"size": size, "color": ink},
            bgcolor=PAPER,
            borderpad=1,
            **spot,
        )
        for row, ((words, value), ink) in enumerate(zip(pairs, inks, strict=True))
    ]
    across = 0.5 if narrow else 0.75
    live.append(
        note(
            f"after {look.steps[k]} steps",
            across,
            0,
            xref="paper",
            yref="paper",
            yshift=-32,
            yanchor="top",
            font={"size": 16, "color": INK},
        )
    )
    if not narrow:
        off, way = float(look.path.off_plane[k]), float(look.way[k])
        live.append(
            note(
                f"{_short(way)} to the end, <b>{_short(off)} of it off the plane</b>"
                if off <= way * 1.0005
                else f"{_short(way)} to the end, <b>{_short(off)} off the plane</b>",
                1,
                1.0,
                xref="paper",
                yref="y3 domain",
                xanchor="right",
                yanchor="top",
                yshift=14,
                bgcolor=PAPER,
                borderpad=1,
            )
        )
    return live


def _third(look: PlaneFidelity) -> int:
    return max(1, round(int(look.steps[-1]) / 3))


def _short(value: float) -> str:
    """Two decimals are enough to compare by eye."""
    return f"{value:.2f}" if 0.005 <= abs(value) < 100 else number(value)


def cursor(look: PlaneFidelity, k: int, narrow: bool) -> dict[str, Any]:
    step = int(look.steps[k])
    return {
        "type": "line",
        "xref": "x2",
        "x0": step,
        "x1": step,
        "yref": "paper",
        "y0": 0,
        "y1": 0.25 if narrow else 0.735,
        "layer": "below",
        "line": {"color": AXIS, "width": 1.5},
    }
