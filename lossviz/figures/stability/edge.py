"""The sharpness in full-batch training beside the edge of stability, and the loss below it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.number_format import power_of_ten
from lossviz.figures.base.style import INK, PANEL, PAPER, UNDER_SLIDER, blank, cursor
from lossviz.figures.stability.edge_text import constant_annotations, step_annotations, style_of
from lossviz.stability.result import EdgeRun

RIGHT_MARGIN = 150  # pixels beside the panels for names, on a wide figure


def edge(runs: Sequence[EdgeRun], at: int | None = None, every: int = 5, narrow: bool = False) -> go.Figure:
    """Draw the sharpness and the loss of runs with one optimizer and learning rate.

    The region above the edge is shaded. Lines and numbers are means of two consecutive steps, since at the
    edge the sharpness oscillates with a period of two; faint lines show every step. A diverged run ends in a
    cross.

    Args:
        runs: The results of `edge_run` or `edge_runs`, all with the same number of steps.
        at: Step at which the figure stands; None for the last.
        every: Steps between two frames.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        A figure with a frame, named by the step, for every ``every``-th step.

    Example:
        >>> import lossviz as lv
        >>> runs = lv.stability.edge_runs("moons", "mlp-4", ["mse"], lr=0.5, steps=10)
        >>> [frame.name for frame in lv.figures.edge(runs).frames]
        ['0', '5', '10']
    """
    steps = len(runs[0].loss) - 1
    at = steps if at is None else min(max(int(at), 0), steps)
    top = _top(runs)
    figure = blank(
        540 if narrow else 470,
        margin={"l": 62, "r": 14 if narrow else RIGHT_MARGIN, "t": 104 if narrow else 76, "b": UNDER_SLIDER},
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
    growing = _add_lines(figure, runs, top)
    markers = [len(figure.data), len(figure.data) + 1]
    for axes in ({}, {"xaxis": "x2", "yaxis": "y2"}):
        colours = [style_of(run).line for run in runs]
        figure.add_trace(
            go.Scatter(
                mode="markers", cliponaxis=False, **axes,
                marker={"size": 15, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )  # fmt: skip
    for trace, part in zip(markers, _markers(runs, at, top), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[*step_annotations(runs, at, narrow), *constant_annotations(runs, top, narrow)],
        meta=draw_up_to(growing, at) | {"frame": str(at), "spoken": "{1}: {4} {0}"},
    )
    shapes = [shape.to_plotly_json() for shape in figure.layout.shapes]
    figure.layout.shapes = [cursor(at, "x2"), *shapes]
    figure.frames = [
        {
            "name": str(step),
            "data": _markers(runs, step, top),
            "traces": markers,
            "layout": {
                "annotations": [{"text": text["text"]} for text in step_annotations(runs, step, narrow)],
                "shapes": [{"x0": step, "x1": step}],
                "meta": draw_up_to(growing, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def _top(runs: Sequence[EdgeRun]) -> float:
    """Upper limit of the sharpness axis: above the edge, and above what is not far above the edge."""
    edge_at = runs[0].edge
    finite = np.concatenate([run.sharpness[np.isfinite(run.sharpness)] for run in runs])
    return float(max(1.5 * edge_at, min(2.1 * edge_at, 1.1 * finite.max())))


def _loss_axis(runs: Sequence[EdgeRun]) -> dict[str, Any]:
    """A logarithmic axis for the losses of the runs that did not diverge."""
    converged = [run for run in runs if run.diverged_at is None] or list(runs)
    losses = np.concatenate([run.loss[np.isfinite(run.loss)] for run in converged])
    losses = losses[(losses > 0) & (losses <= 20 * max(float(run.loss[0]) for run in converged))]
    low, high = (np.log10(losses.min()), np.log10(losses.max())) if losses.size else (-1.0, 0.0)
    margin = 0.08 * (high - low) + 0.12
    exponents = range(int(np.floor(low - margin)), int(np.ceil(high + margin)) + 1)
    stride = 1 if high - low < 4 else 2
    ticks = [(m, e) for e in exponents if e % stride == 0 for m in ((1, 2, 5) if high - low < 1.2 else (1,))]
    return {
        "type": "log",
        "range": [float(low - margin), float(high + margin)],
        "tickvals": [m * 10.0**e for m, e in ticks],
        "ticktext": [f"{m * 10.0**e:g}" if m > 1 or -3 < e < 4 else f"10{power_of_ten(e)}" for m, e in ticks],
    }


def _add_lines(figure: go.Figure, runs: Sequence[EdgeRun], top: float) -> list[int]:
    """Draw every step faintly, and the means of two steps on top; return the indices of the latter."""
    steps = list(range(len(runs[0].loss)))
    panels: list[tuple[float, dict[str, str]]] = [(3.2, {}), (2.2, {"xaxis": "x2", "yaxis": "y2"})]
    for smoothed in (False, True):
        for width, axes in panels:
            for run in reversed(runs):  # the first is on top, since the second is visible between its dashes
                style, upper = style_of(run), not axes
                sharpness = np.clip(run.smoothed_sharpness if smoothed else run.sharpness, -top, 3 * top)
                values = sharpness if upper else run.loss
                line = {"color": style.line, "width": width if smoothed else 0.5 * width, "simplify": False}
                if smoothed:
                    line["dash"] = style.dash if upper else _shorter_dashes(style.dash)
                figure.add_trace(
                    go.Scatter(
                        x=steps,
                        y=[_rounded(value) for value in values],
                        mode="lines",
                        opacity=1 if smoothed else 0.42,
                        line=line,
                        hoverinfo="skip",
                        **axes,
                    )
                )
    last = len(figure.data)
    return list(range(last - 2 * len(runs), last))


def _shorter_dashes(dash: str) -> str:
    """Dashes for the thinner lines of the loss."""
    return "6px,3px" if dash == "10px,5px" else dash


def _rounded(value: float) -> float | None:
    """Four significant digits; None, which Plotly leaves out, for a value that is not finite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def _markers(runs: Sequence[EdgeRun], step: int, top: float) -> list[dict[str, Any]]:
    """The data of the markers at a step; a diverged run has a cross at its last finite value."""
    last = [min(step, len(run.loss) - 1 if run.diverged_at is None else run.diverged_at - 1) for run in runs]
    symbols = ["x" if step > end else "circle" for end in last]
    marker = {"symbol": symbols}
    sharpness = [
        min(max(float(run.smoothed_sharpness[end]), 0.0), top) for run, end in zip(runs, last, strict=True)
    ]
    losses = [_rounded(float(run.loss[end])) for run, end in zip(runs, last, strict=True)]
    return [{"x": last, "y": [_rounded(s) for s in sharpness], "marker": marker},
            {"x": last, "y": losses, "marker": marker}]  # fmt: skip
