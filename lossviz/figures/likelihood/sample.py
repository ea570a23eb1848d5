"""A noise distribution over the data, and the negative log-likelihood over its parameter: the loss."""

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
    loss_line,
    loss_style,
    prepend_shape,
    with_opacity,
)
from lossviz.figures.likelihood.sample_labels import PANEL_WIDTH, frame_labels, static_labels
from lossviz.likelihood.noise import Support
from lossviz.likelihood.sample import SampleLikelihood

SPANS: dict[Support, float] = {"real": 7.2, "classes": 4.6, "counts": 8.0}  # height of a panel, in nats


def sample_likelihood(
    result: SampleLikelihood, at: float, log_scale: bool = True, narrow: bool = False
) -> go.Figure:
    """Plot a noise distribution over its outcomes, and below it the loss of the sample over its parameter.

    In the lower panel thin curves are the negative log-likelihood of each example; the heavy one is their
    mean, the loss.

    Args:
        result: A result of `lv.likelihood.sample_likelihood`.
        at: The parameter that is shown: the nearest of those of the result.
        log_scale: Show the logarithm of the density, on the scale of the lower panel, so that a curve below
            is one above upside down. Otherwise the upper panel shows the density itself.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the parameter.

    Example:
        >>> import lossviz as lv
        >>> result = lv.likelihood.sample_likelihood("gaussian", [0.5, 1.0, 3.0], parameter=[0, 1, 2])
        >>> figure = lv.figures.sample_likelihood(result, at=1.0)
        >>> [frame.name for frame in figure.frames]
        ['0', '1', '2']
    """
    noise = result.noise
    start = int(np.abs(result.parameter - at).argmin())
    figure = _panels(result, start, log_scale, narrow)
    style = loss_style(noise.loss)
    _draw_nll(figure, result)
    moving = list(range(len(figure.data), len(figure.data) + 5))
    curve = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
    if noise.support == "real":
        figure.add_trace(go.Scatter(mode="lines", line=curve))
    else:
        figure.add_trace(go.Scatter(mode="lines", line={"color": style.line, "width": 5}))
    top = {"color": INK, "size": 8} if noise.support == "real" else {"color": style.line, "size": 14}
    stem = {"color": INK, "width": 1.5} if noise.support == "real" else {"width": 0}
    figure.add_trace(go.Scatter(mode="lines", line=stem))
    figure.add_trace(
        go.Scatter(mode="markers", marker=top | {"line": {"color": PAPER, "width": 2}, "opacity": 1})
    )
    below = {"mode": "markers", "xaxis": "x2", "yaxis": "y2"}
    small = {"size": 9, "color": PAPER, "line": {"color": style.line, "width": 2}, "opacity": 1}
    figure.add_trace(go.Scatter(**below, marker=small))
    large = {"size": 17, "color": style.line, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    figure.add_trace(go.Scatter(**below, marker=large))
    _draw_sample(figure, result, log_scale, narrow)

    for trace, part in zip(moving, _frame_data(result, start, log_scale), strict=True):
        figure.data[trace].update(part)
    labels = [*frame_labels(result, start, narrow), *static_labels(result, log_scale, narrow)]
    figure.update_layout(annotations=labels)
    cursor_line = cursor(float(result.parameter[start]), "x2")
    if noise.support != "real":
        cursor_line |= {"yref": "y2 domain"}
    prepend_shape(figure, cursor_line)
    figure.frames = [
        {
            "name": f"{t:g}",
            "data": _frame_data(result, k, log_scale),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in frame_labels(result, k, narrow)],
                "shapes": [{"x0": t, "x1": t}],
            },
        }
        for k, t in enumerate(result.parameter.tolist())
    ]
    return figure


def _upper_range(result: SampleLikelihood, log_scale: bool) -> tuple[float, float]:
    """The range of the upper panel, in nats, or in units of density."""
    top = float(result.log_density.max())
    if not log_scale:
        return 0.0, 1.1 * math.exp(top)
    return top + 0.4 - SPANS[result.noise.support], top + 0.4


def _heights(result: SampleLikelihood, k: int, log_scale: bool) -> Any:
    """The height of each outcome in the upper panel; clipped far below its lower edge."""
    logs = result.log_density[k]
    return np.round(np.maximum(logs, _upper_range(result, True)[0] - 30) if log_scale else np.exp(logs), 4)


