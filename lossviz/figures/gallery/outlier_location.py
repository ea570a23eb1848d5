"""The mean of each loss over constant predictions, with its minimum, while one of the points is moved."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.number_format import number
from lossviz.figures.base.style import (
    GRID,
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    blank,
    note,
    under_axis,
    with_opacity,
)
from lossviz.losses.outliers import OutlierLocation

PANEL_HEIGHT, STEEPNESS = 78, 0.85  # pixels of a panel; drawn height of a relative loss of 1


def outlier_location(result: OutlierLocation, at: float = 72.0, narrow: bool = False) -> go.Figure:
    """Draw a panel for each loss: mean loss / its minimum - 1 against the constant, cut at the top.

    The disc is at the best constant, the ring where it is with the moved point as an inlier. Below are the
    points, the moved one largest.

    Args:
        result: The mean of L losses for k values of the moved point.
        at: Value of the moved point; the nearest one is taken.
        narrow: Whether to lay it out for a phone.

    Returns:
        A figure with k frames, named by the values of the moved point.

    Example:
        >>> import lossviz as lv
        >>> result = lv.losses.outlier_location(["mse", "mae"], outlier_y=[25, 72])
        >>> [frame.name for frame in lv.figures.outlier_location(result).frames]
        ['25', '72']
    """
    panels = len(result.losses)
    strip = 64
    height = panels * PANEL_HEIGHT + strip
    left, right = (14, 14) if narrow else (186, 112)
    top = 32 if narrow else 30
    figure = blank(
        top + height + UNDER_SLIDER,
        margin={"l": left, "r": right, "t": top, "b": UNDER_SLIDER},
        xaxis={"range": [result.constants[0], result.constants[-1]], "anchor": f"y{panels + 1}"},
    )
    styles = line_styles(result.losses)
    for panel in range(panels):
        axis = _axis(1 - panel * PANEL_HEIGHT / height, PANEL_HEIGHT / height, -0.34, 1.0)
        figure.update_layout({f"yaxis{_tag(panel)}": axis})
    figure.update_layout({f"yaxis{_tag(panels)}": _axis(strip / height, strip / height, -1.0, 1.0)})
    moving: list[int] = []
    for panel, style in enumerate(styles):
        axis = {"yaxis": f"y{_tag(panel)}"}
        ends = [result.constants[0], result.constants[-1]]
        figure.add_trace(go.Scatter(x=ends, y=[0, 0], mode="lines", line={"color": GRID, "width": 1}, **axis))
        figure.add_trace(go.Scatter(x=ends, y=[1, 1], mode="lines", line={"width": 0}, **axis))
        line = {"color": style.line, "width": min(style.width, 3.6), "dash": style.dash, "simplify": False}
        tint = {"fill": "tonexty", "fillcolor": with_opacity(style.line, 0.09)}
        figure.add_trace(go.Scatter(x=result.constants, mode="lines", line=line, **tint, **axis))
        ring = {"size": 13, "color": PAPER, "line": {"color": style.line, "width": 2.5}, "opacity": 1}
        track = {"color": style.line, "width": 3}
        figure.add_trace(go.Scatter(mode="lines", line=track, **axis))
        figure.add_trace(
            go.Scatter(
                x=[result.inlier_best[panel]], y=[-0.2], mode="markers", marker=ring, cliponaxis=False, **axis
            )
        )
        disc = {"size": 20, "color": style.line, "line": {"color": PAPER, "width": 2}, "opacity": 1}
        figure.add_trace(go.Scatter(mode="markers", marker=disc, cliponaxis=False, **axis))
        first = len(figure.data) - 4
        moving += [first, first + 1, first + 3]
    low = {"yaxis": f"y{_tag(panels)}", "mode": "markers", "cliponaxis": False}
    figure.add_trace(
        go.Scatter(x=result.y, y=_stacked(result.y), marker={"size": 12, "color": MUTE, "opacity": 1}, **low)
    )
    moved = {"size": 22, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(marker=moved, **low))
    moving.append(len(figure.data) - 1)

    index = int(np.abs(result.outlier_y - at).argmin())
    minima = [f"{loss.label} {{{2 * i}}}" for i, loss in enumerate(result.losses)]
    spoken = f"{{{2 * panels}}}. Best guess in minutes: {', '.join(minima)}."
    figure.update_layout(
        meta={"frame": f"{result.outlier_y[index]:g}", "spoken": spoken, "grip": [moving[-1], "x"]}
    )
    for trace, part in zip(moving, _data(result, index), strict=True):
        figure.data[trace].update(part)
    live = _live_annotations(result, index, narrow)
    for panel in range(panels):
        colour = styles[panel].text
        for text in live[2 * panel : 2 * panel + 2]:
            text["font"]["color"] = colour
    figure.update_layout(annotations=[*live, *_fixed_annotations(result, narrow)])
    keep = ("text", "x", "xanchor", "bgcolor")
    figure.frames = [
        {
            "name": f"{value:g}",
            "data": _data(result, k),
            "traces": moving,
            "layout": {
                "annotations": [
                    {key: text[key] for key in keep if key in text}
                    for text in _live_annotations(result, k, narrow)
                ]
            },
        }
        for k, value in enumerate(result.outlier_y)
    ]
    return figure


def _tag(panel: int) -> str:
    return str(panel + 1) if panel else ""


def _axis(top: float, height: float, low: float, high: float) -> dict[str, Any]:
    return {
        "domain": [max(0.0, top - height), min(1.0, top)],
        "range": [low, high],
        "showgrid": False,
        "showticklabels": False,
        "anchor": "x",
    }


def _stacked(points: Any) -> list[float]:
    """Heights of points, stacked where they are equal."""
    counts: dict[float, int] = {}
    heights = []
    for point in points.tolist():
        heights.append(0.35 * counts.get(point, 0))
        counts[point] = counts.get(point, 0) + 1
    return heights


def _data(result: OutlierLocation, k: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for panel in range(len(result.losses)):
        lowest = max(float(result.best_loss[panel, k]), 1e-12)
        height = np.clip(STEEPNESS * (result.loss[panel, k] / lowest - 1), 0, 4).astype(np.float32)
        best = float(result.best[panel, k])
        parts += [
            {"y": height},
            {"x": [float(result.inlier_best[panel]), best], "y": [-0.2, -0.2]},
            {"x": [best], "y": [0.0]},
        ]
    return [*parts, {"x": [float(result.outlier_y[k])], "y": [0.0]}]


def _live_annotations(result: OutlierLocation, k: int, narrow: bool) -> list[dict[str, Any]]:
    """For each loss the best constant, and how far it has moved; then the title of the axis."""
    texts = []
    for panel in range(len(result.losses)):
        best = float(result.best[panel, k])
        left_edge = result.constants[0] + 4
        relative = result.loss[panel, k] / max(float(result.best_loss[panel, k]), 1e-12) - 1
        below_label = STEEPNESS * relative < 0.36
        step = result.constants[1] - result.constants[0]
        width = below_label.sum() * step * (4.7 if narrow else 10.9)  # pixels
        texts.append(
            note(
                f"<b>{number(best)}</b>",
                max(best, left_edge) if best < left_edge else best,
                0,
                yref=f"y{_tag(panel)}",
                xanchor="center",
                yanchor="bottom",
                yshift=11,
                font={"size": 18 if narrow else 20},
                bgcolor=PAPER if width < 54 else "rgba(0,0,0,0)",  # else the curve would cross the label
                borderpad=0,
            )
        )
        size = (34 if narrow else 42) if panel == 0 else 24
        texts.append(
            note(
                f"<b>{signed(best - float(result.inlier_best[panel]))}</b>",
                1,
                0.36 if narrow else 0.5,
                xref="paper",
                yref=f"y{_tag(panel)} domain",
                xanchor="right",
                yanchor="middle",
                xshift=0 if narrow else 100,
                font={"size": size, "family": SERIF},
            )
        )
    texts.append(under_axis(f"the ninth needs {result.outlier_y[k]:g} minutes to work", xanchor="center"))
    return texts


def signed(change: float) -> str:
    """A change with its sign; 0 if it is below a thousandth."""
    if abs(change) < 5e-4:
        return "0"
    text = f"{change:.1f}".replace("-", "−") if 1 <= abs(change) < 1000 else number(change)
    return f"+{text}" if change > 0 else text


def _fixed_annotations(result: OutlierLocation, narrow: bool) -> list[dict[str, Any]]:
    styles = line_styles(result.losses)
    texts = []
    for panel, loss in enumerate(result.losses):
        place = {"xref": "paper", "yref": f"y{_tag(panel)} domain", "yanchor": "middle"}
        font = {"size": 16 if narrow else 19, "color": styles[panel].text}
        if narrow:
            texts.append(
                note(
                    f"<b>{loss.label}</b>",
                    1,
                    0.86,
                    xanchor="right",
                    **place,
                    font=font,
                    bgcolor=PAPER,
                    borderpad=1,
                )
            )
            continue
        texts.append(note(f"<b>{loss.label}</b>", 0, 0.62, xanchor="left", xshift=-186, **place, font=font))
        texts.append(note(loss.minimizer, 0, 0.33, xanchor="left", xshift=-186, **place))
    strip = {"xref": "paper", "yref": f"y{_tag(len(result.losses))}"}
    if not narrow:
        texts.append(note("nine people", 0, 0, xanchor="left", xshift=-186, **strip))
    words = "moved by, min" if narrow else "minutes, moved by one point"
    texts.append(
        note(
            words,
            1,
            1,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="bottom",
            yshift=6,
            xshift=0 if narrow else 100,
        )
    )
    return texts
