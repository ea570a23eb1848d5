"""Line styles of several losses in one figure: hue and dash show the family, the width the member."""

from collections.abc import Sequence
from dataclasses import replace

from lossviz.figures.base.style import FAMILY_STYLES, MUTE, LineStyle
from lossviz.losses.lookup import LossDescription

WIDTHS = (4.5, 3.0, 2.2)  # of the first, the second and any further member of a family
COLOURED = 4  # losses that are drawn in colour; more could not be told apart
DOTTED = "2px,3px"  # losses that cannot be trained on


def line_styles(losses: Sequence[LossDescription]) -> list[LineStyle]:
    """A line style for each loss, in the order in which they are drawn."""
    styles: list[LineStyle] = []
    for i, loss in enumerate(losses):
        style = FAMILY_STYLES[loss.family]
        relatives = sum(other.family == loss.family for other in losses[:i])
        if i >= COLOURED:
            styles.append(LineStyle(MUTE, MUTE, style.dash, 1.5))
        elif not loss.differentiable:
            styles.append(replace(style, dash=DOTTED))
        else:
            styles.append(replace(style, width=min(style.width, WIDTHS[min(relatives, 2)])))
    return styles
