"""Models of every kind that the tests run, and the plain float64 loop that they are held against."""

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossviz.landscape.planes import Plane


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(6, 24), nn.Linear(24, 24), nn.Linear(24, 3)
        self.norm = nn.LayerNorm(24)

    def forward(self, x: Tensor) -> Tensor:
        h = F.gelu(self.first(x))
        h = h + torch.tanh(self.inner(self.norm(h)))
        return self.last(h)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter, self.mix = nn.Linear(3, 8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.leave = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.enter(x)
        return self.leave((h + self.mix(h, h, h, need_weights=False)[0]).mean(1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru, self.leave = nn.GRU(3, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.leave(self.gru(x)[0][:, -1])


class Branching(nn.Module):
    """Its way depends on its values, which no recording may hide."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layer(x)
        return h if h.sum() > 0 else -2 * h


def mlp(*widths: int, activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (n, m) in enumerate(pairwise(widths)):
        layers += [activation()] if i else []
        layers.append(nn.Linear(n, m))
    return nn.Sequential(*layers)


def cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 12, 3, stride=2, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(12, 3),
    )  # fmt: skip


def normed() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(6, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3), nn.Linear(20, 20),
        nn.BatchNorm1d(20), nn.SiLU(), nn.Linear(20, 3),
    )  # fmt: skip


# name: (model, shape of an example, evaluator that is expected to do it)
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str]] = {
    "mlp": (lambda: mlp(2, 16, 16, 3), (2,), "vectorized"),
    "wide-input": (lambda: mlp(40, 16, 3, activation=nn.ReLU), (40,), "vectorized"),
    "batch-norm": (normed, (6,), "vectorized"),
    "residual": (Residual, (6,), "vectorized"),
    "cnn": (cnn, (1, 8, 8), "vectorized"),
    "attention": (Attention, (5, 3), "reference"),
    "gru": (Recurrent, (5, 3), "reference"),
    "branching": (Branching, (4,), "reference"),
}


def make(name: str, examples: int = 90, seed: int = 0) -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    """A model with BatchNorm statistics that are not trivial, in train mode, and classes to learn."""
    build, shape, _ = MODELS[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build()
        x = torch.randn(examples, *shape)
        y = torch.randint(0, 3, (examples,))
        with torch.no_grad():
            for _ in range(3):
                model(x * 2 + 1)
    return model.train(), (x, y)


def plain_loop(
    model: nn.Module, loss_fn: Callable[..., Any], data: Any, plane: Plane, a: Any, b: Any
) -> np.ndarray:
    """The surface as anyone would write it, in float64."""
    twin = copy.deepcopy(model).double().eval()
    inputs, targets = (v.double() if v.is_floating_point() else v for v in data)
    free = [p for p in twin.parameters() if p.requires_grad]
    loss = np.empty((len(b), len(a)))
    for i, y in enumerate(b):
        for j, x in enumerate(a):
            weights = plane.origin.astype(float) + x * plane.u.astype(float) + y * plane.v.astype(float)
            torch.nn.utils.vector_to_parameters(torch.from_numpy(weights), free)
            with torch.no_grad():
                loss[i, j] = float(loss_fn(twin(inputs), targets))
    return loss


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes()  # numpy has no bfloat16


def state(model: nn.Module) -> list[Any]:
    """All that must not change in a model, to the bit."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [
        [(name, _bytes(t), t.requires_grad, t.data_ptr(), str(t.dtype)) for name, t in tensors],
        [module.training for module in model.modules()],
        torch.random.get_rng_state().numpy().tobytes(),
        [None if p.grad is None else p.grad.numpy().tobytes() for p in model.parameters()],
    ]
