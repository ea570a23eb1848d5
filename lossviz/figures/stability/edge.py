"""Sharpness in full-batch training against the edge at which steps overshoot, and the loss below it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.number_format import power_of_ten
from lossviz.figures.base.style import INK, PANEL, PAPER, UNDER_SLIDER, blank, cursor
from lossviz.figures.stability.edge_words import live_words, still_words, style_of
from lossviz.stability.run import EdgeRun

RIGHT = 150  # px beside the panels for names, on a wide chart


def edge(runs: Sequence[EdgeRun], at: int | None = None, every: int = 5, narrow: bool = False) -> go.Figure:
    """Sharpness and loss of runs with one optimizer and learning rate, up to step `at` (None: the last).

    The ground above the edge is tinted. Lines and numbers are means of two steps in a row, since at the edge
    the sharpness swings from one to the next; faint is every step, to the end. A run that flew apart ends in
    a cross. The frames are the pictures at every `every`-th step.
    """
    steps = len(runs[0].loss) - 1
    at = steps if at is None else min(max(int(at), 0), steps)
    top = _top(runs)
    figure = blank(
        540 if narrow else 470,
        margin={"l": 62, "r": 14 if narrow else RIGHT, "t": 104 if narrow else 76, "b": UNDER_SLIDER},
        xaxis={"range": [0, steps], "anchor": "y", "visible": False},
        xaxis2={"range": [0, steps], "anchor": "y2"},
        yaxis={"domain": [0.42, 1], "range": [0, top], "nticks": 4, "rangemode": "tozero"},
        yaxis2={"domain": [0, 0.2 if narrow else 0.28], **_loss_axis(runs)},
    )
    edge_at = runs[0].edge
    figure.add_shape(
        type="rect", x0=0, x1=1, xref="x domain", y0=edge_at, y1=top, yref="y",
        fillcolor=PANEL, line_width=0, layer="below",
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(x=[0, steps], y=[edge_at] * 2, mode="lines", line={"color": INK, "width": 2.2})
    )
    grown = _lines(figure, runs, top)
    markers = [len(figure.data), len(figure.data) + 1]
    for axes in ({}, {"xaxis": "x2", "yaxis": "y2"}):
        colours = [style_of(run).line for run in runs]
        figure.add_trace(
            go.Scatter(
                mode="markers", cliponaxis=False, **axes,
                marker={"size": 15, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )  # fmt: skip
    for trace, part in zip(markers, _places(runs, at, top), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[*live_words(runs, at, narrow), *still_words(runs, top, narrow)],
        meta=draw_up_to(grown, at) | {"follows": "step"},
    )
    shapes = [shape.to_plotly_json() for shape in figure.layout.shapes]
    figure.layout.shapes = [cursor(at, "x2"), *shapes]
    figure.frames = [
        {
            "name": str(step),
            "data": _places(runs, step, top),
            "traces": markers,
            "layout": {
                "annotations": [{"text": text["text"]} for text in live_words(runs, step, narrow)],
                "shapes": [{"x0": step, "x1": step}],
                "meta": draw_up_to(grown, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def _top(runs: Sequence[EdgeRun]) -> float:
    """How far up the picture goes: the edge is always in it, and so is what is not far above it."""
    edge_at = runs[0].edge
    known = np.concatenate([run.sharpness[np.isfinite(run.sharpness)] for run in runs])
    return float(max(1.5 * edge_at, min(2.1 * edge_at, 1.1 * known.max())))


def _loss_axis(runs: Sequence[EdgeRun]) -> dict[str, Any]:
    """A log axis; it ignores what flies apart."""
    calm = [run for run in runs if run.diverged_at is None] or list(runs)
    known = np.concatenate([run.loss[np.isfinite(run.loss)] for run in calm])
    known = known[(known > 0) & (known <= 20 * max(float(run.loss[0]) for run in calm))]
    low, high = (np.log10(known.min()), np.log10(known.max())) if known.size else (-1.0, 0.0)
    room = 0.08 * (high - low) + 0.12
    exponents = range(int(np.floor(low - room)), int(np.ceil(high + room)) + 1)
    stride = 1 if high - low < 4 else 2
    ticks = [(m, e) for e in exponents if e % stride == 0 for m in ((1, 2, 5) if high - low < 1.2 else (1,))]
    return {
        "type": "log",
        "range": [float(low - room), float(high + room)],
        "tickvals": [m * 10.0**e for m, e in ticks],
        "ticktext": [f"{m * 10.0**e:g}" if m > 1 or -3 < e < 4 else f"10{power_of_ten(e)}" for m, e in ticks],
    }


def _lines(figure: go.Figure, runs: Sequence[EdgeRun], top: float) -> list[int]:
    """Every step faint to the end; steady and full as far as it has come: the numbers of these traces."""
    steps = list(range(len(runs[0].loss)))
    panels: list[tuple[float, dict[str, str]]] = [(3.2, {}), (2.2, {"xaxis": "x2", "yaxis": "y2"})]
    for full in (False, True):
        for width, axes in panels:
            for run in reversed(runs):  # the first on top: its dashes let the second through
                style, upper = style_of(run), not axes
                sharpness = np.clip(run.steady if full else run.sharpness, -top, 3 * top)
                values = sharpness if upper else run.loss
                look = {"color": style.line, "width": width if full else 0.5 * width, "simplify": False}
                if full:
                    look["dash"] = style.dash if upper else _finer(style.dash)
                figure.add_trace(
                    go.Scatter(
                        x=steps,
                        y=[_short(value) for value in values],
                        mode="lines",
                        opacity=1 if full else 0.42,
                        line=look,
                        hoverinfo="skip",
                        **axes,
                    )
                )
    last = len(figure.data)
    return list(range(last - 2 * len(runs), last))


def _finer(dash: str) -> str:
    return "6px,3px" if dash == "10px,5px" else dash


def _short(value: float) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None


def _places(runs: Sequence[EdgeRun], step: int, top: float) -> list[dict[str, Any]]:
    """The markers' parts: where each run has come to; one that is gone has a cross where it was last seen."""
    last = [min(step, len(run.loss) - 1 if run.diverged_at is None else run.diverged_at - 1) for run in runs]
    symbols = ["x" if step > here else "circle" for here in last]
    marker = {"symbol": symbols}
    sharp = [min(max(float(run.steady[here]), 0.0), top) for run, here in zip(runs, last, strict=True)]
    losses = [_short(float(run.loss[here])) for run, here in zip(runs, last, strict=True)]
    return [{"x": last, "y": [_short(s) for s in sharp], "marker": marker},
            {"x": last, "y": losses, "marker": marker}]  # fmt: skip
