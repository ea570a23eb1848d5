"""Runs grouped for training: those of one shape in one stack, and each of the others by a plain loop.

Both kinds of group implement `TrainerGroup` and compute the same steps.
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
from lossviz.training.checkpoints import named_shapes
from lossviz.training.mlp_stack import MLPStack, can_stack, clip_gradient_norms
from lossviz.training.protocol import TrainerGroup, TrainingMetrics, weighted_layers
from lossviz.training.sequential import SequentialTrainer
from lossviz.training.settings import RunConfig

Key = TypeVar("Key")
TRAINING_BLOCK = 300_000  # hidden activations that are computed at a time: they stay in a core's cache
EVALUATION_BLOCK = 4_000_000  # the same without a gradient: 16 MB


def group_runs(
    configs: Sequence[RunConfig], build: Callable[[RunConfig, int], nn.Sequential], seeds: int
) -> list[TrainerGroup]:
    """The runs in groups. ``build(config, seed)`` makes a member's model.

    Runs with one shape, one activation and optimizers that can be stacked are trained together.
    """
    models = [[build(config, seed) for seed in range(seeds)] for config in configs]
    stacks: dict[object, list[int]] = {}
    groups: list[TrainerGroup] = []
    for run, config in enumerate(configs):
        first = models[run][0]
        if OPTIMIZERS[config.optimizer].elementwise and can_stack(first):
            shape = tuple(tuple(p.shape) for p in first.parameters())
            stacks.setdefault((shape, config.activation if len(first) > 1 else ""), []).append(run)
        else:
            groups.append(SequentialTrainer(run, config, models[run]))
    for runs in stacks.values():
        members = [model for run in runs for model in models[run]]
        groups.append(StackedTrainer(tuple(runs), [configs[run] for run in runs], members))
    return groups


class StackedTrainer:
    """Runs of one shape in one stack: row r * seeds + s is the group's run r with seed s."""

    def __init__(
        self, runs: tuple[int, ...], configs: Sequence[RunConfig], models: Sequence[nn.Sequential]
    ) -> None:
        self.runs = runs
        self.layers, self.shapes = tuple(weighted_layers(models[0])), named_shapes(models[0])
        self._seeds = len(models) // len(configs)
        self._losses = [LOSSES[config.loss] for config in configs]
        self._stack = MLPStack(models)
        self._transposed: tuple[Tensor, Tensor] | None = None
        self.on_evaluation: Callable[[], object] = lambda: None
        gradients = [(loss, gradient_of(loss)) for loss in self._losses]
        self._gradients = self._spans(gradients, key=lambda pair: pair[0].name)
        self._clips = [span for span in self._spans([config.clip for config in configs]) if span[0]]
        optimizers = self._spans([(config.optimizer, config.lr, config.weight_decay) for config in configs])
        self._optimizers: list[tuple[TorchOptimizer, float]] = []
        for (name, lr, decay), rows in optimizers:
            weights = self._stack.weights[rows]
            weights.grad = self._stack.gradient[rows]
            self._optimizers.append((OPTIMIZERS[name].build([weights], lr, decay, stacked=True), lr))

    def _spans(
        self, values: Sequence[Key], key: Callable[[Key], object] = lambda value: value
    ) -> list[tuple[Key, slice]]:
        """Neighbouring runs that share a key, as slices of the stack's rows."""
        spans: list[tuple[Key, slice]] = []
        start = 0
        for _, group in groupby(values, key):
            equal = list(group)
            stop = start + len(equal) * self._seeds
            spans.append((equal[0], slice(start, stop)))
            start = stop
        return spans

    def _transpose(self, x: Tensor) -> Tensor:
        """x (n, inputs) as (inputs, n); the same tensor for the same tensor."""
        if self._transposed is None or self._transposed[0] is not x:
            self._transposed = (x, x.T.contiguous())
        return self._transposed[1]

    def _blocks(self, examples: int, block: int | None = None) -> list[slice]:
        """The stack's rows in blocks of about so many hidden activations."""
        rows = len(self._stack.weights)
        units = sum(self._stack.widths[1:])
        size = max(1, min(rows, (block or TRAINING_BLOCK) // (units * examples)))
        parts = -(-rows // size)
        ends = [rows * k // parts for k in range(parts + 1)]
        return [slice(a, b) for a, b in pairwise(ends)]

    def _backpropagate(self, x: Tensor, y: Tensor, rows: slice, seeds: Tensor | None) -> list[Tensor]:
        """Fill the gradient of the mean loss for these rows; their activations.

        x is (inputs, n) or (G, inputs, b), y is (n,), or (seeds, b) where every seed has a batch of its own.
        """
        inputs = x if seeds is None else x[rows]
        values = self._stack.forward(inputs, rows)
        at_logits = []
        for (loss, gradient), span in self._gradients:
            low, high = max(span.start, rows.start), min(span.stop, rows.stop)
            if low < high:
                z = values[-1][low - rows.start : high - rows.start]
                targets = y if seeds is None else y[seeds[low:high]]
                if loss.task == "multiclass":
                    at_logits.append(gradient(z.transpose(1, 2).contiguous(), targets).transpose(1, 2))
                else:
                    at_logits.append(gradient(z[:, 0], targets.to(z.dtype))[:, None])
        self._stack.backward(
            inputs, values, at_logits[0] if len(at_logits) == 1 else torch.cat(at_logits), rows
        )
        self._stack.gradient[rows].div_(values[-1].shape[2])  # the loss is the mean over the examples
        return values

    @torch.no_grad()
    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        count = len(self.runs)
        if rows is None:
            inputs, seeds = self._transpose(x), None
        else:
            inputs = x[rows].transpose(1, 2).repeat(count, 1, 1)
            y, seeds = y[rows], torch.arange(self._seeds).repeat(count)
        for block in self._blocks(inputs.shape[-1]):
            self._backpropagate(inputs, y, block, seeds)
        for max_norm, part in self._clips:
            clip_gradient_norms(self._stack.gradient[part], max_norm)
        for optimizer, lr in self._optimizers:
            if factor != 1.0:
                optimizer.param_groups[0]["lr"] = lr * factor
            optimizer.step()
            if factor != 1.0:
                optimizer.param_groups[0]["lr"] = lr

    @torch.no_grad()
    def metrics(self, x: Tensor, y: Tensor) -> TrainingMetrics:
        inputs = self._transpose(x)
        logits, saturated = [], []
        for block in self._blocks(inputs.shape[-1]):
            self.on_evaluation()
            saturated.append(self._stack.saturated(self._stack.forward(inputs, block)))
            logits.append(self._backpropagate(inputs, y, block, None)[-1])
        norms = [self._stack.gradient[:, span].double().norm(dim=1) for span in self._stack.spans()]
        shape = (len(self.runs), self._seeds, -1)
        return TrainingMetrics(
            self._by_run(torch.cat(logits).transpose(1, 2)),
            torch.stack(norms, dim=1).view(shape).numpy(),
            torch.cat(saturated).view(*shape[:2], len(self.layers) - 1).numpy(),
        )

    def _by_run(self, z: Tensor) -> list[Tensor]:
        whole = z.reshape(len(self.runs), self._seeds, *z.shape[1:])
        return [logits_of(loss, part) for loss, part in zip(self._losses, whole, strict=True)]

    @torch.no_grad()
    def logits(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for rows in self._blocks(len(x), EVALUATION_BLOCK):
            self.on_evaluation()
            outputs.append(self._stack.logits(x, rows))
        return self._by_run(torch.cat(outputs))

    def weights(self) -> Tensor:
        return self._stack.weights.view(len(self.runs), self._seeds, -1)

    def load_weights(self, index: int, seed: int, weights: Tensor) -> None:
        self._stack.weights[index * self._seeds + seed] = weights
