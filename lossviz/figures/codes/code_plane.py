"""Two networks that name clouds in the plane: their borders, their mistakes, and how all their starts did."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.codes.plane_networks import CodePlane
from lossviz.figures.base.style import AXIS, INK, MUTE, PANEL, UNDER_SLIDER, blank, faded, mark
from lossviz.figures.codes.code_plane_words import ROWS, heads, live_words

DOT = 0.028  # of a row of dots to the next, in units of the panel
PLATES = ((0.0, 0.295), (0.325, 0.62))


def code_plane(plane: CodePlane, at: int = 150, spare: bool = False, narrow: bool = False) -> go.Figure:
    """Two contestants at the record nearest to step ``at``, with a frame for every record, named by its step.

    ``spare`` marks where a word names no class, and makes its share the number of the picture.
    """
    height = 680 if narrow else 440
    margin = {"l": 14 if narrow else 62, "r": 14, "t": 44, "b": UNDER_SLIDER}
    slider = [0, 1 if narrow else 0.62]
    figure = blank(height, margin=margin, meta={"follows": "codes_step", "slider": slider})
    moving: list[int] = []
    fixed_texts: list[dict[str, Any]] = []
    for c in range(2):
        moving += _plate(figure, plane, c, spare, narrow)
        fixed_texts += heads(plane, c, spare, narrow)
    moving += _dots(figure, plane, narrow)
    here = int(np.abs(plane.steps - at).argmin())
    for trace, part in zip(moving, _data(plane, here, spare), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(annotations=[*live_words(plane, here, spare, narrow), *fixed_texts])
    figure.frames = [
        {
            "name": str(int(step)),
            "data": _data(plane, record, spare),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in live_words(plane, record, spare, narrow)]
            },
        }
        for record, step in enumerate(plane.steps)
    ]
    return figure


def _plate(figure: go.Figure, plane: CodePlane, c: int, spare: bool, narrow: bool) -> list[int]:
    tag = "" if c == 0 else "2"
    across = ((0.0, 0.485), (0.515, 1.0))[c] if narrow else PLATES[c]
    up = (0.71, 1.0) if narrow else (0.09, 1.0)
    hidden = {"visible": False, "constrain": "domain", "showgrid": False}
    figure.update_layout(
        {
            f"xaxis{tag}": hidden
            | {"domain": across, "range": [plane.a[0], plane.a[-1]], "anchor": f"y{tag}"},
            f"yaxis{tag}": hidden
            | {
                "domain": up,
                "range": [plane.b[0], plane.b[-1]],
                "anchor": f"x{tag}",
                "scaleanchor": f"x{tag}",
                "constraintoward": "top",
            },
        }
    )
    axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
    corner = {"xref": f"x{tag}", "yref": f"y{tag}", "layer": "below", "line": {"width": 0}}
    reach = {"x0": plane.a[0], "x1": plane.a[-1], "y0": plane.b[0], "y1": plane.b[-1]}
    figure.add_shape(type="rect", fillcolor=PANEL, **corner, **reach)
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
    own = mark(plane.contestants[c].head)
    first = len(figure.data)
    if spare:
        dot = {"size": 2.6 if narrow else 3.4, "color": faded(INK, 0.6)}
        figure.add_trace(go.Scatter(mode="markers", marker=dot, hoverinfo="skip", **axes))
    for _ in range(plane.fields[c].shape[1]):
        figure.add_trace(
            go.Contour(
                x=plane.a,
                y=plane.b,
                showscale=False,
                hoverinfo="skip",
                contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
                line={"color": own.line, "width": 3.2 if narrow else own.width, "dash": own.dash},
                **axes,
            )
        )
    cross = {"symbol": "x-thin", "size": 6 if narrow else 9, "line": {"color": INK, "width": 2}}
    figure.add_trace(go.Scatter(mode="markers", marker=cross, hoverinfo="skip", **axes))
    return list(range(first, len(figure.data)))


def _data(plane: CodePlane, record: int, spare: bool) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for c in range(2):
        if spare:
            rows, columns = np.nonzero(plane.said[c, record] == -1)
            thin = (rows + columns) % 2 == 0
            parts.append({"x": _short(plane.a[columns[thin]]), "y": _short(plane.b[rows[thin]])})
        parts += [{"type": "contour", "z": field} for field in plane.fields[c][record]]
        wrong = plane.x[~plane.right[c, record]]
        parts.append({"x": _short(wrong[:, 0]), "y": _short(wrong[:, 1])})
    for c in range(2):
        shares = np.sort(plane.accuracy[c, :, record])
        parts.append({"x": _short(shares), "y": _short(ROWS[c] + DOT * (0.6 + _stacked(shares)))})
    return parts


def _short(values: Any) -> list[float]:
    rounded: list[float] = np.round(values, 3).tolist()
    return rounded


def _stacked(shares: Any) -> Any:
    """How many dots lie below each, of those that fall into the same fortieth."""
    bins = np.floor(np.asarray(shares) * 40 + 1e-9)
    return np.array([int((bins[:i] == bins[i]).sum()) for i in range(len(bins))])


def _dots(figure: go.Figure, plane: CodePlane, narrow: bool) -> list[int]:
    """A row of dots for each network: a dot is a start."""
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
    for one in plane.contestants:
        marker = {"size": 9, "color": mark(one.head).line, "opacity": 1}
        figure.add_trace(
            go.Scatter(
                mode="markers", marker=marker, hoverinfo="skip", cliponaxis=False, xaxis="x3", yaxis="y3"
            )
        )
    line = {"color": AXIS, "width": 1}
    figure.add_shape(type="line", xref="x3", yref="y3", x0=0, x1=1, y0=ROWS[0], y1=ROWS[0], line=line)
    return [first, first + 1]
