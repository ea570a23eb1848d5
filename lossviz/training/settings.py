"""The settings of a training: which networks are trained, on which data, under which losses, for how long.

A training has one *run* for each loss: the loss with a learning rate and, if one likes, with a network and an
optimizer of its own. Each run is trained once for every seed. A seed fixes the initial weights and the order
of the batches, so that two runs with the same seed differ in nothing but their own settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossviz.common.plain_text import quoted
from lossviz.common.validation import count_in, number_in
from lossviz.data.dataset import Data
from lossviz.data.table import DATASETS
from lossviz.losses.base import Loss
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.schedules import SCHEDULES
from lossviz.networks.table import NETWORKS, Network

MAX_SEEDS, MAX_STEPS, MAX_RUNS = 64, 100_000, 8
MAX_LR = 1e12  # every optimizer has diverged long before, and float32 can still hold its steps
MAX_RECORDS = 1000  # of a history, however long the training is: this bounds its memory
MAX_WEIGHTS = 20_000_000  # of all runs and seeds together: some 300 MB during training


@dataclass(frozen=True)
class RunConfig:
    """The settings that may differ between two runs of a training."""

    loss: str
    lr: float
    network: str | Network
    activation: str
    init_gain: float
    optimizer: str
    weight_decay: float | None
    clip: float

    @property
    def architecture(self) -> Network:
        """The network's row of `NETWORKS`, or the user's own."""
        return self.network if isinstance(self.network, Network) else NETWORKS[self.network]


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a training: names and numbers, so that they can be saved, and be the key of a cache.

    ``network``, ``optimizer``, ``init_gain``, ``activation``, ``weight_decay`` and ``clip`` are one value for
    all runs, or a tuple with one value per loss. `train` describes the fields in full and takes lists as
    well.

    Attributes:
        dataset: Name of a row of `DATASETS`.
        network: Name of a row of `NETWORKS`, or a `Network` of the user's own.
        losses: Names of rows of `LOSSES`, from 1 to 8.
        lr: Learning rates, one per loss.
        optimizer: Name of a row of `OPTIMIZERS`.
        seeds: Number of seeds, from 1 to 64.
        steps: Number of optimizer steps.
        batch: Batch size; 0 for all examples.
        init_gain: Factor of the initial weights and biases of the output layer.
        activation: Of the hidden layers: "tanh", "relu" or "sigmoid".
        n: Number of examples of a generated dataset; None for its default.
        noise: Noise of a generated dataset; None for its default.
        data_seed: Seed of the data and of their split.
        record_every: Steps between two records; 0 for about a hundred records.
        schedule: Name of a row of `SCHEDULES`.
        weight_decay: None for the optimizer's default.
        clip: Largest norm of a run's gradient; 0 for no clipping.
        imbalance: Factor by which the last class is made rarer.
        label_noise: Share of the training examples that get a wrong label.
        centred: Whether the mean of the training examples is subtracted from each feature.
        checkpoints: Steps whose weights are recorded, rounded to records; None for every record, or for as
            many as fit into 64 MB.

    Raises:
        KeyError: For an unknown name; the message lists the known ones.
        ValueError: For a number out of range, or for settings that do not fit together.

    Example:
        >>> import lossviz as lv
        >>> losses = ("sigmoid-mse", "sigmoid-ce")
        >>> settings = lv.TrainingSettings("moons", "linear", losses, (0.5, 0.1), steps=200)
        >>> [(run.loss, run.lr) for run in settings.runs]
        [('sigmoid-mse', 0.5), ('sigmoid-ce', 0.1)]
        >>> settings.interval
        2
    """

    dataset: str
    network: str | Network | tuple[str | Network, ...]
    losses: tuple[str, ...]
    lr: tuple[float, ...]
    optimizer: str | tuple[str, ...] = "sgd"
    seeds: int = 1
    steps: int = 500
    batch: int = 0
    init_gain: float | tuple[float, ...] = 1.0
    activation: str | tuple[str, ...] = "tanh"
    n: int | None = None
    noise: float | None = None
    data_seed: int = 0
    record_every: int = 0
    schedule: str = "constant"
    weight_decay: float | tuple[float | None, ...] | None = None
    clip: float | tuple[float, ...] = 0.0
    imbalance: float = 1.0
    label_noise: float = 0.0
    centred: bool = False
    checkpoints: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str):
            raise ValueError(
                f"data must be the name of a row of DATASETS, one of {', '.join(DATASETS)}; got an object "
                f"of type {type(self.dataset).__name__}"
            )
        data, _ = DATASETS[self.dataset], SCHEDULES[self.schedule]
        data.check(self.n, self.noise, self.data_seed)
        count_in("seeds", self.seeds, 1, MAX_SEEDS)
        count_in("steps", self.steps, 1, MAX_STEPS)
        count_in("batch", self.batch, 0)
        count_in("record_every", self.record_every, 0)
        number_in("imbalance", self.imbalance, 1.0, 1000.0)
        number_in("label_noise", self.label_noise, 0.0, 1.0)
        count_in("number of losses", len(self.losses), 1, MAX_RUNS)
        if len(self.lr) != len(self.losses):
            raise ValueError(
                f"lr must have one rate per loss; got {len(self.lr)} rates for {len(self.losses)} losses"
            )
        if not isinstance(self.centred, bool | np.bool_):
            raise ValueError(f"centred must be True or False; got {quoted(self.centred)}")
        if not isinstance(self.checkpoints, tuple | None):
            raise ValueError(f"checkpoints must be a list of steps or None; got {quoted(self.checkpoints)}")
        for step in self.checkpoints or ():
            count_in("a step of checkpoints", step, 0, self.steps)
        runs = self.runs
        for run in runs:
            _check_run(run, len(data.features))
            _check_task(LOSSES[run.loss], data.name, data.task, len(data.classes))
        if len(set(runs)) < len(runs):
            raise ValueError(f"two runs are equal: {', '.join(self.losses)} at {self.lr}")
        if data.task == "regression" and (self.imbalance != 1 or self.label_noise):
            raise ValueError(f"imbalance and label_noise are for classes; dataset {data.name!r} has none")
        self._check_size(len(data.features), max(1, len(data.classes)))

    def _check_size(self, inputs: int, classes: int) -> None:
        per_seed = sum(
            run.architecture.parameter_count(inputs, output_count(run.loss, classes)) for run in self.runs
        )
        if per_seed * self.seeds > MAX_WEIGHTS:
            raise ValueError(
                f"this training is too large: its {len(self.losses)} losses × {self.seeds} seeds have "
                f"{per_seed * self.seeds:,} weights, and at most {MAX_WEIGHTS:,} are allowed"
            )

    @property
    def runs(self) -> tuple[RunConfig, ...]:
        """The settings of each run, in the order of the losses."""
        count = len(self.losses)
        fields = ("network", "activation", "init_gain", "optimizer", "weight_decay", "clip")
        columns: list[Sequence[Any]] = [per_run(name, getattr(self, name), count) for name in fields]
        return tuple(map(RunConfig, self.losses, self.lr, *columns))

    @property
    def interval(self) -> int:
        """Steps from one record to the next."""
        wanted = self.record_every or max(1, self.steps // 100)
        return max(wanted, -(-self.steps // MAX_RECORDS))

    def data(self) -> tuple[Data, Data]:
        """Load the data and split them.

        Returns:
            The training set, with three quarters of the examples, and the test set. Wrong labels are only in
            the training set.
        """
        whole = DATASETS[self.dataset].load(self.n, self.noise, seed=self.data_seed)
        train, test = whole.imbalanced(self.imbalance, self.data_seed).split(seed=self.data_seed)
        if self.centred:
            mean = train.x.mean(axis=0)
            train, test = train.shifted(mean), test.shifted(mean)
        return train.with_label_noise(self.label_noise, self.data_seed), test


def output_count(loss: str, classes: int) -> int:
    """Number of logits that a network has under a loss."""
    return classes if LOSSES[loss].task == "multiclass" else 1


def per_run(name: str, value: Any, count: int) -> Sequence[Any]:
    """A setting's value for each of ``count`` runs; ``name`` is for the error message."""
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        raise ValueError(f"{name} must be one value or one per loss; got {len(value)} for {count} losses")
    return value


def _check_run(run: RunConfig, inputs: int) -> None:
    optimizer = OPTIMIZERS[run.optimizer]
    run.architecture.check(inputs, run.activation, run.init_gain)
    number_in("lr", run.lr, 0.0, MAX_LR, open_low=True)
    number_in("clip", run.clip, 0.0)
    if run.weight_decay is not None:
        number_in("weight_decay", run.weight_decay, 0.0, MAX_LR)
    if not optimizer.elementwise and (run.weight_decay or run.clip):
        what = "weight decay" if run.weight_decay else "clipping"
        raise ValueError(f"{optimizer.name} steps by a line search and has no {what}")


def _check_task(loss: Loss, dataset: str, task: str, classes: int) -> None:
    if (loss.task == "regression") != (task == "regression"):
        raise ValueError(f"loss {loss.name!r} is for {loss.task}, dataset {dataset!r} is for {task}")
    if loss.task == "binary" and classes != 2:
        raise ValueError(f"loss {loss.name!r} is for two classes; dataset {dataset!r} has {classes}")
