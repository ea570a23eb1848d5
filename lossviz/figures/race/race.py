"""A race of losses: curves, layers or seeds, and beside them what each has learned."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

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
from lossviz.figures.race.boundaries import DecisionBoundaries, draw_heads, draw_portraits, readings, region
from lossviz.figures.race.curves import draw_curves
from lossviz.figures.race.layers import draw_layers, layer_words
from lossviz.figures.race.panel import Panel, Parts, Place
from lossviz.figures.race.rug import RUG_AXIS
from lossviz.figures.race.seeds import draw_seeds
from lossviz.figures.race.styles import MEASURES
from lossviz.figures.race.words import verdict_words
from lossviz.training.history import History

DRAW = {"Curves": draw_curves, "Layers": draw_layers, "Seeds": draw_seeds}
SHADES = ("Gradient", "Saturated")  # of the layers
CLICK = {"Curves": f"x{RUG_AXIS}y{RUG_AXIS}", "Seeds": "xy"}  # the panel in which a click means a seed


def training_curves(
    race: History,
    measure: str = "Accuracy",
    at: int | None = None,
    view: str = "Curves",
    portraits: DecisionBoundaries | None = None,
    running: bool = False,
    frames: bool = True,
    narrow: bool = False,
    layers: str = "Gradient",
) -> go.Figure:
    """Median over seeds of one measure, with the middle half of the seeds as a band for two contestants, and
    every seed as a dot at the right edge.

    ``at`` is the step that is looked at (None: the last). ``view`` "Layers" draws each layer's gradient
    instead, or with ``layers`` "Saturated" the share of its units that are flat; "Seeds" draws the measure
    seed by seed, with all that luck could have made of it. To the right, or below on a narrow chart, the
    portraits, where the data lie in a plane. The frames are the pictures at every record; those of a running
    race are its pictures now by every measure, or of the layers, and are called so.
    """
    step = int(race.steps[-1]) if at is None else at
    here = int(np.abs(race.steps - step).argmin())
    beside, count = portraits is not None, len(race.settings.losses)
    tall, low = 500, 0.0
    if narrow:
        tall, low = {(True, True): (800, 0.42), (True, False): (1060, 0.58)}.get(
            (beside, count <= 2), (590, 0.24) if count <= 2 else (650, 0.32)
        )
    across = (0.0, 0.74 if narrow else _width(beside, count))
    up = (low, 1 - 122 / (tall - 8 - UNDER_SLIDER) if narrow else 0.83)  # pixels for a number and four lines
    place = Place(across, up, narrow, running)
    if portraits is None:
        side = draw_heads(race, here, narrow)
    else:
        side = draw_portraits(race, portraits, here, narrow)

    def texts(panel: Panel, shade: str, record: int) -> Parts:
        """All that is written: first what changes from record to record."""
        said = [
            {**text, "text": words} for text, words in zip(side.said, readings(race, record), strict=True)
        ]
        title = under_axis(_time_words(int(race.steps[record]), running), sum(across) / 2, up[0])
        lead = _lead(race, shade, view, record, narrow, running)
        return [*panel.moving(record)[2], *said, title, *lead, *panel.texts, *side.heads]

    shade = layers if view == "Layers" else measure
    panel = DRAW[view](race, shade, place)
    axes: dict[str, dict[str, Any]] = {
        "xaxis": {"domain": across, "range": [0, race.settings.steps], "anchor": "y", "nticks": 6},
        "yaxis": {"domain": up},
    }
    for name, part in (panel.axes | side.axes).items():
        axes[name] = axes.get(name, {}) | part
    traces, written = panel.at(here), texts(panel, shade, here)
    figure = blank(
        tall,
        [*traces, *side.traces],
        margin={"l": 62, "r": 14, "t": 8, "b": UNDER_SLIDER},
        shapes=[*_cursor(race, int(race.steps[here]), view, running), *panel.shapes, *side.shapes],
        annotations=written,
        meta={
            "follows": "race_measure" if running else "race_step",
            "click": CLICK.get(view, ""),
            "slider": across,
        },
        **axes,
    )
    made: list[dict[str, Any]] = []
    if frames and running:
        for name in SHADES if view == "Layers" else MEASURES:
            other = DRAW[view](race, name, place)
            lines = _changed(traces, other.at(here))
            made.append(_chosen(name, traces, lines, _changed(written, texts(other, name, here)), other.axes))
    elif frames:
        shown = [len(panel.traces) + k for k in side.changing]
        for i in range(len(race.steps)):
            moved = _changed(written, texts(panel, shade, i))
            made.append(_frame(race, i, panel, moved, view, portraits, shown))
    figure.frames = made
    return figure


def _changed(these: Parts, those: Parts) -> Parts:
    """What of each part is otherwise in its counterpart."""
    return [
        {key: value for key, value in that.items() if not _same(value, this.get(key))}
        for this, that in zip(these, those, strict=True)
    ]


def _same(one: Any, other: Any) -> bool:
    arrays = isinstance(one, np.ndarray) or isinstance(other, np.ndarray)
    return np.array_equal(one, other) if arrays else bool(one == other)


def _width(beside: bool, count: int) -> float:
    """The share of a wide figure that the curves have; the page's slider is as long."""
    return 0.52 if beside and count > 2 else 0.68


