"""One number for all: each loss's mean over every guess as a valley, with a ball at its bottom."""

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

PITCH, STEEP = 78, 0.85  # pixels from one valley to the next; how steeply a valley is drawn
PICKS = {
    "mse": "the mean",
    "mae": "the median",
    "huber": "between the two",
    "log-cosh": "nearly the median",
    "hit-or-miss": "the most crowded place",
    "gaussian-nll": "the mean",
}


def outlier_location(facts: OutlierLocation, at: float = 72.0, narrow: bool = False) -> go.Figure:
    """A lane for each loss: (mean loss / its smallest − 1), cut at the lane's top, over the guess.

    The ball lies at the best guess, the ring where it lay with the moved point at home. Below are the
    points, the moved one largest. The frames are named by the places of the moved point.
    """
    lanes = len(facts.names)
    strip = 64
    tall = lanes * PITCH + strip
    left, right = (14, 14) if narrow else (186, 112)
    top = 32 if narrow else 30
    figure = blank(
        top + tall + UNDER_SLIDER,
        margin={"l": left, "r": right, "t": top, "b": UNDER_SLIDER},
        xaxis={"range": [facts.guess[0], facts.guess[-1]], "anchor": f"y{lanes + 1}"},
    )
    marks = line_styles(facts.names, facts.families)
    for lane in range(lanes):
        figure.update_layout({f"yaxis{_tag(lane)}": _axis(1 - lane * PITCH / tall, PITCH / tall, -0.34, 1.0)})
    figure.update_layout({f"yaxis{_tag(lanes)}": _axis(strip / tall, strip / tall, -1.0, 1.0)})
    moving: list[int] = []
    for lane, mark in enumerate(marks):
        axis = {"yaxis": f"y{_tag(lane)}"}
        ends = [facts.guess[0], facts.guess[-1]]
        figure.add_trace(go.Scatter(x=ends, y=[0, 0], mode="lines", line={"color": GRID, "width": 1}, **axis))
        figure.add_trace(go.Scatter(x=ends, y=[1, 1], mode="lines", line={"width": 0}, **axis))
        line = {"color": mark.line, "width": min(mark.width, 3.6), "dash": mark.dash, "simplify": False}
        tint = {"fill": "tonexty", "fillcolor": with_opacity(mark.line, 0.09)}
        figure.add_trace(go.Scatter(x=facts.guess, mode="lines", line=line, **tint, **axis))
        ring = {"size": 13, "color": PAPER, "line": {"color": mark.line, "width": 2.5}, "opacity": 1}
        track = {"color": mark.line, "width": 3}
        figure.add_trace(go.Scatter(mode="lines", line=track, **axis))
        figure.add_trace(
            go.Scatter(
                x=[facts.at_home[lane]], y=[-0.2], mode="markers", marker=ring, cliponaxis=False, **axis
            )
        )
        ball = {"size": 20, "color": mark.line, "line": {"color": PAPER, "width": 2}, "opacity": 1}
        figure.add_trace(go.Scatter(mode="markers", marker=ball, cliponaxis=False, **axis))
        first = len(figure.data) - 4
        moving += [first, first + 1, first + 3]
    low = {"yaxis": f"y{_tag(lanes)}", "mode": "markers", "cliponaxis": False}
    figure.add_trace(
        go.Scatter(
            x=facts.points, y=_stacked(facts.points), marker={"size": 12, "color": MUTE, "opacity": 1}, **low
        )
    )
    far = {"size": 22, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(marker=far, **low))
    moving.append(len(figure.data) - 1)
    figure.update_layout(meta={"follows": "gallery_far", "grip": [moving[-1], "x"]})

    here = int(np.abs(facts.far - at).argmin())
    for trace, part in zip(moving, _data(facts, here), strict=True):
        figure.data[trace].update(part)
    live = _live(facts, here, narrow)
    for lane in range(lanes):
        colour = marks[lane].text
        for text in live[2 * lane : 2 * lane + 2]:
            text["font"]["color"] = colour
    figure.update_layout(annotations=[*live, *_texts(facts, narrow)])
    keep = ("text", "x", "xanchor", "bgcolor")
    figure.frames = [
        {
            "name": f"{place:g}",
            "data": _data(facts, k),
            "traces": moving,
            "layout": {
                "annotations": [{key: t[key] for key in keep if key in t} for t in _live(facts, k, narrow)]
            },
        }
        for k, place in enumerate(facts.far)
    ]
    return figure


