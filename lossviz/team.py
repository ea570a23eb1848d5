"""What a team is: some of a race's contestants, each with all its seeds, in motion."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float64]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Sight:
    """What is seen of a team on the training examples."""

    logits: list[Tensor]  # a contestant: (seeds, n) or (seeds, n, K)
    gradient_norm: Floats  # (contestants, seeds, layers)
    saturated: Floats  # (contestants, seeds, hidden layers)


class Team(Protocol):
    """Some contestants with all their seeds, in motion. y is as the dataset has it."""

    contestants: tuple[int, ...]  # their places in the race
    layers: tuple[str, ...]
    shapes: Shapes
    between: Callable[[], object]  # called between networks that are looked at; what it raises ends the look

    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        """One step of every member, on rows (seeds, b) or on all examples, at factor times its rate."""

    def look(self, x: Tensor, y: Tensor) -> Sight: ...

    def logits(self, x: Tensor) -> list[Tensor]:
        """Of each contestant at x (n, d): (seeds, n) or (seeds, n, K)."""

    def flat(self) -> Tensor:
        """All weights now, (contestants, seeds, weights): the team's own memory."""

    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        """Give a member, by its place in the team, other weights (weights,)."""


def named_shapes(model: nn.Module) -> Shapes:
    return tuple((name, tuple(p.shape)) for name, p in model.named_parameters())


def layers_of(model: nn.Sequential) -> dict[str, int]:
    """The layers that have weights, by name, and how many parameters (tensors) each has."""
    counts = {name: sum(1 for _ in module.parameters()) for name, module in model.named_children()}
    return {name: count for name, count in counts.items() if count}
