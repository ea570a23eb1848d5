"""The history of one training, scored at every record on the test set: by its loss and by metrics.

The training minimizes cross-entropy, or squared error in a regression. Scores are scikit-learn's. Two classes
are ordered as negative and positive, where positive is what one looks for: a tumour that is malignant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.data.dataset import Data
from lossviz.data.table import DATASETS
from lossviz.metrics.measures import MEASURES, classification_scores, regression_scores
from lossviz.metrics.thresholds import Calibration, calibration
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import NETWORKS

CALIBRATION_BINS = 10


@dataclass(frozen=True)
class ScoreSettings:
    """Settings of `score_history`: names and numbers only, so that they can be the key of a cache.

    Args:
        dataset: Name of a row of `lossviz.DATASETS`.
        network: Name of a row of `lossviz.NETWORKS`.
        train: Examples to learn from, at least 4; all others are the test set.
        lr: Learning rate, above 0.
        optimizer: Name of a row of `lossviz.OPTIMIZERS`.
        steps: Full-batch steps, from 1 to 10,000.
        record_every: Steps between two records.
        seed: Seed of the split and of the initialization.

    Raises:
        KeyError: For an unknown dataset, network or optimizer.
        ValueError: For a number out of range.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.metrics.ScoreSettings("digits", "linear", train=50)
        >>> [len(part.x) for part in settings.data()]
        [50, 1747]
    """

    dataset: str
    network: str = "mlp-64-64"
    train: int = 100
    lr: float = 0.01
    optimizer: str = "adam"
    steps: int = 300
    record_every: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        data, network, _ = DATASETS[self.dataset], NETWORKS[self.network], OPTIMIZERS[self.optimizer]
        network.check(len(data.features))
        number_in("lr", self.lr, 0.0, open_low=True)
        count_in("steps", self.steps, 1, 10_000)
        count_in("record_every", self.record_every, 1, self.steps)
        count_in("seed", self.seed, 0, 2**32 - 1)
        count_in("train", self.train, 4, len(data.load().x) - 4)

    def data(self) -> tuple[Data, Data]:
        """The training set and the test set, split by the seed."""
        whole = DATASETS[self.dataset].load(seed=0)
        return whole.split((len(whole.x) - self.train) / len(whole.x), self.seed)


@dataclass(frozen=True, eq=False)
class ScoreHistory:
    """Loss and scores at m records, on n test examples. NaN from where training diverged."""

    settings: ScoreSettings
    task: str
    classes: tuple[str, ...]  # negative and positive, or K names; empty for regression
    steps: NDArray[np.int64]  # (m,) gradient steps taken before each record
    y: Floats  # (n,) class numbers (1 is positive), or the target of a regression
    train_loss: Floats  # (m,) on the training examples
    loss: Floats  # (m,) on the test set: nats, or squared error
    example_loss: NDArray[np.float32]  # (m, n) the loss of each test example
    correct: NDArray[np.bool_]  # (m, n) whether the likeliest class is right; (m, 0) for regression
    confidence: NDArray[np.float32]  # (m, n) probability of the positive, or of the likeliest of K; (m, 0)
    log_odds: NDArray[np.float32]  # (m, n) of the positive class; (m, 0) unless there are two classes
    scores: Mapping[str, Floats] = field(repr=False)  # name -> (m,), names as in MEASURES

    def best_record(self, measure: str = "loss") -> int:
        """The first record with the best loss, or the best value of a score.

        Args:
            measure: "loss" or a key of ``scores``.

        Returns:
            The index of the record.

        Raises:
            KeyError: For an unknown score.
        """
        if measure == "loss":
            return int(np.nanargmin(self.loss))
        values = self.scores[measure]
        return int(np.nanargmax(values) if MEASURES[measure].higher_is_better else np.nanargmin(values))

    def calibration(self, record: int) -> Calibration:
        """The calibration at one record, in ten bins: of the positive class, or of the likeliest of K.

        Raises:
            ValueError: For a regression, which predicts no probabilities.
        """
        if not self.confidence.shape[1]:
            raise ValueError("calibration needs probabilities; a regression gives none")
        binary = len(self.classes) == 2
        target = self.y == 1 if binary else self.correct[record]
        low = 0.0 if binary else 1 / len(self.classes)
        return calibration(self.confidence[record], target, CALIBRATION_BINS, low)


@dataclass(frozen=True)
class PredictionChange:
    """How predictions on the test set changed between two records, and where the loss changed.

    Changes of the loss are sums over examples in nats, later minus earlier.
    """

    newly_right: int
    newly_wrong: int
    still_wrong: int
    nats_still_wrong: float
    nats_others: float


def prediction_change(history: ScoreHistory, before: int, after: int) -> PredictionChange:
    """Split the change of the loss between two records by what happened to each prediction.

    Args:
        history: A history of a classification.
        before: Index of the earlier record.
        after: Index of the later record.

    Returns:
        Numbers of examples and sums of their losses.

    Raises:
        ValueError: For a regression, in which no prediction is right or wrong.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.metrics.ScoreSettings("breast-cancer", "linear", steps=4, record_every=2)
        >>> history = lv.metrics.score_history(settings)
        >>> change = lv.metrics.prediction_change(history, 0, 2)
        >>> change.newly_wrong + change.still_wrong == int((~history.correct[2]).sum())
        True
    """
    if not history.correct.shape[1]:
        raise ValueError("change needs classes; in a regression no prediction is right or wrong")
    was_right, is_right = history.correct[before], history.correct[after]
    change = history.example_loss[after].astype(np.float64) - history.example_loss[before]
    still_wrong = ~was_right & ~is_right
    return PredictionChange(
        int((~was_right & is_right).sum()),
        int((was_right & ~is_right).sum()),
        int(still_wrong.sum()),
        float(change[still_wrong].sum()),
        float(change[~still_wrong].sum()),
    )


def score_history(settings: ScoreSettings, progress: Progress = False) -> ScoreHistory:
    """Train one network with full batches, and score it on the test set at every record.

    Args:
        settings: What is trained, and when it is scored.
        progress: True for a bar, or a function of (done, total).

    Returns:
        The history; the same settings give the same history.

    Example:
        >>> import lossviz as lv
        >>> settings = lv.metrics.ScoreSettings("breast-cancer", "linear", steps=4, record_every=2)
        >>> history = lv.metrics.score_history(settings)
        >>> history.steps.tolist(), history.classes
        ([0, 2, 4], ('benign', 'malignant'))
    """
    train, test = (_positive_last(part, settings) for part in settings.data())
    classes = len(train.classes)
    model = NETWORKS[settings.network].build(train.x.shape[1], max(classes, 1), seed=settings.seed)
    optimizer = OPTIMIZERS[settings.optimizer].build(model.parameters(), settings.lr)
    x, y, x_test, y_test = (_tensor(v) for v in (train.x, train.y, test.x, test.y))
    records = sorted({*range(0, settings.steps + 1, settings.record_every), settings.steps})
    outputs: list[Tensor] = []
    train_loss: list[float] = []
    with ProgressBar(progress, settings.steps + 1 + len(records), "Training") as meter:
        for step in range(settings.steps + 1):
            if step == records[len(outputs)]:
                with torch.no_grad():
                    outputs.append(model(x_test).double())
                    train_loss.append(float(_example_loss(model(x).double(), y).mean()))
            optimizer.zero_grad()
            _example_loss(model(x), y).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            meter.update(1)
        return _history(settings, test, np.array(records), outputs, y_test, np.array(train_loss), meter)


def _positive_last(data: Data, settings: ScoreSettings) -> Data:
    """Two classes in the order negative, positive."""
    if len(data.classes) != 2 or DATASETS[settings.dataset].positive_class == 1:
        return data
    return replace(data, y=1 - data.y, classes=data.classes[::-1])


def _tensor(values: Floats | NDArray[np.int64]) -> Tensor:
    tensor = torch.from_numpy(values)
    return tensor.float() if tensor.is_floating_point() else tensor


def _example_loss(z: Tensor, y: Tensor) -> Tensor:
    """The loss of each example (n,): cross-entropy in nats, or the squared error."""
    if y.is_floating_point():
        return (z[:, 0] - y.to(z.dtype)) ** 2
    return F.cross_entropy(z, y, reduction="none")


def _history(
    settings: ScoreSettings,
    test: Data,
    steps: NDArray[np.int64],
    outputs: list[Tensor],
    y: Tensor,
    train_loss: Floats,
    meter: ProgressBar,
) -> ScoreHistory:
    """Score the outputs at every record."""
    example_loss = np.stack([_example_loss(z, y).numpy() for z in outputs])
    m, binary = len(steps), len(test.classes) == 2
    correct, confidence, log_odds = np.empty((m, 0), dtype=bool), np.empty((m, 0)), np.empty((m, 0))
    rows = []
    if test.task == "regression":
        for z in outputs:
            rows.append(regression_scores(test.y, z[:, 0].numpy()))
            meter.update(1)
    else:
        probabilities = [torch.softmax(z, dim=-1).numpy() for z in outputs]
        correct = np.stack([p.argmax(axis=1) == test.y for p in probabilities])
        confidence = np.stack([p[:, 1] if binary else p.max(axis=1) for p in probabilities])
        if binary:
            log_odds = np.stack([(z[:, 1] - z[:, 0]).numpy() for z in outputs])
        for p in probabilities:
            rows.append(classification_scores(test.y, p))
            meter.update(1)
    return ScoreHistory(
        settings,
        test.task,
        test.classes,
        steps,
        test.y.astype(np.float64),
        train_loss,
        example_loss.mean(axis=1),
        example_loss.astype(np.float32),
        correct,
        confidence.astype(np.float32),
        log_odds.astype(np.float32),
        {name: np.array([row[name] for row in rows]) for name in rows[0]},
    )
