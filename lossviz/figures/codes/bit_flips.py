"""Wrong bits on digits: counts by digit and word, and histograms of the outputs at the threshold."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.bit_flips import HISTOGRAM_BINS, BitErrors
from lossviz.codes.code import all_words, bits_to_int
from lossviz.figures.base.number_format import percent
from lossviz.figures.base.style import (
    AXIS,
    INK,
    MUTE,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    under_axis,
    with_opacity,
)
from lossviz.figures.codes.code_plane_words import word_symbols

ORDERS = ("wrong-bits", "word")


def bit_errors(
    facts: BitErrors,
    at: float = 0.5,
    order: str = "wrong-bits",
    narrow: bool = False,
) -> go.Figure:
    """Draw how often each digit came out with which bits, and histograms of the outputs of all neurons.

    Args:
        facts: From `lossviz.codes.bit_errors`.
        at: The threshold that is shown, or the nearest there is; there is a frame for each.
        order: Of the columns: "wrong-bits", by which bits were wrong, fewest first, or "word", by the word$
            that came out.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        A heat map of digits (rows) by words (columns), and the histograms beside it.

    Raises:
        ValueError: For an unknown order.

    Example:
        >>> import lossviz as lv
        >>> errors = lv.codes.bit_errors(lv.codes.digit_bits("4-bits-ce", seeds=1, epochs=1), [0.4, 0.5])
        >>> [frame.name for frame in lv.figures.bit_errors(errors, order="word").frames]
        ['0.4', '0.5']
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}")
    current = int(np.abs(facts.thresholds - at).argmin())
    figure = blank(
        700 if narrow else 500,
        margin={"l": 40 if narrow else 62, "r": 14, "t": 30, "b": UNDER_SLIDER},
        meta={
            "frame": f"{facts.thresholds[current]:g}",
            "spoken": "{2}: {0} of the mistakes are a single bit. {1}.",
            "slider": [0 if narrow else 0.64, 1],
        },
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
            # A space, so that it is not read as part of a count.
            "ticktext": [f"{c}\u2002" if narrow else str(c) for c in range(classes)],
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
            colorscale=[[0, with_opacity(INK, 0.03)], [1, with_opacity(INK, 0.5)]],
            texttemplate="%{text}",
            textfont={"size": 11 if narrow else 14, "color": INK},
        )
    )
    middle = (np.arange(HISTOGRAM_BINS) + 0.5) / HISTOGRAM_BINS
    for sign, counts in ((1, facts.ones_histogram), (-1, facts.zeros_histogram)):
        figure.add_trace(
            go.Bar(
                x=middle,
                y=sign * np.sqrt(counts / max(facts.ones_histogram.max(), facts.zeros_histogram.max(), 1)),
                marker={"line": {"width": 0}},
                xaxis="x2",
                yaxis="y2",
                hoverinfo="skip",
            )
        )
    animated = [0, 1, 2]
    for trace, part in zip(animated, _frame_traces(facts, current, columns, order), strict=True):
        figure.data[trace].update(part)
    lines = _group_lines(facts) if order == "wrong-bits" else _one_bit_boxes(facts)
    figure.update_layout(
        annotations=[*_frame_annotations(facts, current, narrow), *_fixed_annotations(facts, order, narrow)],
        shapes=[_threshold_line(float(facts.thresholds[current])), *lines],
    )
    figure.frames = [
        {
            "name": f"{float(value):g}",
            "data": _frame_traces(facts, t, columns, order),
            "traces": animated,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _frame_annotations(facts, t, narrow)],
                "shapes": [{"x0": float(value), "x1": float(value)}],
            },
        }
        for t, value in enumerate(facts.thresholds)
    ]
    return figure


def _columns(facts: BitErrors, order: str) -> tuple[list[int], list[str]]:
    """The words of the columns from left to right as numbers, and their tick labels: one sign a neuron."""
    words = all_words(facts.bits.code.length)
    if order == "word":
        codewords = bits_to_int(facts.bits.code.bits).tolist()
        unused = [k for k in range(len(words)) if k not in codewords]
        return [*codewords, *unused], ["<br>".join(word_symbols(words[k])) for k in (*codewords, *unused)]
    columns = sorted(range(len(words)), key=lambda k: (int(words[k].sum()), -k))
    return columns, ["<br>".join("×" if bit else "·" for bit in words[k]) for k in columns]


