"""What is seen of a race at one step, and what is left of it at the end."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

import numpy as np
from numpy.typing import NDArray

from lossviz.common.typing import Floats
from lossviz.common.validation import same_fields
from lossviz.training.settings import TrainingSettings

State = dict[str, NDArray[np.float32]]  # parameter name -> values
MOST_KEPT = 64 * 2**20  # bytes of weights that a race keeps, if it is not told which


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A race at one step. Losses are means over examples; NaN for a member that has diverged.

    Accuracy, cross-entropy and Brier score are measured on the held-out examples. The last two are those
    of the probabilities that the outputs mean, so that unlike losses can be compared: NaN for a margin
    loss, whose outputs mean none, and for regression.
    """

    step: int
    loss: Floats  # (contestants, seeds) each by its own loss, on the training examples
    test_loss: Floats  # (contestants, seeds) each by its own loss, on the held-out examples
    accuracy: Floats  # (contestants, seeds) in [0, 1]; NaN for regression
    cross_entropy: Floats  # (contestants, seeds) in nats
    brier: Floats  # (contestants, seeds) summed over classes: from 0 to 2
    gradient_norm: Floats  # (contestants, seeds, layers) of the training loss, by layer, first layer first
    saturated: Floats  # (contestants, seeds, layers) share of units that are flat; last: outputs
    distance: Floats  # (contestants, seeds) of the weights from where they started
    train_accuracy: Floats  # (contestants, seeds) on the training examples and the labels they have
    sure_and_wrong: Floats  # (contestants, seeds) share of them whose class is given less than 1 %
    common: Floats  # (contestants, seeds) share of them that is said to be of the commonest answer

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Snapshot) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.step, self.loss.tobytes()))


MEASURED = tuple(name for name in Snapshot.__dataclass_fields__ if name != "step")


@dataclass(frozen=True, eq=False)
class History:
    """A whole race: what its snapshots saw, stacked along the records.

    The fields are those of `Snapshot`. Layers are counted from the first; a contestant with fewer layers
    than another has NaN beyond its own.
    """

    settings: TrainingSettings
    layers: tuple[str, ...]  # of the deepest contestant
    steps: NDArray[np.int64]  # (records,) gradient steps taken before each record
    loss: Floats  # (contestants, seeds, records)
    test_loss: Floats  # (contestants, seeds, records)
    accuracy: Floats  # (contestants, seeds, records)
    cross_entropy: Floats  # (contestants, seeds, records)
    brier: Floats  # (contestants, seeds, records)
    gradient_norm: Floats  # (contestants, seeds, records, layers)
    saturated: Floats  # (contestants, seeds, records, layers)
    distance: Floats  # (contestants, seeds, records)
    train_accuracy: Floats  # (contestants, seeds, records)
    sure_and_wrong: Floats  # (contestants, seeds, records)
    common: Floats  # (contestants, seeds, records)
    diverged_at: NDArray[np.int64]  # (contestants, seeds) the first step that was not finite; -1 for none
    kept: "Weights | None" = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, History) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.settings, self.loss.tobytes()))

    def save(self, file: "str | os.PathLike[str] | IO[bytes]") -> None:
        """Writes it to an .npz, without pickle. ValueError for a race with a network of your own."""
        from lossviz.training.io import save

        save(self, file)

    @staticmethod
    def load(file: "str | os.PathLike[str] | IO[bytes]") -> "History":
        """Opens what `save` has written; anything but a whole race file is a ValueError."""
        from lossviz.training.io import load

        return load(file)

    def checkpoints(self, contestant: int = 0, seed: int = 0) -> tuple[State, ...]:
        """The weights of one member at each step of ``checkpoint_steps``, oldest first.

        IndexError if there is no such member, or if no weights were kept.
        """
        if self.kept is None:
            raise IndexError("this race kept no weights")
        return self.kept.states(contestant, seed)

    @property
    def checkpoint_steps(self) -> NDArray[np.int64]:
        """(checkpoints,) the steps at which the weights were kept: every record, unless told otherwise."""
        return np.array([], dtype=np.int64) if self.kept is None else self.kept.steps


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a race's members at some of its records."""

    steps: NDArray[np.int64]  # (checkpoints,)
    flat: tuple[NDArray[np.float32], ...]  # a contestant: (seeds, checkpoints, weights), parameters in order
    shapes: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]  # a contestant: names and shapes, in order

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Weights) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.steps.tobytes(), self.shapes))

    def states(self, contestant: int, seed: int) -> tuple[State, ...]:
        return tuple(unflatten(row, self.shapes[contestant]) for row in self.flat[contestant][seed])


def unflatten(flat: NDArray[np.float32], shapes: Sequence[tuple[str, tuple[int, ...]]]) -> State:
    """Parameters by name from one row."""
    state, at = {}, 0
    for name, shape in shapes:
        size = int(np.prod(shape))
        state[name] = flat[at : at + size].reshape(shape)
        at += size
    return state


def stack(
    settings: TrainingSettings,
    layers: tuple[str, ...],
    snapshots: Sequence[Snapshot],
    diverged_at: NDArray[np.int64],
    kept: Weights | None = None,
) -> History:
    """The race that the snapshots (at least one) are of."""
    steps = np.array([shot.step for shot in snapshots])
    arrays = {name: np.stack([getattr(shot, name) for shot in snapshots], axis=2) for name in MEASURED}
    gone = np.isnan(arrays["loss"])  # a loss can overflow before the weights do
    seen = np.where(gone.any(axis=2), steps[gone.argmax(axis=2)], -1)
    both = (seen >= 0) & (diverged_at >= 0)
    first = np.where(both, np.minimum(seen, diverged_at), np.maximum(seen, diverged_at))
    return History(settings=settings, layers=layers, steps=steps, diverged_at=first, kept=kept, **arrays)
