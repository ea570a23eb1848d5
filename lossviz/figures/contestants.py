"""How the contestants of a race are told apart, and what is measured of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossviz.figures.style import mark, short_name
from lossviz.race import Race

Floats = NDArray[np.float64]

MEASURES = {
    "Accuracy": ("accuracy", "accuracy on new examples"),
    "Loss": ("loss", "loss in training"),
    "Cross-entropy": ("cross_entropy", "cross-entropy, nats"),
    "Brier": ("brier", "Brier score"),
}


def line_style(race: Race, c: int) -> dict[str, Any]:
    """Hue and dash say the loss. A second contestant of the same family is thinner."""
    style = mark(race.settings.losses[c])
    twin = any(mark(loss).line == style.line for loss in race.settings.losses[:c])
    return {"color": style.line, "dash": style.dash, "width": 2.5 if twin else 5, "simplify": False}


def name_of(race: Race, c: int) -> str:
    losses = race.settings.losses
    name = short_name(losses[c])
    if sum(short_name(loss) == name for loss in losses) > 1:
        return losses[c]
    return name
