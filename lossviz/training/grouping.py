"""Who trains a race's members: a stack of them in lock step, or a plain loop for what cannot be stacked.

Both do the same things to the same members, so that the race need not know. A team has some of the race's
contestants, each with all its seeds.
"""

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer as TorchOptimizer

from lossviz.losses.base import logits_of
from lossviz.losses.gradients import gradient_of
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.training.mlp_stack import Stack, can_stack, clip
from lossviz.training.protocol import TrainerGroup, TrainingMetrics, layers_of, named_shapes
from lossviz.training.sequential import SequentialTrainer
from lossviz.training.settings import RunConfig

Key = TypeVar("Key")
BLOCK = 300_000  # hidden values that are in work at a time: they stay in a core's own memory
LOOKED_AT = 4_000_000  # hidden values at a time where nothing is trained: 16 MB


def teams_of(
    contestants: Sequence[RunConfig], build: Callable[[RunConfig, int], nn.Sequential], seeds: int
) -> list[TrainerGroup]:
    """The contestants in teams: those that have one shape, one activation and an optimizer that can be
    stacked train together. ``build(contestant, seed)`` makes a member's model."""
    models = [[build(one, seed) for seed in range(seeds)] for one in contestants]
    stacks: dict[object, list[int]] = {}
    teams: list[TrainerGroup] = []
    for place, one in enumerate(contestants):
        first = models[place][0]
        if OPTIMIZERS[one.optimizer].elementwise and can_stack(first):
            shape = tuple(tuple(p.shape) for p in first.parameters())
            stacks.setdefault((shape, one.activation if len(first) > 1 else ""), []).append(place)
        else:
            teams.append(SequentialTrainer((place,), one, models[place]))
    for places in stacks.values():
        group = [contestants[place] for place in places]
        teams.append(
            StackedTrainer(tuple(places), group, [model for place in places for model in models[place]])
        )
    return teams


class StackedTrainer:
    """Contestants of one shape in one stack: row c * seeds + s is contestant c with seed s."""

    def __init__(
        self, places: tuple[int, ...], contestants: Sequence[RunConfig], models: Sequence[nn.Sequential]
    ) -> None:
        self.contestants = places
        self.layers, self.shapes = tuple(layers_of(models[0])), named_shapes(models[0])
        self._seeds = len(models) // len(contestants)
        self._losses = [LOSSES[one.loss] for one in contestants]
        self._stack = Stack(models)
        self._seen: tuple[Tensor, Tensor] | None = None
        self.between: Callable[[], object] = lambda: None
        costs = [(loss, gradient_of(loss)) for loss in self._losses]
        self._costs = self._runs(costs, key=lambda cost: cost[0].name)
        self._clips = [run for run in self._runs([one.clip for one in contestants]) if run[0]]
        rules = self._runs([(one.optimizer, one.lr, one.weight_decay) for one in contestants])
        self._rules: list[tuple[TorchOptimizer, float]] = []
        for (name, rate, decay), rows in rules:
            weights = self._stack.weights[rows]
            weights.grad = self._stack.gradient[rows]
            self._rules.append((OPTIMIZERS[name].build([weights], rate, decay, stacked=True), rate))

    def _runs(
        self, each: Sequence[Key], key: Callable[[Key], object] = lambda one: one
    ) -> list[tuple[Key, slice]]:
        """Neighbouring contestants that share a key, as rows of the stack."""
        runs: list[tuple[Key, slice]] = []
        at = 0
        for _, group in groupby(each, key):
            alike = list(group)
            runs.append((alike[0], slice(at, at + len(alike) * self._seeds)))
            at += len(alike) * self._seeds
        return runs

    def _turned(self, x: Tensor) -> Tensor:
        """x (n, inputs) as (inputs, n); the same for the same tensor."""
        if self._seen is None or self._seen[0] is not x:
            self._seen = (x, x.T.contiguous())
        return self._seen[1]

    def _blocks(self, examples: int, most: int = BLOCK) -> list[slice]:
        rows = len(self._stack.weights)
        units = sum(self._stack.widths[1:])
        size = max(1, min(rows, most // (units * examples)))
        parts = -(-rows // size)
        ends = [rows * k // parts for k in range(parts + 1)]
        return [slice(a, b) for a, b in pairwise(ends)]

    def _descend(self, x: Tensor, y: Tensor, rows: slice, seeds: Tensor | None) -> list[Tensor]:
        """Fill the gradient of the mean loss for these rows; their values.

        x is (inputs, n) or (G, inputs, b), y (n,), or with the batches' own targets (seeds, b).
        """
        inputs = x if seeds is None else x[rows]
        values = self._stack.forward(inputs, rows)
        slopes = []
        for (loss, slope), run in self._costs:
            low, high = max(run.start, rows.start), min(run.stop, rows.stop)
            if low < high:
                z = values[-1][low - rows.start : high - rows.start]
                targets = y if seeds is None else y[seeds[low:high]]
                if loss.task == "multiclass":
                    slopes.append(slope(z.transpose(1, 2).contiguous(), targets).transpose(1, 2))
                else:
                    slopes.append(slope(z[:, 0], targets.to(z.dtype))[:, None])
        self._stack.backward(inputs, values, slopes[0] if len(slopes) == 1 else torch.cat(slopes), rows)
        self._stack.gradient[rows].div_(values[-1].shape[2])  # of the mean over the examples
        return values

    @torch.no_grad()
    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        count = len(self.contestants)
        if rows is None:
            inputs, seeds = self._turned(x), None
        else:
            inputs = x[rows].transpose(1, 2).repeat(count, 1, 1)
            y, seeds = y[rows], torch.arange(self._seeds).repeat(count)
        for block in self._blocks(inputs.shape[-1]):
            self._descend(inputs, y, block, seeds)
        for most, part in self._clips:
            clip(self._stack.gradient[part], most)
        for rule, rate in self._rules:
            if factor != 1.0:
                rule.param_groups[0]["lr"] = rate * factor
            rule.step()
            if factor != 1.0:
                rule.param_groups[0]["lr"] = rate

    @torch.no_grad()
    def look(self, x: Tensor, y: Tensor) -> TrainingMetrics:
        inputs = self._turned(x)
        logits, saturated = [], []
        for block in self._blocks(inputs.shape[-1]):
            self.between()
            values = self._stack.forward(inputs, block)
            saturated.append(self._stack.saturated(values))
            logits.append(self._descend(inputs, y, block, None)[-1])
        norms = [self._stack.gradient[:, span].double().norm(dim=1) for span in self._stack.spans()]
        shape = (len(self.contestants), self._seeds, -1)
        return TrainingMetrics(
            self._by_contestant(torch.cat(logits).transpose(1, 2)),
            torch.stack(norms, dim=1).view(shape).numpy(),
            torch.cat(saturated).view(*shape[:2], len(self.layers) - 1).numpy(),
        )

    def _by_contestant(self, z: Tensor) -> list[Tensor]:
        whole = z.reshape(len(self.contestants), self._seeds, *z.shape[1:])
        return [logits_of(loss, part) for loss, part in zip(self._losses, whole, strict=True)]

    @torch.no_grad()
    def logits(self, x: Tensor) -> list[Tensor]:
        said = []
        for rows in self._blocks(len(x), LOOKED_AT):
            self.between()
            said.append(self._stack.logits(x, rows))
        return self._by_contestant(torch.cat(said))

    def flat(self) -> Tensor:
        return self._stack.weights.view(len(self.contestants), self._seeds, -1)

    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        self._stack.weights[contestant * self._seeds + seed] = flat
