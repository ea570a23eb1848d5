"""Figures with frames: the content of a frame, and a figure as it is at one frame.

The name of a frame is the value of the control that it belongs to: a number of a slider, or the name of an
option. A frame holds only what changes: parts of traces, the first annotations and shapes (merged by
position), parts of axes, and the number of points of traces that are drawn up to a point. A page merges it
in the browser while a slider is dragged; `at_frame` does the same in Python. The figure's own ``meta`` says
which of its frames it shows as it was built.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

COORDINATES = ("x", "y", "z")


@dataclass
class _UncheckedFrame:
    """A frame that was not validated; Plotly reads its content from ``_props``."""

    _props: dict[str, Any]


class AnimatedFigure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure whose frames Plotly validates when they are read, and not when they are set.

    Validation takes four fifths of the time of building a figure of 100 frames, and a page only serializes
    them.
    """

    _frame_objs: tuple[Any, ...]

    @property
    def frames(self) -> tuple[go.Frame, ...]:
        unchecked = [frame._props for frame in self._frame_objs if isinstance(frame, _UncheckedFrame)]
        if unchecked:
            self._frame_objs = self._frames_validator.validate_coerce(unchecked)
        return tuple(self._frame_objs)

    @frames.setter
    def frames(self, frames: Sequence[dict[str, Any] | go.Frame]) -> None:
        given = (frame.to_plotly_json() if isinstance(frame, go.Frame) else frame for frame in frames)
        self._frame_objs = tuple(map(_UncheckedFrame, given))


def frame(
    name: str,
    traces: Sequence[int],
    data: Sequence[dict[str, Any]],
    texts: Sequence[dict[str, Any]],
    keys: Sequence[str] = ("text",),
    **layout: Any,
) -> dict[str, Any]:
    """One frame of a figure.

    Args:
        name: What the slider's value is there.
        traces: The indices of the traces that change.
        data: What changes in each of them.
        texts: The figure's first annotations, as they are in this frame.
        keys: What of the annotations changes.
        **layout: What else changes in the layout.
    """
    annotations = [{key: text[key] for key in keys if key in text} for text in texts]
    return {"name": name, "data": data, "traces": traces, "layout": {"annotations": annotations, **layout}}


def draw_up_to(traces: Iterable[int], step: int) -> dict[str, Any]:
    """Layout metadata that draws these traces only up to point ``step``."""
    return {"upto": [[trace, step + 1] for trace in traces]}


def from_json(spec: dict[str, Any], skip_invalid: bool = False) -> AnimatedFigure:
    """Build a figure from its parsed JSON.

    Args:
        spec: The parsed JSON, with "data", "layout" and maybe "frames".
        skip_invalid: Whether to skip properties that Plotly does not know instead of raising.

    Returns:
        The figure.

    Example:
        >>> import lossviz as lv
        >>> len(lv.figures.from_json({"data": [], "layout": {}}).data)
        0
    """
    figure = AnimatedFigure(spec["data"], spec["layout"], skip_invalid=skip_invalid)
    figure.frames = spec.get("frames", ())
    return figure


def nearest_frame(frames: Sequence[dict[str, Any]], value: float | str) -> dict[str, Any]:
    """The frame of that name, or whose name is the number nearest to value; ValueError if there is none."""
    if not frames:
        raise ValueError("the figure has no frames")
    if isinstance(value, str):
        named = {frame["name"]: frame for frame in frames}
        if value not in named:
            raise ValueError(f"no frame is called {value!r}; there are {', '.join(named)}")
        return named[value]
    return min(frames, key=lambda frame: abs(float(frame["name"]) - value))


def at_frame(figure: go.Figure, value: float | str | None = None) -> go.Figure:
    """A figure without frames, as it is at one of them.

    Args:
        figure: A figure with frames.
        value: The value of its control; the frame nearest to it is taken. None takes the figure as it was
            built.

    Returns:
        A new figure.

    Raises:
        ValueError: If there is no frame of that name.

    Example:
        >>> import lossviz as lv
        >>> curves = lv.losses.loss_curves(["mse", "mae"], x=[-1.0, 0.0, 1.0])
        >>> len(lv.figures.at_frame(lv.figures.loss_curves(curves), 0.0).frames)
        0
    """
    return go.Figure(still(figure.to_plotly_json(), value))


def still(spec: dict[str, Any], value: float | str | None = None) -> dict[str, Any]:
    """`at_frame` for the parsed JSON of a figure, which is not changed."""
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
    meta.pop("frame", None)
    growing = meta.pop("upto", ())
    made["layout"]["meta"] = meta
    for index, length in growing:
        trace = made["data"][index]
        for axis in COORDINATES:
            if axis in trace:
                trace[axis] = trace[axis][:length]
    return made


def _merge(base: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value