def _tag(lane: int) -> str:
    return str(lane + 1) if lane else ""


def _axis(top: float, height: float, low: float, high: float) -> dict[str, Any]:
    return {
        "domain": [max(0.0, top - height), min(1.0, top)],
        "range": [low, high],
        "showgrid": False,
        "showticklabels": False,
        "anchor": "x",
    }


def _stacked(points: Any) -> list[float]:
    """Points at one place stand on each other."""
    seen: dict[float, int] = {}
    heights = []
    for point in points.tolist():
        heights.append(0.35 * seen.get(point, 0))
        seen[point] = seen.get(point, 0) + 1
    return heights


def _data(facts: OutlierLocation, k: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for lane in range(len(facts.names)):
        lowest = max(float(facts.lowest[lane, k]), 1e-12)
        height = np.clip(STEEP * (facts.loss[lane, k] / lowest - 1), 0, 4).astype(np.float32)
        best = float(facts.best[lane, k])
        parts += [
            {"y": height},
            {"x": [float(facts.at_home[lane]), best], "y": [-0.2, -0.2]},
            {"x": [best], "y": [0.0]},
        ]
    return [*parts, {"x": [float(facts.far[k])], "y": [0.0]}]


def _live(facts: OutlierLocation, k: int, narrow: bool) -> list[dict[str, Any]]:
    """By loss the guess over its ball, and how far the moved point has moved it; then the axis's title."""
    texts = []
    for lane in range(len(facts.names)):
        best = float(facts.best[lane, k])
        rim = facts.guess[0] + 4
        deep = STEEP * (facts.loss[lane, k] / max(float(facts.lowest[lane, k]), 1e-12) - 1) < 0.36
        room = deep.sum() * (facts.guess[1] - facts.guess[0]) * (4.7 if narrow else 10.9)  # pixels
        texts.append(
            note(
                f"<b>{number(best)}</b>",
                max(best, rim) if best < rim else best,
                0,
                yref=f"y{_tag(lane)}",
                xanchor="center",
                yanchor="bottom",
                yshift=11,
                font={"size": 18 if narrow else 20},
                bgcolor=PAPER if room < 54 else "rgba(0,0,0,0)",  # a narrow valley's sides would cross it
                borderpad=0,
            )
        )
        size = (34 if narrow else 42) if lane == 0 else 24
        texts.append(
            note(
                f"<b>{signed(best - float(facts.at_home[lane]))}</b>",
                1,
                0.36 if narrow else 0.5,
                xref="paper",
                yref=f"y{_tag(lane)} domain",
                xanchor="right",
                yanchor="middle",
                xshift=0 if narrow else 100,
                font={"size": size, "family": SERIF},
            )
        )
    texts.append(under_axis(f"the ninth needs {facts.far[k]:g} minutes to work", xanchor="center"))
    return texts


def signed(change: float) -> str:
    """A change with its sign; 0 for what is below a thousandth."""
    if abs(change) < 5e-4:
        return "0"
    text = f"{change:.1f}".replace("-", "−") if 1 <= abs(change) < 1000 else number(change)
    return f"+{text}" if change > 0 else text


def _texts(facts: OutlierLocation, narrow: bool) -> list[dict[str, Any]]:
    marks = line_styles(facts.names, facts.families)
    texts = []
    for lane, (name, label) in enumerate(zip(facts.names, facts.labels, strict=True)):
        place = {"xref": "paper", "yref": f"y{_tag(lane)} domain", "yanchor": "middle"}
        font = {"size": 16 if narrow else 19, "color": marks[lane].text}
        if narrow:
            texts.append(
                note(
                    f"<b>{label}</b>",
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
        texts.append(note(f"<b>{label}</b>", 0, 0.62, xanchor="left", xshift=-186, **place, font=font))
        texts.append(note(_picks(name, label), 0, 0.33, xanchor="left", xshift=-186, **place))
    strip = {"xref": "paper", "yref": f"y{_tag(len(facts.names))}"}
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


def _picks(name: str, label: str) -> str:
    if name != "quantile":
        return PICKS.get(name, "")
    share = 100 * float(label.rpartition("= ")[2])
    return {25.0: "the lower quartile", 50.0: "the median", 75.0: "the upper quartile"}.get(
        share, f"{share:g} % lie below it"
    )
