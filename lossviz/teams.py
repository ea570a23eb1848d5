"""Who trains a race's members: a stack of them in lock step, or a plain loop for what cannot be stacked.

Both do the same things to the same members, so that the race need not know. A team has some of the race's
contestants, each with all its seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer as TorchOptimizer

from lossviz.lockstep import Stack, can_stack, clip
from lossviz.loss import logits_of
from lossviz.losses import LOSSES
from lossviz.optimizers import OPTIMIZERS
from lossviz.race import Contestant
from lossviz.slopes import slope_of

Floats = NDArray[np.float64]
Key = TypeVar("Key")
Shapes = tuple[tuple[str, tuple[int, ...]], ...]
BLOCK = 300_000  # hidden values that are in work at a time: they stay in a core's own memory


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

    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        """One step of every member, on rows (seeds, b) or on all examples, at factor times its rate."""

    def look(self, x: Tensor, y: Tensor) -> Sight: ...

    def logits(self, x: Tensor) -> list[Tensor]:
        """Of each contestant at x (n, d): (seeds, n) or (seeds, n, K)."""

    def flat(self) -> Tensor:
        """All weights now, (contestants, seeds, weights): the team's own memory."""

    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        """Give a member, by its place in the team, other weights (weights,)."""


def teams_of(
    contestants: Sequence[Contestant], build: Callable[[Contestant, int], nn.Sequential], seeds: int
) -> list[Team]:
    """The contestants in teams: those that have one shape, one activation and an optimizer that can be
    stacked train together. ``build(contestant, seed)`` makes a member's model."""
    models = [[build(one, seed) for seed in range(seeds)] for one in contestants]
    stacks: dict[object, list[int]] = {}
    teams: list[Team] = []
    for place, one in enumerate(contestants):
        first = models[place][0]
        if OPTIMIZERS[one.optimizer].elementwise and can_stack(first):
            shape = tuple(tuple(p.shape) for p in first.parameters())
            stacks.setdefault((shape, one.activation if len(first) > 1 else ""), []).append(place)
        else:
            teams.append(Alone((place,), one, models[place]))
    for places in stacks.values():
        group = [contestants[place] for place in places]
        teams.append(LockStep(tuple(places), group, [model for place in places for model in models[place]]))
    return teams


def _named_shapes(model: nn.Module) -> Shapes:
    return tuple((name, tuple(p.shape)) for name, p in model.named_parameters())


def _layers(model: nn.Sequential) -> dict[str, int]:
    """The layers that have weights, by name, and how many parameters (tensors) each has."""
    counts = {name: sum(1 for _ in module.parameters()) for name, module in model.named_children()}
    return {name: count for name, count in counts.items() if count}


