"""Two networks that classify clusters in the plane: decision boundaries, errors and accuracies."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.decoding import NO_CLASS
from lossviz.codes.plane_networks import CodePlane
from lossviz.figures.base.style import AXIS, INK, MUTE, PANEL, UNDER_SLIDER, blank, loss_style, with_opacity
from lossviz.figures.codes.code_plane_words import ROW_POSITIONS, fixed_annotations, frame_annotations

DOT_SPACING = 0.028  # between dots that are stacked, in units of the panel
PANELS = ((0.0, 0.295), (0.325, 0.62))


def code_plane(plane: CodePlane, at: int = 150, unused: bool = False, narrow: bool = False) -> go.Figure:
    """Draw two networks of a `CodePlane`: decision boundaries, wrong points, and the accuracy of each seed.

    Args:
        plane: From `lossviz.codes.code_plane`, with two networks.
        at: The step that is shown, or the nearest record; there is a frame for each, named by its step.
        unused: Whether points whose word is no codeword are marked; their share then is the main number.
        narrow: Whether the figure is for the width of a phone.

    Returns:
        Two panels of the plane, and a row of dots for each network.

    Example:
        >>> import lossviz as lv
        >>> heads = [lv.codes.HeadConfig("binary", "sigmoid-ce")] * 2
        >>> plane = lv.codes.code_plane(heads, seeds=2, steps=20, grid=5)
        >>> len(lv.figures.code_plane(plane).frames)
        3
    """
    height = 680 if narrow else 440
    margin = {"l": 14 if narrow else 62, "r": 14, "t": 44, "b": UNDER_SLIDER}
    slider = [0, 1 if narrow else 0.62]
    current = int(np.abs(plane.steps - at).argmin())
    figure = blank(
        height,
        margin=margin,
        meta={"frame": str(plane.steps[current]), "spoken": "{4}: {0} {1}.", "slider": slider},
    )
    animated: list[int] = []
    fixed: list[dict[str, Any]] = []
    for c in range(2):
        animated += _panel(figure, plane, c, unused, narrow)
        fixed += fixed_annotations(plane, c, unused, narrow)
    animated += _dots(figure, plane, narrow)
    for trace, part in zip(animated, _frame_traces(plane, current, unused), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(annotations=[*frame_annotations(plane, current, unused, narrow), *fixed])
    figure.frames = [
        {
            "name": str(int(step)),
            "data": _frame_traces(plane, record, unused),
            "traces": animated,
            "layout": {
                "annotations": [
                    {"text": text["text"]} for text in frame_annotations(plane, record, unused, narrow)
                ]
            },
        }
        for record, step in enumerate(plane.steps)
    ]
    return figure


def _panel(figure: go.Figure, plane: CodePlane, c: int, unused: bool, narrow: bool) -> list[int]:
    tag = "" if c == 0 else "2"
    x_domain = ((0.0, 0.485), (0.515, 1.0))[c] if narrow else PANELS[c]
    y_domain = (0.71, 1.0) if narrow else (0.09, 1.0)
    hidden = {"visible": False, "constrain": "domain", "showgrid": False}
    figure.update_layout(
        {
            f"xaxis{tag}": hidden
            | {"domain": x_domain, "range": [plane.a[0], plane.a[-1]], "anchor": f"y{tag}"},
            f"yaxis{tag}": hidden
            | {
                "domain": y_domain,
                "range": [plane.b[0], plane.b[-1]],
                "anchor": f"x{tag}",
                "scaleanchor": f"x{tag}",
                "constraintoward": "top",
            },
        }
    )
    axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
    axes_of_shape = {"xref": f"x{tag}", "yref": f"y{tag}", "layer": "below", "line": {"width": 0}}
    extent = {"x0": plane.a[0], "x1": plane.a[-1], "y0": plane.b[0], "y1": plane.b[-1]}
    figure.add_shape(type="rect", fillcolor=PANEL, **axes_of_shape, **extent)
    ring = {"symbol": "circle-open", "size": 4 if narrow else 6, "color": MUTE, "line": {"width": 1}}
    figure.add_trace(
        go.Scatter(
            x=np.round(plane.x[:, 0], 3),
            y=np.round(plane.x[:, 1], 3),
            mode="markers",
            marker=ring,
            hoverinfo="skip",
            **axes,
        )
    )
    style = loss_style(plane.heads[c].head)
    first = len(figure.data)
    if unused:
        dot = {"size": 2.6 if narrow else 3.4, "color": with_opacity(INK, 0.6)}
        figure.add_trace(go.Scatter(mode="markers", marker=dot, hoverinfo="skip", **axes))
    for _ in range(plane.margins[c].shape[1]):
        figure.add_trace(
            go.Contour(
                x=plane.a,
                y=plane.b,
                showscale=False,
                hoverinfo="skip",
                contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
                line={"color": style.line, "width": 3.2 if narrow else style.width, "dash": style.dash},
                **axes,
            )
        )
    cross = {"symbol": "x-thin", "size": 6 if narrow else 9, "line": {"color": INK, "width": 2}}
    figure.add_trace(go.Scatter(mode="markers", marker=cross, hoverinfo="skip", **axes))
    return list(range(first, len(figure.data)))


def _frame_traces(plane: CodePlane, record: int, unused: bool) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for c in range(2):
        if unused:
            rows, columns = np.nonzero(plane.decision_map[c, record] == NO_CLASS)
            checkerboard = (rows + columns) % 2 == 0
            parts.append(
                {"x": _rounded(plane.a[columns[checkerboard]]), "y": _rounded(plane.b[rows[checkerboard]])}
            )
        parts += [{"type": "contour", "z": field} for field in plane.margins[c][record]]
        wrong = plane.x[~plane.correct[c, record]]
        parts.append({"x": _rounded(wrong[:, 0]), "y": _rounded(wrong[:, 1])})
    for c in range(2):
        shares = np.sort(plane.accuracy[c, :, record])
        parts.append(
            {
                "x": _rounded(shares),
                "y": _rounded(ROW_POSITIONS[c] + DOT_SPACING * (0.6 + _stack_levels(shares))),
            }
        )
    return parts


def _rounded(values: Any) -> list[float]:
    rounded: list[float] = np.round(values, 3).tolist()
    return rounded


def _stack_levels(shares: Any) -> Any:
    """How many dots lie below each one, of those in the same bin of a fortieth."""
    bins = np.floor(np.asarray(shares) * 40 + 1e-9)
    return np.array([int((bins[:i] == bins[i]).sum()) for i in range(len(bins))])


def _dots(figure: go.Figure, plane: CodePlane, narrow: bool) -> list[int]:
    """A row of dots for each network, a dot for each seed."""
    domain = [0.03, 0.63] if narrow else [0.09, 1.0]
    figure.update_layout(
        xaxis3={
            "domain": [0.02, 0.98] if narrow else [0.7, 0.99],
            "range": [0, 1.01],
            "anchor": "y3",
            "tickvals": [0, 0.5, 1],
            "ticktext": ["0 %", "50 %", "100 %"],
        },
        yaxis3={"domain": domain, "range": [0, 1], "anchor": "x3", "visible": False},
    )
    first = len(figure.data)
    for head in plane.heads:
        marker = {"size": 9, "color": loss_style(head.head).line, "opacity": 1}
        figure.add_trace(
            go.Scatter(
                mode="markers", marker=marker, hoverinfo="skip", cliponaxis=False, xaxis="x3", yaxis="y3"
            )
        )
    line = {"color": AXIS, "width": 1}
    figure.add_shape(
        type="line", xref="x3", yref="y3", x0=0, x1=1, y0=ROW_POSITIONS[0], y1=ROW_POSITIONS[0], line=line
    )
    return [first, first + 1]
