"""Line styles of several losses in one figure: the hue shows the family, dash and width the member."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from lossviz.figures.base.style import FAMILY_STYLES, MUTE, LineStyle
from lossviz.losses.base import Family
from lossviz.losses.lookup import LossDescription

WIDTHS = (4.5, 3.0, 2.2)  # of the first, the second and any further member of a family
COLOURED = 4  # losses that are drawn in colour; more could not be told apart
# The dashes of further members; the first has its family's own.
MEMBER_DASHES: Mapping[Family, tuple[str, ...]] = MappingProxyType(
    {
        "squared": ("4px,3px", "14px,4px,3px,4px"),
        "logarithm": ("14px,5px", "8px,3px,2px,3px", "5px,5px"),
        "absolute": ("9px,4px", "9px,3px,3px,3px"),
        "mixed": ("6px,3px,2px,3px", "20px,4px"),
        "margin": ("12px,3px,2px,3px", "6px,6px"),
    }
)
DOTTED = "2px,3px"  # losses that cannot be trained on


def line_styles(losses: Sequence[LossDescription]) -> list[LineStyle]:
    """A line style for each loss, in the order in which they are drawn."""
    styles: list[LineStyle] = []
    for i, loss in enumerate(losses):
        style = FAMILY_STYLES[loss.family]
        relatives = sum(other.family == loss.family and other.differentiable for other in losses[:i])
        dashes = (style.dash, *MEMBER_DASHES[loss.family])
        dash = dashes[relatives % len(dashes)] if loss.differentiable else DOTTED
        if i >= COLOURED:
            styles.append(LineStyle(MUTE, MUTE, dash, 1.5))
        else:
            width = min(style.width, WIDTHS[min(relatives, 2)])
            styles.append(replace(style, dash=dash, width=width))
    return styles
