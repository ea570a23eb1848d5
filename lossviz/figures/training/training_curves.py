"""`training_curves`: the history of a training as curves, by layer or by seed."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.common.plain_text import quoted
from lossviz.figures.base.number_format import whole
from lossviz.figures.base.style import (
    AXIS,
    INK,
    PAPER,
    UNDER_SLIDER,
    blank,
    key_number,
    under_axis,
    with_opacity,
    wrap_lines,
)
from lossviz.figures.training.boundaries import descriptions, draw_boundaries, draw_titles, regions
from lossviz.figures.training.layers import draw_layers, layer_text
from lossviz.figures.training.metric_curves import draw_curves
from lossviz.figures.training.panel import Panel, PanelLayout, Parts
from lossviz.figures.training.rug import RUG_AXIS
from lossviz.figures.training.seed_lines import draw_seeds
from lossviz.figures.training.significance_text import significance_text
from lossviz.figures.training.styles import LAYER_METRICS, TRAINING_METRICS, check_metric
from lossviz.training.history import History
from lossviz.training.predictions import DecisionBoundaries

DRAW = {"curves": draw_curves, "layers": draw_layers, "seeds": draw_seeds}
CLICK = {"curves": f"x{RUG_AXIS}y{RUG_AXIS}", "seeds": "xy"}  # the panel in which a click means a seed


def training_curves(
    history: History,
    metric: str = "accuracy",
    at: int | None = None,
    view: str = "curves",
    boundaries: DecisionBoundaries | None = None,
    running: bool = False,
    frames: bool = True,
    narrow: bool = False,
    layers: str = "gradient_norm",
) -> go.Figure:
    """Draw the history of a training.

    In the view "curves", each run's metric against the steps: the median over the seeds, their middle half as
    a band for two runs, and every seed as a dot at the right edge. "layers" is a heat map of a metric of each
    layer. "seeds" draws a line for each seed from run to run, and beside it the null distribution of
    `paired_test`. At the right, or below on a narrow figure, are the decision boundaries.

    Args:
        history: Of a training, finished or running.
        metric: "accuracy", "loss", "cross_entropy" or "brier", for the views "curves" and "seeds".
        at: Step that is shown, rounded to a record; None for the last.
        view: "curves", "layers" or "seeds".
        boundaries: From `decision_boundaries`, for data with two features.
        running: Whether the training is still running. Then the result is not judged, and the frames are the
            same record by every metric, named by its label, such as "Accuracy".
        frames: Whether to add frames: those of a finished training are its records, named by their steps.
        narrow: Whether the figure is for a narrow screen.
        layers: "gradient_norm" or "saturated", for the view "layers".

    Returns:
        A Plotly figure.

    Raises:
        ValueError: For an unknown ``metric``, ``view`` or ``layers``.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=20)
        >>> figure = lv.figures.training_curves(history, "cross_entropy")
        >>> figure.layout.annotations[2].text, len(figure.frames)
        ('78 % training accuracy', 21)
    """
    check_metric(metric)
    for name, value, known in (("view", view, DRAW), ("layers", layers, LAYER_METRICS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {quoted(value)}")
    step = int(history.steps[-1]) if at is None else at
    shown = int(np.abs(history.steps - step).argmin())  # the record
    runs = len(history.settings.losses)
    height, layout = _layout(runs, boundaries is not None, narrow, running)
    if boundaries is None:
        side = draw_titles(history, shown, narrow)
    else:
        side = draw_boundaries(history, boundaries, shown, narrow)

    def texts(panel: Panel, name: str, record: int) -> Parts:
        """All texts, first those that change from record to record."""
        states = [
            {**note, "text": text}
            for note, text in zip(side.descriptions, descriptions(history, record), strict=True)
        ]
        time = _time_text(int(history.steps[record]), running)
        title = under_axis(time, sum(layout.across) / 2, layout.up[0])
        headline = _headline(history, name, view, record, narrow, running)
        return [*panel.changes(record)[2], *states, title, *headline, *panel.texts, *side.titles]

    table, drawn = (LAYER_METRICS, layers) if view == "layers" else (TRAINING_METRICS, metric)
    panel = DRAW[view](history, drawn, layout)
    axes: dict[str, dict[str, Any]] = {
        "xaxis": {"domain": layout.across, "range": [0, history.settings.steps], "anchor": "y", "nticks": 6},
        "yaxis": {"domain": layout.up},
    }
    for name, part in (panel.axes | side.axes).items():
        axes[name] = axes.get(name, {}) | part
    traces, annotations = panel.at(shown), texts(panel, drawn, shown)
    figure = blank(
        height,
        [*traces, *side.traces],
        margin={"l": 62, "r": 14, "t": 8, "b": UNDER_SLIDER},
        shapes=[*_cursor(history, int(history.steps[shown]), view, running), *panel.shapes, *side.shapes],
        annotations=annotations,
        meta={
            "frame": table[drawn].label if running else str(history.steps[shown]),
            "spoken": _spoken(len(panel.changes(shown)[2]) + runs),
            "click": CLICK.get(view, ""),
            "slider": layout.across,
        },
        **axes,
    )
    made: list[dict[str, Any]] = []
    if frames and running:
        for name, row in table.items():
            other = DRAW[view](history, name, layout)
            parts = _changes(traces, other.at(shown))
            notes = _changes(annotations, texts(other, name, shown))
            made.append(_metric_frame(row.label, traces, parts, notes, other.axes))
    elif frames:
        numbers = [len(panel.traces) + k for k in side.changing]
        for record in range(len(history.steps)):
            notes = _changes(annotations, texts(panel, drawn, record))
            made.append(_record_frame(history, record, panel, notes, view, boundaries, numbers))
    figure.frames = made
    return figure


def _spoken(title: int) -> str:
    """What a screen reader says of a record: the title of the axis, the large number, and what it is."""
    return f"{{{title}}}: {{{title + 1}}} {{{title + 2}}}"


def _layout(runs: int, beside: bool, narrow: bool, running: bool) -> tuple[int, PanelLayout]:
    """The figure's height in pixels, and the place of the view in it."""
    height, across, low, high = 500, (0.0, 0.46 if beside and runs > 2 else 0.62), 0.0, 0.83
    if narrow:
        few = runs <= 2
        if beside:
            height, low = (800, 0.42) if few else (900, 0.585)
        else:
            height, low = (590, 0.24) if few else (650, 0.32)
        across = 0.0, 0.74
        high = 1 - 122 / (height - 8 - UNDER_SLIDER)  # pixels for a number and four lines
    pixels = (high - low) * (height - 8 - UNDER_SLIDER)
    # the page's slider is as long as the view is wide
    return height, PanelLayout(across, (low, high), pixels, narrow, running)


