"""Two networks that name clouds in the plane: their borders, their mistakes, and how all their starts did."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.numerals import number, percent
from lossviz.figures.style import (
    AXIS,
    INK,
    MUTE,
    PANEL,
    SERIF,
    UNDER_SLIDER,
    blank,
    faded,
    mark,
    note,
    under_axis,
)
from lossviz.named_plane import CodePlane, Contestant

GOOD = 0.9  # a start that names this share of new points has learned it
DOT = 0.028  # of a row of dots to the next, in units of the panel
PLATES = ((0.0, 0.295), (0.325, 0.62))
ROWS = (0.37, 0.0)  # where the dots of each network stand


def discs(word: Any) -> str:
    """A word as a row of neurons: full for 1, hollow for 0."""
    return "".join("●" if bit else "○" for bit in word)


def short(one: Contestant, outputs: int) -> str:
    """What a network is called: how many outputs of which kind, and how they are read."""
    kind = "softmax" if one.head.startswith("softmax") else "sigmoids"
    names = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
    return f"{names.get(outputs, str(outputs))} {kind}"


READ = {
    "threshold": "each thresholded",
    "hamming": "nearest word",
    "euclidean": "nearest outputs",
    "likelihood": "likeliest word",
}


def code_plane(plane: CodePlane, at: int = 150, spare: bool = False, narrow: bool = False) -> go.Figure:
    """Two contestants at the record nearest to step ``at``, with a frame for every record, named by its step.

    ``spare`` marks where a word names no class, and makes its share the number of the picture.
    """
    height = 680 if narrow else 440
    margin = {"l": 14 if narrow else 62, "r": 14, "t": 44, "b": UNDER_SLIDER}
    figure = blank(height, margin=margin, meta={"follows": "codes_step"})
    moving: list[int] = []
    fixed_texts: list[dict[str, Any]] = []
    for c in range(2):
        moving += _plate(figure, plane, c, spare, narrow)
        fixed_texts += _heads(plane, c, spare, narrow)
    moving += _dots(figure, plane, narrow)
    here = int(np.abs(plane.steps - at).argmin())
    for trace, part in zip(moving, _data(plane, here, spare), strict=True):
        figure.data[trace].update(part)
    figure.update_layout(annotations=[*_live(plane, here, spare, narrow), *fixed_texts])
    figure.frames = [
        {
            "name": str(int(step)),
            "data": _data(plane, record, spare),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(plane, record, spare, narrow)]
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


def _heads(plane: CodePlane, c: int, spare: bool, narrow: bool) -> list[dict[str, Any]]:
    tag = "" if c == 0 else "2"
    one, code = plane.contestants[c], plane.codes[c]
    own = mark(one.head)
    size = 16 if narrow else 19
    above = {"yref": f"y{tag} domain", "xref": f"x{tag} domain", "yanchor": "bottom", "yshift": 7}
    named = READ[one.how].capitalize() if spare else short(one, code.length)
    texts = [
        note(f"<b>{named}</b>", 0, 1, xanchor="left", font={"size": size, "color": own.text}, **above),
    ]
    if not spare and not narrow:
        texts.append(note(f"{plane.weights[c]} weights", 1, 1, xanchor="right", **above))
    for cloud, label in enumerate(plane.labels):
        x, y = plane.centres[cloud] * (1.62 if len(plane.labels) <= 4 else 1.45)
        edge = 0.86 * plane.a[-1]
        texts.append(
            note(
                discs(code.bits[label]),
                float(np.clip(x, -edge, edge)),
                float(np.clip(y, -edge, edge)),
                xref="x" + tag,
                yref="y" + tag,
                xanchor="center",
                yanchor="middle",
                font={"size": 13 if narrow else 19, "color": INK},
                bgcolor=PANEL,
                borderpad=1,
            )
        )
    row = {"xref": "x3", "yref": "y3", "xanchor": "left", "yanchor": "bottom"}
    name = READ[one.how].capitalize() if spare else short(one, code.length)
    words = f"<b>{name}</b>" if not narrow or spare else f"<b>{name}</b>, {plane.weights[c]} weights"
    texts.append(note(words, 0, ROWS[c] + 0.28, font={"size": 17, "color": own.text}, **row))
    return texts


def _span(shares: Any) -> str:
    low, high = percent(float(np.min(shares))), percent(float(np.max(shares)))
    return f"{high}, all {len(shares)}" if low == high else f"{low} to {high}"


def _live(plane: CodePlane, record: int, spare: bool, narrow: bool) -> list[dict[str, Any]]:
    texts: list[dict[str, Any]] = []
    size = 34 if narrow else 42
    place = {"xref": "x3 domain", "yref": "y3 domain", "xanchor": "left"}
    accuracy = plane.accuracy[:, :, record]
    seeds = accuracy.shape[1]
    if spare:
        share = float(plane.nameless[0, :, record].mean())
        value = f"{number(100 * share)} %" if share else "0 %"
        words = "of new points get a word<br>that names no class"
    else:
        good = [int((row >= GOOD).sum()) for row in accuracy]
        value = f"{good[0]} of {seeds}"
        other = short(plane.contestants[1], plane.codes[1].length).lower()
        words = f"starts get 9 points in 10 right.<br>Of {other}: {good[1]}"
    texts.append(
        note(
            f"<b>{value}</b>",
            0,
            1.0,
            yanchor="top",
            yshift=26,
            font={"size": size, "family": SERIF, "color": INK},
            **place,
        )
    )
    texts.append(note(words, 0, 1.0, yanchor="top", yshift=14 - size, **place))
    for c, own in enumerate(mark(one.head) for one in plane.contestants):
        texts.append(
            note(
                f"<b>{_span(accuracy[c])}</b>",
                1,
                ROWS[c] + 0.28,
                xref="x3 domain",
                yref="y3",
                xanchor="right",
                yanchor="bottom",
                font={"size": 17, "color": own.text},
            )
        )
    texts.append(
        under_axis(
            f"after {int(plane.steps[record])} steps of gradient descent",
            0.5 if narrow else 0.31,
            0,
            yshift=-26 if narrow else 6,
            xanchor="center",
        )
    )
    texts.append(
        note(
            f"right on new points, {seeds} starts",
            0.5,
            0,
            xref="x3 domain",
            yref="y3 domain",
            yshift=-24,
            yanchor="top",
            xanchor="center",
            font={"size": 15 if narrow else 16, "color": INK},
        )
    )
    return texts
