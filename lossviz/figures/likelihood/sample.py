"""A noise law and the loss that it becomes: a hill over the data, and its valleys over the parameter."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.style import (
    INK,
    MUTE,
    PAPER,
    UNDER_SLIDER,
    blank,
    cursor,
    faded,
    line,
    mark,
    put_first,
)
from lossviz.figures.likelihood.sample_words import COLUMN, OUTCOMES, live_words, still_words
from lossviz.likelihood.noise import NOISE_DISTRIBUTIONS
from lossviz.likelihood.sample import SampleLikelihood

SPANS = {"any": 7.2, "classes": 4.6, "counts": 8.0}  # nats from top to bottom of a panel


def sample_likelihood(
    found: SampleLikelihood, at: float, plain: bool = False, narrow: bool = False
) -> go.Figure:
    """The density of a noise law over the data, and below it what each example costs at each parameter.

    Both panels have one scale, so that a curve below is a mirrored slice of those above; with `plain` the
    density itself is shown, and is no mirror. The heavy curve is the mean: the loss of the sample. The
    frames are named by the parameter.
    """
    law = NOISE_DISTRIBUTIONS[found.noise]
    here = int(np.abs(found.parameter - at).argmin())
    figure = _panels(found, plain, narrow)
    style = mark(law.loss)
    _valleys(figure, found)
    moving = list(range(len(figure.data), len(figure.data) + 5))
    dot = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
    if law.outcomes == "any":
        figure.add_trace(go.Scatter(mode="lines", line=dot))
    else:
        figure.add_trace(go.Scatter(mode="lines", line={"color": style.line, "width": 5}))
    top = {"color": INK, "size": 8} if law.outcomes == "any" else {"color": style.line, "size": 14}
    stem = {"color": INK, "width": 1.5} if law.outcomes == "any" else {"width": 0}
    figure.add_trace(go.Scatter(mode="lines", line=stem))
    figure.add_trace(
        go.Scatter(mode="markers", marker=top | {"line": {"color": PAPER, "width": 2}, "opacity": 1})
    )
    valley = {"mode": "markers", "xaxis": "x2", "yaxis": "y2"}
    small = {"size": 9, "color": PAPER, "line": {"color": style.line, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(**valley, marker=small))
    large = {"size": 17, "color": style.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(**valley, marker=large))
    _dots(figure, found, plain, narrow)

    for trace, part in zip(moving, _data(found, here, plain), strict=True):
        figure.data[trace].update(part)
    live = live_words(found, here, narrow)
    figure.update_layout(annotations=[*live, *still_words(found, plain, narrow)])
    line_at = cursor(float(found.parameter[here]), "x2")
    if law.outcomes != "any":
        line_at |= {"yref": "y2 domain"}
    put_first(figure, line_at)
    figure.frames = [
        {
            "name": f"{t:g}",
            "data": _data(found, k, plain),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in live_words(found, k, narrow)],
                "shapes": [{"x0": t, "x1": t}],
            },
        }
        for k, t in enumerate(found.parameter.tolist())
    ]
    return figure


def _edges(found: SampleLikelihood, plain: bool) -> tuple[float, float]:
    """The range of the upper panel, in nats, or in units of density."""
    top = float(found.log_density.max())
    if plain:
        return 0.0, 1.1 * math.exp(top)
    return top + 0.4 - SPANS[NOISE_DISTRIBUTIONS[found.noise].outcomes], top + 0.4


def _heights(found: SampleLikelihood, k: int, plain: bool) -> Any:
    """What the upper panel shows of each outcome; cut far below its lower edge."""
    logs = found.log_density[k]
    return np.round(np.exp(logs) if plain else np.maximum(logs, _edges(found, False)[0] - 30), 4)


def _panels(found: SampleLikelihood, plain: bool, narrow: bool) -> go.Figure:
    law = NOISE_DISTRIBUTIONS[found.noise]
    low, high = _edges(found, plain)
    bottom = _edges(found, False)
    figure = blank(
        600 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 108 if narrow else 10, "b": UNDER_SLIDER},
        meta={"follows": "parameter", "slider": [0, 1 if narrow else COLUMN]},
    )
    wide = [0, 1 if narrow else COLUMN]
    same = law.outcomes == "any"
    powers = [k for k in range(-9, 3) if bottom[0] <= k * math.log(10) <= bottom[1]]
    upper: dict[str, Any] = {"domain": [0.56, 1], "range": [low, high]}
    if plain:
        upper |= {"nticks": 4, "rangemode": "tozero"}
    else:
        upper |= {
            "tickvals": [k * math.log(10) for k in powers],
            "ticktext": [f"{10.0**k:g}" for k in powers],
        }
    figure.update_layout(
        yaxis=upper,
        yaxis2={"domain": [0, 0.44], "range": [-bottom[1], -bottom[0]], "nticks": 5},
        xaxis={
            "domain": wide,
            "anchor": "y",
            "range": [-3, 5] if same else [-0.5, len(found.outcome) - 0.5],
            "showticklabels": not same,
            "ticks": "" if same else "outside",
            "showline": not same,
        },
        xaxis2={
            "domain": wide,
            "anchor": "y2",
            "range": [found.parameter[0], found.parameter[-1]],
            "nticks": 9,
        },
    )
    if law.outcomes == "classes":
        figure.update_layout(xaxis={"tickvals": found.outcome, "ticktext": OUTCOMES[law.name]})
    if law.outcomes == "counts":
        figure.update_layout(xaxis={"dtick": 1 if not narrow else 2})
    return figure


def _valleys(figure: go.Figure, found: SampleLikelihood) -> None:
    """One thin curve for each kind of example, black for the last, heavy for the mean."""
    law = NOISE_DISTRIBUTIONS[found.noise]
    axes = {"xaxis": "x2", "yaxis": "y2", "mode": "lines"}
    kinds = dict(zip(found.sample.tolist(), found.fine_cost, strict=True))
    last = found.sample[-1]
    for y, cost in kinds.items():
        own = (
            {"color": INK, "width": 2}
            if y == last
            else {"color": faded(mark(law.loss).line, 0.5), "width": 1.5}
        )
        figure.add_trace(
            go.Scatter(x=np.round(found.fine, 4), y=np.round(cost, 4), line=own | {"simplify": False}, **axes)
        )
    mean = np.round(found.fine_cost.mean(axis=0), 4)
    figure.add_trace(line(law.loss, np.round(found.fine, 4), mean, xaxis="x2", yaxis="y2"))


def _places(found: SampleLikelihood, narrow: bool) -> Any:
    """Where the dots of the sample stand: equal ones side by side."""
    if NOISE_DISTRIBUTIONS[found.noise].outcomes == "any":
        return found.sample
    apart = (0.05 if narrow else 0.019) * len(found.outcome)  # 14 px
    order = [int((found.sample[:i] == y).sum()) for i, y in enumerate(found.sample)]
    many = [int((found.sample == y).sum()) for y in found.sample]
    return np.array(
        [y + apart * (k - (n - 1) / 2) for y, k, n in zip(found.sample, order, many, strict=True)]
    )


def _dots(figure: go.Figure, found: SampleLikelihood, plain: bool, narrow: bool) -> None:
    """The sample on the floor of the upper panel; a ring round the last dot."""
    floor = [_edges(found, plain)[0]] * len(found.sample)
    places = _places(found, narrow)
    figure.add_trace(
        go.Scatter(
            x=places,
            y=floor,
            mode="markers",
            cliponaxis=False,
            marker={"size": 12, "color": MUTE, "opacity": 1, "line": {"color": PAPER, "width": 1}},
        )
    )
    ring = {"size": 24, "color": INK, "symbol": "circle-open", "line": {"width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(x=places[-1:], y=floor[:1], mode="markers", cliponaxis=False, marker=ring))


def _data(found: SampleLikelihood, k: int, plain: bool) -> list[dict[str, Any]]:
    law = NOISE_DISTRIBUTIONS[found.noise]
    floor = _edges(found, plain)[0]
    heights = _heights(found, k, plain)
    t = float(found.parameter[k])
    kinds = list(dict(zip(found.sample.tolist(), found.cost[:, k], strict=True)).values())
    below = [{"x": [t] * len(kinds), "y": _short(kinds)}, {"x": [t], "y": _short([found.mean[k]])}]
    if law.outcomes == "any":
        tops = -found.cost[:, k]
        tops = np.exp(tops) if plain else tops
        x = [v for y in found.sample.tolist() for v in (y, y, None)]
        y = [v for top in _short(tops) for v in (floor, max(top, floor), None)]
        seen = [top if top >= floor else None for top in _short(tops)]
        hill = {"x": found.outcome.tolist(), "y": heights.tolist()}
        return [hill, {"x": x, "y": y}, {"x": found.sample.tolist(), "y": seen}, *below]
    x = [v for y in found.outcome.tolist() for v in (y, y, None)]
    stems = [v for top in heights.tolist() for v in (floor, max(top, floor), None)]
    heads = [top if top >= floor else None for top in heights.tolist()]
    return [
        {"x": x, "y": stems},
        {"x": [None], "y": [None]},
        {"x": found.outcome.tolist(), "y": heads},
        *below,
    ]


def _short(values: Any) -> list[float]:
    return [float(f"{v:.4g}") for v in values]
