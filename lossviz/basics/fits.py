"""One neuron with two weights that is fitted to twenty examples: its outputs, loss and accuracy."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss
from lossviz.neuron.descent import binary_loss
from lossviz.neuron.grid import baseline_loss
from lossviz.neuron.two_weights import TwoWeightModel

FAILED = (-2.6, -2.2, -1.9, -1.5, -1.3, -0.9, -0.6, -0.2, 0.3, 0.9)  # hours above the mean
PASSED = (-0.8, -0.3, 0.1, 0.5, 0.8, 1.1, 1.5, 1.8, 2.3, 2.7)


def _students() -> tuple[Floats, Floats]:
    """Twenty students, as many of whom passed as failed."""
    return np.array([*FAILED, *PASSED])[:, None], np.repeat([0.0, 1.0], (len(FAILED), len(PASSED)))


STUDENTS = TwoWeightModel(
    name="students",
    label="One neuron, twenty students",
    weight_names=("w", "b"),
    data=_students,
    logits=lambda w, x: w[:, :1] * x[:, 0] + w[:, 1:],
    formula=r"z = w x + b",
    convention="20 students, x hours of study above the mean, y = 1 for passed; ten passed",
    source="made up for this example",
    span=6.0,
)


@dataclass(frozen=True)
class NeuronFits:
    """One sigmoid neuron, sigmoid(w x + b), on `STUDENTS`, at several pairs of weights.

    Attributes:
        loss_name: Name of the loss; its logarithms are natural.
        weights: The pairs (w, b), (m, 2).
        x: Inputs of the examples, (n,).
        y: Targets of the examples, 0 or 1, (n,).
        p: Outputs for the examples, (m, n).
        curve_x: Evenly spaced inputs, (k,).
        curve_p: Outputs for these, (m, k).
        loss: Mean loss over the examples, (m,).
        baseline_loss: Mean loss of a neuron that always outputs 1/2.
        accuracy: Share of the examples on the right side of 1/2, (m,); an output of 1/2 counts as 1.
    """

    loss_name: str
    weights: Floats
    x: Floats
    y: Floats
    p: Floats
    curve_x: Floats
    curve_p: Floats
    loss: Floats
    baseline_loss: float
    accuracy: Floats


def neuron_fits(loss: str | Loss, weights: ArrayLike, points: int = 61) -> NeuronFits:
    """Compute outputs, loss and accuracy of one neuron on `STUDENTS` at several pairs of weights.

    Args:
        loss: A row of `LOSSES` or its name; binary, after a sigmoid.
        weights: Pairs (w, b), (m, 2), such as those of a `Trajectory`.
        points: Number of evenly spaced inputs at which the outputs are given too.

    Returns:
        The outputs for the examples and along the input, the loss and the accuracy at each pair.

    Raises:
        KeyError: If the loss is unknown.
        ValueError: If the loss is not binary and after a sigmoid, or ``weights`` are not finite pairs.

    Example:
        >>> import lossviz as lv
        >>> fits = lv.basics.neuron_fits("sigmoid-ce", [(0, 0), (1.5, 0)])
        >>> fits.accuracy.tolist(), fits.loss.round(2).tolist()
        ([0.5, 0.8], [0.69, 0.4])
    """
    row = binary_loss(loss)
    if row.activation != "sigmoid":
        raise ValueError(f"loss must be of a probability, after a sigmoid; got {row.name!r}")
    pairs = np.asarray(weights, dtype=np.float64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise ValueError(f"weights must be finite pairs, (m, 2); got shape {pairs.shape}")
    x, y = STUDENTS.data()
    curve_x = np.linspace(-3.0, 3.0, points)
    z = _logits(pairs, x)
    p = 1 / (1 + np.exp(-z))
    value = np.asarray(row.value(z, np.broadcast_to(y, z.shape)))
    return NeuronFits(
        loss_name=row.name,
        weights=pairs,
        x=x[:, 0],
        y=y,
        p=p,
        curve_x=curve_x,
        curve_p=1 / (1 + np.exp(-_logits(pairs, curve_x[:, None]))),
        loss=value.mean(axis=1),
        baseline_loss=baseline_loss(row, y),
        accuracy=((p >= 0.5) == (y > 0.5)).mean(axis=1),
    )


def _logits(pairs: Floats, x: Floats) -> Floats:
    return STUDENTS.logits(torch.from_numpy(pairs), torch.from_numpy(x)).numpy()
