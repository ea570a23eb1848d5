"""A landscape and its honesty: the map, and beside it what the network had and what the map shows."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.grounds import (
    TALLEST,
    level_labels,
    relief_scene,
    seen_from_above,
    seen_in_relief,
)
from lossviz.figures.numerals import number
from lossviz.figures.style import (
    AXIS,
    GRID,
    INK,
    MAP,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    WHITE,
    blank,
    faded,
    fixed,
    mark,
    note,
    put_first,
    short_name,
)
from lossviz.honesty import Landscape

BLOB = 0.12  # of the map's width: a path that is smaller is one spot, and is told what it is
BESIDE = 9  # px between an axis and its numbers, where a marker can stand on the axis
AXES = {
    "Random": ("direction 1", "direction 2"),
    "Its path": ("along the first component", "second component"),
    "Curvature": ("along the sharpest direction", "second sharpest"),
    "Three minima": ("towards the second minimum", "towards the third"),
    "A random walk": ("along the first component", "second component"),
}


def one_plane(look: Landscape, at: int = 0, relief: bool = False, narrow: bool = False) -> go.Figure:
    """The map with the path on it, the share of the path that it holds, and the two losses over the steps.

    ``at`` is the training step that is looked at; the frames are the pictures at every record.
    """
    here = int(np.abs(look.steps - at).argmin())
    figure = blank(
        700 if narrow else 490,
        margin={"l": 58, "r": 12, "t": 34, "b": UNDER_SLIDER},
        meta={"follows": "landscape_step"},
    )
    across, up = ([0.0, 1.0], [0.385, 0.85]) if narrow else ([0.0, 0.395], [0.0, 1.0])
    texts = _map(figure, look, relief, across, up, narrow)
    moving = [len(figure.data) - 1]
    moving += _losses(figure, look, narrow)
    texts += _heads(look, narrow)
    figure.update_layout(annotations=[*_live(look, here, narrow), *texts], shapes=_bar(look, narrow))
    put_first(figure, _cursor(look, here, narrow))
    for trace, part in zip(moving, _places(look, here, relief, narrow), strict=True):
        figure.data[trace].update(part)
    figure.frames = [
        {
            "name": str(step),
            "data": _places(look, k, relief, narrow),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in _live(look, k, narrow)],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(look.steps.tolist())
    ]
    return figure


def _colour(look: Landscape) -> str:
    """Of the path on the map; a walk is no training, so it is ink."""
    return fixed(INK if look.kind == "A random walk" else mark(look.loss_name).line)


def _map(
    figure: go.Figure, look: Landscape, relief: bool, across: list[float], up: list[float], narrow: bool
) -> list[dict[str, Any]]:
    """The ground with the path; the last trace is where the training is now."""
    names, surface = AXES[look.kind], look.surface
    unit = ", in filter norms" if "filter-normalized" in surface.facts.method else ""
    head = note(
        f"<b>{short_name(look.loss_name)}</b>",
        across[0],
        up[1],
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=6,
        font={"size": 17 if narrow else 19, "color": mark(look.loss_name).text},
    )
    if relief:
        figure.update_layout(scene=relief_scene(_brief(names), across, up))
        seen_in_relief(figure, surface, look.guess)
        _path_in_relief(figure, look)
        return [head]
    figure.update_layout(
        xaxis={
            "domain": across,
            "range": [surface.a[0], surface.a[-1]],
            "anchor": "y",
            "constrain": "domain",
            "nticks": 6,
            "showline": False,
            "title": {"text": names[0] + unit, "standoff": 6},
        },
        yaxis={
            "domain": up,
            "range": [surface.b[0], surface.b[-1]],
            "anchor": "x",
            "scaleanchor": "x",
            "showgrid": False,
            "constrain": "domain",
            "constraintoward": "top",
            "nticks": 6,
            "ticks": "outside",
            "ticklen": 5,
            "tickcolor": AXIS,
        },
    )
    seen_from_above(figure, surface, look.guess, {"xaxis": "x", "yaxis": "y"})
    _path_from_above(figure, look)
    path = np.stack([look.path.a, look.path.b], axis=1)
    keep_clear = np.concatenate([path, look.minima])
    texts = [
        head,
        note(
            names[1],
            0,
            0.5,
            xref="x domain",
            yref="y domain",
            textangle=-90,
            xshift=-50,
            font={"size": 16, "color": INK},
        ),
        *level_labels(surface, look.guess, (path[-1, 0], path[-1, 1]), keep_clear, "x", "y"),
    ]
    span = float(np.ptp(surface.a))
    if np.ptp(path, axis=0).max() < BLOB * span:
        texts.append(_leader(look))
    for k, (a, b) in enumerate(look.minima):
        words = ("second", "third")[k]
        texts.append(
            note(
                words,
                a,
                b,
                xref="x",
                yref="y",
                yanchor="bottom",
                yshift=10,
                font={"size": 15, "color": fixed(INK)},
            )
        )
    return texts


def _brief(names: tuple[str, str]) -> tuple[str, str]:
    """Axes of a relief have little room."""
    first, second = (n.removeprefix("along the ").removeprefix("towards the ") for n in names)
    return first, second


def _leader(look: Landscape) -> dict[str, Any]:
    return note(
        f"all {look.steps[-1]} steps",
        float(look.path.a[-1]),
        float(look.path.b[-1]),
        xref="x",
        yref="y",
        showarrow=True,
        arrowhead=0,
        arrowwidth=1.2,
        arrowcolor=fixed(INK),
        standoff=13,
        ax=-58,
        ay=62,
        font={"size": 16, "color": fixed(INK)},
    )


def _path_from_above(figure: go.Figure, look: Landscape) -> None:
    a, b = look.path.a, look.path.b
    axes = {"xaxis": "x", "yaxis": "y"}
    white = {"color": WHITE, "width": 8, "simplify": False}
    own = {"color": _colour(look), "width": 4.5, "simplify": False}
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=white, **axes))
    figure.add_trace(go.Scatter(x=a, y=b, mode="lines", line=own, **axes))
    ends = [(a[:1], b[:1])]
    if len(look.minima):
        ends.append((look.minima[:, 0], look.minima[:, 1]))
    for x, y in ends:
        marker = {"size": 14, "color": WHITE, "line": {"color": _colour(look), "width": 4}, "opacity": 1}
        figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=marker, **axes))
    here = {"size": 18, "color": _colour(look), "line": {"color": WHITE, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(mode="markers", marker=here, cliponaxis=False, **axes))


def _path_in_relief(figure: go.Figure, look: Landscape) -> None:
    """At the height of the ground: what the map says."""
    z = np.clip(look.says / look.guess, 0, TALLEST) + 0.06
    line = {"mode": "lines", "scene": "scene", "hoverinfo": "skip", "x": look.path.a, "y": look.path.b}
    figure.add_trace(go.Scatter3d(z=z, line={"color": WHITE, "width": 11}, **line))
    figure.add_trace(go.Scatter3d(z=z + 0.03, line={"color": _colour(look), "width": 6}, **line))
    marker = {"size": 7, "color": _colour(look), "line": {"color": WHITE, "width": 1}, "opacity": 1}
    figure.add_trace(go.Scatter3d(mode="markers", scene="scene", hoverinfo="skip", marker=marker))


def _losses(figure: go.Figure, look: Landscape, narrow: bool) -> list[int]:
    """The two losses, and the distances below them where there is room; the traces that move."""
    across = [0.0, 1.0] if narrow else [0.5, 1.0]
    had, says = look.had / look.guess, look.says / look.guess
    top = max(1.1, 1.05 * min(4.0, float(np.nanmax(np.concatenate([had, says])))))
    steps = {"domain": across, "range": [0, int(look.steps[-1])], "dtick": _third(look)}
    figure.update_layout(
        xaxis2=steps | {"anchor": "y2", "showticklabels": narrow, "showline": narrow, "ticks": ""},
        yaxis2={
            "anchor": "x2",
            "domain": [0, 0.25] if narrow else [0.31, 0.735],
            "range": [-0.02 * top, top],
            "tickvals": [0, 0.5, 1] if top < 2 else [0, 1, 2, 3, 4],
            "ticklabelstandoff": BESIDE,
        },
    )
    axes = {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip"}
    unseen = {"width": 0, "color": "rgba(0,0,0,0)"}
    figure.add_trace(go.Scatter(x=look.steps, y=had, mode="lines", line=unseen, **axes))
    figure.add_trace(
        go.Scatter(
            x=look.steps,
            y=says,
            mode="lines",
            line=unseen,
            fill="tonexty",
            fillcolor=faded(MUTE, 0.12),
            **axes,
        )
    )
    own = mark(look.loss_name)
    walk = look.kind == "A random walk"
    colours = (INK if walk else own.line, MAP)
    dashes = ("solid" if walk else own.dash, "solid")
    for values, colour, dash in zip((had, says), colours, dashes, strict=True):
        line = {"color": colour, "width": 4.5, "dash": dash, "simplify": False}
        figure.add_trace(go.Scatter(x=look.steps, y=values, mode="lines", line=line, **axes))
    if not narrow:
        _distances(figure, look, across)
    first = len(figure.data)
    markers = {"size": 15, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    common = {"mode": "markers", "cliponaxis": False, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(marker=markers | {"color": list(colours)}, **common, xaxis="x2", yaxis="y2"))
    if narrow:
        return [first]
    figure.add_trace(
        go.Scatter(marker=markers | {"color": MUTE, "size": 13}, **common, xaxis="x3", yaxis="y3")
    )
    return [first, first + 1]


def _distances(figure: go.Figure, look: Landscape, across: list[float]) -> None:
    far = float(max(look.way.max(), look.path.off_plane.max())) or 1.0
    figure.update_layout(
        xaxis3={"domain": across, "range": [0, int(look.steps[-1])], "dtick": _third(look), "anchor": "y3"},
        yaxis3={
            "anchor": "x3",
            "domain": [0, 0.2],
            "range": [0, 1.15 * far],
            "tickvals": [0, float(f"{far:.1g}")],
            "ticklabelstandoff": BESIDE,
        },
    )
    axes = {"xaxis": "x3", "yaxis": "y3", "mode": "lines", "hoverinfo": "skip", "x": look.steps}
    figure.add_trace(go.Scatter(y=look.way, line={"color": faded(MUTE, 0.75), "width": 1.6}, **axes))
    figure.add_trace(
        go.Scatter(
            y=look.path.off_plane,
            line={"color": MUTE, "width": 3.2},
            fill="tozeroy",
            fillcolor=faded(MUTE, 0.16),
            **axes,
        )
    )


def _places(look: Landscape, k: int, relief: bool, narrow: bool) -> list[dict[str, Any]]:
    """Where the markers are at a record."""
    step = int(look.steps[k])
    had, says = float(look.had[k] / look.guess), float(look.says[k] / look.guess)
    now: dict[str, Any] = {"x": [float(look.path.a[k])], "y": [float(look.path.b[k])]}
    if relief:
        now |= {"z": [min(max(says, 0.0), TALLEST) + 0.12], "type": "scatter3d"}
    places = [now, {"x": [step, step], "y": [had, says]}]
    if not narrow:
        places.append({"x": [step], "y": [float(look.path.off_plane[k])]})
    return places


def _live(look: Landscape, k: int, narrow: bool) -> list[dict[str, Any]]:
    """What moves with the step and is read: the two losses, the distances, and the step itself."""
    size = 18 if narrow else 20
    walk = look.kind == "A random walk"
    inks = (INK if walk else mark(look.loss_name).text, MAP)
    subject = "the walk had" if walk else "the network had"
    pairs = ((subject, look.had[k]), ("the map says", look.says[k]))
    spot = {"xref": "paper", "yref": "y2 domain", "xanchor": "right", "yanchor": "top", "align": "right"}
    live = [
        note(
            f"{words} <b>{_short(float(value) / look.guess)}</b>",
            1,
            1.0,
            yshift=(14 if not narrow else 26) - (size + 6) * row,
            font={"size": size, "color": ink},
            bgcolor=PAPER,
            borderpad=1,
            **spot,
        )
        for row, ((words, value), ink) in enumerate(zip(pairs, inks, strict=True))
    ]
    across = 0.5 if narrow else 0.75
    live.append(
        note(
            f"after {look.steps[k]} steps",
            across,
            0,
            xref="paper",
            yref="paper",
            yshift=-32,
            yanchor="top",
            font={"size": 16, "color": INK},
        )
    )
    if not narrow:
        off, way = float(look.path.off_plane[k]), float(look.way[k])
        live.append(
            note(
                f"{_short(way)} to the end, <b>{_short(off)} of it off the plane</b>"
                if off <= way * 1.0005
                else f"{_short(way)} to the end, <b>{_short(off)} off the plane</b>",
                1,
                1.0,
                xref="paper",
                yref="y3 domain",
                xanchor="right",
                yanchor="top",
                yshift=14,
                bgcolor=PAPER,
                borderpad=1,
            )
        )
    return live


def _third(look: Landscape) -> int:
    return max(1, round(int(look.steps[-1]) / 3))


def _short(value: float) -> str:
    """Two decimals are enough to compare by eye."""
    return f"{value:.2f}" if 0.005 <= abs(value) < 100 else number(value)


def _heads(look: Landscape, narrow: bool) -> list[dict[str, Any]]:
    """The one number of the page, the line that explains its bar, and the names of the axes."""
    share = look.path.explained
    said = "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
    size, left = (36, 0.0) if narrow else (42, 0.5)
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    who = "walk" if look.kind == "A random walk" else "path"
    lines = [f"of the {who} lies in this plane"]
    if look.chance is None:
        lines.append("and the walk went nowhere in particular")
    elif look.kind == "Its path":
        lines.append(f"<b>|</b>  a random walk: {100 * look.chance:.0f} %")
    else:
        lines.append(f"<b>|</b>  by chance, 2 of {look.weights}: {100 * look.chance:.1g} %")
    high = 1.0
    texts = [
        note(
            f"<b>{said}</b>",
            left,
            high,
            yanchor="middle",
            yshift=6 if not narrow else -2,
            **spot,
            font={"size": size, "family": SERIF, "color": INK},
        ),
        note(
            "<br>".join(lines),
            left,
            high,
            yanchor="middle",
            yshift=6 if not narrow else -2,
            xshift=(22 if not narrow else 19) * len(said) + 12,
            **spot,
            font={"size": 17 if not narrow else 16, "color": MUTE},
        ),
    ]
    panels = ((2, "loss"),) if narrow else ((2, "loss"), (3, "distance"))
    for panel, name in panels:
        texts.append(
            note(
                name,
                left,
                0.5,
                xref="paper",
                yref=f"y{panel} domain",
                textangle=-90,
                xshift=-50,
                font={"size": 16, "color": INK},
            )
        )
    return texts


def _bar(look: Landscape, narrow: bool) -> list[dict[str, Any]]:
    """A rail, filled as far as the plane holds the path, with a tick for chance."""
    left, low, high = (0.0, 0.925, 0.936) if narrow else (0.5, 0.842, 0.858)
    room = 1 - left
    box = {"type": "rect", "xref": "paper", "yref": "paper", "y0": low, "y1": high, "line": {"width": 0}}
    share = min(1.0, max(0.0, look.path.explained))
    shapes = [
        box | {"x0": left, "x1": 1, "fillcolor": GRID},
        box | {"x0": left, "x1": left + room * share, "fillcolor": INK if look.chance is None else MAP},
    ]
    if look.chance is not None:
        at = left + room * look.chance
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "yref": "paper",
                "x0": at,
                "x1": at,
                "y0": low - 0.012,
                "y1": high + 0.012,
                "line": {"color": INK, "width": 2.5},
            }
        )
    return shapes


def _cursor(look: Landscape, k: int, narrow: bool) -> dict[str, Any]:
    step = int(look.steps[k])
    return {
        "type": "line",
        "xref": "x2",
        "x0": step,
        "x1": step,
        "yref": "paper",
        "y0": 0,
        "y1": 0.25 if narrow else 0.735,
        "layer": "below",
        "line": {"color": AXIS, "width": 1.5},
    }
