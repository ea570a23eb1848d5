"""The figures of Start here: what is written beside a point is its own number, and lies over no curve."""

import numpy as np
import pytest

import lossviz as lv

REACH = {False: 0.07, True: 0.25}  # of the axis: the width of a value's text at 1024 and at 390 px
LOSSES = ("sigmoid-mse", "sigmoid-ce")


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("target", [0, 1])
def test_values_of_a_prediction_lie_over_no_curve(target: int, narrow: bool) -> None:
    curves = lv.losses.loss_curves(LOSSES, "probability", y=target)
    figure = lv.figures.prediction_costs(curves, target=target, narrow=narrow)
    margin = figure.layout.margin
    pixels = (figure.layout.height - margin.t - margin.b) / figure.layout.yaxis.range[1]
    for i, frame in enumerate(figure.frames):
        for text in frame.layout.annotations[3:]:
            side = -1 if text.xanchor == "right" else 1
            along = side * (curves.x - curves.x[i])
            beside = curves.value[:, (along >= 0.015) & (along <= REACH[narrow])]
            low, high = (text.y + (text.yshift + part) / pixels for part in (-11, 11))
            assert not np.any((beside > low) & (beside < high)), (frame.name, text.text)


def test_values_beyond_the_axis_are_not_cut() -> None:
    curves = lv.losses.loss_curves(LOSSES, "probability", y=1, x=[0.0001, 0.5, 0.9])
    figure = lv.figures.prediction_costs(curves, at=0.0001)
    texts = [text.text for text in figure.layout.annotations]
    assert texts.count("<b>9.21</b>") == 2  # the key number, and the value at its point
