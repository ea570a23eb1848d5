"""Pictures that move: what a frame of a figure says, and the figure as it is at one frame.

A frame names the value of the control that it belongs to and holds only what changes: parts of traces,
the first annotations and shapes (merged by position), and how far traces that grow have grown. A page
merges it in the browser while a slider is dragged; `at_frame` does the same here, and `standalone` makes
a file that plays without a server.
"""

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go

GROWING = ("x", "y", "z")


def upto(traces: Iterable[int], step: int) -> dict[str, Any]:
    """The meta of a layout in which these traces are drawn only as far as point `step`."""
    return {"upto": [[trace, step + 1] for trace in traces]}


def from_json(spec: dict[str, Any]) -> go.Figure:
    """A figure from its parsed JSON."""
    return go.Figure(spec)


def nearest(figure: go.Figure, value: float) -> str:
    """The name of the frame whose number is nearest to value. ValueError for a figure without frames."""
    if not figure.frames:
        raise ValueError("the figure has no frames")
    return str(min((frame.name for frame in figure.frames), key=lambda name: abs(float(name) - value)))


def at_frame(figure: go.Figure, value: float | None = None) -> go.Figure:
    """A still figure, as it is at the frame nearest to value (None: as it was built)."""
    plain = figure.to_plotly_json()
    still = {"data": copy.deepcopy(plain["data"]), "layout": copy.deepcopy(plain["layout"])}
    if value is not None and figure.frames:
        name = nearest(figure, value)
        frame = next(f for f in plain["frames"] if f["name"] == name)
        for index, part in zip(frame.get("traces", ()), frame.get("data", ()), strict=True):
            _merge(still["data"][index], {k: v for k, v in part.items() if k != "type"})
        layout = frame.get("layout", {})
        for kind in ("annotations", "shapes"):
            for base, part in zip(still["layout"].get(kind, ()), layout.get(kind, ()), strict=False):
                _merge(base, part)
        if "meta" in layout:
            still["layout"]["meta"] = still["layout"].get("meta", {}) | layout["meta"]
    meta = dict(still["layout"].get("meta", {}))
    growing = meta.pop("upto", ())
    still["layout"]["meta"] = meta
    for index, length in growing:
        trace = still["data"][index]
        for axis in GROWING:
            if axis in trace:
                trace[axis] = np.asarray(trace[axis])[:length]
    return go.Figure(still)


def _merge(base: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def standalone(figure: go.Figure, label: str = "") -> str:
    """One HTML file that opens offline; a figure with frames gets a slider that plays them."""
    if not figure.frames:
        return str(at_frame(figure).to_html(include_plotlyjs=True, full_html=True))
    whole = at_frame(figure)
    changing = sorted({index for frame in figure.frames for index in frame.traces or ()})
    growing = sorted({index for index, _ in (figure.layout.meta or {}).get("upto", ())})
    moving = sorted({*changing, *growing})
    frames, steps = [], []
    for frame in figure.frames:
        still = at_frame(figure, float(frame.name))
        layout = {"annotations": still.layout.annotations, "shapes": still.layout.shapes}
        frames.append(
            go.Frame(name=frame.name, data=[still.data[i] for i in moving], traces=moving, layout=layout)
        )
        jump = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
        steps.append({"label": frame.name, "method": "animate", "args": [[frame.name], jump]})
    whole.frames = frames
    whole.update_layout(
        sliders=[{"steps": steps, "currentvalue": {"prefix": f"{label} "}, "pad": {"t": 70}}],
        margin_b=(whole.layout.margin.b or 60) + 90,
        height=(whole.layout.height or 450) + 90,
    )
    return str(whole.to_html(include_plotlyjs=True, full_html=True, auto_play=False))
