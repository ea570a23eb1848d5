"""A trainer group of one run that cannot be stacked: its members are trained by a plain PyTorch loop."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer as TorchOptimizer

from lossviz.common.typing import Floats
from lossviz.losses.base import logits_of
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.training.checkpoints import named_shapes
from lossviz.training.metrics import SATURATED_SLOPE
from lossviz.training.protocol import TrainingMetrics, weighted_layers
from lossviz.training.settings import RunConfig


class SequentialTrainer:
    """One run whose members are trained one after another, each an ordinary model with an optimizer."""

    def __init__(self, run: int, config: RunConfig, models: Sequence[nn.Sequential]) -> None:
        self.runs: tuple[int, ...] = (run,)
        self.shapes = named_shapes(models[0])
        self._tensors = weighted_layers(models[0])
        self.layers = tuple(self._tensors)
        self._loss, self._models, self._lr, self._clip = (
            LOSSES[config.loss],
            list(models),
            config.lr,
            config.clip,
        )
        optimizer = OPTIMIZERS[config.optimizer]
        self._optimizers = [
            optimizer.build(model.parameters(), config.lr, config.weight_decay) for model in models
        ]
        self._diverged = [False] * len(models)
        self.on_evaluation: Callable[[], object] = lambda: None

    def _mean_loss(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        targets = y.to(x.dtype) if self._loss.task == "binary" else y
        return self._loss(logits_of(self._loss, model(x)), targets).mean()

    def step(self, x: Tensor, y: Tensor, rows: Tensor | None, factor: float) -> None:
        for seed, (model, optimizer) in enumerate(zip(self._models, self._optimizers, strict=True)):
            if not self._diverged[seed]:
                batch = slice(None) if rows is None else rows[seed]
                optimizer.param_groups[0]["lr"] = self._lr * factor
                self._diverged[seed] = not self._step(model, optimizer, x[batch], y[batch])

    def _step(self, model: nn.Module, optimizer: TorchOptimizer, x: Tensor, y: Tensor) -> bool:
        """One step; whether the loss is still finite. If it is not, a weight is set to NaN to mark it."""
        finite = True

        def closure() -> float:
            nonlocal finite
            optimizer.zero_grad()
            loss = self._mean_loss(model, x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            if self._clip:
                nn.utils.clip_grad_norm_(model.parameters(), self._clip)
            value = float(loss.detach())
            finite = np.isfinite(value)
            return value

        optimizer.step(closure)
        if not finite:
            with torch.no_grad():
                next(model.parameters()).fill_(torch.nan)
        return finite

    def metrics(self, x: Tensor, y: Tensor) -> TrainingMetrics:
        norms = np.full((1, len(self._models), len(self.layers)), np.nan)
        for seed, model in enumerate(self._models):
            self.on_evaluation()
            with torch.enable_grad():
                loss = self._mean_loss(model, x, y)
                gradients = iter(torch.autograd.grad(loss, list(model.parameters())))
            for k, count in enumerate(self._tensors.values()):
                squares = [float(next(gradients).double().square().sum()) for _ in range(count)]
                norms[0, seed, k] = np.sqrt(sum(squares))
        return TrainingMetrics(self.logits(x), norms, self._saturated(x))

    @torch.no_grad()
    def _saturated(self, x: Tensor) -> Floats:
        """As `MLPStack.saturated`, for activations that follow a layer with weights; NaN for other layers."""
        shares = np.full((1, len(self._models), len(self.layers) - 1), np.nan)
        for seed, model in enumerate(self._models):
            self.on_evaluation()
            value, layer = x, -1
            for module in model:
                before, value = value, module(value)
                layer += any(True for _ in module.parameters())
                if isinstance(module, nn.Tanh | nn.ReLU | nn.Sigmoid) and 0 <= layer < shares.shape[2]:
                    with torch.enable_grad():
                        leaf = before.detach().requires_grad_()
                        (slope,) = torch.autograd.grad(module(leaf).sum(), leaf)
                    max_slope = 0.25 if isinstance(module, nn.Sigmoid) else 1.0
                    saturated = slope.mean(dim=0) < SATURATED_SLOPE * max_slope
                    shares[0, seed, layer] = float(saturated.double().mean())
        return shares

    @torch.no_grad()
    def logits(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for model in self._models:
            self.on_evaluation()
            outputs.append(logits_of(self._loss, model(x)))
        return [torch.stack(outputs)]

    def weights(self) -> Tensor:
        rows = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in self._models]
        return torch.stack(rows)[None]

    @torch.no_grad()
    def load_weights(self, index: int, seed: int, weights: Tensor) -> None:
        nn.utils.vector_to_parameters(weights, self._models[seed].parameters())
