"""The dark theme: each colour of a figure, and its counterpart.

A page replaces the colours of a drawn figure by `dark_map`; `dark` does the same to a whole figure.
"""

import json

import plotly.graph_objects as go

from lossviz.figures.base.frames import from_json
from lossviz.figures.base.style import AXIS, GRID, INK, MAP, MUTE, PALE, PANEL, PAPER, RAMP, with_opacity

_SEA_DARK = (
    "#E5DFB6", "#CCCF9E", "#AEC08B", "#90B17D", "#71A274", "#53916E",
    "#388069", "#216F62", "#105C5A", "#0B494E", "#0E3841",
)  # fmt: skip  # the same hues, OKLCH lightness times 0.94

# Light -> dark. Every light colour has one dark one.
DARK: dict[str, str] = {
    PAPER: "#14181E",
    PANEL: "#1E242C",
    INK: "#E9E6DF",
    MUTE: "#A3AAB6",
    AXIS: "#56606E",
    GRID: "#262D36",
    PALE: "#4C5055",
    MAP: "#8FBF90",
    "#D55E00": "#FF8C42",
    "#B84A00": "#FF9D5C",
    "#0072B2": "#5CB8EE",
    "#0069A5": "#6CC0F0",
    "#009E73": "#2FC79A",
    "#00735A": "#4AD3AA",
    "#C0649A": "#E296C2",
    "#9C4579": "#EBA8CF",
    **dict(zip(RAMP, _SEA_DARK, strict=True)),
}


def dark_map() -> dict[str, str]:
    """What to replace in a figure's JSON to make it dark.

    Returns:
        The dark colour of each light one, both as ``#RRGGBB`` and as the beginning of ``rgba(...)``.

    Example:
        >>> import lossviz as lv
        >>> lv.figures.dark_map()["#FBFAF7"]
        '#14181E'
    """
    plain = dict(DARK)
    translucent = {with_opacity(k, 1)[:-2]: with_opacity(v, 1)[:-2] for k, v in DARK.items()}
    return plain | translucent


def dark(figure: go.Figure) -> go.Figure:
    """The figure in the dark theme.

    Args:
        figure: A figure of lossviz, in the light theme.

    Returns:
        A new figure.

    Example:
        >>> import lossviz as lv
        >>> figure = lv.figures.dark(lv.figures.sketch(lv.losses.loss_curves(["mse"])))
        >>> figure.data[0].line.color
        '#FF8C42'
    """
    text = figure.to_json()
    for light, replacement in dark_map().items():
        text = text.replace(light, replacement)
    return from_json(json.loads(text), skip_invalid=True)
