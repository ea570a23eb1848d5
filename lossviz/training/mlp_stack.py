"""Many networks of one shape, trained in lock step: stacked weights, batched matrix products.

What PyTorch spends on dispatching small operations it spends once for all of them. A `Stack` holds G
networks as the rows of one tensor (G, P), each in the order of `nn.Module.parameters()`; the layers are
views of it. Values are feature-major, (G, units, examples), and the gradient is written out: for a fully
connected network that is three products a layer. torch.optim steps on views of the rows.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from lossviz.networks.table import ACTIVATIONS

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


# name: (forward; from the gradient at the output and the output, that at the input; the steepest slope)
_FORWARD: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "tanh": _tanh,
    "relu": _relu,
    "sigmoid": _sigmoid,
}
_BACKWARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": lambda slope, h: _aten.tanh_backward.grad_input(slope, h, grad_input=slope),
    "relu": lambda slope, h: _aten.threshold_backward.grad_input(slope, h, 0, grad_input=slope),
    "sigmoid": lambda slope, h: _aten.sigmoid_backward.grad_input(slope, h, grad_input=slope),
}
STEEPEST = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}


def can_stack(model: nn.Sequential) -> bool:
    """Whether it is fully connected with one known activation between the layers, and none at the end."""
    inner = list(model)
    linear, between = inner[::2], inner[1::2]
    known = tuple(ACTIVATIONS.values())
    return (
        len(inner) % 2 == 1
        and all(type(layer) is nn.Linear and layer.bias is not None for layer in linear)
        and all(type(layer) in known for layer in between)
        and len({type(layer) for layer in between}) <= 1
    )


class Stack:
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
        """The layers of flat (G, P): matrices (G, out, in) and columns (G, out, 1)."""
        matrices, columns, at = [], [], 0
        for n, m in pairwise(self.widths):
            matrices.append(flat[:, at : at + m * n].view(-1, m, n))
            columns.append(flat[:, at + m * n : at + m * n + m].view(-1, m, 1))
            at += m * n + m
        return matrices, columns

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the parameters of one network, in their order."""
        return [shape for n, m in pairwise(self.widths) for shape in ((m, n), (m,))]

    def spans(self) -> list[slice]:
        """The columns of (G, P) that belong to each layer, first layer first."""
        sizes = [m * n + m for n, m in pairwise(self.widths)]
        ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
        return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def forward(self, x: Tensor, rows: slice = slice(None)) -> list[Tensor]:
        """The values of every hidden layer (G, units, n), and last the logits (G, K, n).

        x is (inputs, n), the same for all, or (G, inputs, n).
        """
        values: list[Tensor] = []
        last = len(self._w) - 1
        for k, (w, b) in enumerate(zip(self._w, self._b, strict=True)):
            w, b = w[rows], b[rows]
            if k == 0 and x.ndim == 2:  # one product for all: their first layers are one tall matrix
                w, b, h = w.reshape(1, -1, w.shape[2]), b.reshape(1, -1, 1), x[None]
            else:
                h = values[-1] if k else x
            value = torch.baddbmm(b, w, h) if k == last else _FORWARD[self.activation](b, w, h)
            values.append(value.view(-1, self.widths[k + 1], value.shape[-1]))
        return values

    def backward(self, x: Tensor, values: list[Tensor], slope: Tensor, rows: slice = slice(None)) -> None:
        """Fill `gradient` for these rows, from dL/dlogits (G, K, n)."""
        back = _BACKWARD[self.activation]
        for k in range(len(self._w) - 1, 0, -1):
            h = values[k - 1]
            self._gw[k][rows].copy_(torch.bmm(slope, h.transpose(1, 2)))
            torch.sum(slope, dim=2, keepdim=True, out=self._gb[k][rows])
            w = self._w[k][rows].transpose(1, 2)
            slope = back(w * slope if w.shape[2] == 1 else torch.bmm(w, slope), h)
        torch.sum(slope, dim=2, keepdim=True, out=self._gb[0][rows])
        if x.ndim == 2:
            first = slope.reshape(-1, slope.shape[-1]) @ x.T
            self._gw[0][rows].copy_(first.view(-1, *self._gw[0].shape[1:]))
        else:
            self._gw[0][rows].copy_(torch.bmm(slope, x.transpose(1, 2)))

    def logits(self, x: Tensor, rows: slice = slice(None)) -> Tensor:
        """(G, n, K) at x (n, inputs)."""
        return self.forward(x.T.contiguous(), rows)[-1].transpose(1, 2)

    def saturated(self, values: list[Tensor]) -> Tensor:
        """Share (G, layers) of each hidden layer's units whose mean slope is under 5 % of the steepest."""
        steepest = STEEPEST[self.activation]
        shares = []
        for h in values[:-1]:
            slope = _BACKWARD[self.activation](torch.ones_like(h), h).mean(dim=2)
            shares.append((slope < 0.05 * steepest).double().mean(dim=1))
        return torch.stack(shares, dim=1) if shares else torch.zeros(len(values[-1]), 0, dtype=torch.float64)


def clip(gradient: Tensor, most: float) -> None:
    """Shorten every row (G, P) to a norm of at most ``most``, as torch.nn.utils.clip_grad_norm_ does."""
    norm = gradient.norm(dim=1, keepdim=True)
    gradient.mul_((most / (norm + 1e-6)).clamp_(max=1.0))