def _cursor(race: History, step: int, view: str, running: bool) -> list[dict[str, Any]]:
    """Where the race is, or is looked at; over layers what is known of the time after it is shown pale."""
    if view == "Seeds":
        return []
    whole = {"y0": 0, "y1": 1, "yref": "y domain"}
    stroke = {"color": INK if running else AXIS, "width": 2 if running else 1.5}
    layer = "above" if view == "Layers" else "below"
    cursor = {"type": "line", "x0": step, "x1": step, **whole, "layer": layer, "line": stroke}
    ghost = {"fillcolor": with_opacity(PAPER, 0.62), "line": {"width": 0}, "layer": "above"}
    veil = {"type": "rect", "x0": step, "x1": race.settings.steps, **whole, **ghost}
    return [cursor, veil] if view == "Layers" else [cursor]


def _frame(
    race: History,
    record: int,
    panel: Panel,
    texts: Parts,
    view: str,
    portraits: DecisionBoundaries | None,
    shown: list[int],
) -> dict[str, Any]:
    numbers, data, _ = panel.moving(record)
    step = int(race.steps[record])
    answers = [] if portraits is None else [region(portraits, record, c) for c in range(len(shown))]
    cursor = {"Curves": [{"x0": step, "x1": step}], "Layers": [{"x0": step, "x1": step}, {"x0": step}]}
    return {
        "name": str(step),
        "data": [*data, *({"type": "contour", "z": z} for z in answers)],
        "traces": [*numbers, *shown],
        "layout": {
            "annotations": texts,
            "shapes": cursor.get(view, []),
        },
    }


def _chosen(
    name: str, traces: Parts, lines: Parts, texts: Parts, axes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The frame of another measure at the same record: what is otherwise in the lines and in the texts."""
    data = [{"type": trace["type"]} | part for trace, part in zip(traces, lines, strict=True)]
    layout = {"annotations": texts, **axes}
    return {"name": name, "data": data, "traces": list(range(len(data))), "layout": layout}


def _lead(
    race: History, measure: str, view: str, record: int, narrow: bool, running: bool
) -> list[dict[str, Any]]:
    """The one number of the page, and what it is: who is ahead, or how much gradient is left."""
    if view == "Layers":
        said, words = layer_words(race, measure, record)
    else:
        said, words = verdict_words(race, measure, record, running)
    lead, text = key_number(said, words, narrow, x=0.0)
    text["font"] = {"size": 14 if narrow else 17, "color": text["font"]["color"]}
    if narrow:
        text["text"] = wrap_lines(words)
    else:
        text |= {"yshift": -4, "xshift": 26 + 21 * len(said)}
    return [lead, text]


def _time_words(step: int, running: bool) -> str:
    return f"training: step {whole(step)}" if running else f"after {whole(step)} steps"
