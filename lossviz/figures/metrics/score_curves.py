"""A loss and a metric over the same training, each with a ring where it would have stopped."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    INK,
    MARKS,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    Mark,
    axis_name,
    blank,
    cursor,
    note,
    put_first,
    under_axis,
)
from lossviz.metrics.history import MEASURES, ScoreHistory

WIDE = 0.79
PANELS = ((0.55, 1.0), (0.0, 0.41))
POINTS = ("accuracy", "f1", "roc-auc", "r2")  # measures whose changes are told in hundredths


def score_curves(
    history: ScoreHistory, measure: str = "accuracy", at: float = 300, narrow: bool = False
) -> go.Figure:
    """The loss above, a measure below, both on the held-out examples; the axes are cut to where they part.

    The frames are named by the steps.
    """
    rows = (history.loss, history.scores[measure])
    best = (history.best(), history.best(measure))
    head = 84 if narrow else 6
    figure = blank(
        (400 if narrow else 450) + (head if narrow else 0),
        margin={"l": 62, "r": 14, "t": head, "b": UNDER_SLIDER},
        meta={"follows": "metric_step", "slider": [0, 1 if narrow else WIDE]},
    )
    marks = (_mark(history), Mark(INK, INK, "solid", 4.5))
    for panel, (place, values) in enumerate(zip(PANELS, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = _window(history, values, panel == 1)
        shares = panel == 2 and measure == "accuracy"
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": place, "range": [low, high], "nticks": 5, "tickformat": ".0%" if shares else "",
                },
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "domain": [0, 1 if narrow else WIDE],
                    "range": [0, int(history.steps[-1])],
                    "visible": panel == 2,
                    "nticks": 7,
                },
            }
        )  # fmt: skip
        mark, axes = marks[panel - 1], {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
        line = {"color": mark.line, "width": mark.width, "dash": mark.dash, "simplify": False}
        figure.add_trace(go.Scatter(x=history.steps, y=values, mode="lines", line=line, **axes))
        k = best[panel - 1]
        ring = {"size": 18, "color": PAPER, "line": {"color": mark.line, "width": 3.5}, "opacity": 1}
        figure.add_trace(
            go.Scatter(
                x=[int(history.steps[k])],
                y=[float(values[k])],
                mode="markers",
                marker=ring,
                cliponaxis=False,
                **axes,
            )
        )
    for panel in (1, 2):
        tag = "" if panel == 1 else "2"
        dot = {"size": 13, "color": marks[panel - 1].line, "line": {"color": PAPER, "width": 2}, "opacity": 1}
        figure.add_trace(
            go.Scatter(mode="markers", marker=dot, cliponaxis=False, xaxis=f"x{tag}", yaxis=f"y{tag}")
        )
    here = int(np.abs(history.steps - at).argmin())
    for trace, part in zip((4, 5), _data(history, rows, here), strict=True):
        figure.data[trace].update(part)
    live = _live(history, measure, here, narrow)
    live[0]["font"]["color"] = marks[0].text
    figure.update_layout(annotations=[*live, *_still(history, measure, best, marks, narrow)])
    put_first(figure, cursor(float(history.steps[here]), "x2"))
    figure.frames = [
        {
            "name": str(step),
            "data": _data(history, rows, k),
            "traces": [4, 5],
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(history, measure, k, narrow)],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(history.steps)
    ]
    return figure


def _mark(history: ScoreHistory) -> Mark:
    return MARKS["squared" if history.task == "regression" else "logarithm"]


def _loss_name(history: ScoreHistory) -> str:
    """What a class calls the loss that was trained."""
    return "Squared error" if history.task == "regression" else "Cross-entropy"


def _window(history: ScoreHistory, values: Any, loss: bool) -> tuple[float, float]:
    """What is seen of a curve: from where the loss comes near its best, on."""
    least = float(np.nanmin(history.loss))
    first = int(np.argmax(history.loss <= 1.3 * least))
    seen = values[first:]
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    if loss:
        high = max(high, 1.3 * least)
    room = max(high - low, 1e-6)
    return low - 0.16 * room, high + 0.2 * room


def _data(history: ScoreHistory, rows: Any, k: int) -> list[dict[str, Any]]:
    step = int(history.steps[k])
    return [{"x": [step], "y": [None if np.isnan(row[k]) else float(f"{row[k]:.5g}")]} for row in rows]


def _live(history: ScoreHistory, measure: str, k: int, narrow: bool) -> list[dict[str, Any]]:
    """How far loss and measure are from where the loss was best, and what they are; then the step."""
    at_best = history.best()
    loss, value = float(history.loss[k]), float(history.scores[measure][k])
    worse = loss / float(history.loss[at_best]) - 1
    moved = value - float(history.scores[measure][at_best])
    unit = "nats" if history.task == "classification" else "squared"
    told = f"{100 * value:.1f} %" if measure == "accuracy" else number(value)
    heroes = [
        _change(worse),
        _points(moved) if measure in POINTS else _change(moved / (value - moved or 1.0)),
    ]
    words = [
        f"{number(loss)} {unit} held out;<br>{number(float(history.train_loss[k]))} learned",
        f"now {told}",
    ]
    texts = []
    for i, (big, small) in enumerate(zip(heroes, words, strict=True)):
        font = {"size": 32 if narrow else 42, "family": SERIF, "color": INK}
        if narrow:
            place: dict[str, Any] = {"x": 0.52 * i, "y": 1, "yanchor": "bottom", "xshift": 0 if i else -50}
            texts += [
                note(
                    f"<b>{big}</b>", xref="paper", yref="paper", xanchor="left", yshift=24, **place, font=font
                ),
                note(
                    small.partition(" held")[0],
                    xref="paper",
                    yref="paper",
                    xanchor="left",
                    yshift=4,
                    **place,
                    font={"size": 15, "color": MUTE},
                ),
            ]
            continue
        column: dict[str, Any] = {
            "xref": "paper",
            "yref": "paper",
            "x": WIDE + 0.03,
            "y": PANELS[i][1],
            "xanchor": "left",
            "yanchor": "top",
        }
        texts += [
            note(f"<b>{big}</b>", yshift=-24, **column, font=font),
            note(small, yshift=-122 if i else -100, **column, font={"size": 16, "color": MUTE}),
        ]
    step = int(history.steps[k])
    title = f"after {step} step{'' if step == 1 else 's'}"
    return [
        texts[0],
        texts[2],
        texts[1],
        texts[3],
        under_axis(title, 0.5 if narrow else WIDE / 2, xanchor="center"),
    ]


def _change(share: float) -> str:
    if not np.isfinite(share):
        return "–"
    sign = "+" if share > 0 else "−"
    rounded = round(100 * abs(share)) if abs(share) < 100 else None
    return "0 %" if rounded == 0 else f"{sign}{percent(abs(share)) if rounded is None else f'{rounded} %'}"


def _points(change: float) -> str:
    if not np.isfinite(change):
        return "–"
    if abs(change) >= 100:
        return f"{'+' if change > 0 else '−'}{number(100 * abs(change))}"
    rounded = round(100 * change, 1)
    return "0" if rounded == 0 else f"{'+' if rounded > 0 else '−'}{abs(rounded):.1f}"


def _still(history: ScoreHistory, measure: str, best: Any, marks: Any, narrow: bool) -> list[dict[str, Any]]:
    label = MEASURES[measure].label
    names = (_loss_name(history), label)
    texts = [axis_name("loss", 1), axis_name(label if label != "Accuracy" else "accuracy", 2)]
    rows = (history.loss, history.scores[measure])
    for panel, (name, mark, k, values) in enumerate(zip(names, marks, best, rows, strict=True), start=1):
        tag = "" if panel == 1 else "2"
        step = int(history.steps[k])
        below = panel == 1 or not MEASURES[measure].higher
        late = step > 0.62 * history.steps[-1]
        texts.append(
            note(
                f"best {'loss' if panel == 1 else label if label != 'Accuracy' else 'accuracy'}: step {step}",
                step,
                float(values[k]),
                xref=f"x{tag}",
                yref=f"y{tag}",
                xanchor="right" if late else "left",
                yanchor="top" if below else "bottom",
                yshift=-9 if below else 9,
                xshift=10 if late else -8,
                font={"size": 15 if narrow else 16, "color": mark.text},
                bgcolor=PAPER,
                borderpad=0,
            )
        )
        font = {"size": 17 if narrow else 19, "color": mark.text}
        if narrow:
            texts.append(
                note(f"<b>{name}</b>", 0.52 * (panel - 1), 1, xref="paper", yref="paper", xanchor="left",
                     yanchor="bottom", yshift=62, xshift=-50 if panel == 1 else 0, font=font)
            )  # fmt: skip
            continue
        column: dict[str, Any] = {
            "xref": "paper",
            "yref": "paper",
            "x": WIDE + 0.03,
            "y": PANELS[panel - 1][1],
            "xanchor": "left",
            "yanchor": "top",
        }
        texts.append(note(f"<b>{name}</b>", yshift=4, **column, font=font))
        words = (
            "than at its best"
            if panel == 1
            else "points, against<br>that same step"
            if measure in POINTS
            else "against that<br>same step"
        )
        texts.append(note(words, yshift=-76, **column, font={"size": 16, "color": MUTE}))
    return texts
