"""What stands on a picture of losses laid over each other: names beside curves, numbers beside panels."""

from typing import Any

import numpy as np

from lossviz.figures.base.families import line_styles, short_label
from lossviz.figures.base.label_layout import place_labels
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import MUTE, note, under_axis, y_axis_title
from lossviz.losses.curves import LossCurves

PANELS = ((0.64, 1.0), (0.32, 0.58), (0.0, 0.26))
WIDE = 0.73  # of the plot's width; the numbers stand right of it
COLUMNS = (0.48, 0.74, 1.0)  # of the numbers above a narrow figure
NAMES = ("loss", "slope", "curvature")
TITLES = {
    "residual": "prediction − truth = {}",
    "logit": "logit z = {}, output {}",
    "probability": "probability p = {}",
    "margin": "margin = {}",
    "lead": "lead of the right class = {}",
}
ENDS = {
    "residual": ("← too low", "too high →"),
    "margin": ("← sure, wrong", "sure, right →"),
    "lead": ("← sure, wrong", "sure, right →"),
    "logit": ("← says no", "says yes →"),
    "probability": ("← says no", "says yes →"),
}


def live(facts: LossCurves, k: int, narrow: bool) -> list[dict[str, Any]]:
    """A column of numbers for each panel, a line for each loss; then what the cursor stands at."""
    texts, marks = [], line_styles(facts.names, facts.families)
    for panel, values in enumerate((facts.value, facts.gradient, facts.curvature)):
        numbers = [
            f'<span style="color:{mark.text}"><b>{_short(float(v))}</b></span>'
            for mark, v in zip(marks, values[:, k], strict=True)
        ]
        texts.append(_column(numbers, panel, narrow, right=True))
    x = float(facts.x[k])
    title = TITLES[facts.against]
    if narrow and facts.against in ("logit", "lead"):
        title = {"logit": "z = {}", "lead": "lead = {}"}[facts.against]
    told = title.format(_short(x), number(1 / (1 + np.exp(-x))))
    return [*texts, under_axis(told, 0.5 if narrow else WIDE / 2, xanchor="center")]


def _column(lines: list[str], panel: int, narrow: bool, right: bool) -> dict[str, Any]:
    """Lines below each other: right of a panel, or above a narrow figure."""
    if narrow:
        place = {"yanchor": "bottom", "yshift": 3, "xshift": 0 if right else -54}
        x, y, size = COLUMNS[panel] if right else 0.0, 1.0, 16.0
    else:
        place = {"yanchor": "top", "yshift": 4}
        x, y, size = 1.0 if right else WIDE + 0.025, PANELS[panel][1], min(18.0, 104 / len(lines))
    return note(
        "<br>".join(lines),
        x,
        y,
        xref="paper",
        yref="paper",
        xanchor="right" if right else "left",
        align="right" if right else "left",
        font={"size": size},
        **place,
    )


def _short(value: float) -> str:
    return "0" if abs(value) < 1e-12 else number(value)


def beside(
    facts: LossCurves, span: tuple[float, float], size: tuple[float, float], narrow: bool
) -> list[dict[str, Any]]:
    """Each loss's name beside its own curve, in a panel of that span and of that size in pixels."""
    low, high = span
    x = (facts.x - facts.x[0]) / (facts.x[-1] - facts.x[0])
    pairs = zip(facts.names, facts.labels, strict=True)
    names = [short_label(name, label) if narrow else label for name, label in pairs]
    widths = [(8.2 if narrow else 9.4) * len(name) for name in names]
    spots = place_labels(x, (facts.value - low) / (high - low), widths, size)
    return [
        note(
            f"<b>{name}</b>",
            xref="x domain",
            yref="y domain",
            **spot,
            font={"size": 16 if narrow else 19, "color": mark.text},
        )
        for name, spot, mark in zip(names, spots, line_styles(facts.names, facts.families), strict=True)
    ]


def still(facts: LossCurves, narrow: bool) -> list[dict[str, Any]]:
    """The axes' names, the names that go with the columns of numbers, and what the ends of x mean."""
    texts = [y_axis_title(name, panel) for panel, name in enumerate(NAMES, start=1)]
    marks, names = line_styles(facts.names, facts.families), []
    for name, label, mark in zip(facts.names, facts.labels, marks, strict=True):
        word = label if len(label) <= 20 and not narrow else short_label(name, label)
        names.append(f'<span style="color:{mark.text}">{word}</span>')
    if not narrow:
        texts += [_column(names, panel, narrow, right=False) for panel in range(3)]
        for text, x, side in zip(ENDS[facts.against], (0, WIDE), ("left", "right"), strict=True):
            below = {"xref": "paper", "yref": "paper", "yanchor": "top", "yshift": -32}
            texts.append(note(text, x, 0, xanchor=side, **below))
        return texts
    texts.append(_column([f"<b>{name}</b>" for name in names], 0, narrow, right=False))
    for panel, name in enumerate(NAMES):
        head = _column([name], panel, narrow, right=True)
        texts.append(head | {"yshift": 6 + 21 * len(names), "font": {"size": 15, "color": MUTE}})
    return texts
