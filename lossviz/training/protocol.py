"""The interface of a trainer group: some runs of a training, each with all its seeds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.training.checkpoints import Shapes


@dataclass(frozen=True)
class TrainingMetrics:
    """What a group measures on the training set."""

    logits: list[Tensor]  # of each run: (seeds, n) or (seeds, n, K)
    gradient_norm: Floats  # (runs, seeds, layers)
    saturated: Floats  # (runs, seeds, hidden layers)


class TrainerGroup(Protocol):
    """Some runs with all their seeds. Targets are given as the dataset has them."""

    runs: tuple[int, ...]  # positions in the training
    layers: tuple[str, ...]
    shapes: Shapes
    on_evaluation: Callable[[], object]  # called before each network that is evaluated; may raise to stop it

    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        """One optimizer step of every member, on rows (seeds, b) or on all examples.

        The learning rates are multiplied by ``factor``.
        """

    def metrics(self, x: Tensor, y: Tensor) -> TrainingMetrics: ...

    def logits(self, x: Tensor) -> list[Tensor]:
        """Of each run at x (n, d): (seeds, n) or (seeds, n, K)."""

    def weights(self) -> Tensor:
        """The present weights (runs, seeds, weights); possibly the group's own memory, not a copy."""

    def load_weights(self, index: int, seed: int, weights: Tensor) -> None:
        """Set the weights (weights,) of a member, by the position of its run in the group."""


def weighted_layers(model: nn.Sequential) -> dict[str, int]:
    """The layers that have weights, by name, and the number of parameters (tensors) of each."""
    counts = {name: sum(1 for _ in module.parameters()) for name, module in model.named_children()}
    return {name: count for name, count in counts.items() if count}
