"""Loss surfaces over two weights, seen from above, with the paths of optimizers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.frames import upto
from lossviz.figures.levels import (
    HIGHEST,
    LOWEST,
    PATH_DASH,
    SCALE,
    STEP,
    known_step,
    log_level,
    on_map,
    weight_name,
)
from lossviz.figures.style import (
    GRID,
    INK,
    PAPER,
    WHITE,
    blank,
    fixed,
    mark,
    note,
    number,
    percent,
    short_name,
)
from lossviz.two_weights import TWO_WEIGHTS
from lossviz.weight_planes import WeightPath, WeightPlane


def maps(
    planes: Sequence[WeightPlane],
    paths: Sequence[WeightPath] = (),
    step: int | None = None,
    overlay: str = "Plateau",
    threshold: float = 0.01,
    every: int = 2,
    narrow: bool = False,
) -> go.Figure:
    """The planes side by side, seen from above, each with the paths of its own loss.

    ``overlay`` dots the "Plateau" (gradient norm below the threshold) or hatches where the surface "Bends
    down"; anything else marks nothing. ``step`` is how far the paths have come (None: to their ends). The
    frames are the pictures at every `every`-th step.
    """
    count = len(planes)
    last = max((len(path.loss) - 1 for path in paths), default=0)
    step = last if step is None else step
    gap = 0.0 if count == 1 else 0.11
    width = (1 - gap * (count - 1)) / count
    figure = blank(
        470,
        margin={"l": 62, "r": 14, "t": 40, "b": 62},
        # plot width = (chart width - 76) * width of a map; height follows, so that a map stays square
        meta={"aspect": [width, 102 - 76 * width], "follows": "weights_step"},
    )
    texts: list[dict[str, Any]] = []
    grow: list[int] = []
    ends: list[tuple[int, WeightPath]] = []
    end_notes: list[dict[str, Any]] = []
    runs: list[list[WeightPath]] = []
    for i, plane in enumerate(planes):
        tag = "" if i == 0 else str(i + 1)
        left = i * (width + gap)
        span = float(plane.a[-1])
        names = TWO_WEIGHTS[plane.model].axes
        axes = {"xaxis": f"x{tag}", "yaxis": f"y{tag}"}
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": [left, left + width],
                    "range": [-span, span],
                    "anchor": f"y{tag}",
                    "constrain": "domain",
                    "nticks": 5,
                    "showline": False,
                    "title": {"text": f"weight {weight_name(names[0])}", "standoff": 8},
                },
                f"yaxis{tag}": {
                    "range": [-span, span],
                    "anchor": f"x{tag}",
                    "scaleanchor": f"x{tag}",
                    "showgrid": False,
                    "constrain": "domain",
                    "constraintoward": "top",
                    "nticks": 5,
                    "ticks": "outside",
                    "ticklen": 5,
                    "tickcolor": GRID,
                },
            }
        )
        _ground(figure, plane, axes)
        share = _overlay(figure, plane, overlay, threshold, axes)
        texts += _heads(plane, share, f"x{tag}", f"y{tag}", narrow)
        texts += _level_labels(plane, f"x{tag}", f"y{tag}")
        texts.append(
            note(
                f"weight {weight_name(names[1])}",
                0,
                0.5,
                xref=f"x{tag} domain",
                yref=f"y{tag} domain",
                textangle=-90,
                xshift=-46,
                font={"size": 16, "color": INK},
            )
        )
        own = [path for path in paths if path.loss_name == plane.loss_name]
        runs.append(own)
        for label in _labels(own, step):
            font = {"size": 16 if len(own) > 1 else 18, "color": mark(plane.loss_name).text}
            ground = {"bgcolor": PAPER, "opacity": 0.95, "borderpad": 2}
            end_notes.append(
                note(
                    label.pop("text"),
                    label.pop("x"),
                    label.pop("y"),
                    xref=f"x{tag}",
                    yref=f"y{tag}",
                    yanchor="bottom",
                    font=font,
                    **ground,
                    **label,
                )
            )
        for k, path in enumerate(own):
            grow += _draw_path(figure, path, k, axes)
            ends.append((len(figure.data), path))
            figure.add_trace(
                go.Scatter(
                    mode="markers",
                    **axes,
                    marker={
                        "size": 18,
                        "color": on_map(path),
                        "line": {"color": WHITE, "width": 3},
                        "opacity": 1,
                    },
                )
            )
    for trace, path in ends:
        figure.data[trace].update(_place(path, step))
    figure.update_layout(annotations=[*end_notes, *texts], meta=figure.layout.meta | upto(grow, step))
    figure.frames = [
        {
            "name": str(s),
            "data": [_place(path, s) for _, path in ends],
            "traces": [trace for trace, _ in ends],
            "layout": {
                "annotations": [label for own in runs for label in _labels(own, s)],
                "meta": upto(grow, s),
            },
        }
        for s in sorted({*range(0, last + 1, every), last, step})
        if paths
    ]
    return figure


def _ground(figure: go.Figure, plane: WeightPlane, axes: dict[str, str]) -> None:
    z = log_level(plane)
    common = {"x": plane.a, "y": plane.b, "z": z, "showscale": False, "hoverinfo": "skip", **axes}
    figure.add_trace(
        go.Contour(
            **common,
            colorscale=SCALE,
            zmin=LOWEST,
            zmax=HIGHEST,
            contours={"start": LOWEST, "end": HIGHEST, "size": STEP, "coloring": "fill"},
            line={"width": 0.8, "color": "rgba(255,255,255,0.5)"},
        )
    )
    figure.add_trace(
        go.Contour(
            **common,
            contours={"start": 0, "end": 0, "size": 1, "coloring": "none"},
            line={"width": 2.2, "color": fixed(INK)},
        )
    )


def _overlay(
    figure: go.Figure, plane: WeightPlane, overlay: str, threshold: float, axes: dict[str, str]
) -> tuple[float, str]:
    """Mark a region by dots or strokes; its share of the plane and what it is called."""
    if overlay == "Plateau":
        region, share, name = plane.slope < threshold, plane.plateau(threshold), "plateau"
        symbol: dict[str, Any] = {"symbol": "circle", "size": 3.6}
    elif overlay == "Bends down":
        region, share, name = plane.lowest_curvature < -1e-12, plane.bends_down, "bends down"
        symbol = {"symbol": "line-ne", "size": 7}
    else:
        return 0.0, ""
    k = len(plane.a)
    grid = np.arange(k // 2 % 4, k, max(1, k // 22))  # counted from the centre: symmetry stays visible
    rows, columns = np.meshgrid(grid, grid, indexing="ij")
    inside = region[rows, columns]
    on_dark = log_level(plane)[rows, columns][inside] > 0.9
    colour = np.where(on_dark, "rgba(255,255,255,0.9)", "rgba(20,26,34,0.6)")
    figure.add_trace(
        go.Scatter(
            x=plane.a[columns[inside]],
            y=plane.b[rows[inside]],
            mode="markers",
            hoverinfo="skip",
            **axes,
            marker={
                "color": colour,
                **symbol,
                "line": {"width": 1.3 if "line" in symbol["symbol"] else 0, "color": colour},
            },
        )
    )
    return share, name


def _heads(
    plane: WeightPlane, share: tuple[float, str], x: str, y: str, narrow: bool
) -> list[dict[str, Any]]:
    size = 17 if narrow else 19
    spot = {"xref": f"{x} domain", "yref": f"{y} domain", "yanchor": "bottom", "yshift": 6}
    heads = [
        note(
            f"<b>{short_name(plane.loss_name)}</b>",
            0,
            1,
            xanchor="left",
            **spot,
            font={"size": size, "color": mark(plane.loss_name).text},
        )
    ]
    if share[1]:
        heads.append(
            note(
                f"<b>{percent(share[0])}</b> {share[1]}",
                1,
                1,
                xanchor="right",
                **spot,
                font={"size": size, "color": INK},
            )
        )
    return heads


def _level_labels(plane: WeightPlane, x: str, y: str) -> list[dict[str, Any]]:
    """1, 2, 4, 8 on their own lines, in the column right of the middle where most of them cross it."""
    z, k = log_level(plane), len(plane.a)
    columns = {j: _crossings(z[:, j], plane.b) for j in range(int(0.6 * k), int(0.95 * k), 2)}
    most = max(len(crossings) for crossings in columns.values())
    fitting = [j for j, crossings in columns.items() if len(crossings) == most]
    column = fitting[2 * len(fitting) // 3]
    return [
        note(
            f"<b>{2**level}</b>",
            float(plane.a[column]),
            height,
            xref=x,
            yref=y,
            yanchor="middle",
            yshift=9,
            font={"size": 15, "color": fixed(INK) if level == 0 else WHITE},
        )
        for level, height in columns[column]
    ]


def _crossings(column: NDArray[np.float32], b: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Where a column crosses the levels 1, 2, 4, 8: each at its lowest crossing clear of the others."""
    found: list[tuple[int, float]] = []
    least = 0.07 * float(b[-1] - b[0])
    for level in range(4):
        above = column >= level
        for i in np.flatnonzero(above[1:] != above[:-1]):
            share = (level - column[i]) / (column[i + 1] - column[i])
            height = float(b[i] + share * (b[i + 1] - b[i]))
            inside = abs(height) < 0.93 * b[-1]
            if inside and all(abs(height - other) > least for _, other in found):
                found.append((level, height))
                break
    return found


