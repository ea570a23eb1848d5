"""The curve reader: where a contestant has come to stand, named with the number that betrays it.

A loss that stops falling mostly stops at a number that has a name. Each plateau here is recognized by that
number, and by nothing that was not measured.
"""

import math
from dataclasses import dataclass

import numpy as np

from lossviz.data.table import DATASETS
from lossviz.losses.table import LOSSES
from lossviz.training.history import History

NEAR = 0.02  # relative: how close to a plateau's number a curve must be to stand on it
MOSTLY = 0.9  # of the units of a layer: then hardly anything comes through (half of them off is usual)


@dataclass(frozen=True)
class Diagnosis:
    """What one contestant's curve says, over its seeds, at one record."""

    name: str  # "gone", "guessing", "constant", "dead units", "sure and wrong", "floor", "twice", "learning"
    value: float  # the number that betrays it
    target: float  # the number that it is near to, where there is one; NaN otherwise
    words: str  # a few words, as "guesses ½"


def floor_of(loss: str, classes: int) -> float | None:
    """The value that this loss cannot go below although every answer is right; None for 0."""
    row = LOSSES[loss]
    if "smoothing" in row.settings:
        alpha = row.settings["smoothing"].default
        right, wrong = 1 - alpha + alpha / classes, alpha / classes
        return -right * math.log(right) - (classes - 1) * wrong * math.log(wrong)
    if row.name == "softmax-twice":
        return math.log(math.e + classes - 1) - 1
    return None


def diagnose(race: History, contestant: int, record: int = -1) -> Diagnosis:
    """What a contestant has come to, by the medians over its seeds at a record."""
    loss = race.settings.losses[contestant]
    classes = len(DATASETS[race.settings.dataset].classes)

    def median(name: str) -> float:
        values = getattr(race, name)[contestant, :, record]
        known = values[np.isfinite(values)]
        return float(np.median(known)) if known.size else math.nan

    gone = race.diverged_at[contestant]
    if not np.isfinite(race.loss[contestant, :, record]).any():
        first = int(gone[gone >= 0].min()) if (gone >= 0).any() else int(race.steps[record])
        return Diagnosis("gone", first, math.nan, f"gone at step {first}")
    if not classes:
        return Diagnosis("learning", median("loss"), math.nan, f"loss {median('loss'):.3g}")
    entropy, common = median("cross_entropy"), median("common")
    sure, right = median("sure_and_wrong"), median("train_accuracy")
    guess = math.log(classes)
    own, floor = median("loss"), floor_of(loss, classes)
    if floor is not None and abs(own - floor) <= NEAR * floor:
        return Diagnosis("floor", own, floor, f"at its floor, {floor:.3g}")
    dead = _dead(race, contestant, record)
    if dead >= MOSTLY:
        return Diagnosis("dead units", dead, math.nan, f"{_percent(dead)} of a layer is off")
    if abs(entropy - guess) <= NEAR * guess:
        share = "½" if classes == 2 else f"1/{classes}"
        return Diagnosis("guessing", entropy, guess, f"guesses {share}")
    if sure >= 0.05:
        return Diagnosis("sure and wrong", sure, math.nan, f"{_percent(sure)} sure and wrong")
    if common >= 0.995:
        return Diagnosis("constant", right, math.nan, f"says one class always, {_percent(right)} right")
    return Diagnosis("learning", right, math.nan, f"{_percent(right)} of its points right")


def _dead(race: History, contestant: int, record: int) -> float:
    """Share of the ReLU units that are off in the layer where most are, median over seeds; 0 for others."""
    one = race.settings.contestants[contestant]
    hidden = race.saturated[contestant, :, record, :]
    depth = int(np.isfinite(race.gradient_norm[contestant, :, record, :]).any(axis=0).sum()) - 1
    if one.activation != "relu" or depth < 1:
        return 0.0
    shares = hidden[:, :depth].max(axis=1)
    known = shares[np.isfinite(shares)]
    return float(np.median(known)) if known.size else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
