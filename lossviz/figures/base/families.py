"""How several losses are told apart in one picture: hue and dash say the family, width the member."""

from collections.abc import Sequence
from dataclasses import replace

from lossviz.figures.base.style import FAMILY_STYLES, MUTE, LineStyle
from lossviz.losses.base import Family
from lossviz.losses.nondifferentiable import NONDIFFERENTIABLE

WIDTHS = (4.5, 3.0, 2.2)  # of the first, the second and any further member of a family
LIT = 4  # losses that are drawn in their colours; more would not be told apart

_BRIEF = {
    "sigmoid-half-mse": "Squared, ½",
    "tanh-mse": "Squared, tanh",
    "softmax-ce": "Cross-entropy",
    "softmax-mse": "Squared error",
    "softmax-ce-smoothed": "Smoothed",
    "softmax-twice": "Softmax twice",
    "sigmoid-bce-onehot": "Sigmoids, log",
    "sigmoid-mse-onehot": "Sigmoids, sq.",
}


def short_label(name: str, label: str) -> str:
    """A loss's name where there is little room: without its settings."""
    return _BRIEF.get(name, label.partition(",")[0])


def line_styles(names: Sequence[str], families: Sequence[Family]) -> list[LineStyle]:
    """A mark for each loss, by its name and family, in the order in which they are drawn."""
    marks: list[LineStyle] = []
    for i, (name, family) in enumerate(zip(names, families, strict=True)):
        mark, twins = FAMILY_STYLES[family], sum(other == family for other in families[:i])
        if i >= LIT:
            marks.append(LineStyle(MUTE, MUTE, mark.dash, 1.5))
        elif name in NONDIFFERENTIABLE:
            marks.append(replace(mark, dash="2px,3px"))
        else:
            marks.append(replace(mark, width=min(mark.width, WIDTHS[min(twins, 2)])))
    return marks