def _draw_path(figure: go.Figure, path: WeightPath, k: int, axes: dict[str, str]) -> list[int]:
    """The path and its start; the numbers of the traces that grow with the step."""
    x, y = path.weights[:, 0].tolist(), path.weights[:, 1].tolist()
    first = len(figure.data)
    white = {"color": WHITE, "width": 8, "simplify": False}
    own = {"color": on_map(path), "width": 4.5, "dash": PATH_DASH[k % 4], "simplify": False}
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=white, **axes))
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=own, **axes))
    if k == 0:
        figure.add_trace(
            go.Scatter(
                x=x[:1],
                y=y[:1],
                mode="markers",
                **axes,
                marker={
                    "size": 14,
                    "color": WHITE,
                    "line": {"color": on_map(path), "width": 4},
                    "opacity": 1,
                },
            )
        )
    return [first, first + 1]


def _place(path: WeightPath, step: int) -> dict[str, Any]:
    here = known_step(path, step)
    return {"x": [float(path.weights[here, 0])], "y": [float(path.weights[here, 1])]}


def _labels(paths: Sequence[WeightPath], step: int) -> list[dict[str, Any]]:
    """What stands beside each path's end on one map: its level, and its optimizer if there are several.

    Ends that lie close together would have their labels on one another: these are pushed apart, upwards.
    """
    labels = [_label(path, step, len(paths) > 1) for path in paths]
    floor = -np.inf
    for label in sorted(labels, key=lambda label: label["y"]):
        span = label.pop("span")
        label["y"] = max(label["y"], floor)
        floor = label["y"] + 0.12 * span
    return labels


def _label(path: WeightPath, step: int, several: bool) -> dict[str, Any]:
    here = known_step(path, step)
    gone = path.diverged_at is not None and step >= path.diverged_at
    told = f"gone at step {path.diverged_at}" if gone else number(float(path.level[here]))
    x, y = (float(part) for part in path.weights[here])
    span = TWO_WEIGHTS[path.model].span
    outside = max(abs(x), abs(y)) > span and not gone
    left = x > (0.1 if several else 0.4) * span
    return {
        "text": f"<b>{told}</b>{f' {path.optimizer}' if several else ''}{', outside' if outside else ''}",
        "x": float(np.clip(x, -span, span)),
        "y": float(np.clip(y, -0.95 * span, 0.85 * span)) + 0.05 * span,
        "xanchor": "right" if left else "left",
        "xshift": -14 if left else 14,
        "span": span,
    }
