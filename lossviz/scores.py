"""A model in training, scored at every record on examples that it does not see: by loss and by metric.

It learns by cross-entropy, or by squared error if a number is predicted. Scores are scikit-learn's. Two
classes are told as no and yes, where yes is what one looks for: a tumour that is malignant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn import config_context, metrics
from torch import Tensor

from lossviz.checks import count_in, number_in
from lossviz.data import Data
from lossviz.datasets import DATASETS
from lossviz.meter import Say, silent
from lossviz.networks import NETWORKS
from lossviz.optimizers import OPTIMIZERS

Floats = NDArray[np.float64]
LOOKED_FOR = {"breast-cancer": 0}  # the class that is the yes, where it is not the second


@dataclass(frozen=True)
class Measure:
    """A way to score: its name, which way is better, and what it is."""

    label: str
    higher: bool
    convention: str


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "accuracy": Measure("Accuracy", True, "share of examples whose likeliest class is right"),
        "f1": Measure("F1", True, "of yes; with more than two classes the mean over classes"),
        "roc-auc": Measure("ROC AUC", True, "one against the rest, the mean over classes"),
        "brier": Measure("Brier", False, "squared miss of the probabilities, summed over classes: 0 to 2"),
        "rmse": Measure("RMSE", False, "in standard deviations of what is predicted"),
        "mae": Measure("MAE", False, "in standard deviations of what is predicted"),
        "r2": Measure("R²", True, "share of the variance that is explained"),
    }
)


@dataclass(frozen=True)
class ScoreSettings:
    """Names and numbers only; a key for a cache. KeyError or ValueError for what cannot be.

    ``train`` examples are learned from, full batch; all others are held out.
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
        """(train, held out), split by the seed."""
        whole = DATASETS[self.dataset].load(seed=0)
        return whole.split((len(whole.x) - self.train) / len(whole.x), self.seed)


@dataclass(frozen=True, eq=False)
class ScoreHistory:
    """Loss and scores at m records, on n held-out examples. NaN from where training left finite numbers."""

    settings: ScoreSettings
    task: str
    classes: tuple[str, ...]  # no and yes, or K names; empty for regression
    steps: NDArray[np.int64]  # (m,) gradient steps taken before each record
    y: Floats  # (n,) class numbers (1 is yes), or what is to be predicted
    train_loss: Floats  # (m,) on the examples that are learned from
    loss: Floats  # (m,) on the held-out ones: nats, or the squared miss
    each: NDArray[np.float32]  # (m, n) the loss of each held-out example
    right: NDArray[np.bool_]  # (m, n) whether the likeliest class is right; (m, 0) for regression
    confidence: NDArray[np.float32]  # (m, n) probability of yes, or of the likeliest of K; (m, 0)
    log_odds: NDArray[np.float32]  # (m, n) of yes; (m, 0) unless there are two classes
    scores: Mapping[str, Floats] = field(repr=False)  # name -> (m,), names as in MEASURES

    def best(self, measure: str = "loss") -> int:
        """The first record that is best by the loss, or by a measure of `scores`."""
        if measure == "loss":
            return int(np.nanargmin(self.loss))
        values = self.scores[measure]
        return int(np.nanargmax(values) if MEASURES[measure].higher else np.nanargmin(values))


@dataclass(frozen=True)
class Change:
    """What became of the held-out examples from one record to another. Nats are sums, later minus earlier."""

    newly_right: int
    newly_wrong: int
    still_wrong: int
    nats_still_wrong: float
    nats_others: float


def change(history: ScoreHistory, before: int, after: int) -> Change:
    """Where the loss went between two records. ValueError for a regression: nothing is right or wrong."""
    if not history.right.shape[1]:
        raise ValueError("change needs classes; in a regression no answer is right or wrong")
    was, now = history.right[before], history.right[after]
    cost = history.each[after].astype(np.float64) - history.each[before]
    still = ~was & ~now
    return Change(
        int((~was & now).sum()),
        int((was & ~now).sum()),
        int(still.sum()),
        float(cost[still].sum()),
        float(cost[~still].sum()),
    )


