"""The gradient and Hessian products of a small fully connected network, written out layer by layer.

B. Pearlmutter, Fast Exact Multiplication by the Hessian (1994): the forward and the backward pass are
differentiated once more, along the vector. Only the loss of the outputs is left to autograd, so that it may
be any. For a small network on a CPU nearly all of torch's time is spent on keeping graphs: a product without
them takes a fifth of it. `lossviz.curvature.Hessian` does the same for any model, and is the ground truth.

Values are feature-major, (units, examples); numpy's arrays look into torch's memory.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.batches import read_batches
from lossviz.curvature import Hessian
from lossviz.lockstep import can_stack
from lossviz.loss import MeanLoss
from lossviz.loss_functions import loss_extras
from lossviz.randomness import same_random_numbers

Array = NDArray[Any]

AGREES = {torch.float32: 1e-3, torch.float64: 1e-9}  # relative, with what autograd finds at the start

# From an activation's value, its slope and its curvature there; None where it has none.
_BENDS: dict[type[nn.Module], Callable[[Array], tuple[Array, Array | None]]] = {
    nn.Tanh: lambda a: (slope := 1 - a * a, -2 * a * slope),
    nn.Sigmoid: lambda a: (slope := a - a * a, (1 - 2 * a) * slope),
    nn.ReLU: lambda a: ((a > 0).astype(a.dtype), None),
}
_VALUES: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.Tanh: Tensor.tanh_,
    nn.Sigmoid: Tensor.sigmoid_,
    nn.ReLU: Tensor.relu_,
}


class Pearlmutter:
    """What a `Hessian` of one batch has, for one `nn.Sequential` of linear layers; see `hessian_of`.

    ``weights`` is one flat vector, in the order of ``model.parameters()``: an optimizer moves it.
    """

    def __init__(self, model: nn.Sequential, loss_fn: Callable[..., Any], x: Tensor, targets: Any) -> None:
        layers = list(model)
        self.like = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
        self.weights = [self.like]
        self.loss = 0.0
        self.gradient = torch.empty_like(self.like)
        self._loss_fn, self._targets = loss_fn, targets
        self._each = isinstance(loss_fn, MeanLoss) and loss_fn.one_logit  # each slope is its own
        linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
        self._shapes = [(layer.out_features, layer.in_features) for layer in linear]
        kind = type(layers[1]) if len(layers) > 1 else nn.Tanh
        self._value, self._bend = _VALUES[kind], _BENDS[kind]
        self._layers, self._slopes = self._split(self.like.numpy()), self._split(self.gradient.numpy())
        self._values = [np.ascontiguousarray(x.numpy().T)]
        self.renew()

    def renew(self) -> None:
        """Begin anew at the weights as they are now."""
        del self._values[1:]
        for weight, bias in self._layers:
            if len(self._values) > 1:
                self._value(torch.from_numpy(self._values[-1]))
            self._values.append(weight @ self._values[-1] + bias)
        pull = self._look_at_loss(torch.from_numpy(self._values[-1]).T)
        self._back = []  # the loss's slope at each layer's z
        self._bends: list[tuple[Array, Array | None]] = []
        for k in reversed(range(len(self._layers))):
            _write(self._slopes[k], pull @ self._values[k].T, pull)
            self._back.append(pull)
            if k:
                slope, curved = self._bend(self._values[k])
                at_value = self._layers[k][0].T @ pull
                self._bends.append((slope, None if curved is None else at_value * curved))
                pull = at_value * slope
        self._back.reverse()
        self._bends.reverse()

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        along, product = self._split(vector.numpy()), torch.empty_like(vector)
        out = self._split(product.numpy())
        moved: list[Array] = []  # how each layer's input moves along v; the network's own stays
        z = along[0][0] @ self._values[0] + along[0][1]
        ahead = [z]
        for k in range(1, len(along)):
            moved.append(z * self._bends[k - 1][0])
            z = along[k][0] @ self._values[k] + along[k][1] + self._layers[k][0] @ moved[-1]
            ahead.append(z)
        pull = self._curved(z)
        for k in reversed(range(len(along))):
            weights = pull @ self._values[k].T
            if k:
                weights += self._back[k] @ moved[k - 1].T
            _write(out[k], weights, pull)
            if k:
                slope, curved = self._bends[k - 1]
                pull = (self._layers[k][0].T @ pull + along[k][0].T @ self._back[k]) * slope
                if curved is not None:
                    pull += curved * ahead[k - 1]
        return product

    def _look_at_loss(self, outputs: Tensor) -> Array:
        """The loss's slope at the outputs (K, n); its curvature is there for `_curved`."""
        self._outputs = outputs.requires_grad_()
        with torch.enable_grad(), same_random_numbers():
            loss = self._loss_fn(self._outputs, self._targets)
            self.loss = float(loss.detach())
            (self._pull,) = torch.autograd.grad(loss, self._outputs, create_graph=True)
            if self._each:
                self._curvature = self._differentiated(torch.ones_like(outputs))
        return self._pull.detach().T.numpy()

    def _curved(self, moved: Array) -> Array:
        """How the loss's slope at the outputs changes as they move, (K, n)."""
        return self._curvature * moved if self._each else self._differentiated(torch.from_numpy(moved.T))

    def _differentiated(self, along: Tensor) -> Array:
        if not self._pull.requires_grad:  # a loss that is linear in the outputs
            return np.zeros_like(along.T.numpy())
        (found,) = torch.autograd.grad(
            self._pull, self._outputs, along, retain_graph=not self._each, materialize_grads=True
        )
        return found.T.numpy()

    def _split(self, flat: Array) -> list[tuple[Array, Array]]:
        """Each layer's weights (out, in) and biases (out, 1), as views."""
        views, at = [], 0
        for rows, cols in self._shapes:
            end = at + rows * cols
            views.append((flat[at:end].reshape(rows, cols), flat[end : end + rows].reshape(rows, 1)))
            at = end + rows
        return views


