"""The metrics of a training at one step."""

from dataclasses import dataclass

from lossviz.common.typing import Floats
from lossviz.common.validation import same_fields


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The metrics of a training at one step, for every run and seed.

    A loss is a mean over examples. All values are NaN for a member (a run with one seed) that has diverged.
    Accuracy, cross-entropy and Brier score are measured on the test set. The last two are those of the class
    probabilities that the logits stand for, so that runs with different losses can be compared. They are NaN
    for a margin loss, whose scores are no probabilities, and all three are NaN for regression.

    Attributes:
        step: Optimizer steps taken.
        loss: (runs, seeds), the run's own loss on the training set.
        test_loss: (runs, seeds), the run's own loss on the test set.
        accuracy: (runs, seeds), on the test set, in [0, 1].
        cross_entropy: (runs, seeds), on the test set, in nats.
        brier: (runs, seeds), Brier score on the test set, summed over classes: from 0 to 2.
        gradient_norm: (runs, seeds, layers), L2 norm of the training loss's gradient in each layer that has
            weights, the first layer first.
        saturated: (runs, seeds, layers), share of saturated units in each hidden layer, and last of the
            outputs.
        distance: (runs, seeds), L2 distance of the weights from their initial values.
        train_accuracy: (runs, seeds), on the training set with the labels that it has.
        confidently_wrong: (runs, seeds), share of the training examples whose label is given a probability
            below 1 %.
        majority_share: (runs, seeds), share of the training examples that are predicted to be of the class
            that is predicted most often.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.TrainingSettings("moons", "linear", ("sigmoid-ce",), (0.5,), seeds=2, steps=10)
        >>> snapshot = lv.Training(settings).snapshot()
        >>> snapshot.step, snapshot.loss.shape, snapshot.gradient_norm.shape
        (0, (1, 2), (1, 2, 1))
    """

    step: int
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

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Snapshot) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.step, self.loss.tobytes()))


METRICS = tuple(name for name in Snapshot.__dataclass_fields__ if name != "step")
LAYER_METRICS = ("gradient_norm", "saturated")  # those with an axis of layers
