"""A race of losses: curves or layers, and beside them what each has learned."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.contestants import MEASURES, name_of
from lossviz.figures.curves import draw_curves
from lossviz.figures.layers import DEAD, draw_layers, first_layer
from lossviz.figures.portraits import Portraits, draw_portraits, region
from lossviz.figures.style import AXIS, INK, UNDER_SLIDER, blank, hero, number, put_first, under_axis
from lossviz.race import Race, standings


def training_curves(
    race: Race,
    measure: str = "Accuracy",
    at: int | None = None,
    view: str = "Curves",
    portraits: Portraits | None = None,
    running: bool = False,
    frames: bool = True,
    narrow: bool = False,
) -> go.Figure:
    """Median over seeds of one measure, with the middle half of the seeds as a band for two contestants.

    ``at`` is the step that is looked at (None: the last). ``view`` "Layers" draws the gradient's norm by
    layer instead. To the right, or below on a narrow chart, the portraits, where the data lie in a plane.
    The frames are the pictures at every record; a running race has none.
    """
    step = int(race.steps[-1]) if at is None else at
    here = int(np.abs(race.steps - step).argmin())
    beside = portraits is not None
    figure = blank(800 if narrow and beside else 500, margin={"l": 62, "r": 14, "t": 8, "b": UNDER_SLIDER})
    across = [0.0, 0.78 if narrow else 0.72 if beside else 0.86]
    up = [0.42 if narrow and beside else 0.0, 0.87 if narrow else 0.84]
    figure.update_layout(
        meta={"follows": "race_step"},
        xaxis={"domain": across, "range": [0, race.settings.steps], "anchor": "y", "nticks": 6},
        yaxis={"domain": up},
    )
    draw = draw_layers if view == "Layers" else draw_curves
    texts, moving = draw(figure, race, measure, narrow, across, running, beside)
    shown: list[int] = []
    if portraits is not None:
        head_texts, shown = draw_portraits(figure, race, portraits, here, narrow)
        texts += head_texts
    words = _time_words(int(race.steps[here]), running)
    title = under_axis(words, (across[0] + across[1]) / 2, up[0])
    figure.update_layout(
        annotations=[*moving(here)[1], title, *_lead(race, measure, view, here, narrow), *texts]
    )
    put_first(
        figure,
        {
            "type": "line",
            "x0": race.steps[here],
            "x1": race.steps[here],
            "y0": 0,
            "y1": 1,
            "yref": "y domain",
            "layer": "above" if view == "Layers" else "below",
            "line": {"color": INK if running else AXIS, "width": 2 if running else 1.5},
        },
    )
    traces, _, data = moving(here)
    for trace, part in zip(traces, data, strict=True):
        figure.data[trace].update(part)
    if frames and not running:
        figure.frames = [
            _frame(race, i, moving, portraits, shown, _lead(race, measure, view, i, narrow))
            for i in range(len(race.steps))
        ]
    return figure


def _frame(
    race: Race,
    i: int,
    moving: Any,
    portraits: Portraits | None,
    shown: list[int],
    lead: list[dict[str, Any]],
) -> dict[str, Any]:
    traces, notes, data = moving(i)
    answers = [] if portraits is None else [region(portraits, i, c) for c in range(len(shown))]
    step = int(race.steps[i])
    moved = [{key: text[key] for key in ("text", "x", "y")} for text in notes]
    placed = [{key: text[key] for key in ("text", "xshift", "yshift") if key in text} for text in lead]
    return {
        "name": str(step),
        "data": [*data, *({"type": "contour", "z": z} for z in answers)],
        "traces": [*traces, *shown],
        "layout": {
            "annotations": [*moved, {"text": _time_words(step, False)}, *placed],
            "shapes": [{"x0": step, "x1": step}],
        },
    }


def _lead(race: Race, measure: str, view: str, record: int, narrow: bool) -> list[dict[str, Any]]:
    """The one number of the page, and what it is: who is ahead, or how much gradient is left."""
    said, words = _layer_lead(race, record) if view == "Layers" else _standing(race, measure, record)
    lead, text = hero(said, words, narrow, x=0.0)
    if not narrow:
        text |= {"yshift": -24, "xshift": 30 + 21 * len(said)}
    return [lead, text]


def _standing(race: Race, measure: str, record: int) -> tuple[str, str]:
    starts, step = race.settings.seeds, int(race.steps[record])
    wins = standings(race, MEASURES[measure][0], record)
    if step == 0:
        return "Ready", f"{len(wins)} losses, {starts} {'start' if starts == 1 else 'starts'} each"
    if measure == "Loss":
        return " ", "each loss in its own unit: not to be compared"
    first = max(range(len(wins)), key=lambda c: wins[c])
    ahead = f"{name_of(race, first).lower()} ahead" if wins[first] else "anybody ahead"
    return (
        f"{wins[first]} of {starts}",
        f"{'start has' if starts == 1 else 'starts have'} {ahead} at step {step}",
    )


def _layer_lead(race: Race, record: int) -> tuple[str, str]:
    norms = first_layer(race, record)
    most, least = int(norms.argmax()), int(norms.argmin())
    ratio = float(norms[most] / norms[least]) if norms[least] else float("inf")
    if norms[most] < DEAD:
        return "Dead", "in the first layer, under every loss"
    names = name_of(race, most).lower(), name_of(race, least).lower()
    return f"{number(ratio)}×", f"as much gradient in the first layer under {names[0]} as under {names[1]}"


def _time_words(step: int, running: bool) -> str:
    return (
        f"training: step {step:,}".replace(",", "\u2009")
        if running
        else f"after {step:,} steps".replace(",", "\u2009")
    )