def score_history(settings: ScoreSettings, progress: Say = silent) -> ScoreHistory:
    """Train, and score at every record. The same settings give the same history.

    ``progress`` is told how far it has come, 0 to 1.
    """
    data, held = (_yes_last(part) for part in settings.data())
    classes = len(data.classes)
    model = NETWORKS[settings.network].build(data.x.shape[1], max(classes, 1), seed=settings.seed)
    optimizer = OPTIMIZERS[settings.optimizer].build(model.parameters(), settings.lr)
    x, y, x_held, y_held = (_tensor(values) for values in (data.x, data.y, held.x, held.y))
    steps, outputs, train_loss = [], [], []
    for step in range(settings.steps + 1):
        if step % settings.record_every == 0 or step == settings.steps:
            with torch.no_grad():
                steps.append(step)
                outputs.append(model(x_held).double())
                train_loss.append(float(_each(model(x).double(), y).mean()))
        optimizer.zero_grad()
        _each(model(x), y).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        progress(0.5 * step / settings.steps)
    return _history(settings, held, np.array(steps), outputs, y_held, np.array(train_loss), progress)


def _yes_last(data: Data) -> Data:
    """Two classes in the order no, yes."""
    if LOOKED_FOR.get(data.name) != 0:
        return data
    return replace(data, y=1 - data.y, classes=data.classes[::-1])


def _tensor(values: Floats | NDArray[np.int64]) -> Tensor:
    tensor = torch.from_numpy(values)
    return tensor.float() if tensor.is_floating_point() else tensor


def _each(z: Tensor, y: Tensor) -> Tensor:
    """The loss of each example (n,): cross-entropy in nats, or the squared miss."""
    if y.is_floating_point():
        return (z[:, 0] - y.to(z.dtype)) ** 2
    return F.cross_entropy(z, y, reduction="none")


def _history(
    settings: ScoreSettings,
    held: Data,
    steps: NDArray[np.int64],
    outputs: list[Tensor],
    y: Tensor,
    train_loss: Floats,
    progress: Say,
) -> ScoreHistory:
    each = np.stack([_each(z, y).numpy() for z in outputs])
    truth = held.y
    m, two = len(steps), len(held.classes) == 2
    right, confidence, odds = np.empty((m, 0), dtype=bool), np.empty((m, 0)), np.empty((m, 0))

    def scored(
        score: Callable[[Any, Floats], dict[str, float]], said: list[Floats]
    ) -> list[dict[str, float]]:
        found = []
        for k, one in enumerate(said):
            found.append(score(truth, one))
            progress(0.5 + 0.5 * (k + 1) / m)
        return found

    if held.task == "regression":
        rows = scored(_regression_scores, [z[:, 0].numpy() for z in outputs])
    else:
        probabilities = [torch.softmax(z, dim=-1).numpy() for z in outputs]
        right = np.stack([p.argmax(axis=1) == truth for p in probabilities])
        confidence = np.stack([p[:, 1] if two else p.max(axis=1) for p in probabilities])
        if two:
            odds = np.stack([(z[:, 1] - z[:, 0]).numpy() for z in outputs])
        rows = scored(_class_scores, probabilities)
    return ScoreHistory(
        settings,
        held.task,
        held.classes,
        steps,
        truth.astype(np.float64),
        train_loss,
        each.mean(axis=1),
        each.astype(np.float32),
        right,
        confidence.astype(np.float32),
        odds.astype(np.float32),
        {name: np.array([row[name] for row in rows]) for name in rows[0]},
    )


def _class_scores(y: NDArray[np.int64] | Floats, p: Floats) -> dict[str, float]:
    """Of class numbers y (n,) and probabilities p (n, K); NaN if these are not finite."""
    if not np.isfinite(p).all():
        return dict.fromkeys(("accuracy", "f1", "roc-auc", "brier"), np.nan)
    said, classes = p.argmax(axis=1), p.shape[1]
    with config_context(assume_finite=True, skip_parameter_validation=True):
        ranked = p[:, 1] if classes == 2 else p
        return {
            "accuracy": float(metrics.accuracy_score(y, said)),
            "f1": float(metrics.f1_score(y, said, average="binary" if classes == 2 else "macro")),
            "roc-auc": float(metrics.roc_auc_score(y, ranked, multi_class="ovr")),
            "brier": float(((p - np.eye(classes)[y.astype(int)]) ** 2).sum(axis=1).mean()),
        }


def _regression_scores(y: NDArray[np.int64] | Floats, said: Floats) -> dict[str, float]:
    if not np.isfinite(said).all():
        return dict.fromkeys(("rmse", "mae", "r2"), np.nan)
    return {
        "rmse": float(metrics.root_mean_squared_error(y, said)),
        "mae": float(metrics.mean_absolute_error(y, said)),
        "r2": float(metrics.r2_score(y, said)),
    }
