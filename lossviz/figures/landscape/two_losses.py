"""The true loss and the loss on the plane over the steps of a training, and the distance from the plane."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import AXIS, INK, MAP, MUTE, PAPER, loss_style, note, with_opacity
from lossviz.landscape.fidelity import PlaneFidelity

TICK_DISTANCE = 9  # pixels between an axis and its tick labels, so that a marker on the axis fits


def add_losses(figure: go.Figure, fidelity: PlaneFidelity, narrow: bool) -> list[int]:
    """Draw the losses and, on a wide figure, the distances; return the indices of the traces that move."""
    across = [0.0, 1.0] if narrow else [0.5, 1.0]
    true = fidelity.true_loss / fidelity.chance_loss
    plane = fidelity.plane_loss / fidelity.chance_loss
    top = max(1.1, 1.05 * min(4.0, float(np.nanmax(np.concatenate([true, plane])))))
    steps = {"domain": across, "range": [0, int(fidelity.steps[-1])], "dtick": _tick_spacing(fidelity)}
    figure.update_layout(
        xaxis2=steps | {"anchor": "y2", "showticklabels": narrow, "showline": narrow, "ticks": ""},
        yaxis2={
            "anchor": "x2",
            "domain": [0, 0.25] if narrow else [0.31, 0.735],
            "range": [-0.02 * top, top],
            "tickvals": [0, 0.5, 1] if top < 2 else [0, 1, 2, 3, 4],
            "ticklabelstandoff": TICK_DISTANCE,
        },
    )
    axes = {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip"}
    invisible = {"width": 0, "color": "rgba(0,0,0,0)"}
    figure.add_trace(go.Scatter(x=fidelity.steps, y=true, mode="lines", line=invisible, **axes))
    figure.add_trace(
        go.Scatter(
            x=fidelity.steps,
            y=plane,
            mode="lines",
            line=invisible,
            fill="tonexty",
            fillcolor=with_opacity(MUTE, 0.12),
            **axes,
        )
    )
    style = loss_style(fidelity.loss_name)
    walk = fidelity.plane == "random-walk"
    colours = (INK if walk else style.line, MAP)
    dashes = ("solid" if walk else style.dash, "solid")
    for values, colour, dash in zip((true, plane), colours, dashes, strict=True):
        line = {"color": colour, "width": 4.5, "dash": dash, "simplify": False}
        figure.add_trace(go.Scatter(x=fidelity.steps, y=values, mode="lines", line=line, **axes))
    if not narrow:
        _add_distances(figure, fidelity, across)
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


def _add_distances(figure: go.Figure, fidelity: PlaneFidelity, across: list[float]) -> None:
    """Draw the distance to the end of the path and the distance from the plane."""
    largest = float(max(fidelity.distance.max(), fidelity.path.off_plane.max())) or 1.0
    figure.update_layout(
        xaxis3={
            "domain": across,
            "range": [0, int(fidelity.steps[-1])],
            "dtick": _tick_spacing(fidelity),
            "anchor": "y3",
        },
        yaxis3={
            "anchor": "x3",
            "domain": [0, 0.2],
            "range": [0, 1.15 * largest],
            "tickvals": [0, float(f"{largest:.1g}")],
            "ticklabelstandoff": TICK_DISTANCE,
        },
    )
    axes = {"xaxis": "x3", "yaxis": "y3", "mode": "lines", "hoverinfo": "skip", "x": fidelity.steps}
    figure.add_trace(
        go.Scatter(y=fidelity.distance, line={"color": with_opacity(MUTE, 0.75), "width": 1.6}, **axes)
    )
    figure.add_trace(
        go.Scatter(
            y=fidelity.path.off_plane,
            line={"color": MUTE, "width": 3.2},
            fill="tozeroy",
            fillcolor=with_opacity(MUTE, 0.16),
            **axes,
        )
    )


def step_annotations(fidelity: PlaneFidelity, k: int, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that change with the record: losses, distances and the step."""
    size = 18 if narrow else 20
    walk = fidelity.plane == "random-walk"
    colours = (INK if walk else loss_style(fidelity.loss_name).text, MAP)
    pairs = (("true loss", fidelity.true_loss[k]), ("loss on the plane", fidelity.plane_loss[k]))
    spot = {"xref": "paper", "yref": "y2 domain", "xanchor": "right", "yanchor": "top", "align": "right"}
    texts = [
        note(
            f"{words} <b>{_two_decimals(float(value) / fidelity.chance_loss)}</b>",
            1,
            1.0,
            yshift=(14 if not narrow else 26) - (size + 6) * row,
            font={"size": size, "color": colour},
            bgcolor=PAPER,
            borderpad=1,
            **spot,
        )
        for row, ((words, value), colour) in enumerate(zip(pairs, colours, strict=True))
    ]
    across = 0.5 if narrow else 0.75
    texts.append(
        note(
            f"after {fidelity.steps[k]} steps",
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
        off_plane, distance = float(fidelity.path.off_plane[k]), float(fidelity.distance[k])
        texts.append(
            note(
                f"{_two_decimals(distance)} to the end, <b>{_two_decimals(off_plane)} of it off the plane</b>"
                if off_plane <= distance * 1.0005
                else f"{_two_decimals(distance)} to the end, <b>{_two_decimals(off_plane)} off the plane</b>",
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
    return texts


def _tick_spacing(fidelity: PlaneFidelity) -> int:
    """A third of the steps."""
    return max(1, round(int(fidelity.steps[-1]) / 3))


def _two_decimals(value: float) -> str:
    """Two decimals, which are enough to compare by eye; other formats for very small and large numbers."""
    return f"{value:.2f}" if 0.005 <= abs(value) < 100 else number(value)


def cursor(fidelity: PlaneFidelity, k: int, narrow: bool) -> dict[str, Any]:
    """The vertical line at a record."""
    step = int(fidelity.steps[k])
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