class LockStep:
    """Contestants of one shape in one stack: row c * seeds + s is contestant c with seed s."""

    def __init__(
        self, places: tuple[int, ...], contestants: Sequence[Contestant], models: Sequence[nn.Sequential]
    ) -> None:
        self.contestants = places
        self.layers, self.shapes = tuple(_layers(models[0])), _named_shapes(models[0])
        self._seeds = len(models) // len(contestants)
        self._losses = [LOSSES[one.loss] for one in contestants]
        self._stack = Stack(models)
        self._seen: tuple[Tensor, Tensor] | None = None
        costs = [(loss, slope_of(loss)) for loss in self._losses]
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

    def _blocks(self, examples: int) -> list[slice]:
        rows = len(self._stack.weights)
        units = sum(self._stack.widths[1:])
        size = max(1, min(rows, BLOCK // (units * examples)))
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
    def look(self, x: Tensor, y: Tensor) -> Sight:
        inputs = self._turned(x)
        logits, saturated = [], []
        for block in self._blocks(inputs.shape[-1]):
            values = self._stack.forward(inputs, block)
            saturated.append(self._stack.saturated(values))
            logits.append(self._descend(inputs, y, block, None)[-1])
        norms = [self._stack.gradient[:, span].double().norm(dim=1) for span in self._stack.spans()]
        shape = (len(self.contestants), self._seeds, -1)
        return Sight(
            self._by_contestant(torch.cat(logits).transpose(1, 2)),
            torch.stack(norms, dim=1).view(shape).numpy(),
            torch.cat(saturated).view(*shape[:2], len(self.layers) - 1).numpy(),
        )

    def _by_contestant(self, z: Tensor) -> list[Tensor]:
        whole = z.reshape(len(self.contestants), self._seeds, *z.shape[1:])
        return [logits_of(loss, part) for loss, part in zip(self._losses, whole, strict=True)]

    @torch.no_grad()
    def logits(self, x: Tensor) -> list[Tensor]:
        return self._by_contestant(self._stack.logits(x))

    def flat(self) -> Tensor:
        return self._stack.weights.view(len(self.contestants), self._seeds, -1)

    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        self._stack.weights[contestant * self._seeds + seed] = flat


class Alone:
    """One contestant whose members are trained one after another, each an ordinary model and optimizer."""

    def __init__(
        self, places: tuple[int, ...], contestant: Contestant, models: Sequence[nn.Sequential]
    ) -> None:
        self.contestants = places
        self.layers, self.shapes = tuple(_layers(models[0])), _named_shapes(models[0])
        self._tensors = list(_layers(models[0]).values())
        self._loss, self._models, self._lr = LOSSES[contestant.loss], list(models), contestant.lr
        self._clip = contestant.clip
        rule = OPTIMIZERS[contestant.optimizer]
        self._rules = [
            rule.build(model.parameters(), contestant.lr, contestant.weight_decay) for model in models
        ]
        self._gone = [False] * len(models)

    def _mean_loss(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        targets = y.to(x.dtype) if self._loss.task == "binary" else y
        return self._loss(logits_of(self._loss, model(x)), targets).mean()

    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        for seed, (model, rule) in enumerate(zip(self._models, self._rules, strict=True)):
            if not self._gone[seed]:
                part = slice(None) if rows is None else rows[seed]
                rule.param_groups[0]["lr"] = self._lr * factor
                self._gone[seed] = not self._step(model, rule, x[part], y[part])

    def _step(self, model: nn.Module, rule: TorchOptimizer, x: Tensor, y: Tensor) -> bool:
        """False if the loss that it steps by is no longer finite."""
        finite = True

        def closure() -> float:
            nonlocal finite
            rule.zero_grad()
            loss = self._mean_loss(model, x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            if self._clip:
                nn.utils.clip_grad_norm_(model.parameters(), self._clip)
            value = float(loss.detach())
            finite = np.isfinite(value)
            return value

        rule.step(closure)
        if not finite:
            with torch.no_grad():
                next(model.parameters()).fill_(torch.nan)
        return finite

    def look(self, x: Tensor, y: Tensor) -> Sight:
        norms = np.full((1, len(self._models), len(self.layers)), np.nan)
        for seed, model in enumerate(self._models):
            with torch.enable_grad():
                loss = self._mean_loss(model, x, y)
                slopes = iter(torch.autograd.grad(loss, list(model.parameters())))
            for k, count in enumerate(self._tensors):
                squares = [float(next(slopes).double().square().sum()) for _ in range(count)]
                norms[0, seed, k] = np.sqrt(sum(squares))
        return Sight(self.logits(x), norms, self._saturated(x))

    @torch.no_grad()
    def _saturated(self, x: Tensor) -> Floats:
        """As `Stack.saturated` has it, for activations that follow a layer with weights; NaN without one."""
        shares = np.full((1, len(self._models), len(self.layers) - 1), np.nan)
        for seed, model in enumerate(self._models):
            value, layer = x, -1
            for module in model:
                before, value = value, module(value)
                layer += any(True for _ in module.parameters())
                if isinstance(module, nn.Tanh | nn.ReLU | nn.Sigmoid) and 0 <= layer < shares.shape[2]:
                    with torch.enable_grad():
                        leaf = before.detach().requires_grad_()
                        (slope,) = torch.autograd.grad(module(leaf).sum(), leaf)
                    steepest = 0.25 if isinstance(module, nn.Sigmoid) else 1.0
                    shares[0, seed, layer] = float((slope.mean(dim=0) < 0.05 * steepest).double().mean())
        return shares

    @torch.no_grad()
    def logits(self, x: Tensor) -> list[Tensor]:
        return [torch.stack([logits_of(self._loss, model(x)) for model in self._models])]

    def flat(self) -> Tensor:
        rows = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in self._models]
        return torch.stack(rows)[None]

    @torch.no_grad()
    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        nn.utils.vector_to_parameters(flat, self._models[seed].parameters())
