"""A team of one contestant, for what cannot be stacked: its members are trained by a plain loop."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer as TorchOptimizer

from lossviz.loss import logits_of
from lossviz.losses import LOSSES
from lossviz.optimizers import OPTIMIZERS
from lossviz.race_setup import Contestant
from lossviz.team import Floats, Sight, layers_of, named_shapes


class Alone:
    """One contestant whose members are trained one after another, each an ordinary model and optimizer."""

    def __init__(
        self, places: tuple[int, ...], contestant: Contestant, models: Sequence[nn.Sequential]
    ) -> None:
        self.contestants = places
        self.layers, self.shapes = tuple(layers_of(models[0])), named_shapes(models[0])
        self._tensors = list(layers_of(models[0]).values())
        self._loss, self._models, self._lr = LOSSES[contestant.loss], list(models), contestant.lr
        self._clip = contestant.clip
        rule = OPTIMIZERS[contestant.optimizer]
        self._rules = [
            rule.build(model.parameters(), contestant.lr, contestant.weight_decay) for model in models
        ]
        self._gone = [False] * len(models)
        self.between: Callable[[], object] = lambda: None

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
            self.between()
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
            self.between()
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
        said = []
        for model in self._models:
            self.between()
            said.append(logits_of(self._loss, model(x)))
        return [torch.stack(said)]

    def flat(self) -> Tensor:
        rows = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in self._models]
        return torch.stack(rows)[None]

    @torch.no_grad()
    def load(self, contestant: int, seed: int, flat: Tensor) -> None:
        nn.utils.vector_to_parameters(flat, self._models[seed].parameters())
