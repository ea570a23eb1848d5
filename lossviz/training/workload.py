"""How long a training of several losses and seeds takes, estimated before it begins.

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
from lossviz.training.settings import RunConfig, TrainingSettings, output_count

# Nanoseconds, measured on one core with AVX2 and then raised by a quarter.
STACKED, ALONE = 0.04, 0.06  # of a multiply-add, in a stack of networks and in one by itself
VALUE, OUTPUT, WEIGHT = 5.0, 30.0, 2.5
CALL = 60_000.0  # of one layer of a stack, forward and backward
MEMBER = 1_500_000.0  # of one network that is trained by itself, once
RECORD = 4_000_000.0  # of a record, beside what the networks cost
TRAINING_PASSES = 3  # multiply-adds of a forward and a backward pass, in forward passes
RECORD_STEPS = 3  # a record costs so many steps on all examples
LINE_SEARCH = 25  # evaluations in a step of an optimizer that searches along a line


@dataclass(frozen=True)
class Forward:
    """What a forward pass of one example costs."""

    multiply_adds: int
    values: int  # that layers with weights put out, the last one's not counted
    layers: int  # that have weights
    weights: int


@lru_cache(
    maxsize=64
)  # a page asks at every run, and for a hundred settings where it searches for some that fit
def forward_of(network: str | Network, inputs: int, outputs: int) -> Forward:
    """Count on the meta device, where tensors have shapes only; nothing is computed."""
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


def estimate_seconds(settings: TrainingSettings, steps: int | None = None, points: int = 0) -> float:
    """Estimate the seconds of one core that the first steps of a training take, with its records.

    Args:
        settings: What to train.
        steps: How many steps; by default all.
        points: Further inputs at which every record evaluates each network.
    """
    steps = settings.steps if steps is None else min(steps, settings.steps)
    train, test = settings.data()
    batch = min(settings.batch, len(train.x)) or len(train.x)
    records = -(-steps // settings.interval) + 1
    step = record = 0.0
    for one in settings.runs:
        step += _step_cost(one, settings, batch)
        whole = _step_cost(one, settings, len(train.x))
        record += RECORD_STEPS * whole + _forward(one, settings, points + len(test.x))
    return (steps * step + records * (RECORD + record)) / 1e9


def _sizes(one: RunConfig, settings: TrainingSettings) -> tuple[Forward, int]:
    data = DATASETS[settings.dataset]
    count = output_count(one.loss, max(1, len(data.classes)))
    return forward_of(one.network, len(data.features), count), count


def _stacked(one: RunConfig) -> bool:
    """Whether its networks train together: those that are fully connected do, and take any inputs."""
    return OPTIMIZERS[one.optimizer].elementwise and one.architecture.input_size is None


def _forward(one: RunConfig, settings: TrainingSettings, examples: int, passes: int = 1) -> float:
    """So many examples through all networks of a run; ``passes`` multiplies the multiply-adds."""
    forward, count = _sizes(one, settings)
    price = passes * (STACKED if _stacked(one) else ALONE)
    each = price * forward.multiply_adds + VALUE * forward.values + OUTPUT * count
    return settings.seeds * examples * each


def _step_cost(one: RunConfig, settings: TrainingSettings, examples: int) -> float:
    """A step of one run with all its seeds, in nanoseconds."""
    forward, _ = _sizes(one, settings)
    weights = settings.seeds * forward.weights
    calls = forward.layers * CALL if _stacked(one) else settings.seeds * MEMBER
    cost = _forward(one, settings, examples, TRAINING_PASSES) + WEIGHT * weights + calls
    return cost if OPTIMIZERS[one.optimizer].elementwise else LINE_SEARCH * cost
