"""The view Table: eight output codes and losses on digits. The page Output codes has more of this table."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import lossviz as lv
from lossviz.pages.output_codes import at_scale
from lossviz.pages.race.controls import Race
from lossviz.ui.chart import chart
from lossviz.ui.work import stoppable

MEASURE = "accuracy"


def table() -> lv.codes.HeadScores:
    """The scores of the table."""
    return at_scale.table(Race.centred.value, at_scale.EPOCHS)


def stage() -> bool:
    """Draw the picture; False while its training is stopped."""
    centred, epochs = Race.centred.value, at_scale.EPOCHS
    body = stoppable(
        "race_table", (centred, epochs), lambda: at_scale.digits_picture(centred, epochs, MEASURE)
    )
    if body is None:
        return False
    chart(
        body,
        key="race",
        alt="Test accuracy on digits of eight pairs of output code and loss, at the usual initialization of "
        f"the output layer and at one 20 times larger, pixels {'centred' if centred else 'not centred'}.",
    )
    return True


def summary() -> str:
    """All settings, in one line."""
    pixels = "centred" if Race.centred.value else "not centred"
    return (
        f"scikit-learn's digits, training set 1 200 of 1 797, pixels / 16, {pixels} · network 64-32-k, "
        "tanh · "
        "SGD, learning rate 0.1, batches of 32, 30 epochs · 5 seeds, nothing tuned."
    )


def code() -> str:
    """The Python code that makes the picture."""
    return at_scale.table_code(Race.centred.value, MEASURE)
