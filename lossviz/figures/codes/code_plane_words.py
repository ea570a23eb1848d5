"""Annotations of the figure of two networks on clusters: names, codewords and accuracies."""

from typing import Any

import numpy as np

from lossviz.codes.heads import HEADS
from lossviz.codes.plane_networks import CodePlane, HeadConfig
from lossviz.common.plain_text import plain
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, PANEL, SERIF, loss_style, note, under_axis

LEARNED = 0.9  # a seed with this accuracy on new points counts as learned
ROW_POSITIONS = (0.37, 0.0)  # y of the row of dots of each network
DECODING_NAMES = {
    "threshold": "each thresholded",
    "hamming": "nearest code word",
    "euclidean": "nearest outputs",
    "likelihood": "likeliest code word",
}


def word_symbols(word: Any) -> str:
    """A word as a row of symbols, one a neuron: full for 1, hollow for 0."""
    return plain("".join("●" if bit else "○" for bit in word))


def network_name(head: HeadConfig, outputs: int) -> str:
    """The name of a network: how many outputs of which kind."""
    kind = "softmax" if HEADS[head.head].link == "softmax" else "sigmoids"
    names = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
    return f"{names.get(outputs, str(outputs))} {kind}"


def fixed_annotations(plane: CodePlane, c: int, unused: bool, narrow: bool) -> list[dict[str, Any]]:
    """What no frame changes: the network's name over its panel and its row of dots, and the codewords."""
    tag = "" if c == 0 else "2"
    head, code = plane.heads[c], plane.codes[c]
    style = loss_style(head.head)
    size = 16 if narrow else 19
    above = {"yref": f"y{tag} domain", "xref": f"x{tag} domain", "yanchor": "bottom", "yshift": 7}
    name = DECODING_NAMES[head.decoding].capitalize() if unused else network_name(head, code.length)
    texts = [
        note(f"<b>{name}</b>", 0, 1, xanchor="left", font={"size": size, "color": style.text}, **above),
    ]
    if not unused and not narrow:
        texts.append(note(f"{plane.weights[c]} weights", 1, 1, xanchor="right", **above))
    for cluster, label in enumerate(plane.labels):
        x, y = plane.centres[cluster] * (1.62 if len(plane.labels) <= 4 else 1.45)
        edge = 0.86 * plane.a[-1]
        texts.append(
            note(
                word_symbols(code.bits[label]),
                float(np.clip(x, -edge, edge)),
                float(np.clip(y, -edge, edge)),
                xref="x" + tag,
                yref="y" + tag,
                xanchor="center",
                yanchor="middle",
                font={"size": 13 if narrow else 19, "color": INK},
                bgcolor=PANEL,
                borderpad=1,
            )
        )
    row = {"xref": "x3", "yref": "y3", "xanchor": "left", "yanchor": "bottom"}
    words = f"<b>{name}</b>" if not narrow or unused else f"<b>{name}</b>, {plane.weights[c]} weights"
    texts.append(
        note(
            words, 0, ROW_POSITIONS[c] + 0.28, font={"size": 15 if unused else 17, "color": style.text}, **row
        )
    )
    return texts


def _range(shares: Any) -> str:
    low, high = percent(float(np.min(shares))), percent(float(np.max(shares)))
    return f"{high}, all {len(shares)}" if low == high else f"{low} to {high}"


def frame_annotations(plane: CodePlane, record: int, unused: bool, narrow: bool) -> list[dict[str, Any]]:
    """What changes with the step: the main number, each network's range of accuracies, and axis titles."""
    texts: list[dict[str, Any]] = []
    size = 34 if narrow else 42
    place = {"xref": "x3 domain", "yref": "y3 domain", "xanchor": "left"}
    accuracy = plane.accuracy[:, :, record]
    seeds = accuracy.shape[1]
    if unused:
        share = float(plane.unused_share[0, :, record].mean())
        value = f"{number(100 * share)} %" if share else "0 %"
        words = "of the test points get<br>an unused code word"
    else:
        learned = [int((row >= LEARNED).sum()) for row in accuracy]
        value = f"{learned[0]} of {seeds}"
        other = network_name(plane.heads[1], plane.codes[1].length).lower()
        words = f"seeds reach 90 % accuracy.<br>Of {other}: {learned[1]}"
    texts.append(
        note(
            f"<b>{value}</b>",
            0,
            1.0,
            yanchor="top",
            yshift=26,
            font={"size": size, "family": SERIF, "color": INK},
            **place,
        )
    )
    texts.append(note(words, 0, 1.0, yanchor="top", yshift=14 - size, **place))
    for c, head in enumerate(plane.heads):
        style = loss_style(head.head)
        texts.append(
            note(
                f"<b>{_range(accuracy[c])}</b>",
                1,
                ROW_POSITIONS[c] + 0.28,
                xref="x3 domain",
                yref="y3",
                xanchor="right",
                yanchor="bottom",
                font={"size": 17, "color": style.text},
            )
        )
    texts.append(
        under_axis(
            f"after {int(plane.steps[record])} steps of gradient descent",
            0.5 if narrow else 0.31,
            0,
            yshift=-26 if narrow else 6,
            xanchor="center",
        )
    )
    texts.append(
        note(
            f"test accuracy, {seeds} seeds",
            0.5,
            0,
            xref="x3 domain",
            yref="y3 domain",
            yshift=-24,
            yanchor="top",
            xanchor="center",
            font={"size": 15 if narrow else 16, "color": INK},
        )
    )
    return texts
