"""Every example a dot by how sure the model is: the line between no and yes makes the confusion matrix."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import upto
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    AXIS,
    FADED,
    INK,
    MARKS,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    put_first,
    under_axis,
)
from lossviz.metrics.thresholds import ThresholdCurve

RIM, BLOCK = 7.6, 3.4  # log-odds up to which a dot has its place; what is surer is packed beside, so wide
STEP = 0.2  # of the thresholds; dots are stacked between two of them, so that none is on the wrong side
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


def threshold_curve(facts: ThresholdCurve, at: float = 0.0, narrow: bool = False) -> go.Figure:
    """Yes above, no below, over the log-odds of yes. What is right is faded, mistakes are ink.

    The frames are named by the log-odds from which on one says yes.
    """
    column = 2 * STEP if narrow else STEP
    yes, no = facts.y == 1, facts.y == 0
    up = _stack(facts.log_odds[yes], column)
    down = _stack(facts.log_odds[no], column)
    tall = max(9.0, up[1].max(initial=0), 0.0), max(9.0, down[1].max(initial=0))
    dot = 6 if narrow else 9.4
    head = 34 if narrow else 12
    room = 62 / dot  # for the counts, above and below
    height = (tall[0] + tall[1] + 2 * room) * dot
    figure = blank(
        round(height) + head + UNDER_SLIDER,
        margin={"l": 62, "r": 14, "t": head, "b": UNDER_SLIDER},
        xaxis={
            "range": [-RIM - BLOCK, RIM + BLOCK],
            "tickvals": [float(np.log(p / (1 - p))) for p in TICKS[:: 2 if narrow else 1]],
            "ticktext": [share(p) for p in TICKS[:: 2 if narrow else 1]],
        },
        yaxis={
            "range": [-tall[1] - room, tall[0] + room],
            "showgrid": False,
            "showticklabels": False,
            "zeroline": True,
            "zerolinecolor": AXIS,
            "zerolinewidth": 1.5,
        },
    )
    full = {"size": dot, "color": FADED, "opacity": 1}
    ring = {"size": dot - 1, "color": PAPER, "line": {"color": FADED, "width": 1.6}, "opacity": 1}
    _dots(figure, up[0], up[1] - 0.4, full)
    _dots(figure, down[0], 0.4 - down[1], ring)
    order = np.argsort(facts.log_odds[yes], kind="stable")
    _dots(figure, up[0][order], up[1][order] - 0.4, full | {"color": INK})
    order = np.argsort(-facts.log_odds[no], kind="stable")
    wrong = ring | {"line": {"color": INK, "width": 2}}
    _dots(figure, down[0][order], 0.4 - down[1][order], wrong)

    here = int(np.abs(facts.cut - at).argmin())
    levels = tall[0] + room, -tall[1] - room
    live = _live(facts, here, narrow, levels)
    colours = [INK, FADED, FADED, INK]
    for text, colour in zip(live, colours, strict=False):
        text["font"]["color"] = MUTE if colour == FADED else colour
    figure.update_layout(annotations=[*live, *_still(facts, narrow, levels)])
    put_first(figure, _line(float(facts.cut[here])))
    reach = RIM + BLOCK
    slider = [(float(cut) + reach) / (2 * reach) for cut in (facts.cut[0], facts.cut[-1])]
    figure.update_layout(meta=_upto(facts, here) | {"follows": "metric_cut", "slider": slider})
    keep = ("text", "x", "xshift")
    figure.frames = [
        {
            "name": f"{cut:g}",
            "data": [],
            "traces": [],
            "layout": {
                "annotations": [
                    {key: text[key] for key in keep if key in text}
                    for text in _live(facts, k, narrow, levels)
                ],
                "shapes": [{"x0": float(cut), "x1": float(cut)}],
                "meta": _upto(facts, k),
            },
        }
        for k, cut in enumerate(facts.cut)
    ]
    return figure


def _upto(facts: ThresholdCurve, k: int) -> dict[str, Any]:
    """Mistakes are the first of their kind, in order: so many of them are drawn in ink."""
    return {
        "upto": [*upto([2], int(facts.missed[k]) - 1)["upto"], *upto([3], int(facts.alarms[k]) - 1)["upto"]]
    }


def _stack(odds: Any, column: float) -> tuple[Any, Any]:
    """(x, place in its stack counted from 1) for each dot; what is beyond the rim in a block of columns."""
    x = (np.floor(odds / column) + 0.5) * column
    level = np.zeros(len(odds))
    order = np.argsort(odds, kind="stable")
    seen: dict[float, int] = {}
    beyond = {-1: [i for i in order if odds[i] < -RIM], 1: [i for i in order[::-1] if odds[i] >= RIM]}
    columns = int((BLOCK - 0.4) / column)
    for side, group in beyond.items():
        rows = max(8, -(-len(group) // columns))
        for place, i in enumerate(reversed(group)):
            x[i] = side * (RIM + 0.3 + (place // rows + 0.5) * column)
            level[i] = place % rows + 1
    for i in order:
        if not level[i]:
            key = round(float(x[i]), 6)
            seen[key] = seen.get(key, 0) + 1
            level[i] = seen[key]
    return x, level


def _dots(figure: go.Figure, x: Any, y: Any, marker: dict[str, Any]) -> None:
    where = {"x": np.round(x, 4).tolist(), "y": np.round(y, 2).tolist()}
    figure.add_trace(go.Scatter(**where, mode="markers", marker=marker, cliponaxis=False, hoverinfo="skip"))


def _line(cut: float) -> dict[str, Any]:
    place = {"type": "line", "xref": "x", "x0": cut, "x1": cut, "yref": "paper", "y0": 0, "y1": 1}
    return place | {"line": {"color": INK, "width": 2}}


def share(p: float) -> str:
    """A probability in percent, with as many decimals as it takes near 0 and near 1."""
    rest = min(p, 1 - p)
    decimals = 0 if rest >= 0.0095 else 1 if rest >= 0.00095 else 2
    return f"{100 * p:.{decimals}f} %"


def _live(facts: ThresholdCurve, k: int, narrow: bool, levels: tuple[float, float]) -> list[dict[str, Any]]:
    """The four counts at the line, their words beside them, the scores, and where the line stands."""
    cut, texts = float(facts.cut[k]), []
    counts = (facts.missed[k], facts.found[k], facts.left[k], facts.alarms[k])
    told = ("missed", "found", "left in peace", "false alarms")
    for i, (count, word) in enumerate(zip(counts, told, strict=True)):
        right, wrong = i % 2 == 1, i in (0, 3)
        size = (30 if narrow else 42) if wrong else (20 if narrow else 24)
        side = 1 if right else -1
        place: dict[str, Any] = {
            "y": levels[i // 2],
            "yanchor": "top" if i < 2 else "bottom",
            "xanchor": "left" if right else "right",
        }
        font = {"size": size, "family": SERIF}
        texts.append(note(f"<b>{count}</b>", cut, xshift=8 * side, **place, font=font))
        if not narrow:
            wide = 8 + (0.56 * size) * len(str(count)) + 8
            lift = (-18 if i < 2 else 4) if wrong else (-6 if i < 2 else 2)
            texts.append(note(word, cut, xshift=wide * side, yshift=lift, **place, font={"size": 17}))
    if not narrow:  # numbers first: they have colours of their own
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
    p = 1 / (1 + np.exp(-cut))
    texts.append(under_axis(f"say yes from {share(float(p))}", xanchor="center"))
    return texts


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else percent(float(value))


def _still(facts: ThresholdCurve, narrow: bool, levels: tuple[float, float]) -> list[dict[str, Any]]:
    no, yes = facts.classes
    turned = {
        "xref": "paper",
        "yref": "y",
        "textangle": -90,
        "xanchor": "center",
        "yanchor": "middle",
        "xshift": -40,
    }
    texts = [
        note(f"{yes} ●", 0, levels[0] / 2, **turned, font={"size": 16, "color": INK}),
        note(f"{no} ○", 0, levels[1] / 2, **turned, font={"size": 16, "color": INK}),
    ]
    if narrow:
        for i, word in enumerate(("missed", "found", "in peace", "alarms")):
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
    blue = {"size": 16, "color": MARKS["logarithm"].text}
    place = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    auc = "" if np.isnan(facts.auc) else f"<br>ROC AUC {number(facts.auc)}"
    words = f"<b>cross-entropy {number(facts.loss)}</b>"
    texts.append(note(words, 1, 0, yshift=70 if auc else 48, **place, font=blue))
    texts.append(
        note(f"Brier {number(facts.brier)}{auc}<br>whatever the line", 1, 0, yshift=4, align="right", **place)
    )
    return texts
