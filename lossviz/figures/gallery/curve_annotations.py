"""Annotations of the figure of loss curves: labels beside curves, values beside panels."""

from typing import Any

import numpy as np

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.label_layout import place_labels
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import MUTE, note, under_axis, y_axis_title
from lossviz.losses.curves import LossCurves

PANELS = ((0.64, 1.0), (0.32, 0.58), (0.0, 0.26))
WIDE = 0.73  # of the plot's width; the values are to the right of it
COLUMNS = (0.48, 0.74, 1.0)  # positions of the values above a narrow figure
NAMES = ("loss", "slope", "curvature")
TITLES = {
    "residual": "residual, prediction − target = {}",
    "logit": "logit z = {}, output {}",
    "probability": "probability p = {}",
    "margin": "margin = {}",
    "lead": "margin of the correct class = {}",
}
ENDS = {
    "residual": ("← too low", "too high →"),
    "margin": ("← confidently wrong", "confidently right →"),
    "lead": ("← confidently wrong", "confidently right →"),
    "logit": ("← predicts no", "predicts yes →"),
    "probability": ("← predicts no", "predicts yes →"),
}


def cursor_annotations(curves: LossCurves, k: int, narrow: bool) -> list[dict[str, Any]]:
    """The values at point k, a column for each panel and a line for each loss; then the title of the axis."""
    texts, styles = [], line_styles(curves.losses)
    for panel, values in enumerate((curves.value, curves.gradient, curves.curvature)):
        numbers = [
            f'<span style="color:{style.text}"><b>{_short(float(v))}</b></span>'
            for style, v in zip(styles, values[:, k], strict=True)
        ]
        texts.append(_column(numbers, panel, narrow, right=True))
    x = float(curves.x[k])
    title = TITLES[curves.axis]
    if narrow and curves.axis in ("logit", "lead"):
        title = {"logit": "z = {}", "lead": "margin = {}"}[curves.axis]
    text = title.format(_short(x), number(1 / (1 + np.exp(-x))))
    return [*texts, under_axis(text, 0.5 if narrow else WIDE / 2, xanchor="center")]


def _column(lines: list[str], panel: int, narrow: bool, right: bool) -> dict[str, Any]:
    """Lines of text: to the right of a panel, or above a narrow figure."""
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


def curve_labels(
    curves: LossCurves, span: tuple[float, float], size: tuple[float, float], narrow: bool
) -> list[dict[str, Any]]:
    """The label of each loss beside its curve, in a panel with that range and that size in pixels."""
    low, high = span
    x = (curves.x - curves.x[0]) / (curves.x[-1] - curves.x[0])
    labels = [loss.short_label if narrow else loss.label for loss in curves.losses]
    font = 16 if narrow else 19
    widths = [0.5 * font * len(label) for label in labels]
    positions = place_labels(x, (curves.value - low) / (high - low), widths, size, font)
    return [
        note(
            f"<b>{label}</b>",
            xref="x domain",
            yref="y domain",
            **position,
            font={"size": font, "color": style.text},
        )
        for label, position, style in zip(labels, positions, line_styles(curves.losses), strict=True)
    ]


def fixed_annotations(curves: LossCurves, narrow: bool) -> list[dict[str, Any]]:
    """The titles of the y axes, the labels of the lines of values, and the meaning of the ends of x."""
    texts = [y_axis_title(name, panel) for panel, name in enumerate(NAMES, start=1)]
    names = []
    for loss, style in zip(curves.losses, line_styles(curves.losses), strict=True):
        label = loss.label if len(loss.label) <= 20 and not narrow else loss.short_label
        names.append(f'<span style="color:{style.text}">{label}</span>')
    if not narrow:
        texts += [_column(names, panel, narrow, right=False) for panel in range(3)]
        for text, x, side in zip(ENDS[curves.axis], (0, WIDE), ("left", "right"), strict=True):
            below = {"xref": "paper", "yref": "paper", "yanchor": "top", "yshift": -32}
            texts.append(note(text, x, 0, xanchor=side, **below))
        return texts
    texts.append(_column([f"<b>{name}</b>" for name in names], 0, narrow, right=False))
    for panel, name in enumerate(NAMES):
        head = _column([name], panel, narrow, right=True)
        texts.append(head | {"yshift": 6 + 21 * len(names), "font": {"size": 15, "color": MUTE}})
    return texts
