"""Pictures that move: what a frame of a figure says, and the figure as it is at one frame.

A frame names the value of the control that it belongs to, a slider's number or the name of a choice, and
holds only what changes: parts of traces, the first annotations and shapes (merged by position), parts of
axes, and how far traces that grow have grown. A page merges it in the browser while a slider is dragged or
when another name is chosen; `at_frame` does the same here, and `standalone` makes a file that plays without
a server.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

GROWING = ("x", "y", "z")


@dataclass
class _Unread:
    """A frame as it was given, under the name by which Plotly asks for what is in a frame."""

    _props: dict[str, Any]


class AnimatedFigure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure whose frames Plotly checks when somebody looks at them, and not when they are given.

    It checks every property of each, which takes four fifths of the time of building a figure of 100 frames;
    a page only writes them down.
    """

    _frame_objs: tuple[Any, ...]

    @property
    def frames(self) -> tuple[go.Frame, ...]:
        unread = [frame._props for frame in self._frame_objs if isinstance(frame, _Unread)]
        if unread:
            self._frame_objs = self._frames_validator.validate_coerce(unread)
        return tuple(self._frame_objs)

    @frames.setter
    def frames(self, frames: Sequence[dict[str, Any] | go.Frame]) -> None:
        given = (frame.to_plotly_json() if isinstance(frame, go.Frame) else frame for frame in frames)
        self._frame_objs = tuple(map(_Unread, given))


def draw_up_to(traces: Iterable[int], step: int) -> dict[str, Any]:
    """The meta of a layout in which these traces are drawn only as far as point `step`."""
    return {"upto": [[trace, step + 1] for trace in traces]}


def from_json(spec: dict[str, Any], skip_invalid: bool = False) -> AnimatedFigure:
    """A figure from its parsed JSON."""
    figure = AnimatedFigure(spec["data"], spec["layout"], skip_invalid=skip_invalid)
    figure.frames = spec.get("frames", ())
    return figure


def nearest_frame(frames: Sequence[dict[str, Any]], value: float | str) -> dict[str, Any]:
    """The frame of that name, or whose name is the number nearest to value. ValueError if there is none."""
    if not frames:
        raise ValueError("the figure has no frames")
    if isinstance(value, str):
        named = {frame["name"]: frame for frame in frames}
        if value not in named:
            raise ValueError(f"no frame is called {value!r}; there are {', '.join(named)}")
        return named[value]
    return min(frames, key=lambda frame: abs(float(frame["name"]) - value))


def at_frame(figure: go.Figure, value: float | str | None = None) -> go.Figure:
    """A still figure, as it is at the frame nearest to value (None: as it was built)."""
    return go.Figure(still(figure.to_plotly_json(), value))


def still(spec: dict[str, Any], value: float | str | None = None) -> dict[str, Any]:
    """`at_frame` for a figure's parsed JSON, which stays as it is."""
    made = {"data": copy.deepcopy(spec["data"]), "layout": copy.deepcopy(spec["layout"])}
    if value is not None and spec.get("frames"):
        frame = nearest_frame(spec["frames"], value)
        for index, part in zip(frame.get("traces", ()), frame.get("data", ()), strict=True):
            _merge(made["data"][index], {k: v for k, v in part.items() if k != "type"})
        for kind, change in frame.get("layout", {}).items():
            if isinstance(change, dict):
                _merge(made["layout"].setdefault(kind, {}), change)
                continue
            for base, part in zip(made["layout"].get(kind, ()), change, strict=False):
                _merge(base, part)
    meta = dict(made["layout"].get("meta", {}))
    growing = meta.pop("upto", ())
    made["layout"]["meta"] = meta
    for index, length in growing:
        trace = made["data"][index]
        for axis in GROWING:
            if axis in trace:
                trace[axis] = trace[axis][:length]
    return made


def _merge(base: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def standalone(figure: go.Figure, label: str = "") -> str:
    """One HTML file that opens offline; a figure with frames gets a slider that plays them."""
    spec = figure.to_plotly_json()
    given = spec.get("frames", ())
    whole = AnimatedFigure(still(spec))
    if not given:
        return str(whole.to_html(include_plotlyjs=True, full_html=True))
    changing = {index for frame in given for index in frame.get("traces", ())}
    growing = {index for index, _ in spec["layout"].get("meta", {}).get("upto", ())}
    moving = sorted(changing | growing)
    frames, steps = [], []
    for name in (frame["name"] for frame in given):
        here = still(spec, float(name))
        layout = {kind: here["layout"].get(kind, []) for kind in ("annotations", "shapes")}
        data = [here["data"][index] for index in moving]
        frames.append({"name": name, "data": data, "traces": moving, "layout": layout})
        jump = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
        steps.append({"label": name, "method": "animate", "args": [[name], jump]})
    whole.frames = frames
    whole.update_layout(
        sliders=[{"steps": steps, "currentvalue": {"prefix": f"{label} "}, "pad": {"t": 70}}],
        margin_b=(whole.layout.margin.b or 60) + 90,
        height=(whole.layout.height or 450) + 90,
    )
    return str(whole.to_html(include_plotlyjs=True, full_html=True, auto_play=False))
