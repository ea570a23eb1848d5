"""Every example as a dot at its log-odds: a threshold makes the confusion matrix."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import draw_up_to
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    AXIS,
    FAMILY_STYLES,
    INK,
    MUTE,
    PALE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    prepend_shape,
    under_axis,
)
from lossviz.metrics.thresholds import ThresholdCurve

MAX_LOG_ODDS, BLOCK_WIDTH = 7.6, 3.4  # dots beyond these log-odds are packed in a block of this width
STEP = 0.2  # of the thresholds; dots are stacked between two of them, so that no dot is on the wrong side
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


SPOKEN = "{9}: {0} {4}, {1} {5}, {2} {6}, {3} {7}. {8}."


def threshold_curve(facts: ThresholdCurve, at: float = 0.0, narrow: bool = False) -> go.Figure:
    """Draw every example over its log-odds, positives above and negatives below, with a threshold.

    Correct predictions are faded, wrong ones are ink.

    Args:
        facts: From `lossviz.metrics.threshold_curve`.
        at: The threshold that is shown, in log-odds, or the nearest; there is a frame for each.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        The dots with the confusion matrix at the threshold.

    Example:
        >>> import lossviz as lv
        >>> curve = lv.metrics.threshold_curve([0.2, 0.6, 0.9], [0, 0, 1], thresholds=[0.0, 2.0])
        >>> [frame.name for frame in lv.figures.threshold_curve(curve, at=2).frames]
        ['0', '2']
    """
    column = 2 * STEP if narrow else STEP
    positive, negative = facts.y == 1, facts.y == 0
    above = _stack(facts.log_odds[positive], column)
    below = _stack(facts.log_odds[negative], column)
    heights = max(9.0, above[1].max(initial=0), 0.0), max(9.0, below[1].max(initial=0))
    dot = 6 if narrow else 9.4
    header = 34 if narrow else 12
    space = 62 / dot  # for the counts, above and below
    height = (heights[0] + heights[1] + 2 * space) * dot
    figure = blank(
        round(height) + header + UNDER_SLIDER,
        margin={"l": 62, "r": 14, "t": header, "b": UNDER_SLIDER},
        xaxis={
            "range": [-MAX_LOG_ODDS - BLOCK_WIDTH, MAX_LOG_ODDS + BLOCK_WIDTH],
            "tickvals": [float(np.log(p / (1 - p))) for p in TICKS[:: 2 if narrow else 1]],
            "ticktext": [probability_text(p) for p in TICKS[:: 2 if narrow else 1]],
        },
        yaxis={
            "range": [-heights[1] - space, heights[0] + space],
            "showgrid": False,
            "showticklabels": False,
            "zeroline": True,
            "zerolinecolor": AXIS,
            "zerolinewidth": 1.5,
        },
    )
    full = {"size": dot, "color": PALE, "opacity": 1}
    ring = {"size": dot - 1, "color": PAPER, "line": {"color": PALE, "width": 1.6}, "opacity": 1}
    _dots(figure, above[0], above[1] - 0.4, full)
    _dots(figure, below[0], 0.4 - below[1], ring)
    order = np.argsort(facts.log_odds[positive], kind="stable")
    _dots(figure, above[0][order], above[1][order] - 0.4, full | {"color": INK})
    order = np.argsort(-facts.log_odds[negative], kind="stable")
    wrong = ring | {"line": {"color": INK, "width": 2}}
    _dots(figure, below[0][order], 0.4 - below[1][order], wrong)

    current = int(np.abs(facts.thresholds - at).argmin())
    levels = heights[0] + space, -heights[1] - space
    changing = _frame_annotations(facts, current, narrow, levels)
    colours = [INK, PALE, PALE, INK]
    for text, colour in zip(changing, colours, strict=False):
        text["font"]["color"] = MUTE if colour == PALE else colour
    figure.update_layout(annotations=[*changing, *_fixed_annotations(facts, narrow, levels)])
    prepend_shape(figure, _threshold_line(float(facts.thresholds[current])))
    reach = MAX_LOG_ODDS + BLOCK_WIDTH
    slider = [(float(end) + reach) / (2 * reach) for end in (facts.thresholds[0], facts.thresholds[-1])]
    meta = _drawn_up_to(facts, current) | {
        "frame": f"{facts.thresholds[current]:g}",
        "spoken": SPOKEN,
        "slider": slider,
    }
    figure.update_layout(meta=meta)
    keys = ("text", "x", "xshift")
    figure.frames = [
        {
            "name": f"{threshold:g}",
            "data": [],
            "traces": [],
            "layout": {
                "annotations": [
                    {key: text[key] for key in keys if key in text}
                    for text in _frame_annotations(facts, k, narrow, levels)
                ],
                "shapes": [{"x0": float(threshold), "x1": float(threshold)}],
                "meta": _drawn_up_to(facts, k),
            },
        }
        for k, threshold in enumerate(facts.thresholds)
    ]
    return figure


def _drawn_up_to(facts: ThresholdCurve, k: int) -> dict[str, Any]:
    """How many dots of wrong predictions are drawn: they are sorted, so that these come first."""
    return {
        "upto": [
            *draw_up_to([2], int(facts.false_negatives[k]) - 1)["upto"],
            *draw_up_to([3], int(facts.false_positives[k]) - 1)["upto"],
        ]
    }


def _stack(odds: Any, column: float) -> tuple[Any, Any]:
    """(x, level in its stack from 1) of each dot; those beyond the largest log-odds in a block of columns."""
    x = (np.floor(odds / column) + 0.5) * column
    level = np.zeros(len(odds))
    order = np.argsort(odds, kind="stable")
    levels_used: dict[float, int] = {}
    beyond = {
        -1: [i for i in order if odds[i] < -MAX_LOG_ODDS],
        1: [i for i in order[::-1] if odds[i] >= MAX_LOG_ODDS],
    }
    columns = int((BLOCK_WIDTH - 0.4) / column)
    for side, group in beyond.items():
        rows = max(8, -(-len(group) // columns))
        for place, i in enumerate(reversed(group)):
            x[i] = side * (MAX_LOG_ODDS + 0.3 + (place // rows + 0.5) * column)
            level[i] = place % rows + 1
    for i in order:
        if not level[i]:
            key = round(float(x[i]), 6)
            levels_used[key] = levels_used.get(key, 0) + 1
            level[i] = levels_used[key]
    return x, level


def _dots(figure: go.Figure, x: Any, y: Any, marker: dict[str, Any]) -> None:
    where = {"x": np.round(x, 4).tolist(), "y": np.round(y, 2).tolist()}
    figure.add_trace(go.Scatter(**where, mode="markers", marker=marker, cliponaxis=False, hoverinfo="skip"))


def _threshold_line(threshold: float) -> dict[str, Any]:
    place = {"type": "line", "xref": "x", "x0": threshold, "x1": threshold, "yref": "paper", "y0": 0, "y1": 1}
    return place | {"line": {"color": INK, "width": 2}}


def probability_text(p: float) -> str:
    """A probability in percent, with as many decimals as it takes near 0 and near 1."""
    rest = min(p, 1 - p)
    decimals = 0 if rest >= 0.0095 else 1 if rest >= 0.00095 else 2
    return f"{100 * p:.{decimals}f} %"


def _frame_annotations(
    facts: ThresholdCurve, k: int, narrow: bool, levels: tuple[float, float]
) -> list[dict[str, Any]]:
    """The four counts at the threshold with their names, the scores, and the threshold as a probability."""
    threshold, texts = float(facts.thresholds[k]), []
    confusion = facts.false_negatives, facts.true_positives, facts.true_negatives, facts.false_positives
    counts = [part[k] for part in confusion]
    names = ("missed", "found", "true negatives", "false alarms")
    for i, (count, word) in enumerate(zip(counts, names, strict=True)):
        right, wrong = i % 2 == 1, i in (0, 3)
        size = (30 if narrow else 42) if wrong else (20 if narrow else 24)
        side = 1 if right else -1
        place: dict[str, Any] = {
            "y": levels[i // 2],
            "yanchor": "top" if i < 2 else "bottom",
            "xanchor": "left" if right else "right",
        }
        font = {"size": size, "family": SERIF}
        texts.append(note(f"<b>{count}</b>", threshold, xshift=8 * side, **place, font=font))
        if not narrow:
            wide = 8 + (0.56 * size) * len(str(count)) + 8
            lift = (-18 if i < 2 else 4) if wrong else (-6 if i < 2 else 2)
            texts.append(note(word, threshold, xshift=wide * side, yshift=lift, **place, font={"size": 17}))
    if not narrow:  # numbers first, since they have their own colours
        texts = [*texts[::2], *texts[1::2]]
    scores = [
        f"accuracy {percent(float(facts.accuracy[k]))}",
        f"precision {_percent(facts.precision[k])}",
        f"recall {_percent(facts.recall[k])}",
        f"F1 {number(float(facts.f1[k]))}",
    ]
    if narrow:
        words = " · ".join((scores[0], scores[3], f"cross-entropy {number(facts.loss)}"))
        above = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom", "yshift": 8}
        texts.append(note(words, 1, 1, **above, font={"size": 15, "color": MUTE}))
    else:
        lines = "<br>".join(scores)
        texts.append(note(lines, 0, 1, xref="paper", yref="paper", xanchor="left", yanchor="top", xshift=4))
    p = 1 / (1 + np.exp(-threshold))
    texts.append(under_axis(f"threshold: yes from {probability_text(float(p))}", xanchor="center"))
    return texts


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else percent(float(value))


def _fixed_annotations(
    facts: ThresholdCurve, narrow: bool, levels: tuple[float, float]
) -> list[dict[str, Any]]:
    negative, positive = facts.classes
    turned = {
        "xref": "paper",
        "yref": "y",
        "textangle": -90,
        "xanchor": "center",
        "yanchor": "middle",
        "xshift": -40,
    }
    texts = [
        note(f"{positive} ●", 0, levels[0] / 2, **turned, font={"size": 16, "color": INK}),
        note(f"{negative} ○", 0, levels[1] / 2, **turned, font={"size": 16, "color": INK}),
    ]
    if narrow:
        for i, word in enumerate(("missed", "found", "true neg.", "alarms")):
            place = {"xref": "paper", "yref": "y", "yanchor": "top" if i < 2 else "bottom"}
            texts.append(
                note(
                    word,
                    i % 2,
                    levels[i // 2],
                    xanchor="right" if i % 2 else "left",
                    yshift=-8 if i < 2 else 8,
                    **place,
                    font={"size": 15},
                )
            )
        return texts
    blue = {"size": 16, "color": FAMILY_STYLES["logarithm"].text}
    place = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    auc = "" if np.isnan(facts.auc) else f"<br>ROC AUC {number(facts.auc)}"
    words = f"<b>cross-entropy {number(facts.loss)}</b>"
    texts.append(note(words, 1, 0, yshift=70 if auc else 48, **place, font=blue))
    texts.append(
        note(
            f"Brier {number(facts.brier)}{auc}<br>at every threshold", 1, 0, yshift=4, align="right", **place
        )
    )
    return texts
