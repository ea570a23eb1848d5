"""A small network trained with its weights recorded, so that its loss can be drawn around its path.

The training is plain stochastic gradient descent by torch, the same as one member of a `History`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import AnyFloats, Floats
from lossviz.common.validation import count_in
from lossviz.engine.parameters import flatten, trainable_parameters
from lossviz.losses.base import MeanLoss
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import NETWORKS
from lossviz.training.batch_sampler import BatchSampler
from lossviz.training.settings import TrainingSettings

MAX_EXAMPLES = 400  # training examples that are used: so few that a whole Hessian takes seconds


@dataclass(frozen=True)
class RecordedTrainingSettings:
    """The settings of a recorded training: names and numbers only, hashable, so that it can be repeated.

    Creating one checks it: KeyError for an unknown name, ValueError for a number out of range or for a loss
    that does not fit the data.

    Example:
        >>> import lossviz as lv
        >>> lv.landscape.RecordedTrainingSettings("moons", "mlp-16", "sigmoid-ce").optimizer
        'momentum'
    """

    dataset: str  # a name of DATASETS
    network: str  # a name of NETWORKS
    loss: str  # a name of LOSSES
    activation: str = "relu"  # of the hidden layers
    seed: int = 0  # of the initial weights and of the order of the examples
    optimizer: str = "momentum"  # a name of OPTIMIZERS
    lr: float = 0.05
    batch: int = 32  # examples in a step
    steps: int = 300
    record_every: int = 2  # steps between two records

    def __post_init__(self) -> None:
        self.training_settings()
        count_in("seed", self.seed, 0, 2**31)
        count_in("record_every", self.record_every, 1)

    def training_settings(self) -> TrainingSettings:
        """The same as the settings of `train`, with one run."""
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
    """A trained network and its weights at m records. The loss is the mean over all training examples.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=4)
        >>> training.steps, training.weights.shape
        (array([0, 2, 4]), (3, 65))
    """

    settings: RecordedTrainingSettings
    steps: NDArray[np.int64]  # (m,) gradient steps taken before each record
    weights: NDArray[np.float32]  # (m, n) flat weights; the last row is the trained network
    loss: Floats  # (m,) on all training examples
    chance_loss: float  # loss of a model whose logits are all 0: every class is equally likely
    x: NDArray[np.float32]  # (examples, d)
    y: NDArray[np.float32] | NDArray[np.int64]  # (examples,)

    @property
    def model(self) -> nn.Sequential:
        """A new copy of the trained network."""
        return self.model_at(-1)

    def model_at(self, record: int) -> nn.Sequential:
        """A new copy of the network at a record."""
        return self.model_with(self.weights[record])

    def model_with(self, weights: AnyFloats) -> nn.Sequential:
        """A new copy of the network with other flat weights (n,), in float32."""
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
        """A function of (logits, targets) that returns the mean loss."""
        return MeanLoss(LOSSES[self.settings.loss])

    @property
    def data(self) -> tuple[Tensor, Tensor]:
        """Inputs (examples, d) and targets (examples,) of the training examples."""
        return torch.from_numpy(self.x), torch.from_numpy(self.y)


def record_training(
    dataset: str = "moons",
    network: str = "mlp-16-16",
    loss: str = "sigmoid-ce",
    activation: str = "relu",
    seed: int = 0,
    *,
    optimizer: str = "momentum",
    lr: float = 0.05,
    batch: int = 32,
    steps: int = 300,
    record_every: int = 2,
    progress: Progress = False,
) -> RecordedTraining:
    """Train a small network and record its weights on the way.

    Args:
        dataset: A name of `DATASETS`; at most 400 of its training examples are used.
        network: A name of `NETWORKS`.
        loss: A name of `LOSSES`.
        activation: Activation of the hidden layers, as "relu".
        seed: Seed of the initial weights and of the order of the examples.
        optimizer: A name of `OPTIMIZERS`.
        lr: Learning rate.
        batch: Examples in a step.
        steps: Number of steps.
        record_every: Steps between two records; the last step is always recorded.
        progress: True for a bar, or a function of (done, total) steps.

    Returns:
        The trained network with its weights and losses at every record.

    Raises:
        KeyError: If a name is unknown.
        ValueError: If a setting is not allowed, or the loss becomes infinite or NaN.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", "sigmoid-ce", steps=10)
        >>> bool(training.loss[-1] < training.loss[0])
        True
    """
    settings = RecordedTrainingSettings(
        dataset, network, loss, activation, seed, optimizer, lr, batch, steps, record_every
    )
    return run_recorded_training(settings, progress)


def run_recorded_training(settings: RecordedTrainingSettings, progress: Progress = False) -> RecordedTraining:
    """Train with these settings."""
    train, _ = settings.training_settings().data()
    x = torch.from_numpy(train.x[:MAX_EXAMPLES]).float()
    classes = torch.from_numpy(train.y[:MAX_EXAMPLES])
    y = classes if LOSSES[settings.loss].task == "multiclass" else classes.float()
    model = _build(settings, x.shape[1], y.numpy())
    optimizer = OPTIMIZERS[settings.optimizer].build(model.parameters(), settings.lr)
    mean_loss = MeanLoss(LOSSES[settings.loss])
    steps, weights, losses = [], [], []
    batches = BatchSampler(len(x), settings.batch, settings.seed)

    def record(step: int) -> None:
        with torch.no_grad():
            losses.append(float(mean_loss(model(x), y)))
        if not np.isfinite(losses[-1]):
            raise ValueError(f"the training diverged by step {step}, at learning rate {settings.lr:g}")
        steps.append(step)
        weights.append(flatten(trainable_parameters(model).values()))

    record(0)
    with ProgressBar(progress, settings.steps, "Training") as meter:
        for step in range(1, settings.steps + 1):
            rows = next(batches)

            def closure(rows: Tensor | slice = rows) -> float:
                optimizer.zero_grad()
                loss = mean_loss(model(x[rows]), y[rows])
                loss.backward()  # type: ignore[no-untyped-call]
                return float(loss.detach())

            optimizer.step(closure)
            if step % settings.record_every == 0 or step == settings.steps:
                record(step)
            meter.update(1)
    with torch.no_grad():
        chance_loss = float(mean_loss(torch.zeros_like(model(x)), y))
    return RecordedTraining(
        settings, np.array(steps), np.stack(weights), np.array(losses), chance_loss, x.numpy(), y.numpy()
    )


def with_seed(training: RecordedTraining, seed: int) -> RecordedTraining:
    """The same training from other initial weights and with another order of the examples."""
    return run_recorded_training(replace(training.settings, seed=seed))


def _build(
    settings: RecordedTrainingSettings, inputs: int, y: AnyFloats | NDArray[np.int64]
) -> nn.Sequential:
    """The network before its first step."""
    multiclass = LOSSES[settings.loss].task == "multiclass"
    outputs = int(y.max()) + 1 if multiclass else 1
    return NETWORKS[settings.network].build(inputs, outputs, settings.activation, seed=settings.seed)
