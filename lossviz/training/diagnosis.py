"""Why a run's loss is no longer falling: known values at which a training gets stuck, recognized by a number.

A loss that stops falling mostly stops at a value that has a name, such as ln 2. Each of them is recognized by
that number, and by nothing that was not measured.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar

from lossviz.data.table import DATASETS
from lossviz.losses.table import LOSSES
from lossviz.training.history import History

Kind = Literal[
    "diverged",
    "chance-level",
    "constant-prediction",
    "dead-units",
    "confidently-wrong",
    "lower-bound",
    "learning",
]
TOLERANCE = 0.02  # relative: how near a value must be to the one that it is recognized by
DEAD_SHARE = 0.9  # of a layer's units: half of them are inactive in a healthy network
CONFIDENTLY_WRONG_SHARE, MAJORITY_SHARE = 0.05, 0.995  # of the training examples


@dataclass(frozen=True)
class Diagnosis:
    """The state of one run at one record, by the medians over its seeds.

    Attributes:
        kind: "diverged": no seed has a finite loss. "lower-bound": the loss is at the smallest value that it
            can have. "dead-units": in some layer nearly no ReLU is active. "chance-level": the cross-entropy
            is that of a uniform guess. "confidently-wrong": many labels are given a probability below 1 %.
            "constant-prediction": one class is predicted for all examples. "learning": none of these.
        value: The number by which it is recognized: a step, a loss, or a share of units or examples.
        target: The number that ``value`` is near to; NaN if there is none.
        description: A few words, as "guesses ½".
    """

    kind: Kind
    value: float
    target: float
    description: str


@lru_cache(maxsize=64)
def lower_bound(loss: str, classes: int) -> float | None:
    """The smallest value that a classification loss can have; None where it is 0.

    By symmetry it is reached, or approached, at a logit of some m for the label and -m for all other classes.
    """
    row = LOSSES[loss]
    signs, label = (2 * np.eye(classes)[0] - 1, 0) if row.task == "multiclass" else (np.ones(()), 1)

    def value(margin: float) -> float:
        return float(row.value(margin * signs, label))

    least = float(minimize_scalar(value, bounds=(0.0, 60.0), method="bounded", options={"xatol": 1e-8}).fun)
    return least if least > 1e-6 else None


def diagnose(history: History, run: int = 0, record: int = -1) -> Diagnosis:
    """Name the state of a run by the medians of its metrics over the seeds.

    Args:
        history: Of a training.
        run: Position of the run among the losses.
        record: Position of the record; -1 for the last.

    Returns:
        What kind of state it is, and the number that it is recognized by.

    Raises:
        IndexError: If there is no such run or record.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "mlp-8-8-8-8", "sigmoid-ce", lr=0.1, steps=20, activation="sigmoid")
        >>> diagnosis = lv.diagnose(history, run=0)
        >>> diagnosis.kind, round(diagnosis.target, 4)
        ('chance-level', 0.6931)
    """
    loss = history.settings.losses[run]
    classes = len(DATASETS[history.settings.dataset].classes)

    def median(metric: str) -> float:
        values = getattr(history, metric)[run, :, record]
        known = values[np.isfinite(values)]
        return float(np.median(known)) if known.size else math.nan

    own_loss = median("loss")
    if math.isnan(own_loss):
        diverged = history.diverged_at[run]
        step = int(diverged[diverged >= 0].min()) if (diverged >= 0).any() else int(history.steps[record])
        return Diagnosis("diverged", step, math.nan, f"diverged at step {step}")
    if not classes:
        return Diagnosis("learning", own_loss, math.nan, f"loss {own_loss:.3g}")
    accuracy, bound = median("train_accuracy"), lower_bound(loss, classes)
    if bound is not None and abs(own_loss - bound) <= TOLERANCE * bound:
        return Diagnosis("lower-bound", own_loss, bound, f"at its smallest, {bound:.3g}")
    dead = _dead_share(history, run, record)
    if dead >= DEAD_SHARE:
        return Diagnosis("dead-units", dead, math.nan, f"{_percent(dead)} dead units")
    entropy, chance = median("cross_entropy"), math.log(classes)
    if abs(entropy - chance) <= TOLERANCE * chance:
        share = "½" if classes == 2 else f"1/{classes}"
        return Diagnosis("chance-level", entropy, chance, f"guesses {share}")
    wrong = median("confidently_wrong")
    if wrong >= CONFIDENTLY_WRONG_SHARE:
        return Diagnosis("confidently-wrong", wrong, math.nan, f"{_percent(wrong)} confidently wrong")
    if median("majority_share") >= MAJORITY_SHARE:
        description = f"one class only, {_percent(accuracy)} correct"
        return Diagnosis("constant-prediction", accuracy, math.nan, description)
    return Diagnosis("learning", accuracy, math.nan, f"{_percent(accuracy)} training accuracy")


def _dead_share(history: History, run: int, record: int) -> float:
    """Share of inactive ReLUs in the layer with the most, median over seeds; 0 for other activations."""
    config = history.settings.runs[run]
    layers = int(np.isfinite(history.gradient_norm[run, :, record, :]).any(axis=0).sum())
    if config.activation != "relu" or layers < 2:
        return 0.0
    shares = history.saturated[run, :, record, : layers - 1].max(axis=1)
    known = shares[np.isfinite(shares)]
    return float(np.median(known)) if known.size else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
