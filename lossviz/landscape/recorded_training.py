"""A small network that was trained under observation: where its weights were at every recorded step.

It is what a landscape is drawn around. The training is plain stochastic gradient descent by torch, the
same as one member of a race.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in
from lossviz.engine.parameters import flat, movable
from lossviz.losses.base import MeanLoss
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import NETWORKS
from lossviz.training.batch_sampler import BatchSampler
from lossviz.training.settings import TrainingSettings

MOST_EXAMPLES = 400  # that a study looks at: enough for a lesson, and a Hessian in seconds


@dataclass(frozen=True)
class RecordedTrainingSettings:
    """Names and numbers only: enough to train the same network again, and a key for a cache.

    Building one checks it all: KeyError for an unknown name, ValueError for a number out of range or for
    what does not fit.
    """

    dataset: str
    network: str
    loss: str
    activation: str = "relu"
    seed: int = 0
    optimizer: str = "momentum"
    lr: float = 0.05
    batch: int = 32
    steps: int = 300
    record_every: int = 2

    def __post_init__(self) -> None:
        self.race()
        count_in("seed", self.seed, 0, 2**31)
        count_in("record_every", self.record_every, 1)

    def race(self) -> TrainingSettings:
        """The race of one that this training is."""
        return TrainingSettings(
            self.dataset,
            self.network,
            (self.loss,),
            (self.lr,),
            self.optimizer,
            steps=self.steps,
            batch=self.batch,
            activation=self.activation,
        )


@dataclass(frozen=True, eq=False)
class RecordedTraining:
    """A trained network and the places where it was. The loss is the mean over all training examples."""

    settings: RecordedTrainingSettings
    steps: NDArray[np.int64]  # (m,) gradient steps taken before each record
    weights: NDArray[np.float32]  # (m, n), the last row is the network at the end
    loss: Floats  # (m,) on all training examples
    guess: float  # the loss of always guessing alike: its logits are all 0
    x: NDArray[np.float32]  # (examples, d)
    y: NDArray[np.float32] | NDArray[np.int64]  # (examples,)

    @property
    def model(self) -> nn.Sequential:
        """The network at the end, made anew."""
        return self.at(-1)

    def at(self, record: int) -> nn.Sequential:
        """The network at a record, made anew."""
        return self.moved(self.weights[record])

    def moved(self, weights: NDArray[np.floating]) -> nn.Sequential:
        """The network with other weights (n,), in float32."""
        model = _build(self.settings, self.x.shape[1], self.y)
        with torch.no_grad():
            nn.utils.vector_to_parameters(
                torch.from_numpy(np.asarray(weights, np.float32)), model.parameters()
            )
        return model

    @property
    def checkpoints(self) -> list[dict[str, Tensor]]:
        """The weights at every record by parameter name, oldest first."""
        shapes = {name: value.shape for name, value in self.model.named_parameters()}
        sizes = [shape.numel() for shape in shapes.values()]
        return [
            {
                name: part.view(shape)
                for (name, shape), part in zip(shapes.items(), row.split(sizes), strict=True)
            }
            for row in torch.from_numpy(self.weights)
        ]

    @property
    def loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """(logits, targets) -> the mean loss."""
        return MeanLoss(LOSSES[self.settings.loss])

    @property
    def data(self) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self.x), torch.from_numpy(self.y)


def record_training(
    dataset: str = "moons",
    network: str = "mlp-16-16",
    loss: str = "sigmoid-ce",
    activation: str = "relu",
    seed: int = 0,
    **more: str | float | int,
) -> RecordedTraining:
    """Train a small network and keep where it was; ``more`` are the other fields of `StudySettings`.

    Raises KeyError for an unknown name and ValueError for an impossible setting, or if the training
    leaves the finite numbers.
    """
    return run_recorded_training(RecordedTrainingSettings(dataset, network, loss, activation, seed, **more))  # type: ignore[arg-type]


def run_recorded_training(settings: RecordedTrainingSettings) -> RecordedTraining:
    """The study of these settings."""
    train, _ = settings.race().data()
    x = torch.from_numpy(train.x[:MOST_EXAMPLES]).float()
    classes = torch.from_numpy(train.y[:MOST_EXAMPLES])
    y = classes if LOSSES[settings.loss].task == "multiclass" else classes.float()
    model = _build(settings, x.shape[1], y.numpy())
    rule = OPTIMIZERS[settings.optimizer].build(model.parameters(), settings.lr)
    mean_loss = MeanLoss(LOSSES[settings.loss])
    steps, weights, losses = [], [], []
    batches = BatchSampler(len(x), settings.batch, settings.seed)

    def record(step: int) -> None:
        with torch.no_grad():
            losses.append(float(mean_loss(model(x), y)))
        if not np.isfinite(losses[-1]):
            raise ValueError(
                f"the training left the finite numbers by step {step}, at learning rate {settings.lr:g}"
            )
        steps.append(step)
        weights.append(flat(movable(model).values()))

    record(0)
    for step in range(1, settings.steps + 1):
        rows = next(batches)

        def closure(rows: Tensor | slice = rows) -> float:
            rule.zero_grad()
            loss = mean_loss(model(x[rows]), y[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            return float(loss.detach())

        rule.step(closure)
        if step % settings.record_every == 0 or step == settings.steps:
            record(step)
    with torch.no_grad():
        guess = float(mean_loss(torch.zeros_like(model(x)), y))
    return RecordedTraining(
        settings, np.array(steps), np.stack(weights), np.array(losses), guess, x.numpy(), y.numpy()
    )


def with_seed(of: RecordedTraining, seed: int) -> RecordedTraining:
    """The same training from another start and in another order."""
    return run_recorded_training(replace(of.settings, seed=seed))


def _build(
    settings: RecordedTrainingSettings, inputs: int, y: NDArray[np.floating] | NDArray[np.int64]
) -> nn.Sequential:
    several = LOSSES[settings.loss].task == "multiclass"
    outputs = int(y.max()) + 1 if several else 1
    return NETWORKS[settings.network].build(inputs, outputs, settings.activation, seed=settings.seed)
