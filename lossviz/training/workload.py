"""How long a race of trainings takes, estimated before it begins.

Multiply-adds, values that pass an activation or a loss, weights that are moved, and what each operation costs
however small it is. The prices are those of one core of a usual server, taken high: an estimate is to be
above the truth rather than below.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from lossviz.data.table import DATASETS
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import NETWORKS, Network
from lossviz.training.settings import RunConfig, TrainingSettings, outputs

# Nanoseconds, measured on one core with AVX2 and then raised by a quarter.
STACKED, ALONE = 0.04, 0.06  # of a multiply-add, in a stack of networks and in one by itself
VALUE, OUTPUT, WEIGHT = 5.0, 30.0, 2.5
CALL = 60_000.0  # of one layer of a stack, there and back
MEMBER = 1_500_000.0  # of one network that is trained by itself, once
RECORD = 4_000_000.0  # of a record, beside what the networks cost
THERE_AND_BACK = 3  # times the multiply-adds of a forward pass alone
LOOKS = 3  # a record costs so many steps on all examples
SEARCH = 25  # times that an optimizer looks which searches along a line


@dataclass(frozen=True)
class Forward:
    """What one example costs on its way through a network."""

    multiply_adds: int
    values: int  # that layers with weights put out, the last one's not counted
    layers: int  # that have weights
    weights: int


@lru_cache(maxsize=64)  # a page asks at every run, and for a hundred races where it looks for one that fits
def forward_of(network: str | Network, inputs: int, outputs: int) -> Forward:
    """Counted on tensors that have shapes only; nothing is computed."""
    row = network if isinstance(network, Network) else NETWORKS[network]
    with torch.device("meta"):
        model = nn.Sequential(*row.layers(inputs, outputs, nn.Tanh))
        example = torch.empty(1, inputs)
    adds: list[int] = []
    values: list[int] = []

    def count(layer: nn.Module, given: Any, out: torch.Tensor) -> None:
        weight = next(layer.parameters(recurse=False))
        adds.append(weight.numel() * out.numel() // len(weight))
        values.append(out.numel())

    for layer in model.modules():
        if any(True for _ in layer.parameters(recurse=False)):
            layer.register_forward_hook(count)
    with torch.no_grad():
        model(example)
    weights = sum(parameter.numel() for parameter in model.parameters())
    return Forward(sum(adds), sum(values[:-1]), len(adds), weights)


def race_seconds(settings: TrainingSettings, steps: int | None = None, points: int = 0) -> float:
    """About how many seconds of one core the first steps of a race take (None: all), its records among them.

    ``points`` is at how many other places each record asks every network.
    """
    steps = settings.steps if steps is None else min(steps, settings.steps)
    train, test = settings.data()
    batch = min(settings.batch, len(train.x)) or len(train.x)
    records = -(-steps // settings.interval) + 1
    step = record = 0.0
    for one in settings.contestants:
        there, back = _of(one, settings, batch), _of(one, settings, len(train.x))
        step += there
        record += LOOKS * back + _forward(one, settings, points + len(test.x))
    return (steps * step + records * (RECORD + record)) / 1e9


def _sizes(one: RunConfig, settings: TrainingSettings) -> tuple[Forward, int]:
    data = DATASETS[settings.dataset]
    count = outputs(one.loss, max(1, len(data.classes)))
    return forward_of(one.network, len(data.features), count), count


def _stacked(one: RunConfig) -> bool:
    """Whether its networks train together: those that are fully connected do, and take any inputs."""
    return OPTIMIZERS[one.optimizer].elementwise and one.row.input_size is None


def _forward(one: RunConfig, settings: TrainingSettings, examples: int, passes: int = 1) -> float:
    """So many examples through all its networks; what has ``passes`` is the multiply-adds."""
    forward, count = _sizes(one, settings)
    price = passes * (STACKED if _stacked(one) else ALONE)
    each = price * forward.multiply_adds + VALUE * forward.values + OUTPUT * count
    return settings.seeds * examples * each


def _of(one: RunConfig, settings: TrainingSettings, examples: int) -> float:
    """A step of one contestant with all its seeds, in nanoseconds."""
    forward, _ = _sizes(one, settings)
    weights = settings.seeds * forward.weights
    calls = forward.layers * CALL if _stacked(one) else settings.seeds * MEMBER
    cost = _forward(one, settings, examples, THERE_AND_BACK) + WEIGHT * weights + calls
    return cost if OPTIMIZERS[one.optimizer].elementwise else SEARCH * cost
