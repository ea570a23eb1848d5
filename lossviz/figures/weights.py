"""Loss surfaces over two weights: maps from above, reliefs with one shared camera, paths on both.

Colour and contours are the logarithm of the *level*, the loss in units of always guessing 1/2, on one
scale for all losses. A plateau then shows itself as a place without lines.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.frames import upto
from lossviz.figures.style import (
    GRID,
    INK,
    MUTE,
    PAPER,
    SEA,
    WHITE,
    blank,
    fixed,
    mark,
    note,
    number,
    percent,
    short_name,
)
from lossviz.two_weights import TWO_WEIGHTS, WeightPath, WeightPlane

LOWEST, HIGHEST, STEP = -1.5, 3.5, 0.5  # log2 of the level: from a third of guessing to eleven times it
SCALE = [[i / 10, colour] for i, colour in enumerate(SEA)]
PATH_DASH = ("solid", "7px,3px", "2px,3px", "9px,3px,2px,3px")  # the optimizers, in the order they were named
TALLEST = 12  # levels above this are cut off in a relief


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
                    "title": {"text": f"weight {_weight(names[0])}", "standoff": 8},
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
                f"weight {_weight(names[1])}",
                0,
                0.5,
                xref=f"x{tag} domain",
                yref=f"y{tag} domain",
                textangle=-90,
                xshift=-46,
                font={"size": 16, "color": INK},
            )
        )
        for k, path in enumerate(p for p in paths if p.loss_name == plane.loss_name):
            grow += _draw_path(figure, path, k, axes)
            ends.append((len(figure.data), path))
            figure.add_trace(
                go.Scatter(
                    mode="markers",
                    **axes,
                    marker={
                        "size": 18,
                        "color": _on_map(path),
                        "line": {"color": WHITE, "width": 3},
                        "opacity": 1,
                    },
                )
            )
            end_notes.append(_end_note(path, step, f"x{tag}", f"y{tag}"))
    for trace, path in ends:
        figure.data[trace].update(_place(path, step))
    figure.update_layout(annotations=[*end_notes, *texts], meta=figure.layout.meta | upto(grow, step))
    figure.frames = [
        {
            "name": str(s),
            "data": [_place(path, s) for _, path in ends],
            "traces": [trace for trace, _ in ends],
            "layout": {
                "annotations": [_end_text(path, s) for _, path in ends],
                "meta": upto(grow, s),
            },
        }
        for s in sorted({*range(0, last + 1, every), last, step})
        if paths
    ]
    return figure


def _weight(name: str) -> str:
    return name.removeprefix("w of ") if name.startswith("w of ") else name


def _log_level(plane: WeightPlane) -> NDArray[np.float32]:
    return np.log2(np.clip(plane.level, 2.0**LOWEST / 2, 2.0**HIGHEST * 2)).astype(np.float32)


def _ground(figure: go.Figure, plane: WeightPlane, axes: dict[str, str]) -> None:
    z = _log_level(plane)
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
    on_dark = _log_level(plane)[rows, columns][inside] > 0.9
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
    z, k = _log_level(plane), len(plane.a)
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
    """Where a column of the map crosses the levels 1, 2, 4, 8: the lowest crossing that is clear of the others."""
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


def _on_map(path: WeightPath) -> str:
    return fixed(mark(path.loss_name).line)


def _draw_path(figure: go.Figure, path: WeightPath, k: int, axes: dict[str, str]) -> list[int]:
    """The path and its start; the numbers of the traces that grow with the step."""
    x, y = path.weights[:, 0].tolist(), path.weights[:, 1].tolist()
    first = len(figure.data)
    white = {"color": WHITE, "width": 8, "simplify": False}
    own = {"color": _on_map(path), "width": 4.5, "dash": PATH_DASH[k % 4], "simplify": False}
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
                    "line": {"color": _on_map(path), "width": 4},
                    "opacity": 1,
                },
            )
        )
    return [first, first + 1]


def _here(path: WeightPath, step: int) -> int:
    """The last point at or before step that is known."""
    end = min(step, len(path.loss) - 1)
    return end if path.diverged_at is None else max(0, min(end, path.diverged_at - 1))


def _place(path: WeightPath, step: int) -> dict[str, Any]:
    here = _here(path, step)
    return {"x": [float(path.weights[here, 0])], "y": [float(path.weights[here, 1])]}


def _end_text(path: WeightPath, step: int) -> dict[str, Any]:
    here = _here(path, step)
    gone = path.diverged_at is not None and step >= path.diverged_at
    told = f"gone at step {path.diverged_at}" if gone else number(float(path.level[here]))
    x, y = (float(part) for part in path.weights[here])
    span = TWO_WEIGHTS[path.model].span
    inside = max(abs(x), abs(y)) <= span
    clip = {"x": float(np.clip(x, -span, span)), "y": float(np.clip(y, -span, span))}
    tail = "" if inside or gone else " ↗ outside"
    name = "" if path.optimizer == "sgd" else f" {path.optimizer}"
    return {"text": f"<b>{told}</b>{name}{tail}", **clip}


def _end_note(path: WeightPath, step: int, x: str, y: str) -> dict[str, Any]:
    text = _end_text(path, step)
    right = text["x"] > 0.4 * TWO_WEIGHTS[path.model].span
    return note(
        text["text"],
        text["x"],
        text["y"],
        xref=x,
        yref=y,
        xanchor="right" if right else "left",
        xshift=-14 if right else 14,
        yshift=20,
        font={"size": 18, "color": mark(path.loss_name).text},
        bgcolor=PAPER,
        opacity=0.95,
        borderpad=2,
    )


# --- relief ------------------------------------------------------------------------------------------


def reliefs(
    planes: Sequence[WeightPlane],
    paths: Sequence[WeightPath] = (),
    step: int | None = None,
    narrow: bool = False,
) -> go.Figure:
    """The planes in relief, height = level, linear and on one scale; a page turns their cameras together."""
    count = len(planes)
    figure = blank(480, margin={"l": 0, "r": 0, "t": 34, "b": 0}, meta={"aspect": [0.86 / count, 40]})
    texts: list[dict[str, Any]] = []
    for i, plane in enumerate(planes):
        tag = "" if i == 0 else str(i + 1)
        left, right = i / count, (i + 1) / count
        scene = f"scene{tag}"
        _relief(figure, plane, scene)
        for path in (p for p in paths if p.loss_name == plane.loss_name):
            _relief_path(figure, path, step, scene)
        names = TWO_WEIGHTS[plane.model].axes
        figure.update_layout({scene: _scene(names, [left, right])})
        spot = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 4}
        size = 17 if narrow else 19
        texts += [
            note(
                f"<b>{short_name(plane.loss_name)}</b>",
                left + 0.01,
                1,
                xanchor="left",
                **spot,
                font={"size": size, "color": mark(plane.loss_name).text},
            ),
            note(
                f"<b>{percent(plane.plateau())}</b> plateau",
                right - 0.01,
                1,
                xanchor="right",
                **spot,
                font={"size": size, "color": INK},
            ),
        ]
    figure.update_layout(annotations=texts)
    return figure


def _relief(figure: go.Figure, plane: WeightPlane, scene: str) -> None:
    keep = slice(None, None, max(1, len(plane.a) // 50))
    height = np.clip(plane.level, 0, TALLEST)[keep, keep].astype(np.float32)
    figure.add_trace(
        go.Surface(
            x=plane.a[keep],
            y=plane.b[keep],
            z=height,
            scene=scene,
            showscale=False,
            hoverinfo="skip",
            surfacecolor=_log_level(plane)[keep, keep],
            colorscale=SCALE,
            cmin=LOWEST,
            cmax=HIGHEST,
            lighting={"ambient": 0.78, "diffuse": 0.45, "specular": 0.03, "roughness": 0.9},
            contours={"z": {"show": True, "start": 1, "end": TALLEST, "size": 1, "color": WHITE, "width": 1}},
        )
    )


def _relief_path(figure: go.Figure, path: WeightPath, step: int | None, scene: str) -> None:
    here = _here(path, len(path.loss) - 1 if step is None else step)
    part = slice(0, here + 1)
    x, y, z = path.weights[part, 0], path.weights[part, 1], np.clip(path.level[part], 0, TALLEST) + 0.12
    figure.add_trace(
        go.Scatter3d(
            x=x, y=y, z=z, mode="lines", scene=scene, line={"color": WHITE, "width": 11}, hoverinfo="skip"
        )
    )
    figure.add_trace(
        go.Scatter3d(
            x=x,
            y=y,
            z=z + 0.06,
            mode="lines",
            scene=scene,
            line={"color": _on_map(path), "width": 6},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter3d(
            x=x[[0, -1]],
            y=y[[0, -1]],
            z=z[[0, -1]] + 0.15,
            mode="markers",
            scene=scene,
            hoverinfo="skip",
            marker={
                "size": [4, 6],
                "color": [WHITE, _on_map(path)],
                "line": {"color": WHITE, "width": 1},
                "opacity": 1,
            },
        )
    )


def _scene(names: tuple[str, str], across: list[float]) -> dict[str, Any]:
    axis = {
        "backgroundcolor": "rgba(0,0,0,0)",
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "showspikes": False,
        "tickfont": {"size": 13, "color": MUTE},
        "nticks": 5,
    }

    def named(text: str, **more: Any) -> dict[str, Any]:
        return axis | {"title": {"text": text, "font": {"size": 15, "color": INK}}} | more

    return {
        "domain": {"x": across, "y": [0, 1]},
        "aspectmode": "manual",
        "aspectratio": {"x": 1, "y": 1, "z": 0.8},
        "camera": {
            "eye": {"x": 1.27, "y": 1.12, "z": 1.0},
            "center": {"x": 0, "y": 0, "z": -0.2},
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "xaxis": named(_weight(names[0])),
        "yaxis": named(_weight(names[1])),
        "zaxis": named("loss", range=[0, TALLEST], tickvals=[1, 4, 8, 12]),
    }
