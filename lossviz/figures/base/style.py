"""Colours with a meaning, the template of all figures, and the parts that figures share.

A figure is drawn in the light theme. A colour written ``#RRGGBB``, or by `with_opacity`, has a dark
counterpart in `themes`; a colour written ``rgb(...)``, by `unthemed`, is the same in both themes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.frames import AnimatedFigure
from lossviz.figures.base.number_format import number
from lossviz.losses.base import Family
from lossviz.losses.table import LOSSES

PAPER, PANEL, INK, MUTE = "#FBFAF7", "#F1EFE9", "#1F2530", "#5B6270"
AXIS, GRID = "#B9B4A8", "#E4E0D6"
PALE = "#BDBDBC"  # correct predictions, so that the mistakes stand out
WHITE = "rgb(255,255,255)"
MAP = "#2C786C"  # the loss on a plane, where it is drawn beside the true loss; a colour of the ramp

UNDER_SLIDER = 66  # pixels below an x axis for its title and tick labels, above the slider of a page

SANS = '"Source Sans", "Segoe UI", system-ui, sans-serif'
SERIF = '"Source Serif", Georgia, serif'

# A sequential colour scale: eleven equal steps of lightness, the lowest value lightest.
RAMP = (
    "#F8F2C8",
    "#DDE1AF",
    "#BED09A",
    "#9EC08B",
    "#7EAF81",
    "#5F9D79",
    "#438B73",
    "#2C786B",
    "#1C6462",
    "#155055",
    "#143D46",
)


@dataclass(frozen=True)
class LineStyle:
    """How a family of losses is drawn: hue and dash identify it, so that grey print works, too."""

    line: str  # colour of lines; contrast at least 3:1
    text: str  # colour of text; contrast at least 4.5:1
    dash: str
    width: float


FAMILY_STYLES: dict[Family, LineStyle] = {
    "squared": LineStyle("#D55E00", "#B84A00", "10px,5px", 4.5),
    "logarithm": LineStyle("#0072B2", "#0069A5", "solid", 4.5),
    "absolute": LineStyle("#009E73", "#00735A", "3px,4px", 4.5),
    "mixed": LineStyle("#C0649A", "#9C4579", "16px,4px,4px,4px", 4.5),
    "margin": LineStyle("#1F2530", "#1F2530", "solid", 3),
}


def loss_style(loss: str) -> LineStyle:
    """How a loss is drawn.

    Raises KeyError for a name that is not in `LOSSES`.
    """
    return FAMILY_STYLES[LOSSES[loss].family]


def common_name(loss: str) -> str:
    """What a loss is called where its activation is clear from the context, such as "Squared error"."""
    row = LOSSES[loss]
    return row.common_name or row.label


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def with_opacity(colour: str, opacity: float) -> str:
    """A themed colour with an opacity; it changes with the theme, too."""
    red, green, blue = _rgb(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def unthemed(colour: str) -> str:
    """A colour that is the same in both themes."""
    red, green, blue = _rgb(colour)
    return f"rgb({red},{green},{blue})"


@cache
def template() -> go.layout.Template:
    """The template of all figures: no legend, no frame, thin axis lines, large type. Figures copy it."""
    axis: dict[str, Any] = {
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"size": 15, "color": MUTE},
        "title": {"font": {"size": 16, "color": INK}},
        "automargin": False,
        "minexponent": 6,
    }
    x = axis | {
        "showgrid": False,
        "showline": True,
        "linecolor": AXIS,
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 5,
        "tickcolor": AXIS,
    }
    y = axis | {"showgrid": True, "gridcolor": GRID, "gridwidth": 1, "showline": False, "ticks": ""}
    return go.layout.Template(
        layout={
            "font": {"family": SANS, "size": 16, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": False,
            "dragmode": False,
            "margin": {"l": 62, "r": 12, "t": 6, "b": 54},
            "xaxis": x,
            "yaxis": y,
            "colorway": [FAMILY_STYLES["squared"].line, FAMILY_STYLES["logarithm"].line],
        }
    )


def blank(height: int, data: Sequence[Any] = (), **layout: Any) -> AnimatedFigure:
    """A figure with the template and the given traces and layout."""
    return AnimatedFigure(list(data), {"template": template(), "height": height} | layout)


def prepend_shape(figure: go.Figure, shape: dict[str, Any]) -> None:
    """Insert a shape before the others, where frames find it; `update` would merge it into the first."""
    figure.layout.shapes = [shape, *(old.to_plotly_json() for old in figure.layout.shapes)]


def note(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """An annotation without an arrow."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "showarrow": False,
        "font": {"size": 16, "color": MUTE},
        "align": "left",
    } | more


