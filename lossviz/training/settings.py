"""What a race is: who races, on what, and how long.

A race trains networks from the same starts on the same examples under several losses. Each *contestant* is
a loss with a learning rate, and if one likes with a network and an optimizer of its own; each runs once for
every seed. A seed fixes the start of the weights and the order of the batches, so that within a seed only
the contestants' own settings differ.
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

MOST_SEEDS, MOST_STEPS, MOST_CONTESTANTS = 64, 100_000, 8
LARGEST = 1e12  # rate: any optimizer has flown apart before, and float32 can still hold its steps
MOST_RECORDS = 1000  # of a race, however long it is: what bounds its memory
MOST_WEIGHTS = 20_000_000  # in all members together: some 300 MB while they train


@dataclass(frozen=True)
class RunConfig:
    """All that may differ between two contestants of a race."""

    loss: str
    lr: float
    network: str | Network
    activation: str
    init_gain: float
    optimizer: str
    weight_decay: float | None
    clip: float

    @property
    def row(self) -> Network:
        return self.network if isinstance(self.network, Network) else NETWORKS[self.network]


@dataclass(frozen=True)
class TrainingSettings:
    """Names and numbers only: enough to run the same race again, and a key for a cache.

    ``lr`` has one rate a loss. ``network``, ``optimizer``, ``init_gain``, ``activation``, ``weight_decay``
    and ``clip`` are one for all, or a tuple with one a loss. A network is a name, or a `Network` of your
    own, whose module may be anything. ``batch`` 0 is full batch. ``n`` and ``noise`` (None: the dataset's
    own) shape a made dataset; ``imbalance`` makes its last class so many times rarer, ``label_noise``
    gives that share of the *training* examples a wrong label, ``centred`` takes the training examples'
    mean from each feature. ``record_every`` 0 takes about a hundred records, and a race never has more
    than `MOST_RECORDS`. ``weight_decay`` None is the optimizer's own; ``clip`` 0 clips no gradient.
    ``checkpoints`` None keeps the weights at every record, or at as many as fit into 64 MB; otherwise it
    names the steps (rounded to records).

    Building one checks it all: KeyError for an unknown name, ValueError for a number out of range or for
    what does not fit.
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
        data, _ = DATASETS[self.dataset], SCHEDULES[self.schedule]
        data.check(self.n, self.noise, self.data_seed)
        count_in("seeds", self.seeds, 1, MOST_SEEDS)
        count_in("steps", self.steps, 1, MOST_STEPS)
        count_in("batch", self.batch, 0)
        count_in("record_every", self.record_every, 0)
        number_in("imbalance", self.imbalance, 1.0, 1000.0)
        number_in("label_noise", self.label_noise, 0.0, 1.0)
        count_in("number of losses", len(self.losses), 1, MOST_CONTESTANTS)
        if len(self.lr) != len(self.losses):
            raise ValueError(
                f"lr must have one rate a loss; got {len(self.lr)} rates for {len(self.losses)} losses"
            )
        if not isinstance(self.centred, bool | np.bool_):
            raise ValueError(f"centred must be True or False; got {quoted(self.centred)}")
        if not isinstance(self.checkpoints, tuple | None):
            raise ValueError(f"checkpoints must be a list of steps or None; got {quoted(self.checkpoints)}")
        for step in self.checkpoints or ():
            count_in("a step of checkpoints", step, 0, self.steps)
        contestants = self.contestants
        for one in contestants:
            _check_contestant(one, len(data.features))
            _check_fit(LOSSES[one.loss], data.name, data.task, len(data.classes))
        if len(set(contestants)) < len(contestants):
            raise ValueError(f"two contestants are equal: {', '.join(self.losses)} at {self.lr}")
        if data.task == "regression" and (self.imbalance != 1 or self.label_noise):
            raise ValueError(f"imbalance and label_noise are for classes; dataset {data.name!r} has none")
        self._check_size(len(data.features), max(1, len(data.classes)))

    def _check_size(self, inputs: int, classes: int) -> None:
        each = sum(one.row.parameter_count(inputs, outputs(one.loss, classes)) for one in self.contestants)
        if each * self.seeds > MOST_WEIGHTS:
            raise ValueError(
                f"this race is too large: its {len(self.losses)} losses × {self.seeds} seeds have "
                f"{each * self.seeds:,} weights, and at most {MOST_WEIGHTS:,} are allowed"
            )

    @property
    def contestants(self) -> tuple[RunConfig, ...]:
        """The contestants, with all that is their own."""
        count = len(self.losses)
        fields = ("network", "activation", "init_gain", "optimizer", "weight_decay", "clip")
        each: list[Sequence[Any]] = [_each(name, getattr(self, name), count) for name in fields]
        return tuple(map(RunConfig, self.losses, self.lr, *each))

    @property
    def interval(self) -> int:
        """Steps from one record to the next."""
        wanted = self.record_every or max(1, self.steps // 100)
        return max(wanted, -(-self.steps // MOST_RECORDS))

    def data(self) -> tuple[Data, Data]:
        """(train, test): a quarter is held out. Wrong labels are only in the first."""
        whole = DATASETS[self.dataset].load(self.n, self.noise, seed=self.data_seed)
        train, test = whole.imbalanced(self.imbalance, self.data_seed).split(seed=self.data_seed)
        if self.centred:
            mean = train.x.mean(axis=0)
            train, test = train.shifted(mean), test.shifted(mean)
        return train.with_label_noise(self.label_noise, self.data_seed), test


def outputs(loss: str, classes: int) -> int:
    """How many logits a network has under that loss."""
    return classes if LOSSES[loss].task == "multiclass" else 1


def _each(name: str, value: Any, count: int) -> Sequence[Any]:
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        raise ValueError(f"{name} must be one for all or one a loss; got {len(value)} for {count} losses")
    return value


def training_settings(
    dataset: str,
    network: str | Network | Sequence[str | Network],
    losses: str | Sequence[str],
    lr: Sequence[float] | float | None = None,
    optimizer: str | Sequence[str] = "sgd",
    seeds: int = 1,
    steps: int = 500,
    **more: Any,
) -> TrainingSettings:
    """`RaceSettings` from looser arguments: lists for tuples, one rate for all, or None for each
    optimizer's usual one."""
    losses = (losses,) if isinstance(losses, str) else losses
    usual = [OPTIMIZERS[name].default_lr for name in _each("optimizer", _tupled(optimizer), len(losses))]
    try:
        rates = np.asarray(usual if lr is None else lr, dtype=np.float64)
    except (TypeError, ValueError):
        rates = np.empty((0, 0))
    if rates.ndim > 1:
        raise ValueError(f"lr must be a number or have one rate a loss; got {lr!r:.100}")
    rates = rates if rates.ndim else np.full(len(losses), rates)
    return TrainingSettings(
        dataset,
        _tupled(network),
        tuple(losses),
        tuple(float(rate) for rate in rates),
        _tupled(optimizer),
        seeds,
        steps,
        **{name: _tupled(value) for name, value in more.items()},
    )


def _tupled(value: Any) -> Any:
    """A list or an array as a tuple; of plain Python numbers where it has numbers."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list | range) else value


def _check_contestant(one: RunConfig, inputs: int) -> None:
    rule = OPTIMIZERS[one.optimizer]
    one.row.check(inputs, one.activation, one.init_gain)
    number_in("lr", one.lr, 0.0, LARGEST, open_low=True)
    number_in("clip", one.clip, 0.0)
    if one.weight_decay is not None:
        number_in("weight_decay", one.weight_decay, 0.0, LARGEST)
    if not rule.elementwise and (one.weight_decay or one.clip):
        what = "weight decay" if one.weight_decay else "clipping"
        raise ValueError(f"{rule.name} takes its step by a search along a line, and has no {what}")


def _check_fit(loss: Loss, dataset: str, task: str, classes: int) -> None:
    if (loss.task == "regression") != (task == "regression"):
        raise ValueError(f"loss {loss.name!r} is for {loss.task}, dataset {dataset!r} is for {task}")
    if loss.task == "binary" and classes != 2:
        raise ValueError(f"loss {loss.name!r} is for two classes; dataset {dataset!r} has {classes}")
