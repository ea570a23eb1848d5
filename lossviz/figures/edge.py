"""Sharpness in full-batch training against the edge at which steps overshoot, and the loss below it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.frames import upto
from lossviz.figures.style import (
    INK,
    MUTE,
    PANEL,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    Mark,
    axis_name,
    blank,
    cursor,
    mark,
    note,
    number,
    percent,
    power_of_ten,
    under_axis,
)
from lossviz.losses import LOSSES
from lossviz.optimizers import OPTIMIZERS
from lossviz.stability import EdgeRun

Floats = NDArray[np.float64]
RIGHT = 150  # px beside the panels for names, on a wide chart
PLAIN = {"squared": "Squared error", "logarithm": "Cross-entropy"}
UNKNOWN = Mark(INK, INK, "solid", 4.5)  # a loss that is not in the registry


def edge(runs: Sequence[EdgeRun], at: int | None = None, every: int = 5, narrow: bool = False) -> go.Figure:
    """Sharpness and loss of runs with one optimizer and learning rate, up to step `at` (None: the last).

    The ground above the edge is tinted; what lies after `at` is drawn faint, and a run that flew apart ends
    in a cross. The frames are the pictures at every `every`-th step: an odd number of steps, since weights
    at the edge swing from step to step.
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
        annotations=[*_live(runs, at, narrow), *_still(runs, top, narrow)],
        meta=upto(grown, at) | {"follows": "step"},
    )
    shapes = [shape.to_plotly_json() for shape in figure.layout.shapes]
    figure.layout.shapes = [cursor(at, "x2"), *shapes]
    figure.frames = [
        {
            "name": str(step),
            "data": _places(runs, step, top),
            "traces": markers,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(runs, step, narrow)],
                "shapes": [{"x0": step, "x1": step}],
                "meta": upto(grown, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def style_of(run: EdgeRun) -> Mark:
    return mark(run.loss_name) if run.loss_name in LOSSES else UNKNOWN


def edge_names(runs: Sequence[EdgeRun]) -> list[str]:
    """What a class calls each: by its family, unless two are of one."""
    rows = [LOSSES.get(run.loss_name) for run in runs]
    families = [row.family if row else "" for row in rows]
    return [
        PLAIN[row.family]
        if row and row.family in PLAIN and families.count(row.family) == 1
        else (row.label if row else run.loss_name)
        for row, run in zip(rows, runs, strict=True)
    ]


def words_of(run: EdgeRun, step: int) -> str:
    """Where a run is, in two or three words."""
    standing = run.standing(step)
    if standing.place == "gone":
        return f"gone at step {run.diverged_at}"
    if standing.place == "left":
        return f"has left it: {percent(standing.share)}"
    if standing.place == "never":
        whole = step >= len(run.loss) - 1
        return f"never there: {percent(standing.share)}" if whole else f"not there: {percent(standing.share)}"
    return {"over": "over the edge", "at": "at the edge"}[standing.place]


def _top(runs: Sequence[EdgeRun]) -> float:
    """How far up the picture goes: the edge is always in it, and so is what is not far above it."""
    edge_at = runs[0].edge
    known = np.concatenate([run.sharpness[np.isfinite(run.sharpness)] for run in runs])
    return float(max(1.3 * edge_at, min(2.1 * edge_at, 1.1 * known.max())))


def _loss_axis(runs: Sequence[EdgeRun]) -> dict[str, Any]:
    """A log axis; it ignores what flies apart."""
    calm = [run for run in runs if run.diverged_at is None] or list(runs)
    known = np.concatenate([run.loss[np.isfinite(run.loss)] for run in calm])
    known = known[(known > 0) & (known <= 20 * max(float(run.loss[0]) for run in calm))]
    low, high = (np.log10(known.min()), np.log10(known.max())) if known.size else (-1.0, 0.0)
    room = 0.08 * (high - low) + 0.12
    exponents = range(int(np.floor(low - room)), int(np.ceil(high + room)) + 1)
    stride = 1 if high - low < 4 else 2
    ticks = [e for e in exponents if e % stride == 0]
    return {
        "type": "log",
        "range": [float(low - room), float(high + room)],
        "tickvals": [10.0**e for e in ticks],
        "ticktext": [f"{10.0**e:g}" if -3 < e < 4 else f"10{power_of_ten(e)}" for e in ticks],
    }


def _lines(figure: go.Figure, runs: Sequence[EdgeRun], top: float) -> list[int]:
    """Faint to the end, full as far as it has come; the numbers of the traces that grow."""
    steps = list(range(len(runs[0].loss)))
    panels: list[tuple[float, dict[str, str]]] = [(3.2, {}), (2.2, {"xaxis": "x2", "yaxis": "y2"})]
    for full in (False, True):
        for width, axes in panels:
            for run in runs:
                style, upper = style_of(run), not axes
                values = np.clip(run.sharpness, -top, 3 * top) if upper else run.loss
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
    sharp = [min(max(float(run.sharpness[here]), 0.0), top) for run, here in zip(runs, last, strict=True)]
    losses = [_short(float(run.loss[here])) for run, here in zip(runs, last, strict=True)]
    return [{"x": last, "y": [_short(s) for s in sharp], "marker": marker},
            {"x": last, "y": losses, "marker": marker}]  # fmt: skip


def _told(run: EdgeRun, step: int) -> str:
    """Learning rate x sharpness at a step."""
    gone = run.diverged_at is not None and step >= run.diverged_at
    return "gone" if gone else number(run.lr * float(run.sharpness[step]))


def _live(runs: Sequence[EdgeRun], step: int, narrow: bool) -> list[dict[str, Any]]:
    """What changes with the step: the products, where each run is, and the axis's title."""
    names = edge_names(runs)
    what = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    products = [
        f'<b><span style="color:{style_of(run).text}">{_told(run, step)}</span></b> '
        f"for {name[0].lower() + name[1:]}"
        for run, name in zip(runs, names, strict=True)
    ]
    first = f"is the edge: {runs[0].constant:.4g} ÷ {runs[0].lr:g}"
    if narrow:
        second = f"rate × {what}:<br>{', '.join(products)}"
    else:
        second = f"Learning rate × {what}: {', '.join(products)}."
    spot = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "left"}
    size = 15 if narrow else 17
    label = number(runs[0].edge)
    shift = (20 if narrow else 24) * sum(0.55 if c in ".,\u2009" else 1 for c in label) + 18
    head = note(
        f"{first}<br>{second}" if not narrow else first,
        0, 1, xshift=shift, yshift=14 if not narrow else 60, font={"size": size, "color": MUTE}, **spot,
    )  # fmt: skip
    texts = [head]
    if narrow:
        texts.append(note(second, 0, 1, yshift=8, font={"size": size, "color": MUTE}, **spot))
    done = OPTIMIZERS[runs[0].optimizer].label
    plain = "gradient descent" if runs[0].optimizer == "sgd" else done
    unit = "step" if step == 1 else "steps"
    texts.append(
        under_axis(f"after {step} {unit} of {plain[0].lower() + plain[1:] if plain == 'Momentum' else plain}")
    )
    texts += [_label(f"{words_of(run, step)}", i, narrow, style_of(run), False) for i, run in enumerate(runs)]
    return texts


def _label(text: str, i: int, narrow: bool, style: Mark, name: bool) -> dict[str, Any]:
    """A run's name, or where it is: beside the sharpness, or on a phone above the loss."""
    if narrow:
        return note(
            text, 0.5 * i, 0.2, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
            yshift=32 if name else 10,
            font={"size": 17 if name else 16, "color": style.text},
        )  # fmt: skip
    return note(
        text, 1, 1, xref="paper", yref="y domain", xanchor="left", yanchor="top", xshift=14,
        yshift=-54 * i - (0 if name else 23) - 8,
        font={"size": 18 if name else 16, "color": style.text},
    )  # fmt: skip


def _still(runs: Sequence[EdgeRun], top: float, narrow: bool) -> list[dict[str, Any]]:
    """What does not change: the one number of the page, names, axes, and what the edge is."""
    size = 36 if narrow else 42
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    hero = note(
        f"<b>{number(runs[0].edge)}</b>",
        0, 1, yshift=52 if narrow else 10, font={"size": size, "family": SERIF, "color": INK}, **place,
    )  # fmt: skip
    inside = {"xref": "x domain", "yref": "y", "xanchor": "right", "xshift": -8, "yanchor": "bottom"}
    words = note("here a step overshoots", 1, top, **(inside | {"yanchor": "top", "yshift": -4}))
    line = note("<b>the edge</b>", 1, runs[0].edge, **inside, yshift=2, font={"size": 16, "color": INK})
    names = [
        _label(f"<b>{name}</b>", i, narrow, style_of(run), True)
        for i, (name, run) in enumerate(zip(edge_names(runs), runs, strict=True))
    ]
    what = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    return [hero, words, line, *names, axis_name(what), axis_name("loss", 2)]
