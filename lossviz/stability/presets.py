"""A network and data from the registries, trained full batch under several losses, beside the edge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from lossviz.common.validation import count_in
from lossviz.data.dataset import Data
from lossviz.data.table import DATASETS
from lossviz.losses.base import Loss, MeanLoss
from lossviz.losses.table import LOSSES
from lossviz.networks.table import NETWORKS
from lossviz.stability.run import MOST_STEPS, EdgeRun, edge_run
from lossviz.stability.thresholds import stability_edge

MOST_LOSSES, MOST_WEIGHTS = 4, 50_000


@dataclass(frozen=True)
class EdgeSettings:
    """Names and numbers only: enough to run the same training again, and a key for a cache.

    ``n`` (None: the dataset's own) is how many examples a made dataset has. Building one checks it all:
    KeyError for an unknown name, ValueError for a number out of range or for what does not fit.
    """

    dataset: str
    network: str
    losses: tuple[str, ...]
    lr: float
    optimizer: str = "sgd"
    steps: int = 600
    activation: str = "tanh"
    seed: int = 0
    n: int | None = 80

    def __post_init__(self) -> None:
        data = DATASETS[self.dataset]
        NETWORKS[self.network].check(len(data.features), self.activation)
        stability_edge(self.optimizer, self.lr)
        count_in("steps", self.steps, 1, MOST_STEPS)
        count_in("seed", self.seed, 0, 2**31)
        data.check(self.n, None, self.seed)
        count_in("number of losses", len(self.losses), 1, MOST_LOSSES)
        for name in self.losses:
            _outputs(LOSSES[name], data.name, data.task, len(data.classes))
        if len(set(self.losses)) < len(self.losses):
            raise ValueError(f"two contestants are equal: {', '.join(self.losses)}")

    def data(self) -> Data:
        """All examples: nothing is held out, since nothing is judged."""
        return DATASETS[self.dataset].load(self.n)

    def start(self, loss: str) -> nn.Sequential:
        """The network before its first step, in double precision: the same for losses with one output."""
        row = DATASETS[self.dataset]
        outputs = _outputs(LOSSES[loss], row.name, row.task, len(row.classes))
        network = NETWORKS[self.network].build(len(row.features), outputs, self.activation, seed=self.seed)
        model = network.double()
        weights = sum(parameter.numel() for parameter in model.parameters())
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"network {self.network!r} has {weights} weights here; at most {MOST_WEIGHTS} can be watched"
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
    progress: Callable[[float], object] | None = None,
    **more: str | int | None,
) -> list[EdgeRun]:
    """Train one network under each loss, from one start, on all examples at once; see `edge_run`.

        runs = lv.stability.edge_runs("moons", "mlp-12-12", ["mse", "sigmoid-ce"], lr=0.3)

    ``more`` are the other fields of `EdgeSettings` (activation, seed, n). A regression loss learns the class
    numbers 0 and 1 with its raw output. Raises KeyError for an unknown name and ValueError for an
    impossible setting.
    """
    settings = EdgeSettings(dataset, network, tuple(losses), lr, optimizer, steps, **more)  # type: ignore[arg-type]
    data, models = settings.data(), {loss: settings.start(loss) for loss in settings.losses}
    x = torch.from_numpy(data.x).double()
    runs = []
    for i, (loss, model) in enumerate(models.items()):
        row = LOSSES[loss]
        y = torch.from_numpy(data.y)
        targets = y if row.task == "multiclass" else y.double()

        def told(share: float, done: int = i) -> None:
            if progress is not None:
                progress((done + share) / len(models))

        run = edge_run(model, MeanLoss(row), (x, targets), lr, optimizer, steps, progress=told)
        runs.append(replace(run, loss_name=loss))
    return runs


def _outputs(loss: Loss, dataset: str, task: str, classes: int) -> int:
    """How many outputs the network needs; ValueError if loss and data do not fit."""
    if task == "regression":
        if loss.task != "regression":
            raise ValueError(f"loss {loss.name!r} is for {loss.task}, dataset {dataset!r} is for regression")
        return 1
    if loss.task == "multiclass":
        return classes
    if classes != 2:
        raise ValueError(f"loss {loss.name!r} is for two classes; dataset {dataset!r} has {classes}")
    return 1
