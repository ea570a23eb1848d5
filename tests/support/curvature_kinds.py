"""Models and losses whose second derivatives are easy to get wrong, and their true Hessian by differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrizations

from lossviz.engine.parameters import private_copy

CE = nn.CrossEntropyLoss()


class OnceDifferentiable(torch.autograd.Function):
    """z |z|."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        ctx.save_for_backward(z)
        return z * z.abs()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:
        return 2 * ctx.saved_tensors[0].abs() * cotangent


class DetachedBackward(OnceDifferentiable):
    """z |z|, whose backward pass can be differentiated and is another function."""

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:
        return 2 * ctx.saved_tensors[0].detach().abs() * cotangent


class InNumpy(torch.autograd.Function):
    """tanh, with both passes in numpy."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        ctx.outputs = np.tanh(z.detach().numpy())
        return torch.from_numpy(ctx.outputs)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:
        return torch.from_numpy((1 - ctx.outputs**2) * cotangent.detach().numpy())


class WrongBackward(torch.autograd.Function):
    """tanh with twice its derivative."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        ctx.save_for_backward(z)
        return z.tanh()

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:
        return 2 * (1 - ctx.saved_tensors[0].tanh() ** 2) * cotangent


class Apply(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class LowRankAdapter(nn.Module):
    """A linear layer in bfloat16 that is not trained, and a product of two small matrices that is (LoRA)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("base", torch.randn(outputs, inputs).bfloat16())
        self.a, self.b = nn.Parameter(torch.randn(2, inputs)), nn.Parameter(0.3 * torch.randn(outputs, 2))

    def forward(self, x: Tensor) -> Tensor:
        base = self.base.to(torch.float64 if x.dtype == torch.float64 else torch.bfloat16)
        return F.linear(x.to(base.dtype), base).to(x.dtype) + F.linear(F.linear(x, self.a), self.b)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.leave = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.leave(self.inner(self.inner(x).tanh()).tanh())


class Mixing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.leave = nn.MultiheadAttention(2, 1, batch_first=True), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.leave(self.mix(x, x, x, need_weights=False)[0].mean(1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru, self.leave = nn.GRUCell(2, 3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), 3)  # in the default dtype, whatever the model's
        for step in x.unbind(1):
            h = self.gru(step, h.to(x.dtype))
        return self.leave(h)


def network(*middle: nn.Module, inputs: int = 3, width: int = 5) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), *middle, nn.Linear(width, 2))


def middle(function: Callable[[Tensor], Tensor]) -> Callable[[], nn.Module]:
    return lambda: network(Apply(function))


AUTOGRAD, IN_DOUBLE, DIFFERENCES = "automatic differentiation", "automatic differentiation in", "central diff"
Kind = tuple[Callable[[], nn.Module], tuple[int, ...], Callable[..., Any], str]

# name: (model, shape of an example or () for class numbers, loss, how `method` of its curvature begins)
KINDS: dict[str, Kind] = {
    "mlp": (lambda: network(nn.Tanh(), nn.Linear(5, 5), nn.ReLU()), (3,), CE, AUTOGRAD),
    "cnn": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                              nn.Linear(8, 2)),
        (1, 6, 6), CE, AUTOGRAD,
    ),
    "residual": (middle(lambda h: h + F.layer_norm(h, (5,)).tanh()), (3,), CE, AUTOGRAD),
    "attention": (Mixing, (4, 2), CE, AUTOGRAD),
    "gru": (Recurrent, (3, 2), CE, AUTOGRAD),
    "tied": (Tied, (3,), CE, AUTOGRAD),
    "weight_norm": (
        lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 5)), nn.Tanh(),
                              parametrizations.weight_norm(nn.Linear(5, 2), dim=None)),
        (3,), CE, AUTOGRAD,
    ),
    "spectral_norm": (
        lambda: nn.Sequential(parametrizations.spectral_norm(nn.Linear(3, 5)), nn.Tanh(), nn.Linear(5, 2)),
        (3,), CE, AUTOGRAD,
    ),
    "LoRA over bfloat16": (
        lambda: nn.Sequential(LowRankAdapter(3, 4), nn.Tanh(), LowRankAdapter(4, 2)), (3,), CE, IN_DOUBLE
    ),
    "once_differentiable": (middle(OnceDifferentiable.apply), (3,), CE, DIFFERENCES),
    "detached backward": (middle(DetachedBackward.apply), (3,), CE, DIFFERENCES),
    "numpy": (middle(InNumpy.apply), (3,), CE, DIFFERENCES),
    "sparse embedding": (
        lambda: nn.Sequential(nn.Embedding(5, 3, sparse=True), network(nn.GELU())), (), CE, AUTOGRAD
    ),
    "no second derivative": (middle(torch.tanh), (3,), nn.MultiMarginLoss(), DIFFERENCES),
    "function in the loss": (
        middle(torch.tanh),
        (3,), lambda o, t: CE(o, t) + OnceDifferentiable.apply(o[:, 0]).mean(), DIFFERENCES,
    ),
    "shift that is detached": (
        middle(torch.tanh), (3,), lambda o, t: CE(o - o.max(1, keepdim=True).values.detach(), t), AUTOGRAD
    ),
}  # fmt: skip


def make_kind(name: str, examples: int = 24) -> tuple[nn.Module, Callable[..., Any], tuple[Tensor, Tensor]]:
    """A model in float32, its loss and its data."""
    build, shape, loss_fn, _ = KINDS[name]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = build()
        x = torch.randn(examples, *shape) if shape else torch.randint(0, 5, (examples,))
        y = torch.randint(0, 2, (examples,))
        with torch.no_grad():
            model(x)  # statistics of BatchNorm, power iteration of spectral_norm
    return model, loss_fn, (x, y)


def true_hessian(
    model: nn.Module, loss_fn: Callable[..., Any], data: tuple[Tensor, Tensor], step: float = 1e-6
) -> np.ndarray:
    """The Hessian (n, n) by central differences of gradients in float64, row by row."""
    model = private_copy(model).double()
    x, y = (value.double() if value.is_floating_point() else value for value in data)
    weights = [p for p in model.parameters() if p.requires_grad]
    start = nn.utils.parameters_to_vector(weights).detach()

    def gradient(at: Tensor) -> Tensor:
        nn.utils.vector_to_parameters(at, weights)
        parts = torch.autograd.grad(loss_fn(model(x), y), weights, materialize_grads=True)
        return torch.cat([part.to_dense().reshape(-1) for part in parts])

    units = step * torch.eye(len(start), dtype=torch.float64)
    rows = torch.stack([(gradient(start + unit) - gradient(start - unit)) / (2 * step) for unit in units])
    return (0.5 * (rows + rows.T)).numpy()
