"""What each contestant has learned, over the plane of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.datasets import Data
from lossviz.figures.contestants import line_style, name_of
from lossviz.figures.style import (
    INK,
    SEA,
    fixed,
    mark,
    note,
)
from lossviz.race import Race
from lossviz.training import answers

Floats = NDArray[np.float64]

_REGION = [[i / 10, fixed(colour)] for i, colour in enumerate(SEA)]


@dataclass(frozen=True)
class Portraits:
    """What each contestant says over the plane of two features, at each record of a race."""

    a: Floats  # (k,) the first feature
    b: Floats  # (k,) the second feature
    said: NDArray[np.float32]  # (records, contestants, k, k) probability of class 1, or the class; NaN: gone
    x: Floats  # (n, 2) training examples
    y: NDArray[np.int64]  # (n,)
    classes: int


@dataclass(frozen=True)
class PortraitPlane:
    """The plane that portraits are drawn on, before anybody has said anything."""

    a: Floats  # (k,)
    b: Floats  # (k,)
    points: Floats  # (k * k, 2) in the order of the portrait's rows
    train: Data

    def with_answers(self, said: Sequence[Floats] | Floats) -> Portraits:
        """The portraits of answers (contestants, k * k), one array a record."""
        k = len(self.a)
        stacked = np.stack(list(said)).astype(np.float32).reshape(len(said), -1, k, k)
        y = self.train.y.astype(np.int64)
        return Portraits(self.a, self.b, stacked, self.train.x, y, len(self.train.classes))


def portrait_plane(train: Data, points: int = 36) -> PortraitPlane:
    """A square grid over the examples of two features, with a margin of a tenth."""
    low, high = train.x.min(axis=0), train.x.max(axis=0)
    room = 0.1 * (high - low)
    a, b = (np.linspace(low[i] - room[i], high[i] + room[i], points) for i in range(2))
    grid = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    return PortraitPlane(a, b, grid, train)


def portraits(race: Race, seed: int = 0, points: int = 36) -> Portraits:
    """The portraits of a finished race whose data lie in a plane; ValueError if they do not."""
    train, _ = race.settings.data()
    if train.x.shape[1] != 2:
        raise ValueError(f"portraits need two features; {race.settings.dataset} has {train.x.shape[1]}")
    plane = portrait_plane(train, points)
    return plane.with_answers(answers(race, plane.points, seed))


def region(portraits: Portraits, record: int, c: int) -> NDArray[Any]:
    """What a contestant says, in hundredths: small whole numbers, unless something is unknown."""
    said = portraits.said[min(record, len(portraits.said) - 1), c]
    hundredths: NDArray[Any] = 100 * said / max(1, portraits.classes - 1)
    return np.round(hundredths).astype(np.uint8) if np.isfinite(said).all() else hundredths


def draw_portraits(
    figure: go.Figure, race: Race, portraits: Portraits, here: int, narrow: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """One map a contestant, its colour on its rim; the numbers of the traces that change."""
    count, last = len(race.settings.losses), max(1, portraits.classes - 1)
    texts: list[dict[str, Any]] = []
    changing: list[int] = []
    for c in range(count):
        axis = str(c + 2)
        if narrow:
            wide = (1 - 0.06 * (count - 1)) / count
            x0 = c * (wide + 0.06)
            domain = ([x0, x0 + wide], [0.0, 0.27])
        else:
            tall = (1 - 0.1 * count) / count
            top = 1 - c * (tall + 0.1) - 0.08
            domain = ([0.815, 1.0], [top - tall, top])
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": domain[0],
                    "anchor": f"y{axis}",
                    "visible": False,
                    "range": [portraits.a[0], portraits.a[-1]],
                    "constrain": "domain",
                },
                f"yaxis{axis}": {
                    "domain": domain[1],
                    "anchor": f"x{axis}",
                    "visible": False,
                    "range": [portraits.b[0], portraits.b[-1]],
                },
            }
        )
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        z = region(portraits, here, c)
        ground = {"x": portraits.a, "y": portraits.b, "z": z, "showscale": False, "hoverinfo": "skip", **axes}
        changing.append(len(figure.data))
        border = (0.5, 0.5, 1.0) if portraits.classes == 2 else (0.5 / last, (last - 0.5) / last, 1 / last)
        figure.add_trace(
            go.Contour(
                **ground,
                zmin=-6,
                zmax=130,
                colorscale=_REGION,
                line={"width": 2.2, "color": fixed(INK)},
                contours={
                    "coloring": "heatmap",
                    "start": 100 * border[0],
                    "end": 100 * border[1],
                    "size": 100 * border[2],
                },
            )
        )
        _examples(figure, portraits, axes)
        style = line_style(race, c)
        figure.add_shape(
            type="line",
            x0=0,
            x1=1,
            y0=1,
            y1=1,
            xref=f"x{axis} domain",
            yref=f"y{axis} domain",
            line={"color": style["color"], "width": 5, "dash": style["dash"]},
        )
        texts.append(
            note(
                f"<b>{name_of(race, c)}</b>",
                0,
                1,
                xref=f"x{axis} domain",
                yref=f"y{axis} domain",
                xanchor="left",
                yanchor="bottom",
                yshift=5,
                font={"size": 17, "color": mark(race.settings.losses[c]).text},
            )
        )
    return texts, changing


def _examples(figure: go.Figure, portraits: Portraits, axes: dict[str, str]) -> None:
    """Classes are not losses and so have no hue: hollow and full, or numbers."""
    shown = slice(None, 160)
    x, y = portraits.x[shown], portraits.y[shown]
    ink, white = fixed(INK), "rgb(255,255,255)"
    if portraits.classes == 2:
        fill, rim = np.where(y == 1, ink, white), np.where(y == 1, white, ink)
        marker: dict[str, Any] = {
            "size": 5.4,
            "color": fill,
            "line": {"color": rim, "width": 0.9},
            "opacity": 1,
        }
        figure.add_trace(
            go.Scatter(x=x[:, 0], y=x[:, 1], mode="markers", marker=marker, hoverinfo="skip", **axes)
        )
        return
    symbols = np.array(["circle", "circle-open", "square", "square-open", "diamond", "diamond-open"])[y % 6]
    figure.add_trace(
        go.Scatter(
            x=x[:, 0],
            y=x[:, 1],
            mode="markers",
            hoverinfo="skip",
            **axes,
            marker={"size": 5.4, "symbol": symbols, "color": ink, "line": {"width": 0.9, "color": ink}},
        )
    )
