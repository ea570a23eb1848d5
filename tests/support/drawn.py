"""The content of figures, and figures that are built once for all tests that do not change them."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base import frames

Make = Callable[..., go.Figure]


def content(figure: go.Figure | dict[str, Any], value: float | str | None = None) -> Any:
    """The JSON of a figure (or of its parsed JSON) at the frame nearest to value, or as it was built."""
    spec = frames.still(figure if isinstance(figure, dict) else json.loads(figure.to_json()), value)
    spec["layout"]["meta"] = None
    return spec


@cache
def built(make: Make, *at: float, narrow: bool = False) -> go.Figure:
    """The figure, built once for all tests that do not change it."""
    return make(*at, narrow=narrow)


def assert_frames_equal_figures(make: Make, values: Sequence[float], narrow: bool) -> None:
    """Check that each frame of a figure equals the figure that is built at its value."""
    figure = built(make, values[-1], narrow=narrow)
    assert figure.frames, "Plotly validates them"
    whole = json.loads(figure.to_json())
    for value in values:
        expected = whole if value == values[-1] else built(make, value, narrow=narrow)
        assert content(whole, value) == content(expected), value
