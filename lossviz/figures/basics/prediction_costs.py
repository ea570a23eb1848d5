"""The loss of one prediction against the prediction."""

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.frames import AnimatedFigure
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import PAPER, common_name, live_value, loss_style, note
from lossviz.figures.basics.panels import Line, Panel, Reading, cursor_panels
from lossviz.losses.curves import LossCurves

TOP = 4.75  # of the y axis: a cross-entropy of 99 % against
HIGHEST = 3.7  # of the loss: where a value may stand, so that none runs into the key number
APART = 0.6  # of the loss: a value between both curves needs so much
KEY_TOP = {
    True: 4.3,
    False: 3.2,
}  # of the loss: where the names stand, narrow and wide (below the key number)


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
    lines = [Line(first, loss_style(names[0])), Line(second, loss_style(names[1]))]
    panel = Panel("loss of this prediction", lines, 0.0, TOP, [0, 1, 2, 3, 4])
    event = "rain" if target > 0.5 else "no rain"

    reach = 0.3 if narrow else 0.1  # how far a value's text reaches from the cursor, as a share of the axis

    def reading(i: int) -> Reading:
        p = float(x[i])
        flip = p > (0.8 if wrong_left else 0.2)  # the side on which the curves fall
        beside = (x >= p - reach) & (x <= p) if flip else (x >= p) & (x <= p + reach)
        values = float(first[i]), float(second[i])
        highest = np.fmax(first, second)[beside].max()
        apart = np.fmax(first, second)[beside].min() - min(values) > APART
        texts = []
        for name, value in zip(names, values, strict=True):
            text = live_value(name, p, value, flip, xref="x", yref="y")
            text["y"] = min(value if apart else float(highest), HIGHEST)
            text["yshift"] = 17 if apart or value < max(values) else 42
            texts.append(text)
        return Reading(
            number(float(second[i])),
            f"nats for saying {percent(p)}, and then {event}",
            f"nats for saying {percent(p)},<br>and then {event}",
            f"predicted chance of rain: {percent(p)}",
            texts,
        )

    figure = cursor_panels(
        [panel],
        x,
        int(np.abs(x - at).argmin()),
        [f"{p:g}" for p in x],
        reading,
        narrow,
        {"tickvals": [0.01, 0.25, 0.5, 0.75, 0.99], "ticktext": ["1 %", "25 %", "50 %", "75 %", "99 %"]},
        right=wrong_left,
    )
    return _with_key(figure, names, wrong_left, narrow)


def _with_key(figure: AnimatedFigure, names: list[str], wrong_left: bool, narrow: bool) -> AnimatedFigure:
    """Name the lines above where both losses are small: a value crosses what stands beside a line."""
    end, other = (0.98, 0.91) if wrong_left else (0.02, 0.09)
    away = -1 if wrong_left else 1
    for row, name in enumerate(reversed(names)):
        style, y = loss_style(name), KEY_TOP[narrow] - 0.5 * row
        figure.add_trace(
            go.Scatter(
                x=[other, end],
                y=[y, y],
                mode="lines",
                line={"color": style.line, "width": style.width, "dash": style.dash},
            )
        )
        figure.add_annotation(
            note(
                f"<b>{common_name(name)}</b>",
                other,
                y,
                xref="x",
                yref="y",
                xanchor="right" if wrong_left else "left",
                xshift=8 * away,
                font={"size": 17 if narrow else 19, "color": style.text},
                bgcolor=PAPER,
            )
        )
    return figure