def _frame_traces(facts: BitErrors, t: int, columns: list[int], order: str) -> list[dict[str, Any]]:
    by_error_count = order == "wrong-bits"
    counts = (facts.flip_counts if by_error_count else facts.word_counts)[t][:, columns]
    correct = np.zeros(counts.shape, bool)
    if by_error_count:
        correct[:, 0] = True
    else:
        correct[np.arange(len(counts)), np.arange(len(counts))] = True
    reference = (facts.flip_counts[len(facts.thresholds) // 2])[:, 1:].max()
    shade = np.where(correct, 0.08, np.sqrt(np.minimum(counts / max(reference, 1), 1)))
    shade = np.where(counts == 0, 0, shade)
    text = [[str(int(v)) if v else "" for v in row] for row in counts]
    threshold = float(facts.thresholds[t])
    middle = (np.arange(HISTOGRAM_BINS) + 0.5) / HISTOGRAM_BINS
    faint, strong = with_opacity(MUTE, 0.35), INK
    return [
        {"type": "heatmap", "z": np.round(shade, 3).tolist(), "text": text},
        {"type": "bar", "marker": {"color": [strong if m < threshold else faint for m in middle]}},
        {"type": "bar", "marker": {"color": [strong if m >= threshold else faint for m in middle]}},
    ]


def _threshold_line(threshold: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x2", "yref": "y2 domain", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1,
        "line": {"color": INK, "width": 2},
    }  # fmt: skip


def _group_lines(facts: BitErrors) -> list[dict[str, Any]]:
    """Lines between columns with different numbers of wrong bits."""
    sizes = np.sort(all_words(facts.bits.code.length).sum(axis=1))
    edges = np.flatnonzero(np.diff(sizes)) + 0.5
    return [
        {
            "type": "line", "xref": "x", "yref": "y domain", "x0": float(edge), "x1": float(edge),
            "y0": -0.02, "y1": 1.06, "line": {"color": AXIS, "width": 1.5},
        }
        for edge in edges
    ]  # fmt: skip


def _one_bit_boxes(facts: BitErrors) -> list[dict[str, Any]]:
    """Boxes around the cells that are one bit off, and a line before the unused words."""
    code = facts.bits.code
    columns, _ = _columns(facts, "word")
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


def _frame_annotations(facts: BitErrors, t: int, narrow: bool) -> list[dict[str, Any]]:
    sizes = facts.by_error_count(t)
    wrong = int(sizes[1:].sum())
    share = sizes[1] / wrong if wrong else 0.0
    size = 34 if narrow else 42
    x, top = (0.0, 0.53) if narrow else (0.64, 1.04)
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    lines = [
        f"<b>{sizes[1]}</b> with one wrong bit",
        f"<b>{sizes[2]}</b> with two, <b>{int(sizes[3:].sum())}</b> with more",
        f"<b>{facts.unused(t)}</b> are unused words",
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


def _fixed_annotations(facts: BitErrors, order: str, narrow: bool) -> list[dict[str, Any]]:
    size = 34 if narrow else 42
    x, top = (0.0, 0.53) if narrow else (0.64, 1.04)
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    small = 13 if narrow else 15
    inside = {"xref": "x2 domain", "yref": "y2 domain", "font": {"size": 15, "color": MUTE}}
    texts = [
        note("of the mistakes are a single bit", x, top, yshift=-size - 10, **place),
        note("target 1", 0.02, 0.97, xanchor="left", yanchor="top", **inside),
        note("target 0", 0.98, 0.03, xanchor="right", yanchor="bottom", **inside),
        note(
            "digit" if narrow else "true digit", 0, 1, xref="paper", yref="y domain",
            xanchor="left", yanchor="bottom", xshift=-36 if narrow else -50, yshift=5,
            font={"size": small, "color": INK},
        ),
    ]  # fmt: skip
    above = {"xref": "x", "yref": "y domain", "yanchor": "bottom", "xanchor": "center", "yshift": 5}
    font = {"font": {"size": small, "color": MUTE}}
    if order == "wrong-bits":
        wrong = np.sort(all_words(facts.bits.code.length).sum(axis=1))
        names = {1: "one bit wrong", 2: "two wrong", 3: "three"}
        names = {1: "one wrong", 2: "two wrong", 3: "three"} if narrow else names
        texts += [
            note(name, float(np.flatnonzero(wrong == size).mean()), 1, **above, **font)
            for size, name in names.items()
            if (wrong == size).any() and size <= facts.bits.code.length
        ]
    else:
        code = facts.bits.code
        texts.append(note("unused words", (code.classes + 2**code.length - 1) / 2, 1, **above, **font))
    return texts
