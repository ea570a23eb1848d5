"""What a figure shows."""

import json
from typing import Any

import plotly.graph_objects as go

from lossviz.figures import frames


def content(figure: go.Figure, value: float | None = None) -> Any:
    """The figure's JSON at the frame nearest to value, or as it was built."""
    spec = frames.still(json.loads(figure.to_json()), value)
    spec["layout"]["meta"] = None
    return spec
