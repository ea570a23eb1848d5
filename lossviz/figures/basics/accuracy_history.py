"""Accuracy and loss of one neuron during gradient descent, under two losses."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lossviz.basics.fits import NeuronFits
from lossviz.figures.base.number_format import percent
from lossviz.figures.base.style import common_name, live_value, loss_style
from lossviz.figures.basics.panels import Line, Panel, Reading, cursor_panels


def accuracy_history(
    fits: Sequence[NeuronFits], at: int = 40, every: int = 1, narrow: bool = False
) -> go.Figure:
    """Plot the accuracy, and below it the loss, of one neuron against the steps of two trainings.

    Losses are divided by that of always predicting 1/2, so that both have one axis.

    Args:
        fits: Results of `lv.basics.neuron_fits` for two losses, at the weights after each step.
        at: The step that is marked.
        every: A frame is made for every so many steps.
        narrow: Lay the figure out for a phone.

    Returns:
        A figure with frames that are named by the step.

    Raises:
        ValueError: If there are not two trainings of as many steps.

    Example:
        >>> import lossviz as lv
        >>> losses = ["sigmoid-mse", "sigmoid-ce"]
        >>> runs = lv.neuron.trajectories(lv.basics.STUDENTS, losses, (0, 5), "sgd", 0.5, 40)
        >>> fits = [lv.basics.neuron_fits(run.loss_name, run.weights) for run in runs]
        >>> [frame.name for frame in lv.figures.accuracy_history(fits, every=20).frames]
        ['0', '20', '40']
    """
    if len(fits) != 2 or len(fits[0].loss) != len(fits[1].loss):
        raise ValueError(f"fits must be two trainings of as many steps; got {len(fits)}")
    steps = np.arange(len(fits[0].loss), dtype=np.float64)
    accuracy = [fit.accuracy for fit in fits]
    level = [fit.loss / fit.baseline_loss for fit in fits]
    names = [fit.loss_name for fit in fits]
    top = 1.08 * max(float(values.max()) for values in level)
    middle = int(0.3 * (len(steps) - 1))
    panels = [
        Panel(
            "accuracy",
            [Line(values, loss_style(name), common_name(name), middle, (6, shift), shape="hv")
             for values, name, shift in zip(accuracy, names, (-20, 20), strict=True)],
            0.34,
            1.0,
            [0.5, 0.75, 1.0],
            ["50 %", "75 %", "100 %"],
        ),
        Panel(
            "loss ÷ loss of ½",
            [Line(values, loss_style(name)) for values, name in zip(level, names, strict=True)],
            0.0,
            top,
            [k for k in range(10) if k < top],
        ),
    ]  # fmt: skip

    def reading(i: int) -> Reading:
        step = int(steps[i])
        flip = i > 0.8 * len(steps)
        now = [float(values[i]) for values in level]
        texts = [
            live_value(name, step, value, flip, xref="x2", yref="y2")
            for name, value in zip(names, now, strict=True)
        ]
        if abs(now[0] - now[1]) < 0.24 * top:
            texts[int(now[0] > now[1])]["yshift"] = -17
        shares = [percent(float(values[i])) for values in accuracy]
        return Reading(
            shares[0],
            f"right under {common_name(names[0]).lower()}, {shares[1]} under {common_name(names[1]).lower()}",
            f"under {common_name(names[0]).lower()},<br>{shares[1]} under {common_name(names[1]).lower()}",
            f"after {step} step{'' if step == 1 else 's'} of gradient descent",
            texts,
        )

    return cursor_panels(
        panels, steps, int(np.abs(steps - at).argmin()), [f"{k:g}" for k in steps], reading, narrow,
        {"nticks": 7}, height=500, above=True, every=every,
    )  # fmt: skip
