"""A few predictions, what each of them costs, and the mean of that, while one prediction moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Loss
from lossviz.neuron.descent import binary_loss


@dataclass(frozen=True)
class PredictionSweep:
    """The loss of a few predictions while one of them moves.

    Attributes:
        loss_name: Name of the loss; its logarithms are natural, so a cross-entropy is in nats.
        y: Targets, 0 or 1, (n,).
        moved: Index of the prediction that moves.
        p: Predicted probabilities of 1, (m, n).
        values: Loss of each prediction, (m, n).
        mean: Mean loss, (m,).
    """

    loss_name: str
    y: Floats
    moved: int
    p: Floats
    values: Floats
    mean: Floats


def prediction_sweep(
    loss: str | Loss = "sigmoid-mse",
    y: Sequence[float] = (1.0, 0.0, 1.0),
    p: Sequence[float] = (0.9, 0.2, 0.4),
    moved: int = 2,
    positions: ArrayLike | None = None,
) -> PredictionSweep:
    """Compute the loss of a few predicted probabilities, and its mean, while one of them moves.

    Args:
        loss: A row of `LOSSES` or its name; binary, after a sigmoid.
        y: Targets, each 0 or 1, (n,).
        p: Predicted probabilities of 1, inside (0, 1), (n,).
        moved: Index of the prediction that moves, from 0.
        positions: The probabilities that it takes, inside (0, 1), (m,); by default 0.01, 0.02 ... 0.99.

    Returns:
        The loss of every prediction, and the mean, at each position.

    Raises:
        KeyError: If the loss is unknown.
        ValueError: If the loss is not binary and after a sigmoid, ``y`` and ``p`` differ in length, a target
            is neither 0 nor 1, a probability is not inside (0, 1), or ``moved`` is no index.

    Example:
        >>> import lossviz as lv
        >>> sweep = lv.basics.prediction_sweep(positions=[0.4])
        >>> sweep.values.round(2).tolist(), round(float(sweep.mean[0]), 4)
        ([[0.01, 0.04, 0.36]], 0.1367)
    """
    row = binary_loss(loss)
    if row.activation != "sigmoid":
        raise ValueError(f"loss must be of a probability, after a sigmoid; got {row.name!r}")
    if len(y) != len(p):
        raise ValueError(f"y and p must be of one length; got {len(y)} and {len(p)}")
    count_in("moved", moved, 0, len(p) - 1)
    targets = np.array([number_in(f"y[{i}]", target, 0.0, 1.0) for i, target in enumerate(y)])
    if not np.isin(targets, (0.0, 1.0)).all():
        raise ValueError(f"y must be 0 or 1; got {targets.tolist()}")
    taken = np.arange(1, 100) / 100 if positions is None else np.asarray(positions, dtype=np.float64).ravel()
    predictions = np.tile(np.asarray(p, dtype=np.float64), (len(taken), 1))
    predictions[:, moved] = taken
    outside = predictions[~((predictions > 0) & (predictions < 1))]
    if len(outside):
        raise ValueError(f"a probability must lie inside (0, 1); got {outside[0]:g}")
    logits = np.log(predictions) - np.log1p(-predictions)
    values = np.asarray(row.value(logits, np.broadcast_to(targets, logits.shape)))
    return PredictionSweep(row.name, targets, moved, predictions, values, values.mean(axis=1))
