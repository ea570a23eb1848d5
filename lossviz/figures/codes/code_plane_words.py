"""What is written on the picture of two networks that name clouds: their names, words, and how they did."""

from typing import Any

import numpy as np

from lossviz.codes.plane_networks import CodePlane, HeadConfig
from lossviz.common.plain_text import plain
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, PANEL, SERIF, loss_style, note, under_axis

GOOD = 0.9  # a start that names this share of new points has learned it
ROWS = (0.37, 0.0)  # where the dots of each network stand
READ = {
    "threshold": "each thresholded",
    "hamming": "nearest word",
    "euclidean": "nearest outputs",
    "likelihood": "likeliest word",
}


def discs(word: Any) -> str:
    """A word as a row of neurons: full for 1, hollow for 0."""
    return plain("".join("●" if bit else "○" for bit in word))


def short(one: HeadConfig, outputs: int) -> str:
    """What a network is called: how many outputs of which kind."""
    kind = "softmax" if one.head.startswith("softmax") else "sigmoids"
    names = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
    return f"{names.get(outputs, str(outputs))} {kind}"


def heads(plane: CodePlane, c: int, spare: bool, narrow: bool) -> list[dict[str, Any]]:
    """What stays as it is: the network's name over its plate and its row of dots, and each cloud's word."""
    tag = "" if c == 0 else "2"
    one, code = plane.contestants[c], plane.codes[c]
    own = loss_style(one.head)
    size = 16 if narrow else 19
    above = {"yref": f"y{tag} domain", "xref": f"x{tag} domain", "yanchor": "bottom", "yshift": 7}
    named = READ[one.how].capitalize() if spare else short(one, code.length)
    texts = [
        note(f"<b>{named}</b>", 0, 1, xanchor="left", font={"size": size, "color": own.text}, **above),
    ]
    if not spare and not narrow:
        texts.append(note(f"{plane.weights[c]} weights", 1, 1, xanchor="right", **above))
    for cloud, label in enumerate(plane.labels):
        x, y = plane.centres[cloud] * (1.62 if len(plane.labels) <= 4 else 1.45)
        edge = 0.86 * plane.a[-1]
        texts.append(
            note(
                discs(code.bits[label]),
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
    words = f"<b>{named}</b>" if not narrow or spare else f"<b>{named}</b>, {plane.weights[c]} weights"
    texts.append(note(words, 0, ROWS[c] + 0.28, font={"size": 17, "color": own.text}, **row))
    return texts


def _span(shares: Any) -> str:
    low, high = percent(float(np.min(shares))), percent(float(np.max(shares)))
    return f"{high}, all {len(shares)}" if low == high else f"{low} to {high}"


def live_words(plane: CodePlane, record: int, spare: bool, narrow: bool) -> list[dict[str, Any]]:
    """What changes with the step: the one number of the page, each network's range, and the axes' titles."""
    texts: list[dict[str, Any]] = []
    size = 34 if narrow else 42
    place = {"xref": "x3 domain", "yref": "y3 domain", "xanchor": "left"}
    accuracy = plane.accuracy[:, :, record]
    seeds = accuracy.shape[1]
    if spare:
        share = float(plane.nameless[0, :, record].mean())
        value = f"{number(100 * share)} %" if share else "0 %"
        words = "of new points get a word<br>that names no class"
    else:
        good = [int((row >= GOOD).sum()) for row in accuracy]
        value = f"{good[0]} of {seeds}"
        other = short(plane.contestants[1], plane.codes[1].length).lower()
        words = f"starts get 9 points in 10 right.<br>Of {other}: {good[1]}"
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
    for c, own in enumerate(loss_style(one.head) for one in plane.contestants):
        texts.append(
            note(
                f"<b>{_span(accuracy[c])}</b>",
                1,
                ROWS[c] + 0.28,
                xref="x3 domain",
                yref="y3",
                xanchor="right",
                yanchor="bottom",
                font={"size": 17, "color": own.text},
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
            f"right on new points, {seeds} starts",
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