def _write(views: tuple[Array, Array], weights: Array, pull: Array) -> None:
    views[0][...] = weights
    np.add.reduce(pull, axis=1, keepdims=True, out=views[1])


def hessian_of(model: nn.Module, loss_fn: Callable[..., Any], data: Any) -> Hessian | Pearlmutter:
    """Whichever is faster of the two; errors are those of `Hessian`."""
    general = Hessian(model, loss_fn, data)
    written = None if general.writes else _written_out(model, loss_fn, data, general.like)
    return written if written is not None and _agree(written, general) else general


def _written_out(
    model: nn.Module, loss_fn: Callable[..., Any], data: Any, like: Tensor
) -> Pearlmutter | None:
    """None for what is not fully connected, or is more than that."""
    if type(model) is not nn.Sequential or not can_stack(model) or loss_extras(loss_fn):
        return None
    batch, *others = read_batches(data, like).rows
    x = batch.positional[0] if len(batch.positional) == 1 else None
    if others or batch.named or not isinstance(x, Tensor) or x.ndim != 2:
        return None
    if like.device.type != "cpu" or x.dtype != like.dtype or x.requires_grad:
        return None
    try:
        return Pearlmutter(model, loss_fn, x, batch.targets)
    except Exception:  # a loss that wants more of the outputs than their values
        return None


def _agree(written: Pearlmutter, general: Hessian) -> bool:
    """Whether both say the same at the start: hooks, shared or frozen weights are seen by one only."""
    if len(written.like) != len(general.like):
        return False
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(len(general.like), generator=generator, dtype=torch.float64).to(general.like)
    pairs = ((written.gradient, general.gradient), (written @ vector, general @ vector))
    share = AGREES[general.like.dtype]
    return all(bool((one - other).norm() <= share * other.norm()) for one, other in pairs)
