"""Many fully connected networks of one shape in one stack of weights, with batched matrix products.

PyTorch's overhead of dispatching a small operation is then paid once for all of them. An `MLPStack` holds G
networks as the rows of one tensor (G, P), each in the order of `nn.Module.parameters()`; the layers are views
of it. Activations are feature-major, (G, units, examples), and backpropagation is written out: for a fully
connected network it is three products per layer. torch.optim steps on views of the rows.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from lossviz.networks.table import ACTIVATIONS
from lossviz.training.metrics import SATURATED_SLOPE

_aten = torch.ops.aten


def _tanh(b: Tensor, w: Tensor, h: Tensor) -> Tensor:
    if torch.backends.cpu.get_cpu_capability() != "AVX2" or h.device.type != "cpu":
        return torch.baddbmm(b, w, h).tanh_()
    # tanh z = 2 sigmoid(2z) - 1: with AVX2 torch's sigmoid takes a third of the time of its tanh.
    return torch.baddbmm(b, w, h, beta=2, alpha=2).sigmoid_().mul_(2).sub_(1)


def _relu(b: Tensor, w: Tensor, h: Tensor) -> Tensor:
    return torch.baddbmm(b, w, h).relu_()


def _sigmoid(b: Tensor, w: Tensor, h: Tensor) -> Tensor:
    return torch.baddbmm(b, w, h).sigmoid_()


# activation(W h + b)
_FORWARD: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "tanh": _tanh,
    "relu": _relu,
    "sigmoid": _sigmoid,
}
# from the gradient at an activation's output, and that output, the gradient at its input; in place
_BACKWARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": lambda grad, h: _aten.tanh_backward.grad_input(grad, h, grad_input=grad),
    "relu": lambda grad, h: _aten.threshold_backward.grad_input(grad, h, 0, grad_input=grad),
    "sigmoid": lambda grad, h: _aten.sigmoid_backward.grad_input(grad, h, grad_input=grad),
}
MAX_SLOPE = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}


def can_stack(model: nn.Sequential) -> bool:
    """Whether a model is fully connected, with one known activation between its layers."""
    modules = list(model)
    linear, activations = modules[::2], modules[1::2]
    known = tuple(ACTIVATIONS.values())
    return (
        len(modules) % 2 == 1
        and all(type(layer) is nn.Linear and layer.bias is not None for layer in linear)
        and all(type(layer) in known for layer in activations)
        and len({type(layer) for layer in activations}) <= 1
    )


class MLPStack:
    """G fully connected networks of one shape and activation. All are float32."""

    def __init__(self, models: Sequence[nn.Sequential]) -> None:
        first = list(models[0])
        linear = [layer for layer in first if isinstance(layer, nn.Linear)]
        self.widths = [linear[0].in_features, *(layer.out_features for layer in linear)]
        self.activation = next(
            (name for name, kind in ACTIVATIONS.items() if len(first) > 1 and type(first[1]) is kind), "tanh"
        )
        self.weights = torch.stack(  # (G, P)
            [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in models]
        )
        self.gradient = torch.zeros_like(self.weights)  # (G, P), of the last `backward`
        self._w, self._b = self._views(self.weights)
        self._gw, self._gb = self._views(self.gradient)

    def _views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The layers' weights (G, out, in) and biases (G, out, 1), as views of flat (G, P)."""
        matrices, columns, start = [], [], 0
        for n, m in pairwise(self.widths):
            matrices.append(flat[:, start : start + m * n].view(-1, m, n))
            columns.append(flat[:, start + m * n : start + m * n + m].view(-1, m, 1))
            start += m * n + m
        return matrices, columns

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the parameters of one network, in their order."""
        return [shape for n, m in pairwise(self.widths) for shape in ((m, n), (m,))]

    def spans(self) -> list[slice]:
        """The columns of (G, P) that belong to each layer, the first layer first."""
        sizes = [m * n + m for n, m in pairwise(self.widths)]
        ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
        return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def forward(self, x: Tensor, rows: slice = slice(None)) -> list[Tensor]:
        """The activations of every hidden layer (G, units, n), and last the logits (G, K, n).

        x is (inputs, n), the same for all, or (G, inputs, n).
        """
        values: list[Tensor] = []
        last = len(self._w) - 1
        for k, (w, b) in enumerate(zip(self._w, self._b, strict=True)):
            w, b = w[rows], b[rows]
            if k == 0 and x.ndim == 2:  # one product for all: their first layers together are one tall matrix
                w, b, h = w.reshape(1, -1, w.shape[2]), b.reshape(1, -1, 1), x[None]
            else:
                h = values[-1] if k else x
            value = torch.baddbmm(b, w, h) if k == last else _FORWARD[self.activation](b, w, h)
            values.append(value.view(-1, self.widths[k + 1], value.shape[-1]))
        return values

    def backward(self, x: Tensor, values: list[Tensor], grad: Tensor, rows: slice = slice(None)) -> None:
        """Fill `gradient` for these rows, from the gradient at the logits (G, K, n)."""
        activation_backward = _BACKWARD[self.activation]
        for k in range(len(self._w) - 1, 0, -1):
            h = values[k - 1]
            self._gw[k][rows].copy_(torch.bmm(grad, h.transpose(1, 2)))
            torch.sum(grad, dim=2, keepdim=True, out=self._gb[k][rows])
            w = self._w[k][rows].transpose(1, 2)
            grad = activation_backward(w * grad if w.shape[2] == 1 else torch.bmm(w, grad), h)
        torch.sum(grad, dim=2, keepdim=True, out=self._gb[0][rows])
        if x.ndim == 2:
            first = grad.reshape(-1, grad.shape[-1]) @ x.T
            self._gw[0][rows].copy_(first.view(-1, *self._gw[0].shape[1:]))
        else:
            self._gw[0][rows].copy_(torch.bmm(grad, x.transpose(1, 2)))

    def logits(self, x: Tensor, rows: slice = slice(None)) -> Tensor:
        """(G, n, K) at x (n, inputs)."""
        return self.forward(x.T.contiguous(), rows)[-1].transpose(1, 2)

    def saturated(self, values: list[Tensor]) -> Tensor:
        """Share (G, layers) of saturated units per hidden layer: of mean slope below 5 % of the largest."""
        max_slope = MAX_SLOPE[self.activation]
        shares = []
        for h in values[:-1]:
            slope = _BACKWARD[self.activation](torch.ones_like(h), h).mean(dim=2)
            shares.append((slope < SATURATED_SLOPE * max_slope).double().mean(dim=1))
        return torch.stack(shares, dim=1) if shares else torch.zeros(len(values[-1]), 0, dtype=torch.float64)


def clip_gradient_norms(gradient: Tensor, max_norm: float) -> None:
    """Clip the norm of every row (G, P), as torch.nn.utils.clip_grad_norm_ does for one model."""
    norm = gradient.norm(dim=1, keepdim=True)
    gradient.mul_((max_norm / (norm + 1e-6)).clamp_(max=1.0))