def y_axis_title(text: str, panel: int = 1, x: float = -50) -> dict[str, Any]:
    """The rotated title of a y axis, at a fixed position, so that those of stacked panels are aligned."""
    tag = "" if panel == 1 else str(panel)
    return note(
        text,
        0,
        0.5,
        xref="paper",
        yref=f"y{tag} domain",
        xshift=x,
        textangle=-90,
        xanchor="center",
        yanchor="middle",
        font={"size": 16, "color": INK},
    )


def under_axis(text: str, x: float = 0.5, y: float = 0.0, **more: Any) -> dict[str, Any]:
    """An annotation below an x axis: its title, or the meaning of one of its ends."""
    place = {"xref": "paper", "yref": "paper", "yshift": -32, "yanchor": "top"}
    return note(text, x, y, **{**place, "font": {"size": 16, "color": INK}, **more})


def wrap_lines(words: str, width: int = 46) -> str:
    """Break a text into lines of at most ``width`` characters; HTML tags do not count."""
    lines: list[str] = []
    for paragraph in words.split("<br>"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and len(re.sub(r"<[^>]*>", "", longer)) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "<br>".join(lines)


def key_number(value: str, words: str, narrow: bool, x: float = 0.0, y: float = 1.0) -> list[dict[str, Any]]:
    """The key number of a figure in large type, and what it is: two annotations, the number first."""
    size = 36 if narrow else 42
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "bgcolor": PAPER}
    number_font = {"size": size, "family": SERIF, "color": INK}
    return [
        note(f"<b>{value}</b>", x, y, font=number_font, borderpad=0, **place),
        note(words, x, y, yshift=-size - 14, borderpad=0, **place),
    ]


def loss_line(loss: str, x: Any, y: Any, **more: Any) -> go.Scatter:
    """A line in the style of a loss; ``line`` in ``more`` overrides parts of it."""
    style = loss_style(loss)
    line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
    return go.Scatter(x=x, y=y, mode="lines", line=line | more.pop("line", {}), **more)


def loss_label(loss: str, x: float, y: float, narrow: bool, **more: Any) -> dict[str, Any]:
    """The common name of a loss in its colour, beside its curve."""
    font = {"size": 17 if narrow else 19, "color": loss_style(loss).text}
    return note(f"<b>{common_name(loss)}</b>", x, y, font=font, bgcolor=PAPER, borderpad=1, **more)


def live_value(loss: str, x: float, y: float, flip: bool, **more: Any) -> dict[str, Any]:
    """The value at the cursor beside its marker, on the left if ``flip``."""
    return note(
        f"<b>{number(y)}</b>",
        x,
        y,
        xanchor="right" if flip else "left",
        xshift=-10 if flip else 10,
        yshift=17,
        font={"size": 20, "color": loss_style(loss).text},
        bgcolor=PAPER,
        borderpad=0,
        **more,
    )


def cursor(x: float, axis: str = "x") -> dict[str, Any]:
    """A thin vertical line over the whole height, at the position of the slider."""
    return {
        "type": "line",
        "xref": axis,
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"color": AXIS, "width": 1.5},
    }
