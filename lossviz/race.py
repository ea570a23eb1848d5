"""What a race is: its settings, what is seen of it at one step, and what is left of it at the end.

A race trains the same network from the same starts on the same examples under several losses. Each
*contestant* is a loss with a learning rate; each runs once for every seed. A seed fixes the start of the
weights and the order of the batches, so that only the loss differs within a seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lossviz.checks import count_in, number_in
from lossviz.datasets import DATASETS, Data
from lossviz.loss import Loss
from lossviz.losses import LOSSES
from lossviz.networks import NETWORKS
from lossviz.optimizers import OPTIMIZERS

Floats = NDArray[np.float64]
State = dict[str, NDArray[np.float32]]  # parameter name -> values
MOST_SEEDS, MOST_STEPS, MOST_CONTESTANTS = 64, 100_000, 8


@dataclass(frozen=True)
class RaceSettings:
    """Names and numbers only: enough to run the same race again, and a key for a cache.

    ``lr`` has one rate a loss. ``batch`` 0 is full batch. ``n`` and ``noise`` (None: the dataset's own)
    shape a made dataset. ``record_every`` 0 takes about a hundred records. Building one checks
    it all: KeyError for an unknown name, ValueError for a number out of range or for what does not fit.
    """

    dataset: str
    network: str
    losses: tuple[str, ...]
    lr: tuple[float, ...]
    optimizer: str = "sgd"
    seeds: int = 1
    steps: int = 500
    batch: int = 0
    init_gain: float = 1.0
    activation: str = "tanh"
    n: int | None = None
    noise: float | None = None
    data_seed: int = 0
    record_every: int = 0

    def __post_init__(self) -> None:
        data, network, _ = DATASETS[self.dataset], NETWORKS[self.network], OPTIMIZERS[self.optimizer]
        network.check(len(data.features), self.activation, self.init_gain)
        data.check(self.n, self.noise, self.data_seed)
        count_in("seeds", self.seeds, 1, MOST_SEEDS)
        count_in("steps", self.steps, 1, MOST_STEPS)
        count_in("batch", self.batch, 0)
        count_in("record_every", self.record_every, 0)
        count_in("number of losses", len(self.losses), 1, MOST_CONTESTANTS)
        if len(self.lr) != len(self.losses):
            raise ValueError(
                f"lr must have one rate a loss; got {len(self.lr)} rates for {len(self.losses)} losses"
            )
        for rate in self.lr:
            number_in("lr", rate, 0.0, open_low=True)
        if len(set(zip(self.losses, self.lr, strict=True))) < len(self.losses):
            raise ValueError(f"two contestants are equal: {', '.join(self.losses)} at {self.lr}")
        for name in self.losses:
            _check_fit(LOSSES[name], data.name, data.task, len(data.classes))

    @property
    def interval(self) -> int:
        """Steps from one record to the next."""
        return self.record_every or max(1, self.steps // 100)

    def data(self) -> tuple[Data, Data]:
        """(train, test): a quarter is held out."""
        whole = DATASETS[self.dataset].load(self.n, self.noise, seed=self.data_seed)
        return whole.split(seed=self.data_seed)


def race_settings(
    dataset: str,
    network: str,
    losses: Sequence[str],
    lr: Sequence[float] | float | None = None,
    optimizer: str = "sgd",
    seeds: int = 1,
    steps: int = 500,
    **more: float | str | int | None,
) -> RaceSettings:
    """`RaceSettings` from looser arguments: one rate for all, or None for the optimizer's usual one."""
    usual = OPTIMIZERS[optimizer].rate
    rates = np.asarray(usual if lr is None else lr, dtype=np.float64)
    rates = rates if rates.ndim else np.full(len(losses), rates)
    return RaceSettings(
        dataset,
        network,
        tuple(losses),
        tuple(float(rate) for rate in rates),
        optimizer,
        seeds,
        steps,
        **more,  # type: ignore[arg-type]
    )


def _check_fit(loss: Loss, dataset: str, task: str, classes: int) -> None:
    if (loss.task == "regression") != (task == "regression"):
        raise ValueError(f"loss {loss.name!r} is for {loss.task}, dataset {dataset!r} is for {task}")
    if loss.task == "binary" and classes != 2:
        raise ValueError(f"loss {loss.name!r} is for two classes; dataset {dataset!r} has {classes}")


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Race:
    """A whole race: what its snapshots saw, stacked along the records."""

    settings: RaceSettings
    layers: tuple[str, ...]
    steps: NDArray[np.int64]  # (records,) gradient steps taken before each record
    loss: Floats  # (contestants, seeds, records)
    test_loss: Floats  # (contestants, seeds, records)
    accuracy: Floats  # (contestants, seeds, records)
    cross_entropy: Floats  # (contestants, seeds, records)
    brier: Floats  # (contestants, seeds, records)
    gradient_norm: Floats  # (contestants, seeds, records, layers)
    diverged_at: NDArray[np.int64]  # (contestants, seeds) the first step that was not finite; -1 for none
    states: tuple[tuple[tuple[State, ...], ...], ...] = field(default=(), repr=False)

    def checkpoints(self, contestant: int, seed: int) -> tuple[State, ...]:
        """The weights of one member at each record, oldest first; IndexError if there is no such member."""
        return self.states[contestant][seed]


def stack(
    settings: RaceSettings,
    layers: tuple[str, ...],
    snapshots: Sequence[Snapshot],
    diverged_at: NDArray[np.int64],
    states: Sequence[Sequence[Sequence[State]]] = (),
) -> Race:
    """The race that the snapshots (at least one) are of."""
    return Race(
        settings=settings,
        layers=layers,
        steps=np.array([shot.step for shot in snapshots]),
        loss=np.stack([shot.loss for shot in snapshots], axis=-1),
        test_loss=np.stack([shot.test_loss for shot in snapshots], axis=-1),
        accuracy=np.stack([shot.accuracy for shot in snapshots], axis=-1),
        cross_entropy=np.stack([shot.cross_entropy for shot in snapshots], axis=-1),
        brier=np.stack([shot.brier for shot in snapshots], axis=-1),
        gradient_norm=np.stack([shot.gradient_norm for shot in snapshots], axis=2),
        diverged_at=diverged_at.copy(),
        states=tuple(tuple(tuple(member) for member in row) for row in states),
    )


def standings(race: Race, measure: str, record: int) -> tuple[int, ...]:
    """For how many seeds each contestant is alone in front, at one record: (contestants,).

    ``measure`` is a field of `Race`; accuracy counts upwards, the others downwards. A seed with a tie, or
    without a known value, counts for nobody.
    """
    values = getattr(race, measure)[:, :, record]  # (contestants, seeds)
    scores = np.where(np.isfinite(values), values if measure == "accuracy" else -values, -np.inf)
    best = scores.max(axis=0)
    alone = (scores == best).sum(axis=0) == 1
    return tuple(int(((row == best) & alone).sum()) for row in scores)
