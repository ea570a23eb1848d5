"""Losses laid over each other: loss, slope and curvature in three panels, with a cursor through all."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.families import looks
from lossviz.figures.base.style import PAPER, UNDER_SLIDER, blank, cursor, faded, put_first
from lossviz.figures.gallery.curve_words import PANELS, WIDE, beside, live, still
from lossviz.losses.curves import LossCurves

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def loss_curves(facts: LossCurves, at: float = 1.0, narrow: bool = False) -> go.Figure:
    """Loss, slope and curvature of each loss; tinted where one bends down. The frames are named by x.

    Four losses have colours, any further ones are thin and grey. Panels are cut where one loss would
    press all the others to the floor.
    """
    rows = (facts.value, facts.gradient, facts.curvature)
    losses = len(facts.names)
    head = 28 + 23 * losses if narrow else 6
    figure = blank(
        (560 if narrow else 500) + (head if narrow else 0),
        margin={"l": 62, "r": 14, "t": head, "b": UNDER_SLIDER},
        meta={"follows": f"gallery_{facts.against}", "slider": [0, 1 if narrow else WIDE]},
    )
    marks = looks(facts.names, facts.families)
    domain = [0, 1] if narrow else [0, WIDE]
    for panel, (place, values) in enumerate(zip(PANELS, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = span(values)
        figure.update_layout(
            {
                f"yaxis{tag}": {"domain": place, "range": [low, high], "tickvals": few_ticks(low, high)},
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "domain": domain,
                    "range": [facts.x[0], facts.x[-1]],
                    "visible": panel == 3,
                    "nticks": 6 if narrow else 11,
                },
            }
        )
        if panel == 3:
            _shade(figure, facts, marks)
        for mark, value in zip(marks, values, strict=True):
            line = {"color": mark.line, "width": mark.width, "dash": mark.dash, "simplify": False}
            figure.add_trace(
                go.Scatter(x=facts.x, y=value, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    moving = list(range(len(figure.data), len(figure.data) + 3))
    for panel in range(3):
        tag = "" if panel == 0 else str(panel + 1)
        dots = {
            "size": 14,
            "color": [m.line for m in marks],
            "line": {"color": PAPER, "width": 3},
            "opacity": 1,
        }
        figure.add_trace(go.Scatter(mode="markers", marker=dots, xaxis=f"x{tag}", yaxis=f"y{tag}"))

    here = int(np.abs(facts.x - at).argmin())
    for trace, part in zip(moving, _data(rows, facts.x, here), strict=True):
        figure.data[trace].update(part)
    low, high = figure.layout.yaxis.range
    size = (280.0, 180.0) if narrow else (740.0, 154.0)
    figure.update_layout(
        annotations=[
            *live(facts, here, narrow),
            *beside(facts, (low, high), size, narrow),
            *still(facts, narrow),
        ]
    )
    put_first(figure, cursor(float(facts.x[here]), "x3"))
    figure.frames = [
        {
            "name": f"{x:g}",
            "data": _data(rows, facts.x, k),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in live(facts, k, narrow)],
                "shapes": [{"x0": float(x), "x1": float(x)}],
            },
        }
        for k, x in enumerate(facts.x)
    ]
    return figure


def span(values: Any) -> tuple[float, float]:
    """The range of a panel: all of what is drawn, unless one loss, or one rim, goes far beyond the rest."""
    finite = np.where(np.isfinite(values), values, 0.0)
    low, high = float(finite.min()), float(finite.max())
    reach = np.sort(np.abs(finite).max(axis=1))
    usual = 4.5 * float(reach[(len(reach) - 1) // 2])
    within = 6 * float(np.quantile(np.abs(finite), 0.75, axis=1).max())
    usual = min(usual, within) if within > 0 else usual
    if usual > 0:
        low, high = max(low, -usual), min(high, usual)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    room = 0.08 * (high - low)
    return low - room, high + room


def few_ticks(low: float, high: float) -> list[float]:
    """0, and the few round numbers that it takes to read a height."""
    step = next((s for s in STEPS if (high - low) / s <= 3.6), STEPS[-1])
    return [round(k * step, 6) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _shade(figure: go.Figure, facts: LossCurves, marks: Any) -> None:
    """Where a loss bends down, the ground between its curvature and 0 is tinted."""
    for mark, down, bend in zip(marks, facts.bends_down, facts.curvature, strict=True):
        if down.any():
            low = np.where(down, bend, 0.0)
            figure.add_trace(
                go.Scatter(
                    x=facts.x, y=low, mode="lines", line={"width": 0}, fill="tozeroy",
                    fillcolor=faded(mark.line, 0.2), xaxis="x3", yaxis="y3",
                )
            )  # fmt: skip


def _data(rows: Any, x: Any, k: int) -> list[dict[str, Any]]:
    known = [[float(f"{v:.5g}") if np.isfinite(v) else None for v in values[:, k]] for values in rows]
    return [{"x": [float(x[k])] * len(values), "y": values} for values in known]
