"""Full-batch training of named networks on named data, under several losses, beside the edge of stability."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.validation import count_in
from lossviz.data.dataset import Data
from lossviz.data.table import DATASETS
from lossviz.losses.base import Loss, MeanLoss
from lossviz.losses.table import LOSSES
from lossviz.networks.table import NETWORKS
from lossviz.stability.result import EdgeRun
from lossviz.stability.run import MAX_STEPS, edge_run
from lossviz.stability.thresholds import stability_edge

MAX_LOSSES, MAX_WEIGHTS = 4, 50_000


@dataclass(frozen=True)
class EdgeSettings:
    """The settings of `edge_runs`: names and numbers only, hashable, so that they can be repeated.

    Creating one checks it: KeyError for an unknown name, ValueError for a number out of range or for a loss
    that does not fit the data.

    Example:
        >>> import lossviz as lv
        >>> lv.stability.EdgeSettings("moons", "mlp-4", ("mse",), lr=0.1).steps
        600
    """

    dataset: str  # a name of DATASETS
    network: str  # a name of NETWORKS
    losses: tuple[str, ...]  # names of LOSSES
    lr: float
    optimizer: str = "sgd"  # a name of OPTIMIZERS
    steps: int = 600
    activation: str = "tanh"  # of the hidden layers
    seed: int = 0  # of the initial weights
    n: int | None = 80  # number of examples of a generated dataset; None for its default

    def __post_init__(self) -> None:
        data = DATASETS[self.dataset]
        NETWORKS[self.network].check(len(data.features), self.activation)
        stability_edge(self.optimizer, self.lr)
        count_in("steps", self.steps, 1, MAX_STEPS)
        count_in("seed", self.seed, 0, 2**31)
        data.check(self.n, None, self.seed)
        count_in("number of losses", len(self.losses), 1, MAX_LOSSES)
        for name in self.losses:
            _outputs(LOSSES[name], data.name, data.task, len(data.classes))
        if len(set(self.losses)) < len(self.losses):
            raise ValueError(f"two losses are equal: {', '.join(self.losses)}")

    def data(self) -> Data:
        """All examples; there is no test set, since nothing is validated."""
        return DATASETS[self.dataset].load(self.n)

    def model(self, loss: str) -> nn.Sequential:
        """The network before its first step, in float64; the same for all losses with one output."""
        row = DATASETS[self.dataset]
        outputs = _outputs(LOSSES[loss], row.name, row.task, len(row.classes))
        network = NETWORKS[self.network].build(len(row.features), outputs, self.activation, seed=self.seed)
        model = network.double()
        weights = sum(parameter.numel() for parameter in model.parameters())
        if weights > MAX_WEIGHTS:
            raise ValueError(
                f"network {self.network!r} has {weights} weights here; at most {MAX_WEIGHTS} are allowed"
            )
        return model


def edge_runs(
    dataset: str,
    network: str,
    losses: Sequence[str],
    lr: float,
    optimizer: str = "sgd",
    steps: int = 600,
    *,
    activation: str = "tanh",
    seed: int = 0,
    n: int | None = 80,
    progress: Progress = False,
) -> list[EdgeRun]:
    """Train one network under each loss, from the same weights, on all examples at once; see `edge_run`.

    A regression loss learns the class numbers 0 and 1 with the raw output of the network.

    Args:
        dataset: A name of `DATASETS`.
        network: A name of `NETWORKS`, with at most 50000 weights.
        losses: One to four names of `LOSSES`.
        lr: Learning rate, in (0, 10^6].
        optimizer: A name of `OPTIMIZERS` whose edge is known: sgd, momentum, nesterov, rmsprop, adam.
        steps: Number of steps, from 1 to 20000.
        activation: Activation of the hidden layers, as "tanh".
        seed: Seed of the initial weights.
        n: Number of examples of a generated dataset; None for its default.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) steps.

    Returns:
        One run for each loss, in their order.

    Raises:
        KeyError: If a name is unknown.
        ValueError: If a setting is not allowed or a loss does not fit the data.

    Example:
        >>> import lossviz as lv
        >>> runs = lv.stability.edge_runs("moons", "mlp-4", ["mse", "sigmoid-ce"], lr=0.5, steps=3)
        >>> [run.loss_name for run in runs]
        ['mse', 'sigmoid-ce']
    """
    settings = EdgeSettings(
        dataset, network, tuple(losses), lr, optimizer, steps, activation=activation, seed=seed, n=n
    )
    data, models = settings.data(), {loss: settings.model(loss) for loss in settings.losses}
    x = torch.from_numpy(data.x).double()
    runs: list[EdgeRun] = []
    with ProgressBar(progress, len(models) * (steps + 1), "steps") as meter:
        for loss, model in models.items():
            row = LOSSES[loss]
            y = torch.from_numpy(data.y)
            targets = y if row.task == "multiclass" else y.double()
            run = edge_run(
                model, MeanLoss(row), (x, targets), lr, optimizer, steps, progress=lambda *_: meter.update(1)
            )
            runs.append(replace(run, loss_name=loss))
            if run.diverged_at is not None:
                meter.update(len(runs) * (steps + 1) - meter.done)  # the steps that were not taken
    return runs


def _outputs(loss: Loss, dataset: str, task: str, classes: int) -> int:
    """Number of outputs of the network; ValueError if loss and data do not fit."""
    if task == "regression":
        if loss.task != "regression":
            raise ValueError(f"loss {loss.name!r} is for {loss.task}, dataset {dataset!r} is for regression")
        return 1
    if loss.task == "multiclass":
        return classes
    if classes != 2:
        raise ValueError(f"loss {loss.name!r} is for two classes; dataset {dataset!r} has {classes}")
    return 1
