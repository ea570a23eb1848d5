"""Loss and a metric of the same training over its steps, each with a ring at its best record."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.percent_ticks import percent_ticks
from lossviz.figures.base.style import (
    FAMILY_STYLES,
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    LineStyle,
    blank,
    cursor,
    note,
    prepend_shape,
    under_axis,
    y_axis_title,
)
from lossviz.metrics.history import ScoreHistory
from lossviz.metrics.measures import MEASURES

PLOT_WIDTH = 0.79
PANELS = ((0.55, 1.0), (0.0, 0.41))


def score_curves(
    history: ScoreHistory, measure: str = "accuracy", at: float = 300, narrow: bool = False
) -> go.Figure:
    """Draw the loss and a score on the test set over the steps of a training.

    The vertical axes show the values from where the loss comes near its best.

    Args:
        history: From `lossviz.metrics.score_history`.
        measure: A key of ``history.scores``.
        at: The step that is shown, or the nearest record; there is a frame for each, named by its step.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The loss above, the score below, with a ring at the best record of each.

    Raises:
        KeyError: For an unknown score.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.metrics.ScoreSettings("breast-cancer", "linear", steps=4, record_every=2)
        >>> figure = lv.figures.score_curves(lv.metrics.score_history(settings), "f1", at=2)
        >>> [frame.name for frame in figure.frames]
        ['0', '2', '4']
    """
    rows = (history.loss, history.scores[measure])
    best = (history.best_record(), history.best_record(measure))
    header, right = (84, 1) if narrow else (6, PLOT_WIDTH)
    current = int(np.abs(history.steps - at).argmin())
    spoken = f"{{4}}: loss {{0}} against its best, {MEASURES[measure].label} {{1}} against that same step."
    figure = blank(
        (400 if narrow else 450) + (header if narrow else 0),
        margin={"l": 62, "r": 14, "t": header, "b": UNDER_SLIDER},
        meta={"frame": str(history.steps[current]), "spoken": spoken, "slider": [0, right]},
    )
    styles = (_style(history), LineStyle(INK, INK, "solid", 4.5))
    for panel, (place, values) in enumerate(zip(PANELS, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = _window(history, values, panel == 1)
        shares = panel == 2 and MEASURES[measure].percent
        figure.update_layout(
            {
                f"yaxis{tag}": {
                    "domain": place, "range": [low, high], "nticks": 5,
                } | (percent_ticks(low, high, most=5) if shares else {}),
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "domain": [0, 1 if narrow else PLOT_WIDTH],
                    "range": [0, int(history.steps[-1])],
                    "visible": panel == 2,
                    "nticks": 7,
                },
            }
        )  # fmt: skip
        style, axes = styles[panel - 1], {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
        line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
        figure.add_trace(go.Scatter(x=history.steps, y=values, mode="lines", line=line, **axes))
        k = best[panel - 1]
        ring = {"size": 18, "color": PAPER, "line": {"color": style.line, "width": 3.5}, "opacity": 1}
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
        dot = {
            "size": 13,
            "color": styles[panel - 1].line,
            "line": {"color": PAPER, "width": 2},
            "opacity": 1,
        }
        figure.add_trace(
            go.Scatter(mode="markers", marker=dot, cliponaxis=False, xaxis=f"x{tag}", yaxis=f"y{tag}")
        )
    for trace, part in zip((4, 5), _frame_traces(history, rows, current), strict=True):
        figure.data[trace].update(part)
    changing = _frame_annotations(history, measure, current, narrow)
    changing[0]["font"]["color"] = styles[0].text
    figure.update_layout(annotations=[*changing, *_fixed_annotations(history, measure, best, styles, narrow)])
    prepend_shape(figure, cursor(float(history.steps[current]), "x2"))
    figure.frames = [
        {
            "name": str(step),
            "data": _frame_traces(history, rows, k),
            "traces": [4, 5],
            "layout": {
                "annotations": [
                    {"text": text["text"]} for text in _frame_annotations(history, measure, k, narrow)
                ],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(history.steps)
    ]
    return figure


def _style(history: ScoreHistory) -> LineStyle:
    return FAMILY_STYLES["squared" if history.task == "regression" else "logarithm"]


def _loss_name(history: ScoreHistory) -> str:
    """The plain name of the loss that was trained."""
    return "Squared error" if history.task == "regression" else "Cross-entropy"


def _window(history: ScoreHistory, values: Any, loss: bool) -> tuple[float, float]:
    """The range of a curve from where the loss first comes near its best."""
    lowest = float(np.nanmin(history.loss))
    first = int(np.argmax(history.loss <= 1.3 * lowest))
    visible = values[first:]
    low, high = float(np.nanmin(visible)), float(np.nanmax(visible))
    if loss:
        high = max(high, 1.3 * lowest)
    padding = max(high - low, 1e-6)
    return low - 0.16 * padding, high + 0.2 * padding


def _frame_traces(history: ScoreHistory, rows: Any, k: int) -> list[dict[str, Any]]:
    step = int(history.steps[k])
    return [{"x": [step], "y": [None if np.isnan(row[k]) else float(f"{row[k]:.5g}")]} for row in rows]


def _frame_annotations(history: ScoreHistory, measure: str, k: int, narrow: bool) -> list[dict[str, Any]]:
    """Loss and score against the record with the best loss, their values, and the step."""
    at_best = history.best_record()
    loss, value = float(history.loss[k]), float(history.scores[measure][k])
    relative = loss / float(history.loss[at_best]) - 1
    moved = value - float(history.scores[measure][at_best])
    unit = "nats" if history.task == "classification" else "squared"
    formatted = f"{100 * value:.1f} %" if MEASURES[measure].percent else number(value)
    changes = [
        _relative_change(relative),
        _change_in_points(moved)
        if MEASURES[measure].higher_is_better  # at most 1
        else _relative_change(moved / (value - moved or 1.0)),
    ]
    now = f"{number(loss)} {unit}, test set"
    if not narrow:  # on a phone there is one line
        now += f";<br>{number(float(history.train_loss[k]))}, training"
    words = [now, f"now {formatted}"]
    texts = []
    for i, (change, text) in enumerate(zip(changes, words, strict=True)):
        font = {"size": 32 if narrow else 42, "family": SERIF, "color": INK}
        if narrow:
            place: dict[str, Any] = {"x": 0.52 * i, "y": 1, "yanchor": "bottom", "xshift": 0 if i else -50}
            texts += [
                note(
                    f"<b>{change}</b>",
                    xref="paper",
                    yref="paper",
                    xanchor="left",
                    yshift=24,
                    **place,
                    font=font,
                ),
                note(
                    text,
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
            "x": PLOT_WIDTH + 0.03,
            "y": PANELS[i][1],
            "xanchor": "left",
            "yanchor": "top",
        }
        texts += [
            note(f"<b>{change}</b>", yshift=-24, **column, font=font),
            note(text, yshift=-122 if i else -100, **column, font={"size": 16, "color": MUTE}),
        ]
    step = int(history.steps[k])
    title = f"after {step} step{'' if step == 1 else 's'}"
    return [
        texts[0],
        texts[2],
        texts[1],
        texts[3],
        under_axis(title, 0.5 if narrow else PLOT_WIDTH / 2, xanchor="center"),
    ]


def _relative_change(share: float) -> str:
    if not np.isfinite(share):
        return "–"
    sign = "+" if share > 0 else "−"
    rounded = round(100 * abs(share)) if abs(share) < 100 else None
    return "0 %" if rounded == 0 else f"{sign}{percent(abs(share)) if rounded is None else f'{rounded} %'}"


def _change_in_points(change: float) -> str:
    if not np.isfinite(change):
        return "–"
    if abs(change) >= 100:
        return f"{'+' if change > 0 else '−'}{number(100 * abs(change))}"
    rounded = round(100 * change, 1)
    return "0" if rounded == 0 else f"{'+' if rounded > 0 else '−'}{abs(rounded):.1f}"


def _fixed_annotations(
    history: ScoreHistory, measure: str, best: Any, styles: Any, narrow: bool
) -> list[dict[str, Any]]:
    label, in_sentence = MEASURES[measure].label, MEASURES[measure].in_sentence
    names = (_loss_name(history), label)
    texts = [y_axis_title("loss", 1), y_axis_title(in_sentence, 2)]
    rows = (history.loss, history.scores[measure])
    for panel, (name, style, k, values) in enumerate(zip(names, styles, best, rows, strict=True), start=1):
        tag = "" if panel == 1 else "2"
        step = int(history.steps[k])
        below = panel == 1 or not MEASURES[measure].higher_is_better
        near_end = step > 0.62 * history.steps[-1]
        texts.append(
            note(
                f"best {'loss' if panel == 1 else in_sentence}: step {step}",
                step,
                float(values[k]),
                xref=f"x{tag}",
                yref=f"y{tag}",
                xanchor="right" if near_end else "left",
                yanchor="top" if below else "bottom",
                yshift=-9 if below else 9,
                xshift=10 if near_end else -8,
                font={"size": 15 if narrow else 16, "color": style.text},
                bgcolor=PAPER,
                borderpad=0,
            )
        )
        font = {"size": 17 if narrow else 19, "color": style.text}
        if narrow:
            texts.append(
                note(f"<b>{name}</b>", 0.52 * (panel - 1), 1, xref="paper", yref="paper", xanchor="left",
                     yanchor="bottom", yshift=62, xshift=-50 if panel == 1 else 0, font=font)
            )  # fmt: skip
            continue
        column: dict[str, Any] = {
            "xref": "paper",
            "yref": "paper",
            "x": PLOT_WIDTH + 0.03,
            "y": PANELS[panel - 1][1],
            "xanchor": "left",
            "yanchor": "top",
        }
        texts.append(note(f"<b>{name}</b>", yshift=4, **column, font=font))
        words = (
            "than at its best"
            if panel == 1
            else "points, against<br>that same step"
            if MEASURES[measure].higher_is_better
            else "against that<br>same step"
        )
        texts.append(note(words, yshift=-76, **column, font={"size": 16, "color": MUTE}))
    return texts
