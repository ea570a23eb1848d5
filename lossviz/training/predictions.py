"""Predictions of a finished training at each of its records, and over the plane of two features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.common.typing import AnyFloats, Floats
from lossviz.data.dataset import Data
from lossviz.training.history import History
from lossviz.training.trainer import Training


def recorded_predictions(history: History, x: Floats, seed: int | None = 0) -> Floats:
    """The predictions of a finished training at each record.

    A record without weights has those of the checkpoint before it; from the step at which a run diverged, its
    predictions are NaN.

    Args:
        history: With recorded weights.
        x: Inputs (n, d).
        seed: One seed, or None for all.

    Returns:
        As `Training.predict` describes: (records, runs, n), or (records, runs, seeds, n) for all seeds.

    Raises:
        IndexError: If no weights were recorded.
    """
    if history.weights is None:
        raise IndexError("no weights were recorded in this training")
    training = Training(history.settings)
    seeds = range(history.settings.seeds) if seed is None else (seed,)
    at_checkpoints = []
    for checkpoint in range(len(history.weights.steps)):
        for s in seeds:
            training.load_checkpoint(history, checkpoint, s)
        at_checkpoints.append(training.predict(x, seed))
    last = np.searchsorted(history.weights.steps, history.steps, side="right") - 1
    predictions = np.stack(at_checkpoints)[np.maximum(last, 0)]
    diverged_at = history.diverged_at if seed is None else history.diverged_at[:, seed]
    steps = history.steps.reshape(-1, *(1,) * diverged_at.ndim)
    predictions[(diverged_at[None] >= 0) & (steps >= diverged_at[None])] = np.nan
    return predictions


@dataclass(frozen=True, eq=False)
class DecisionBoundaries:
    """The predictions of every run over the plane of two features, at each record of a training.

    Attributes:
        a: (k,), values of the first feature.
        b: (k,), values of the second feature.
        predictions: (records, runs, k, k), the probability of class 1, or for more than two classes the
            number of the most probable one, at (a[j], b[i]); NaN for a run that has diverged.
        x: (n, 2), the training examples.
        y: (n,), their class numbers.
        classes: Number of classes.
    """

    a: Floats
    b: Floats
    predictions: NDArray[np.float32]
    x: Floats
    y: NDArray[np.int64]
    classes: int


@dataclass(frozen=True, eq=False)
class FeatureGrid:
    """A square grid over the plane of two features."""

    a: Floats  # (k,)
    b: Floats  # (k,)
    points: Floats  # (k * k, 2), row by row
    train: Data

    @classmethod
    def over(cls, train: Data, points: int = 36) -> "FeatureGrid":
        """The grid over examples of two features, with a margin of a tenth; ``points`` along each side."""
        low, high = train.x.min(axis=0), train.x.max(axis=0)
        margin = 0.1 * (high - low)
        a, b = (np.linspace(low[i] - margin[i], high[i] + margin[i], points) for i in range(2))
        return cls(a, b, np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2), train)

    def boundaries(self, predictions: Sequence[AnyFloats] | AnyFloats) -> DecisionBoundaries:
        """The decision boundaries of predictions at the grid's points: (runs, k * k) for each record."""
        k = len(self.a)
        grids = np.stack(list(predictions)).astype(np.float32).reshape(len(predictions), -1, k, k)
        y = self.train.y.astype(np.int64)
        return DecisionBoundaries(self.a, self.b, grids, self.train.x, y, len(self.train.classes))


def decision_boundaries(history: History, seed: int = 0, points: int = 36) -> DecisionBoundaries:
    """Where the classes of a finished training meet, over the plane of its two features.

    Args:
        history: Of a training on two features, with recorded weights.
        seed: The seed whose networks are evaluated.
        points: Grid points along each side.

    Returns:
        The predictions of every run on a square grid, at each record.

    Raises:
        ValueError: Unless the data have two features.
        IndexError: If no weights were recorded.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, steps=20)
        >>> lv.decision_boundaries(history, points=8).predictions.shape
        (21, 2, 8, 8)
    """
    train, _ = history.settings.data()
    if train.x.shape[1] != 2:
        name = history.settings.dataset
        raise ValueError(f"decision boundaries need two features; {name} has {train.x.shape[1]}")
    grid = FeatureGrid.over(train, points)
    return grid.boundaries(recorded_predictions(history, grid.points, seed))