def _panels(result: SampleLikelihood, start: int, log_scale: bool, narrow: bool) -> go.Figure:
    """The empty figure: the axes of both panels."""
    noise = result.noise
    low, high = _upper_range(result, log_scale)
    lower = _upper_range(result, True)  # upside down, the range of the lower panel
    figure = blank(
        600 if narrow else 480,
        margin={"l": 62, "r": 14, "t": 108 if narrow else 10, "b": UNDER_SLIDER},
        meta={
            "frame": f"{result.parameter[start]:g}",
            "spoken": "{2}: {0} {4}; {1} {6}.",
            "slider": [0, 1 if narrow else PANEL_WIDTH],
        },
    )
    domain = [0, 1 if narrow else PANEL_WIDTH]
    real = noise.support == "real"
    powers = [k for k in range(-9, 3) if lower[0] <= k * math.log(10) <= lower[1]]
    upper: dict[str, Any] = {"domain": [0.56, 1], "range": [low, high]}
    if log_scale:
        upper |= {
            "tickvals": [k * math.log(10) for k in powers],
            "ticktext": [f"{10.0**k:g}" for k in powers],
        }
    else:
        upper |= {"nticks": 4, "rangemode": "tozero"}
    figure.update_layout(
        yaxis=upper,
        yaxis2={"domain": [0, 0.44], "range": [-lower[1], -lower[0]], "nticks": 5},
        xaxis={
            "domain": domain,
            "anchor": "y",
            "range": [-3, 5] if real else [-0.5, len(result.outcomes) - 0.5],
            "showticklabels": not real,
            "ticks": "" if real else "outside",
            "showline": not real,
        },
        xaxis2={
            "domain": domain,
            "anchor": "y2",
            "range": [result.parameter[0], result.parameter[-1]],
            "nticks": 9,
        },
    )
    if noise.support == "classes":
        figure.update_layout(xaxis={"tickvals": result.outcomes, "ticktext": noise.class_names})
    if noise.support == "counts":
        figure.update_layout(xaxis={"dtick": 1 if not narrow else 2})
    return figure


def _draw_nll(figure: go.Figure, result: SampleLikelihood) -> None:
    """One thin curve for each distinct example, black for the last, and a heavy one for the mean."""
    noise = result.noise
    axes = {"xaxis": "x2", "yaxis": "y2", "mode": "lines"}
    curves = dict(zip(result.sample.tolist(), result.fine_nll, strict=True))
    last = result.sample[-1]
    for y, nll in curves.items():
        style = (
            {"color": INK, "width": 2}
            if y == last
            else {"color": with_opacity(loss_style(noise.loss).line, 0.5), "width": 1.5}
        )
        figure.add_trace(
            go.Scatter(
                x=np.round(result.fine_parameter, 4),
                y=np.round(nll, 4),
                line=style | {"simplify": False},
                **axes,
            )
        )
    mean = np.round(result.fine_nll.mean(axis=0), 4)
    figure.add_trace(loss_line(noise.loss, np.round(result.fine_parameter, 4), mean, xaxis="x2", yaxis="y2"))


def _dot_positions(result: SampleLikelihood, narrow: bool) -> Any:
    """The horizontal positions of the sample's dots: equal outcomes side by side."""
    if result.noise.support == "real":
        return result.sample
    spacing = (0.05 if narrow else 0.019) * len(result.outcomes)  # 14 px
    order = [int((result.sample[:i] == y).sum()) for i, y in enumerate(result.sample)]
    counts = [int((result.sample == y).sum()) for y in result.sample]
    return np.array(
        [y + spacing * (k - (n - 1) / 2) for y, k, n in zip(result.sample, order, counts, strict=True)]
    )


def _draw_sample(figure: go.Figure, result: SampleLikelihood, log_scale: bool, narrow: bool) -> None:
    """The sample at the bottom of the upper panel, with a ring around the last dot."""
    bottom = [_upper_range(result, log_scale)[0]] * len(result.sample)
    positions = _dot_positions(result, narrow)
    figure.add_trace(
        go.Scatter(
            x=positions,
            y=bottom,
            mode="markers",
            cliponaxis=False,
            marker={"size": 12, "color": MUTE, "opacity": 1, "line": {"color": PAPER, "width": 1}},
        )
    )
    ring = {"size": 24, "color": INK, "symbol": "circle-open", "line": {"width": 2}, "opacity": 1}
    figure.add_trace(
        go.Scatter(x=positions[-1:], y=bottom[:1], mode="markers", cliponaxis=False, marker=ring)
    )


def _frame_data(result: SampleLikelihood, k: int, log_scale: bool) -> list[dict[str, Any]]:
    """The data of the five traces that change with the parameter, at the k-th."""
    bottom = _upper_range(result, log_scale)[0]
    heights = _heights(result, k, log_scale)
    t = float(result.parameter[k])
    nll = list(dict(zip(result.sample.tolist(), result.nll[:, k], strict=True)).values())
    below = [{"x": [t] * len(nll), "y": _rounded(nll)}, {"x": [t], "y": _rounded([result.mean_nll[k]])}]
    if result.noise.support == "real":
        tops = _rounded(-result.nll[:, k] if log_scale else np.exp(-result.nll[:, k]))
        x = [v for y in result.sample.tolist() for v in (y, y, None)]
        y = [v for top in tops for v in (bottom, max(top, bottom), None)]
        visible = [top if top >= bottom else None for top in tops]
        density = {"x": result.outcomes.tolist(), "y": heights.tolist()}
        return [density, {"x": x, "y": y}, {"x": result.sample.tolist(), "y": visible}, *below]
    x = [v for y in result.outcomes.tolist() for v in (y, y, None)]
    stems = [v for top in heights.tolist() for v in (bottom, max(top, bottom), None)]
    heads = [top if top >= bottom else None for top in heights.tolist()]
    return [
        {"x": x, "y": stems},
        {"x": [None], "y": [None]},
        {"x": result.outcomes.tolist(), "y": heads},
        *below,
    ]


def _rounded(values: Any) -> list[float]:
    """Four significant digits, to keep the frames small."""
    return [float(f"{v:.4g}") for v in values]
