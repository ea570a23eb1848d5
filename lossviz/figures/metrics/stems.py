"""Known values as stems on one axis, with their names at heights at which none covers another."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import plotly.graph_objects as go

from lossviz.figures.base.style import AXIS, FAMILY_STYLES, INK, MUTE, PAPER, SERIF, note

STEP = 30  # px between two names
HEIGHT = 170  # px of a figure besides its names
MARGIN = {"l": 14, "r": 14, "t": 14, "b": 122}


class Reference(Protocol):
    """A known value."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> float: ...


@dataclass(frozen=True)
class Ruler:
    """The axis that known values stand on.

    Attributes:
        place: From a value to its coordinate as annotations take it, kept within the axis.
        shown: From a value to its place as traces take it.
        scale: Pixels in one unit of the coordinate.
        text: Formats a value.
        narrow: Whether the figure is for the width of a phone.
    """

    place: Callable[[float], float]
    shown: Callable[[float], float]
    scale: float
    text: Callable[[float], str]
    narrow: bool

    def label(self, reference: Reference) -> str:
        return f"{reference.name}&nbsp; {self.text(reference.value)}"

    def width(self, reference: Reference) -> float:
        """Of its name, in px."""
        per_letter = 6.8 if self.narrow else 7.6
        return per_letter * (len(reference.name) + 2 + len(self.text(reference.value))) + 16

    def extent(self, reference: Reference) -> tuple[float, float]:
        """Left and right end of its name, in px: right of its stem, unless it would leave the figure."""
        x, width = self.place(reference.value) * self.scale, self.width(reference)
        right_end, left_end = self.place(math.inf) * self.scale, self.place(-math.inf) * self.scale
        if x + width > right_end + 12 and x - width > left_end - 8:
            return x - width, x + 2
        return x - 2, x + width

    def heights(self, drawn: Sequence[Reference]) -> dict[Reference, int]:
        """Heights of the stems, by ascending value: each is higher than all stems that its name covers.

        Names to the right of their stems are placed first, from the right.
        """
        drawn = sorted(drawn, key=lambda c: c.value)
        extent = {c: self.extent(c) for c in drawn}
        goes_right = [c for c in drawn if extent[c][1] > self.place(c.value) * self.scale + 2]
        order = [*reversed(goes_right), *(c for c in drawn if c not in goes_right)]
        stems: dict[Reference, int] = {}
        for reference in order:
            left, right = extent[reference]
            covered = [h for c, h in stems.items() if extent[c][0] <= right and left <= extent[c][1]]
            stems[reference] = 1 + max(covered, default=0)
        return {reference: stems[reference] for reference in drawn}


def draw_stems(
    figure: go.Figure, ruler: Ruler, stems: dict[Reference, int], nearest: Reference, value: float
) -> None:
    """Draw the stems, the nearest one heavy, and a disc for the value that is asked about."""
    x: list[float | None] = []
    y: list[float | None] = []
    for reference, height in stems.items():
        at = ruler.shown(reference.value)
        x += [at, at, None]
        y += [0, height, None]
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": AXIS, "width": 1.5}))
    at = ruler.shown(nearest.value)
    figure.add_trace(
        go.Scatter(x=[at, at], y=[0, stems[nearest]], mode="lines", line={"color": INK, "width": 3})
    )
    bases = [ruler.shown(c.value) for c in stems]
    base = {"size": 9, "color": MUTE, "opacity": 1}
    figure.add_trace(go.Scatter(x=bases, y=[0] * len(bases), mode="markers", cliponaxis=False, marker=base))
    blue = FAMILY_STYLES["logarithm"]
    disc = {"size": 22, "color": blue.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(x=[ruler.shown(value)], y=[0], mode="markers", cliponaxis=False, marker=disc))


def name_annotations(ruler: Ruler, stems: dict[Reference, int], nearest: Reference) -> list[dict[str, Any]]:
    """The names at the tops of the stems, the nearest in bold."""
    texts = []
    for reference, height in stems.items():
        is_nearest = reference is nearest
        left = ruler.extent(reference)[1] <= ruler.place(reference.value) * ruler.scale + 2
        texts.append(
            note(
                f"<b>{ruler.label(reference)}</b>" if is_nearest else ruler.label(reference),
                ruler.place(reference.value),
                height - 0.25,
                xref="x",
                yref="y",
                xanchor="right" if left else "left",
                xshift=-8 if left else 8,
                yanchor="middle",
                bgcolor=PAPER,
                borderpad=1,
                font={"size": 15 if ruler.narrow else 16, "color": INK if is_nearest else MUTE},
            )
        )
    return texts


def value_annotations(
    ruler: Ruler, value: float, share: float, shown: str, words: str
) -> list[dict[str, Any]]:
    """The value that is asked about, in large type below the axis, and what it is.

    Args:
        ruler: The axis.
        value: The value.
        share: Where it stands, as a share of the axis.
        shown: The value as text.
        words: What it is.
    """
    blue = FAMILY_STYLES["logarithm"].text
    anchor = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    place: dict[str, Any] = {
        "x": ruler.place(value), "y": 0, "xref": "x", "yref": "y", "xanchor": anchor, "yanchor": "top",
    }  # fmt: skip
    font = {"size": 36 if ruler.narrow else 42, "family": SERIF, "color": blue}
    return [
        note(f"<b>{shown}</b>", yshift=-32, font=font, **place),
        note(words, yshift=-88, **place),
    ]
