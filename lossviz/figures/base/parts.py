"""Load the parts of Plotly that figures use; Plotly imports the class of each when it is first needed."""

import json
from typing import Any

import plotly.graph_objects as go

from lossviz.figures.base.frames import at_frame, from_json
from lossviz.figures.base.standalone import standalone

_TEXT: dict[str, Any] = {"font": {}}
_AXIS: dict[str, Any] = {"title": _TEXT, "tickfont": {}}
_TRACES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (go.Scatter, {"line": {}, "marker": {"line": {}}, "textfont": {}, "error_y": {}, "hoverlabel": {}}),
    (go.Scatter3d, {"line": {}, "marker": {"line": {}}, "textfont": {}}),
    (go.Bar, {"marker": {"line": {}, "pattern": {}}, "textfont": {}, "error_y": {}}),
    (go.Contour, {"line": {}, "contours": {"labelfont": {}}, "colorbar": {"title": _TEXT}}),
    (go.Heatmap, {"textfont": {}, "colorbar": {"title": _TEXT}}),
    (go.Surface, {"contours": {"z": {}}, "lighting": {}, "colorbar": {"title": _TEXT}}),
    (go.Mesh3d, {"lighting": {}, "lightposition": {}, "contour": {}}),
)
_LAYOUT: dict[str, Any] = {
    "font": {},
    "margin": {},
    "title": _TEXT,
    "legend": _TEXT,
    "hoverlabel": _TEXT,
    "modebar": {},
    "annotations": [_TEXT],
    "shapes": [{"line": {}, "label": _TEXT}],
    "xaxis": _AXIS,
    "yaxis": _AXIS,
    "scene": {
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "zaxis": _AXIS,
        "domain": {},
        "aspectratio": {},
        "camera": {"eye": {}, "up": {}, "center": {}},
        "annotations": [_TEXT],
    },
}


def load_parts() -> None:
    """Build a figure of all trace types and layout parts in use, and serialize it to JSON and HTML.

    This imports all of Plotly that is needed in the calling thread, instead of in several threads that draw
    their first figures at the same time.
    """
    traces = [kind(**parts) for kind, parts in _TRACES]
    frame = go.Frame(name="0", data=traces[:1], traces=[0], layout={"annotations": [_TEXT]})
    figure = go.Figure(traces, _LAYOUT, frames=[frame])
    at_frame(from_json(json.loads(figure.to_json())), 0)
    standalone(figure)
