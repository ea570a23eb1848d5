"""A race of losses: curves, layers or seeds, and beside them what each has learned."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.curves import draw_curves
from lossviz.figures.layers import draw_layers, layer_words
from lossviz.figures.numerals import whole
from lossviz.figures.portraits import Portraits, draw_heads, draw_portraits, readings, region
from lossviz.figures.race_words import verdict_words
from lossviz.figures.seeds import draw_seeds
from lossviz.figures.style import (
    AXIS,
    INK,
    PAPER,
    UNDER_SLIDER,
    blank,
    faded,
    hero,
    put_first,
    under_axis,
    wrapped,
)
from lossviz.race import Race

DRAW = {"Curves": draw_curves, "Layers": draw_layers, "Seeds": draw_seeds}


def training_curves(
    race: Race,
    measure: str = "Accuracy",
    at: int | None = None,
    view: str = "Curves",
    portraits: Portraits | None = None,
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
    portraits, where the data lie in a plane. The frames are the pictures at every record; a running race
    has none.
    """
    step = int(race.steps[-1]) if at is None else at
    here = int(np.abs(race.steps - step).argmin())
    beside, count = portraits is not None, len(race.settings.losses)
    tall, low = 500, 0.0
    if narrow:
        tall, low = {(True, True): (800, 0.42), (True, False): (1060, 0.58)}.get(
            (beside, count <= 2), (590, 0.24) if count <= 2 else (650, 0.32)
        )
    figure = blank(tall, margin={"l": 62, "r": 14, "t": 8, "b": UNDER_SLIDER})
    across = [0.0, 0.74 if narrow else _width(beside, count)]
    up = [low, 1 - 122 / (tall - 8 - UNDER_SLIDER) if narrow else 0.83]  # pixels for a number and four lines
    figure.update_layout(
        meta={"follows": "race_step"},
        xaxis={"domain": across, "range": [0, race.settings.steps], "anchor": "y", "nticks": 6},
        yaxis={"domain": up},
    )
    shade = layers if view == "Layers" else measure
    texts, moving = DRAW[view](figure, race, shade, narrow, across, running)
    shown: list[int] = []
    said: list[dict[str, Any]] = []
    if portraits is not None:
        said, heads, shown = draw_portraits(figure, race, portraits, here, narrow)
        texts += heads
    else:
        said, heads = draw_heads(figure, race, here, narrow)
        texts += heads
    words = _time_words(int(race.steps[here]), running)
    title = under_axis(words, (across[0] + across[1]) / 2, up[0])
    figure.update_layout(
        annotations=[
            *moving(here)[1],
            *said,
            title,
            *_lead(race, shade, view, here, narrow, running),
            *texts,
        ]
    )
    if view != "Seeds":
        if view == "Layers":
            put_first(figure, _veil(race, int(race.steps[here])))
        put_first(figure, _cursor(int(race.steps[here]), view, running))
    traces, _, data = moving(here)
    for trace, part in zip(traces, data, strict=True):
        for key, value in part.items():
            if key != "type":
                figure.data[trace][key] = value
    if frames and not running:
        figure.frames = [
            _frame(
                race,
                i,
                moving,
                portraits,
                shown,
                bool(said),
                _lead(race, shade, view, i, narrow, False),
                view,
            )
            for i in range(len(race.steps))
        ]
    return figure


def _width(beside: bool, count: int) -> float:
    """The share of a wide figure that the curves have; the page's slider is as long."""
    return 0.52 if beside and count > 2 else 0.68


def _cursor(step: int, view: str, running: bool) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": step,
        "x1": step,
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "layer": "above" if view == "Layers" else "below",
        "line": {"color": INK if running else AXIS, "width": 2 if running else 1.5},
    }


def _veil(race: Race, step: int) -> dict[str, Any]:
    """What is known of the time after the cursor is shown pale."""
    return {
        "type": "rect",
        "x0": step,
        "x1": race.settings.steps,
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "fillcolor": faded(PAPER, 0.62),
        "line": {"width": 0},
        "layer": "above",
    }


def _frame(
    race: Race,
    i: int,
    moving: Any,
    portraits: Portraits | None,
    shown: list[int],
    told: bool,
    lead: list[dict[str, Any]],
    view: str,
) -> dict[str, Any]:
    traces, notes, data = moving(i)
    answers = [] if portraits is None else [region(portraits, i, c) for c in range(len(shown))]
    said = [{"text": words} for words in readings(race, i)] if told else []
    step = int(race.steps[i])
    moved = [{key: text[key] for key in ("text", "x", "y")} for text in notes]
    placed = [{key: text[key] for key in ("text", "xshift", "yshift") if key in text} for text in lead]
    cursor = {"Curves": [{"x0": step, "x1": step}], "Layers": [{"x0": step, "x1": step}, {"x0": step}]}
    return {
        "name": str(step),
        "data": [*data, *({"type": "contour", "z": z} for z in answers)],
        "traces": [*traces, *shown],
        "layout": {
            "annotations": [*moved, *said, {"text": _time_words(step, False)}, *placed],
            "shapes": cursor.get(view, []),
        },
    }


def _lead(
    race: Race, measure: str, view: str, record: int, narrow: bool, running: bool
) -> list[dict[str, Any]]:
    """The one number of the page, and what it is: who is ahead, or how much gradient is left."""
    if view == "Layers":
        said, words = layer_words(race, measure, record)
    else:
        said, words = verdict_words(race, measure, record, running)
    lead, text = hero(said, words, narrow, x=0.0)
    text["font"] = {"size": 14 if narrow else 17, "color": text["font"]["color"]}
    if narrow:
        text["text"] = wrapped(words)
    else:
        text |= {"yshift": -4, "xshift": 26 + 21 * len(said)}
    return [lead, text]


def _time_words(step: int, running: bool) -> str:
    return f"training: step {whole(step)}" if running else f"after {whole(step)} steps"
