"""The loss of one prediction against the prediction."""

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import common_name, live_value, loss_style
from lossviz.figures.basics.panels import Line, Panel, Reading, cursor_panels
from lossviz.losses.curves import LossCurves

TOP = 4.75  # of the y axis: a cross-entropy of 99 % against


def prediction_costs(
    curves: LossCurves, at: float = 0.4, target: float = 1.0, narrow: bool = False
) -> go.Figure:
    """Plot squared error and cross-entropy of one prediction against the predicted probability.

    Args:
        curves: A result of `lv.losses.loss_curves` for two losses against the probability.
        at: The probability that is marked: the nearest of those of the curves.
        target: The target that the curves were computed for, 0 or 1.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the probability.

    Raises:
        ValueError: If the curves are not those of two losses against the probability.

    Example:
        >>> import lossviz as lv
        >>> losses = ["sigmoid-mse", "sigmoid-ce"]
        >>> curves = lv.losses.loss_curves(losses, "probability", y=1, x=[0.25, 0.5, 0.75])
        >>> [frame.name for frame in lv.figures.prediction_costs(curves, at=0.5).frames]
        ['0.25', '0.5', '0.75']
    """
    if len(curves.losses) != 2 or curves.axis != "probability":
        raise ValueError(
            f"curves must be of two losses against the probability; got {len(curves.losses)} "
            f"against the {curves.axis}"
        )
    names = [curve.name for curve in curves.losses]
    x, (first, second) = curves.x, curves.value
    wrong_left = target > 0.5
    steep = int(np.abs(x - (0.42 if wrong_left else 0.58)).argmin())
    flat = 0 if wrong_left else len(x) - 1
    side = "left" if wrong_left else "right"
    away = 12 if wrong_left else -12
    lines = [
        Line(first, loss_style(names[0]), common_name(names[0]), flat, (away, -24), side),
        Line(second, loss_style(names[1]), common_name(names[1]), steep, (away, 16), side),
    ]
    panel = Panel("loss of this prediction", lines, 0.0, TOP, [0, 1, 2, 3, 4])
    event = "rain" if target > 0.5 else "no rain"

    def reading(i: int) -> Reading:
        p = float(x[i])
        flip = p > 0.8
        texts = [
            live_value(name, p, min(float(curve[i]), TOP), flip, xref="x", yref="y")
            for name, curve in zip(names, (first, second), strict=True)
        ]
        if abs(float(second[i] - first[i])) < 0.75:
            texts[0]["yshift"] = 42 if first[i] > second[i] else 17
            texts[1]["yshift"] = 17 if first[i] > second[i] else 42
        return Reading(
            number(float(second[i])),
            f"nats for saying {percent(p)}, and then {event}",
            f"nats for saying {percent(p)},<br>and then {event}",
            f"predicted chance of rain: {percent(p)}",
            texts,
        )

    return cursor_panels(
        [panel],
        x,
        int(np.abs(x - at).argmin()),
        [f"{p:g}" for p in x],
        reading,
        narrow,
        {"tickvals": [0.01, 0.25, 0.5, 0.75, 0.99], "ticktext": ["1 %", "25 %", "50 %", "75 %", "99 %"]},
        right=wrong_left,
    )
