"""Checkpoints: the weights of all runs and seeds at some of a training's records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lossviz.common.validation import same_fields
from lossviz.data.table import DATASETS
from lossviz.networks.table import ACTIVATIONS
from lossviz.training.settings import TrainingSettings, output_count

StateDict = dict[str, NDArray[np.float32]]  # parameter name -> values
Shapes = tuple[tuple[str, tuple[int, ...]], ...]  # name and shape of each parameter, in the model's order
MAX_CHECKPOINT_BYTES = 64 * 2**20  # of all weights that are recorded if the settings do not say which


@dataclass(frozen=True, eq=False)
class Checkpoints:
    """The weights of a training's runs at some of its records."""

    steps: NDArray[np.int64]  # (checkpoints,)
    flat: tuple[NDArray[np.float32], ...]  # of each run: (seeds, checkpoints, weights), parameters in order
    shapes: tuple[Shapes, ...]  # of each run

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Checkpoints) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.steps.tobytes(), self.shapes))

    def state_dicts(self, run: int, seed: int) -> tuple[StateDict, ...]:
        """The parameters of one run and seed by name, one dict per checkpoint, the oldest first."""
        return tuple(unflatten(row, self.shapes[run]) for row in self.flat[run][seed])


class CheckpointRecorder:
    """Records weights at steps, and in an amount of memory, that are chosen before the training begins."""

    def __init__(self, settings: TrainingSettings, shapes: Sequence[Shapes]) -> None:
        self._shapes = tuple(shapes)
        self._steps: list[int] = []
        self._rows: list[list[NDArray[np.float32]]] = []
        records = [*range(0, settings.steps, settings.interval), settings.steps]
        if settings.checkpoints is None:
            size = 4 * settings.seeds * sum(map(parameter_count, self._shapes))
            most = max(2, MAX_CHECKPOINT_BYTES // max(1, size))
            every = -(-len(records) // most)
            self.wanted = {*records[::every], records[-1]}  # the steps to record
        else:
            self.wanted = {min(records, key=lambda r: abs(r - step)) for step in settings.checkpoints}

    def record(self, step: int, weights: list[NDArray[np.float32]]) -> None:
        """Add a checkpoint: of each run the weights (seeds, weights)."""
        self._steps.append(step)
        self._rows.append(weights)

    def checkpoints(self) -> Checkpoints | None:
        """All that was recorded; None for nothing."""
        if not self._steps:
            return None
        flat = tuple(np.stack(rows, axis=1) for rows in zip(*self._rows, strict=True))
        return Checkpoints(np.array(self._steps), flat, self._shapes)


def unflatten(flat: NDArray[np.float32], shapes: Shapes) -> StateDict:
    """Parameters by name from one row of weights."""
    state, start = {}, 0
    for name, shape in shapes:
        size = int(np.prod(shape))
        state[name] = flat[start : start + size].reshape(shape)
        start += size
    return state


def parameter_count(shapes: Shapes) -> int:
    return sum(int(np.prod(shape)) for _, shape in shapes)


def named_shapes(model: nn.Module) -> Shapes:
    return tuple((name, tuple(p.shape)) for name, p in model.named_parameters())


def parameter_shapes(settings: TrainingSettings) -> tuple[Shapes, ...]:
    """The shapes of each run's parameters, from networks on the meta device, which holds no values."""
    data = DATASETS[settings.dataset]
    shapes = []
    for run in settings.runs:
        outputs = output_count(run.loss, len(data.classes))
        with torch.device("meta"):
            layers = run.architecture.layers(len(data.features), outputs, ACTIVATIONS[run.activation])
            shapes.append(named_shapes(nn.Sequential(*layers)))
    return tuple(shapes)