def _changes(base: Parts, other: Parts) -> Parts:
    """Of each part in ``other``, what is not the same in ``base``."""
    return [
        {key: value for key, value in part.items() if not _equal(value, of.get(key))}
        for of, part in zip(base, other, strict=True)
    ]


def _equal(one: Any, other: Any) -> bool:
    arrays = isinstance(one, np.ndarray) or isinstance(other, np.ndarray)
    return np.array_equal(one, other) if arrays else bool(one == other)


def _cursor(history: History, step: int, view: str, running: bool) -> list[dict[str, Any]]:
    """A line at the step that is shown; over layers, a veil over the time after it."""
    if view == "seeds":
        return []
    whole_height = {"y0": 0, "y1": 1, "yref": "y domain"}
    stroke = {"color": INK if running else AXIS, "width": 2 if running else 1.5}
    layer = "above" if view == "layers" else "below"
    cursor = {"type": "line", "x0": step, "x1": step, **whole_height, "layer": layer, "line": stroke}
    if view != "layers":
        return [cursor]
    fill = {"fillcolor": with_opacity(PAPER, 0.62), "line": {"width": 0}, "layer": "above"}
    return [cursor, {"type": "rect", "x0": step, "x1": history.settings.steps, **whole_height, **fill}]


def _record_frame(
    history: History,
    record: int,
    panel: Panel,
    texts: Parts,
    view: str,
    boundaries: DecisionBoundaries | None,
    side_numbers: list[int],
) -> dict[str, Any]:
    """The frame of a record: what it changes in traces, texts and shapes."""
    numbers, data, _ = panel.changes(record)
    step = int(history.steps[record])
    grids = (
        [] if boundaries is None else [regions(boundaries, record, run) for run in range(len(side_numbers))]
    )
    cursor = {"curves": [{"x0": step, "x1": step}], "layers": [{"x0": step, "x1": step}, {"x0": step}]}
    return {
        "name": str(step),
        "data": [*data, *({"type": "contour", "z": z} for z in grids)],
        "traces": [*numbers, *side_numbers],
        "layout": {"annotations": texts, "shapes": cursor.get(view, [])},
    }


def _metric_frame(
    name: str, traces: Parts, changes: Parts, texts: Parts, axes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The frame of another metric at the same record."""
    data = [{"type": trace["type"]} | part for trace, part in zip(traces, changes, strict=True)]
    layout = {"annotations": texts, **axes}
    return {"name": name, "data": data, "traces": list(range(len(data))), "layout": layout}


def _headline(
    history: History, metric: str, view: str, record: int, narrow: bool, running: bool
) -> list[dict[str, Any]]:
    """The number in large type, and what it is."""
    if view == "layers":
        value, text = layer_text(history, metric, record)
    else:
        value, text = significance_text(history, metric, record, running)
    lead, note = key_number(value, text, narrow, x=0.0)
    note["font"] = {"size": 14 if narrow else 16, "color": note["font"]["color"]}
    if narrow:
        note["text"] = wrap_lines(text)
    else:  # beside the number, up to the column of the decision boundaries
        width = 48 if len(history.settings.losses) > 2 else 60
        note |= {"text": wrap_lines(text, width), "yshift": -4, "xshift": 26 + 21 * len(value)}
    return [lead, note]


def _time_text(step: int, running: bool) -> str:
    return f"training: step {whole(step)}" if running else f"after {whole(step)} steps"
