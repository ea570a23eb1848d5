"""Wrong by one bit: digits against the neurons that erred, and outputs on either side of the threshold."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.bit_flips import BARS, BitErrors
from lossviz.codes.code import all_words, numbers_of
from lossviz.figures.base.number_format import percent
from lossviz.figures.base.style import AXIS, INK, MUTE, SERIF, UNDER_SLIDER, blank, faded, note, under_axis
from lossviz.figures.codes.code_plane_words import discs

ORDERS = ("By neurons wrong", "By word")


def bit_errors(facts: BitErrors, at: float = 0.5, order: str = ORDERS[0], narrow: bool = False) -> go.Figure:
    """The confusion matrix of words at the threshold nearest ``at``; a frame for every threshold.

    ``order`` puts the columns by which neurons erred, fewest first, or by the word that came out.
    """
    figure = blank(
        700 if narrow else 500,
        margin={"l": 40 if narrow else 62, "r": 14, "t": 30, "b": UNDER_SLIDER},
        meta={"follows": "codes_threshold", "slider": [0 if narrow else 0.64, 1]},
    )
    columns, labels = _columns(facts, order)
    classes = facts.bits.code.classes
    low = 0.67 if narrow else 0.17
    figure.update_layout(
        xaxis={
            "domain": [0, 1] if narrow else [0, 0.56],
            "range": [-0.5, len(columns) - 0.5],
            "anchor": "y",
            "tickvals": list(range(len(columns))),
            "ticktext": labels,
            "ticks": "",
            "showline": False,
            "tickfont": {"size": 11 if narrow else 14, "color": INK},
        },
        yaxis={
            "domain": [low, 1],
            "range": [classes - 0.5, -0.5],
            "anchor": "x",
            "tickvals": list(range(classes)),
            "ticktext": [f"{c}\u2002" if narrow else str(c) for c in range(classes)],  # no part of the count
            "showgrid": False,
        },
        xaxis2={
            "domain": [0, 1] if narrow else [0.64, 1],
            "range": [0, 1],
            "anchor": "y2",
            "tickvals": [0, 0.5, 1],
        },
        yaxis2={
            "domain": [0, 0.22] if narrow else [0, 0.42],
            "range": [-1.08, 1.08],
            "visible": False,
            "anchor": "x2",
        },
        barmode="overlay",
        bargap=0.08,
    )
    figure.add_trace(
        go.Heatmap(
            zmin=0,
            zmax=1,
            showscale=False,
            hoverinfo="skip",
            xgap=2,
            ygap=2,
            colorscale=[[0, faded(INK, 0.03)], [1, faded(INK, 0.5)]],
            texttemplate="%{text}",
            textfont={"size": 11 if narrow else 14, "color": INK},
        )
    )
    middle = (np.arange(BARS) + 0.5) / BARS
    for sign, counts in ((1, facts.ones), (-1, facts.zeros)):
        figure.add_trace(
            go.Bar(
                x=middle,
                y=sign * np.sqrt(counts / max(facts.ones.max(), facts.zeros.max(), 1)),
                marker={"line": {"width": 0}},
                xaxis="x2",
                yaxis="y2",
                hoverinfo="skip",
            )
        )
    here = int(np.abs(facts.thresholds - at).argmin())
    moving = [0, 1, 2]
    for trace, part in zip(moving, _data(facts, here, columns, order), strict=True):
        figure.data[trace].update(part)
    groups = _groups(facts) if order == ORDERS[0] else _boxes(facts)
    figure.update_layout(
        annotations=[*_live(facts, here, narrow), *_texts(facts, order, narrow)],
        shapes=[_cliff(float(facts.thresholds[here])), *groups],
    )
    figure.frames = [
        {
            "name": f"{float(value):g}",
            "data": _data(facts, t, columns, order),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(facts, t, narrow)],
                "shapes": [{"x0": float(value), "x1": float(value)}],
            },
        }
        for t, value in enumerate(facts.thresholds)
    ]
    return figure


def _columns(facts: BitErrors, order: str) -> tuple[list[int], list[str]]:
    """The numbers of the columns from left to right, and what stands below each: one sign a neuron."""
    words = all_words(facts.bits.code.length)
    if order != ORDERS[0]:
        known = numbers_of(facts.bits.code.bits).tolist()
        rest = [k for k in range(len(words)) if k not in known]
        return [*known, *rest], ["<br>".join(discs(words[k])) for k in (*known, *rest)]
    columns = sorted(range(len(words)), key=lambda k: (int(words[k].sum()), -k))
    return columns, ["<br>".join("×" if bit else "·" for bit in words[k]) for k in columns]


def _data(facts: BitErrors, t: int, columns: list[int], order: str) -> list[dict[str, Any]]:
    by_neuron = order == ORDERS[0]
    counts = (facts.flipped if by_neuron else facts.words)[t][:, columns]
    right = np.zeros(counts.shape, bool)
    if by_neuron:
        right[:, 0] = True
    else:
        right[np.arange(len(counts)), np.arange(len(counts))] = True
    usual = (facts.flipped[len(facts.thresholds) // 2])[:, 1:].max()
    shade = np.where(right, 0.08, np.sqrt(np.minimum(counts / max(usual, 1), 1)))
    shade = np.where(counts == 0, 0, shade)
    text = [[str(int(v)) if v else "" for v in row] for row in counts]
    threshold = float(facts.thresholds[t])
    middle = (np.arange(BARS) + 0.5) / BARS
    soft, strong = faded(MUTE, 0.35), INK
    return [
        {"type": "heatmap", "z": np.round(shade, 3).tolist(), "text": text},
        {"type": "bar", "marker": {"color": [strong if m < threshold else soft for m in middle]}},
        {"type": "bar", "marker": {"color": [strong if m >= threshold else soft for m in middle]}},
    ]


def _cliff(threshold: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x2", "yref": "y2 domain", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1,
        "line": {"color": INK, "width": 2},
    }  # fmt: skip


def _groups(facts: BitErrors) -> list[dict[str, Any]]:
    """Between columns with unlike numbers of wrong neurons."""
    sizes = np.sort(all_words(facts.bits.code.length).sum(axis=1))
    edges = np.flatnonzero(np.diff(sizes)) + 0.5
    return [
        {
            "type": "line", "xref": "x", "yref": "y domain", "x0": float(edge), "x1": float(edge),
            "y0": -0.02, "y1": 1.06, "line": {"color": AXIS, "width": 1.5},
        }
        for edge in edges
    ]  # fmt: skip


def _boxes(facts: BitErrors) -> list[dict[str, Any]]:
    """Round the cells that are one bit away, and a line before the words without a digit."""
    code = facts.bits.code
    columns, _ = _columns(facts, ORDERS[1])
    words = all_words(code.length)
    boxes = [
        {
            "type": "rect", "xref": "x", "yref": "y", "x0": place - 0.46, "x1": place + 0.46,
            "y0": row - 0.46, "y1": row + 0.46, "line": {"color": AXIS, "width": 1.5},
        }
        for row in range(code.classes)
        for place, number in enumerate(columns)
        if int((words[number] != code.bits[row]).sum()) == 1
    ]  # fmt: skip
    edge = code.classes - 0.5
    line = {
        "type": "line", "xref": "x", "yref": "y domain", "x0": edge, "x1": edge, "y0": 0, "y1": 1.06,
        "line": {"color": INK, "width": 1.5, "dash": "2px,3px"},
    }  # fmt: skip
    return [*boxes, line]


def _live(facts: BitErrors, t: int, narrow: bool) -> list[dict[str, Any]]:
    sizes = facts.by_size(t)
    wrong = int(sizes[1:].sum())
    share = sizes[1] / wrong if wrong else 0.0
    size = 34 if narrow else 42
    x, top = (0.0, 0.53) if narrow else (0.64, 1.04)
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    lines = [
        f"<b>{sizes[1]}</b> with one wrong bit",
        f"<b>{sizes[2]}</b> with two, <b>{int(sizes[3:].sum())}</b> with more",
        f"<b>{facts.nameless(t)}</b> come out as no digit",
    ]
    return [
        note(f"<b>{percent(share)}</b>", x, top, font={"size": size, "family": SERIF, "color": INK}, **place),
        note("<br>".join(lines), x, top, yshift=-size - 36, **place),
        under_axis(
            f"output of a neuron; threshold {facts.thresholds[t]:.2f}",
            0.5,
            0,
            xref="x2 domain",
            yref="y2 domain",
            xanchor="center",
        ),
    ]


def _texts(facts: BitErrors, order: str, narrow: bool) -> list[dict[str, Any]]:
    size = 34 if narrow else 42
    x, top = (0.0, 0.53) if narrow else (0.64, 1.04)
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    small = 13 if narrow else 15
    inside = {"xref": "x2 domain", "yref": "y2 domain", "font": {"size": 15, "color": MUTE}}
    texts = [
        note("of the mistakes are a single bit", x, top, yshift=-size - 10, **place),
        note("should say 1", 0.02, 0.97, xanchor="left", yanchor="top", **inside),
        note("should say 0", 0.98, 0.03, xanchor="right", yanchor="bottom", **inside),
        note(
            "digit" if narrow else "digit shown", 0, 1, xref="paper", yref="y domain",
            xanchor="left", yanchor="bottom", xshift=-36 if narrow else -50, yshift=5,
            font={"size": small, "color": INK},
        ),
    ]  # fmt: skip
    heads = {"xref": "x", "yref": "y domain", "yanchor": "bottom", "xanchor": "center", "yshift": 5}
    font = {"font": {"size": small, "color": MUTE}}
    if order == ORDERS[0]:
        wrong = np.sort(all_words(facts.bits.code.length).sum(axis=1))
        names = {1: "one neuron wrong", 2: "two wrong", 3: "three"}
        names = {1: "one wrong", 2: "two wrong", 3: "three"} if narrow else names
        texts += [
            note(name, float(np.flatnonzero(wrong == size).mean()), 1, **heads, **font)
            for size, name in names.items()
            if (wrong == size).any() and size <= facts.bits.code.length
        ]
    else:
        code = facts.bits.code
        texts.append(
            note("words without a digit", (code.classes + 2**code.length - 1) / 2, 1, **heads, **font)
        )
    return texts
