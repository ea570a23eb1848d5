"""A noise law and the loss that it becomes: a hill over the data, and its valleys over the parameter."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.numerals import number, power_of_ten
from lossviz.figures.style import (
    INK,
    MUTE,
    PAPER,
    SERIF,
    UNDER_SLIDER,
    axis_name,
    blank,
    cursor,
    faded,
    line,
    mark,
    note,
    put_first,
    under_axis,
)
from lossviz.likelihood import SampleLikelihood
from lossviz.losses import LOSSES
from lossviz.noise import NOISES

COLUMN = 0.79  # share of the width that the panels have; the numbers stand right of them
SPANS = {"any": 7.2, "classes": 4.6, "counts": 8.0}  # nats from top to bottom of a panel
NAMES = {"mse": "Squared error", "mae": "Absolute error", "softmax-ce": "Cross-entropy",
         "quantile": "Quantile loss",
         "poisson-nll": "Poisson loss"}  # fmt: skip
TITLES = {"any": "centre of the noise m", "counts": "rate λ", "classes": "probability p"}
OUTCOMES = {"Bernoulli": ("no", "yes"), "Categorical": ("A", "B", "C")}


def likelihood(found: SampleLikelihood, at: float, plain: bool = False, narrow: bool = False) -> go.Figure:
    """The density of a noise law over the data, and below it what each example costs at each parameter.

    Both panels have one scale, so that a curve below is a mirrored slice of those above; with `plain` the
    density itself is shown, and is no mirror. The heavy curve is the mean: the loss of the sample. The
    frames are named by the parameter.
    """
    law = NOISES[found.noise]
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
    live = _live(found, here, narrow)
    figure.update_layout(annotations=[*live, *_words(found, plain, narrow)])
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
                "annotations": [{"text": text["text"]} for text in _live(found, k, narrow)],
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
    return top + 0.4 - SPANS[NOISES[found.noise].outcomes], top + 0.4


def _heights(found: SampleLikelihood, k: int, plain: bool) -> Any:
    """What the upper panel shows of each outcome; cut far below its lower edge."""
    logs = found.log_density[k]
    return np.round(np.exp(logs) if plain else np.maximum(logs, _edges(found, False)[0] - 30), 4)


def _panels(found: SampleLikelihood, plain: bool, narrow: bool) -> go.Figure:
    law = NOISES[found.noise]
    low, high = _edges(found, plain)
    bottom = _edges(found, False)
    figure = blank(
        600 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 108 if narrow else 10, "b": UNDER_SLIDER},
        meta={"follows": "parameter"},
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
    law = NOISES[found.noise]
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
    if NOISES[found.noise].outcomes == "any":
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
    law = NOISES[found.noise]
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


def share_of_best(share: float) -> str:
    """A likelihood as a share of the best: in percent, or as a power of ten where it is next to nothing."""
    if share >= 0.9995:
        return "100 %"
    if share >= 1e-6:
        return f"{100 * share:.{3 if share >= 0.1 else 2}g} %"
    if share == 0:
        return "0 %"
    return f"10{power_of_ten(math.floor(math.log10(share)))}"


def _live(found: SampleLikelihood, k: int, narrow: bool) -> list[dict[str, Any]]:
    """How likely the sample is, what it costs, and the parameter."""
    law = NOISES[found.noise]
    t = float(found.parameter[k])
    share, cost = share_of_best(float(found.relative[k])), number(float(found.mean[k]))
    own: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    lead = {"size": 34 if narrow else 38, "family": SERIF, "color": INK}
    second = {"size": 24, "family": SERIF, "color": mark(law.loss).text}
    x, shift = COLUMN, 24
    if narrow:
        places: list[dict[str, Any]] = [
            {"x": 0, "y": 1, "xshift": -50, "yshift": 78},
            {"x": 0.53, "y": 1, "yshift": 76},
        ]
    else:
        places = [{"x": x, "y": 0.94, "xshift": shift}, {"x": x, "y": 0.375, "xshift": shift}]
    title = f"{TITLES[law.outcomes]} = {t:.2f}" if law.outcomes == "classes" else (
        f"{TITLES[law.outcomes]} = {t:.1f}".replace("-", "−")
    )  # fmt: skip
    if law.outcomes == "classes":
        title = title.replace("p =", f"of {OUTCOMES[law.name][1 if law.name == 'Bernoulli' else 0]} p =")
    middle = 0.5 if narrow else COLUMN / 2
    return [
        note(f"<b>{share}</b>", font=lead, **own, **places[0]),
        note(f"<b>{cost}</b>", font=second, **own, **places[1]),
        under_axis(title, x=middle),
    ]


def _words(found: SampleLikelihood, plain: bool, narrow: bool) -> list[dict[str, Any]]:
    law = NOISES[found.noise]
    own: dict[str, Any] = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    name = {"size": 17 if narrow else 19, "color": mark(law.loss).text}
    loss = NAMES.get(law.loss, LOSSES[law.loss].label)
    letter = {"any": "m", "classes": "p", "counts": "λ"}[law.outcomes]
    dots = ("dot", str(len(found.sample)))
    names = [axis_name("density" if law.outcomes == "any" else "probability"), axis_name("−ln p, in nats", 2)]
    if narrow:
        return [
            note(f"<b>{law.name} noise</b>", 0, 1, font=name, xshift=-50, yshift=102, **own),
            note(
                f"as likely as at the best {letter}",
                0,
                1,
                xshift=-50,
                yshift=34,
                **own,
                font={"size": 15, "color": MUTE},
            ),
            note(f"<b>{loss}</b>", 0.53, 1, font=name, yshift=102, **own),
            note(
                f"nats, mean of {dots[1]}",
                0.53,
                1,
                yshift=46,
                **own,
                font={"size": 15, "color": MUTE},
            ),
            *names,
        ]
    at: dict[str, Any] = {"x": COLUMN, "xshift": 24} | own
    black = "black: the ringed dot’s<br>hill, turned over" if law.outcomes == "any" else (
        "black: the cost of<br>the ringed dot"
    )  # fmt: skip
    return [
        note(f"<b>{law.name} noise</b>", y=1, font=name, **at),
        note(f"as likely as<br>at the best {letter}", y=0.81, **at),
        note(f"<b>{loss}</b>", y=0.44, font=name, **at),
        note(f"nats a {dots[0]},<br>mean of {dots[1]}", y=0.3, **at),
        note(black, y=0.15, **at, font={"size": 16, "color": INK}),
        *names,
    ]
