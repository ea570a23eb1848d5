"""What each contestant has learned, over the plane of the data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossviz.common.typing import Floats
from lossviz.data.dataset import Data
from lossviz.figures.base.style import INK, MUTE, PAPER, RAMP, loss_style, note, unthemed
from lossviz.figures.race.styles import head_of, is_twin, lettered, line_style, own_words
from lossviz.training.diagnosis import diagnose
from lossviz.training.history import History
from lossviz.training.trainer import answers

_REGION = [[i / 10, unthemed(colour)] for i, colour in enumerate(RAMP)]


@dataclass(frozen=True)
class DecisionBoundaries:
    """What each contestant says over the plane of two features, at each record of a race."""

    a: Floats  # (k,) the first feature
    b: Floats  # (k,) the second feature
    said: NDArray[np.float32]  # (records, contestants, k, k) probability of class 1, or the class; NaN: gone
    x: Floats  # (n, 2) training examples
    y: NDArray[np.int64]  # (n,)
    classes: int


@dataclass(frozen=True)
class DecisionBoundaryPlane:
    """The plane that portraits are drawn on, before anybody has said anything."""

    a: Floats  # (k,)
    b: Floats  # (k,)
    points: Floats  # (k * k, 2) in the order of the portrait's rows
    train: Data

    def with_answers(self, said: Sequence[Floats] | Floats) -> DecisionBoundaries:
        """The portraits of answers (contestants, k * k), one array a record."""
        k = len(self.a)
        stacked = np.stack(list(said)).astype(np.float32).reshape(len(said), -1, k, k)
        y = self.train.y.astype(np.int64)
        return DecisionBoundaries(self.a, self.b, stacked, self.train.x, y, len(self.train.classes))


def decision_boundary_plane(train: Data, points: int = 36) -> DecisionBoundaryPlane:
    """A square grid over the examples of two features, with a margin of a tenth."""
    low, high = train.x.min(axis=0), train.x.max(axis=0)
    room = 0.1 * (high - low)
    a, b = (np.linspace(low[i] - room[i], high[i] + room[i], points) for i in range(2))
    grid = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    return DecisionBoundaryPlane(a, b, grid, train)


def decision_boundaries(race: History, seed: int = 0, points: int = 36) -> DecisionBoundaries:
    """The portraits of a finished race whose data lie in a plane; ValueError if they do not."""
    train, _ = race.settings.data()
    if train.x.shape[1] != 2:
        raise ValueError(f"portraits need two features; {race.settings.dataset} has {train.x.shape[1]}")
    plane = decision_boundary_plane(train, points)
    return plane.with_answers(answers(race, plane.points, seed))


def region(portraits: DecisionBoundaries, record: int, c: int) -> NDArray[Any]:
    """What a contestant says, in hundredths: small whole numbers, unless something is unknown."""
    said = portraits.said[min(record, len(portraits.said) - 1), c]
    hundredths: NDArray[Any] = 100 * said / max(1, portraits.classes - 1)
    return np.round(hundredths).astype(np.uint8) if np.isfinite(said).all() else hundredths


def place(c: int, count: int, narrow: bool) -> tuple[list[float], list[float]]:
    """Where a contestant's portrait stands: in a column, or two by two; below on a narrow chart."""
    if narrow:
        rows, low = -(-count // 2), 0.27 if count <= 2 else 0.47
        wide, tall = 0.47, low / rows - (0.0 if rows == 1 else 0.07)
        x0, y1 = (c % 2) * 0.53, low - (c // 2) * (tall + 0.07)
        return [x0, x0 + wide], [y1 - tall, y1]
    columns, rows = (1, max(2, count)) if count <= 2 else (2, 2)
    wide = 0.185 if columns == 1 else 0.16
    tall = 1 / rows - 0.135
    x1 = 1.0 - (columns - 1 - c % columns) * (wide + 0.02)
    top = 1 - (c // columns) / rows - 0.11
    return [x1 - wide, x1], [top - tall, top]


def readings(race: History, here: int) -> list[str]:
    """What the curve reader says of each contestant at a record; of several, first what is their own."""
    said = [diagnose(race, c, here).words for c in range(len(race.settings.losses))]
    if not lettered(race):
        return said
    owns = [own_words(race, c) for c in range(len(said))]
    short = [words.replace(" of its points right", " right") for words in said]
    return [f"{own}, {words}" if own else words for own, words in zip(owns, short, strict=True)]


@dataclass(frozen=True)
class Side:
    """What stands beside a race's curves, as plain data. Of each contestant: ``said`` is what the curve
    reader says, which changes; the heads do not; ``changing`` are the traces that do, counted from here on.
    """

    said: list[dict[str, Any]]
    heads: list[dict[str, Any]]
    shapes: list[dict[str, Any]]
    axes: dict[str, dict[str, Any]] = field(default_factory=dict)
    traces: list[dict[str, Any]] = field(default_factory=list)
    changing: list[int] = field(default_factory=list)


def draw_portraits(race: History, portraits: DecisionBoundaries, here: int, narrow: bool) -> Side:
    """One map a contestant, its line on its rim."""
    count, last = len(race.settings.losses), max(1, portraits.classes - 1)
    side = Side([], [], [])
    border = (0.5, 0.5, 1.0) if portraits.classes == 2 else (0.5 / last, (last - 0.5) / last, 1 / last)
    lines = {"start": 100 * border[0], "end": 100 * border[1], "size": 100 * border[2]}
    for c, words in enumerate(readings(race, here)):
        axis = str(c + 2)
        x, y = place(c, count, narrow)
        hidden = {"visible": False, "fixedrange": True}
        wide, tall = ([float(one[0]), float(one[-1])] for one in (portraits.a, portraits.b))
        side.axes[f"xaxis{axis}"] = hidden | {"domain": x, "anchor": f"y{axis}", "range": wide}
        side.axes[f"yaxis{axis}"] = hidden | {"domain": y, "anchor": f"x{axis}", "range": tall}
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        side.changing.append(len(side.traces))
        side.traces.append(
            {
                "type": "contour",
                "x": portraits.a,
                "y": portraits.b,
                "z": region(portraits, here, c),
                "showscale": False,
                "hoverinfo": "skip",
                "zmin": -6,
                "zmax": 130,
                "colorscale": _REGION,
                "line": {"width": 2.2, "color": unthemed(INK)},
                "contours": {"coloring": "heatmap", **lines},
                **axes,
            }
        )
        side.traces.append(_examples(portraits) | axes)
        edge = {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "x0": 0, "x1": 1, "y0": 1, "y1": 1}
        side.shapes.extend(_rim(race, c, edge))
        spot = {"xref": edge["xref"], "yref": edge["yref"], "xanchor": "left", "yanchor": "bottom"}
        small = narrow or count > 2
        font = {"size": 14 if small else 16, "color": MUTE}
        side.said.append(note(words, 0, 1, yshift=4, font=font, **spot))
        font = {"size": 15 if small else 18, "color": loss_style(race.settings.losses[c]).text}
        side.heads.append(note(f"<b>{head_of(race, c)}</b>", 0, 1, yshift=22, font=font, **spot))
    return side


def draw_heads(race: History, here: int, narrow: bool) -> Side:
    """Where the data lie in no plane: in the portraits' place each contestant's line, name and reading."""
    side = Side([], [], [])
    for c, words in enumerate(readings(race, here)):
        x, y, wide = 0.815, 0.76 - 0.19 * c, 0.185
        if narrow:
            x, y, wide = (c % 2) * 0.53, (0.09 if len(race.settings.losses) <= 2 else 0.17), 0.47
            y -= 0.13 * (c // 2)
        edge = {"xref": "paper", "yref": "paper", "x0": x, "x1": x + wide, "y0": y, "y1": y}
        side.shapes.extend(_rim(race, c, edge))
        spot = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        font = {"size": 14 if narrow else 15, "color": MUTE}
        side.said.append(note(words, x, y, yshift=-30, font=font, **spot))
        font = {"size": 15 if narrow else 17, "color": loss_style(race.settings.losses[c]).text}
        side.heads.append(note(f"<b>{head_of(race, c)}</b>", x, y, yshift=4, font=font, **spot))
    return side


def _rim(race: History, c: int, edge: dict[str, Any]) -> list[dict[str, Any]]:
    """A line in the contestant's own colour, dash and hollowness: the key to the curves."""
    style = line_style(race, c)
    rim = [{"type": "line", "line": {"color": style["color"], "width": 5, "dash": style["dash"]}, **edge}]
    if is_twin(race, c):
        rim.append({"type": "line", "line": {"color": PAPER, "width": 1.6}, **edge})
    return rim


def _examples(portraits: DecisionBoundaries) -> dict[str, Any]:
    """Classes are not losses and so have no hue: hollow and full, or numbers."""
    shown = slice(None, 160)
    x, y = portraits.x[shown], portraits.y[shown]
    ink, white = unthemed(INK), "rgb(255,255,255)"
    dots = {"type": "scatter", "x": x[:, 0], "y": x[:, 1], "mode": "markers", "hoverinfo": "skip"}
    if portraits.classes == 2:  # as numbers on a scale: a list of colours takes long to check
        scale = {"cmin": 0, "cmax": 1, "colorscale": [[0, white], [1, ink]]}
        rim = {"color": 1 - y, "width": 0.9, **scale}
        return dots | {"marker": {"size": 5.4, "color": y, "line": rim, "opacity": 1, **scale}}
    symbols = np.array(["circle", "circle-open", "square", "square-open", "diamond", "diamond-open"])[y % 6]
    rim = {"width": 0.9, "color": ink}
    return dots | {"marker": {"size": 5.4, "symbol": symbols, "color": ink, "line": rim}}
