"""The history of a training: its metrics at every record, and its checkpoints."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

import numpy as np
from numpy.typing import NDArray

from lossviz.common.typing import Floats
from lossviz.common.validation import same_fields
from lossviz.training import io
from lossviz.training.checkpoints import Checkpoints, StateDict
from lossviz.training.settings import TrainingSettings
from lossviz.training.snapshot import METRICS, Snapshot


@dataclass(frozen=True, eq=False)
class History:
    """The history of a training: what `train` returns.

    The metrics are those of `Snapshot`, with an axis of records. Layers are counted from the input; where a
    run has fewer layers than another, its values for the others are NaN.

    Attributes:
        settings: The settings of the training.
        layers: Names of the layers that have weights, of the deepest network.
        steps: (records,), optimizer steps taken before each record.
        loss: (runs, seeds, records), as are the other metrics unless they say otherwise.
        test_loss: The run's own loss on the test set.
        accuracy: On the test set, in [0, 1].
        cross_entropy: On the test set, in nats.
        brier: Brier score on the test set, from 0 to 2.
        gradient_norm: (runs, seeds, records, layers).
        saturated: (runs, seeds, records, layers).
        distance: L2 distance of the weights from their initial values.
        train_accuracy: On the training set.
        confidently_wrong: Share of the training examples whose label is given a probability below 1 %.
        majority_share: Share of the training examples that are predicted to be of the most frequent class.
        diverged_at: (runs, seeds), the first step at which a value was not finite; -1 for none.
        weights: The recorded weights; None if there are none. See `checkpoints`.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=20)
        >>> history.loss.shape, history.gradient_norm.shape
        ((2, 2, 21), (2, 2, 21, 1))
        >>> {name: values.shape for name, values in history.checkpoints(run=1, seed=0)[-1].items()}
        {'0.weight': (1, 2), '0.bias': (1,)}
    """

    settings: TrainingSettings
    layers: tuple[str, ...]
    steps: NDArray[np.int64]
    loss: Floats
    test_loss: Floats
    accuracy: Floats
    cross_entropy: Floats
    brier: Floats
    gradient_norm: Floats
    saturated: Floats
    distance: Floats
    train_accuracy: Floats
    confidently_wrong: Floats
    majority_share: Floats
    diverged_at: NDArray[np.int64]
    weights: Checkpoints | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, History) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.settings, self.loss.tobytes()))

    @classmethod
    def from_snapshots(
        cls,
        settings: TrainingSettings,
        layers: tuple[str, ...],
        snapshots: Sequence[Snapshot],
        diverged_at: NDArray[np.int64],
        weights: Checkpoints | None = None,
    ) -> "History":
        """Stack snapshots along the axis of records.

        Args:
            settings: The settings of the training.
            layers: Names of the layers that have weights, of the deepest network: `Training.layers`.
            snapshots: At least one, in the order of their steps.
            diverged_at: (runs, seeds), `Training.diverged_at`.
            weights: The recorded weights, if there are any.

        Returns:
            The history of the training up to the last of the snapshots.

        Example:
            >>> import lossviz as lv
            >>> training = lv.Training(lv.TrainingSettings("moons", "linear", ("hinge",), (0.1,), steps=20))
            >>> snapshots = list(training)
            >>> history = lv.History.from_snapshots(
            ...     training.settings, training.layers, snapshots, training.diverged_at
            ... )
            >>> history.loss.shape
            (1, 1, 21)
        """
        steps = np.array([snapshot.step for snapshot in snapshots])
        arrays = {name: np.stack([getattr(shot, name) for shot in snapshots], axis=2) for name in METRICS}
        missing = np.isnan(arrays["loss"])  # a loss can overflow before the weights do
        first_missing = np.where(missing.any(axis=2), steps[missing.argmax(axis=2)], -1)
        both = (first_missing >= 0) & (diverged_at >= 0)
        first = np.where(both, np.minimum(first_missing, diverged_at), np.maximum(first_missing, diverged_at))
        return cls(
            settings=settings, layers=layers, steps=steps, diverged_at=first, weights=weights, **arrays
        )

    def save(self, file: "str | os.PathLike[str] | IO[bytes]") -> None:
        """Write the history to an .npz file, without pickle.

        Args:
            file: A path, whose file is replaced by the whole new one or left as it was, or a binary file.

        Raises:
            ValueError: If a network is the user's own: a file holds only the names of networks.
            OSError: If the file cannot be written.

        Example:
            >>> import io
            >>> import lossviz as lv
            >>> file = io.BytesIO()
            >>> history = lv.train("moons", "linear", ["hinge"], lr=0.1, steps=10)
            >>> history.save(file)
            >>> lv.History.load(file) == history
            True
        """
        metrics = {name: getattr(self, name) for name in METRICS}
        io.write(file, self.settings, self.layers, self.steps, self.diverged_at, metrics, self.weights)

    @classmethod
    def load(cls, file: "str | os.PathLike[str] | IO[bytes]") -> "History":
        """Read a history from a file that `save` has written. No code in a file is ever run.

        Args:
            file: A path, or a binary file.

        Returns:
            The history, equal to the one that was saved.

        Raises:
            ValueError: For anything but a whole history file.
            FileNotFoundError: If there is no such file.
        """
        return cls(**io.read(file))

    def checkpoints(self, run: int = 0, seed: int = 0) -> tuple[StateDict, ...]:
        """The weights of one run and seed at each of ``checkpoint_steps``, the oldest first.

        Args:
            run: Position of the run among the losses.
            seed: The seed, from 0.

        Returns:
            One dict per checkpoint, from the name of each parameter to its values, as in ``state_dict()``.

        Raises:
            IndexError: If there is no such run or seed, or if no weights were recorded.
        """
        if self.weights is None:
            raise IndexError("no weights were recorded in this training")
        return self.weights.state_dicts(run, seed)

    @property
    def checkpoint_steps(self) -> NDArray[np.int64]:
        """(checkpoints,), the steps of the recorded weights."""
        return np.array([], dtype=np.int64) if self.weights is None else self.weights.steps
