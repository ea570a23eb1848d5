"""A loss as a function of a network's outputs alone: value, gradient and Hessian-vector products.

Autograd differentiates it twice, on outputs that are small beside the network, so that the loss may be any.
Two kinds of losses have a Hessian that is computed faster in closed form: a diagonal one, where each entry
of the gradient depends on its own output only, and that of a log of a sum of exponentials, diag p - p p'
with p the softmax of an example's outputs. The kind is found from the functions that autograd would run,
not from the loss's name, so that the loss may be called in any way. The losses of torch and of lossviz that
are used most need no second differentiation at all (`_torch_hvp`, `_CLOSED_FORM`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lossviz.common.errors import first_line
from lossviz.engine.trace import UntraceableError
from lossviz.losses import functions
from lossviz.losses.activations import residual, sigmoid
from lossviz.losses.base import MeanLoss

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}  # relative difference of two ways to one product

# Torch's names of the functions that it runs backward, and its number for a mean.
MEAN_REDUCTION = 1
_REDUCTIONS = ("MeanBackward0", "SumBackward0")
_BCE_WITH_LOGITS = "BinaryCrossEntropyWithLogitsBackward0"
_ELEMENTWISE_LOSSES = (
    *(_BCE_WITH_LOGITS, "BinaryCrossEntropyBackward0", "MseLossBackward0"),
    *("SmoothL1LossBackward0", "HuberLossBackward0"),
)
_VIEWS = (
    *("SqueezeBackward0", "SqueezeBackward1", "SelectBackward0", "ViewBackward0", "UnsqueezeBackward0"),
    "SliceBackward0",
)
_CROSS_ENTROPY = ["NllLossBackward0", "LogSoftmaxBackward0"]

Hvp = Callable[[Tensor], Tensor]  # the outputs' tangent -> the gradient's tangent


def _sigmoid_ce(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    p, complement = sigmoid(z)
    return residual(p, complement, y), p * complement


def _sigmoid_mse(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    p, complement = sigmoid(z)
    error, slope = residual(p, complement, y), p * complement
    return 2 * error * slope, 2 * slope * (slope + error * (complement - p))


def _mse(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return 2 * (z - y), torch.full_like(z, 2.0)


Derivatives = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

# The functions of rows of LOSSES with one logit, and their first and second derivatives, example by example.
_CLOSED_FORM: tuple[tuple[Callable[..., Tensor], Derivatives], ...] = (
    (functions.sigmoid_ce, _sigmoid_ce),
    (functions.sigmoid_mse, _sigmoid_mse),
    (functions.mse, _mse),
)


def _derivatives_of(loss_fn: Callable[..., Any]) -> Derivatives | None:
    if not isinstance(loss_fn, MeanLoss):
        return None
    return next((known for function, known in _CLOSED_FORM if loss_fn.loss.function is function), None)


class OutputLoss:
    """``loss_fn(outputs, targets)``, at the outputs that `gradient` was called with last."""

    def __init__(self, loss_fn: Callable[..., Any], targets: Any) -> None:
        self._loss_fn, self._targets = loss_fn, targets
        self._closed_form = _derivatives_of(loss_fn)
        self._hvp: Hvp = self._autograd_hvp
        self.value = 0.0
        self.is_known = False  # whether its derivatives are those of a known loss, in closed form

    def gradient(self, outputs: Tensor) -> Tensor:
        """The gradient (n, ...) at these outputs; `UntraceableError` if there is none."""
        row = self._loss_fn if isinstance(self._loss_fn, MeanLoss) else None
        if (
            row
            and self._closed_form
            and outputs.shape[1:] == (1,)
            and self._targets.shape == outputs.shape[:1]
            and self._targets.dtype != torch.bool
        ):
            self.is_known = True
            with torch.no_grad():
                return self._closed_form_gradient(row, self._closed_form, outputs)
        self._outputs = outputs.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
        with torch.enable_grad():
            loss = self._loss_fn(self._outputs, self._targets)
            if not isinstance(loss, Tensor) or loss.ndim or not loss.requires_grad:
                raise UntraceableError("a loss that is not one number of the outputs")
            self.value = float(loss.detach())
            names = [] if row or self._outputs._backward_hooks else _backward_names(loss)
            known = _torch_hvp(loss, self._outputs, names)
            self.is_known = known is not None
            (self._gradient,) = torch.autograd.grad(loss, self._outputs, create_graph=known is None)
        with torch.no_grad():
            self._hvp = known or self._fastest_hvp(names, row)
        return self._gradient.detach()

    def _closed_form_gradient(self, row: MeanLoss, derivatives: Derivatives, outputs: Tensor) -> Tensor:
        self.value = float(row(outputs, self._targets))
        first, second = derivatives(outputs[:, 0], self._targets)
        diagonal = (second / len(second)).unsqueeze(1)
        self._hvp = lambda tangent: diagonal * tangent
        return (first / len(first)).unsqueeze(1)

    def hvp(self, tangent: Tensor) -> Tensor:
        """The Hessian times the outputs' tangent, of their shape.

        Raises:
            ValueError: If torch cannot differentiate the loss twice.
        """
        return self._hvp(tangent)

    def _autograd_hvp(self, tangent: Tensor) -> Tensor:
        if not self._gradient.requires_grad:  # a loss that is linear in the outputs
            return torch.zeros_like(tangent)
        try:
            (product,) = torch.autograd.grad(
                self._gradient, self._outputs, tangent, retain_graph=True, materialize_grads=True
            )
        except RuntimeError as error:
            raise ValueError(f"the loss cannot be differentiated twice: {first_line(error)}") from error
        return product

    def _fastest_hvp(self, names: list[str], row: MeanLoss | None) -> Hvp:
        """A closed form if the functions of autograd's graph show that it holds, else autograd."""
        outputs = self._outputs.detach()
        if names and names[0] in _REDUCTIONS:
            del names[0]
        elementwise = names and names[0] in _ELEMENTWISE_LOSSES and set(names[1:]) <= set(_VIEWS)
        if (row and row.one_logit) or elementwise:
            diagonal = self._autograd_hvp(torch.ones_like(outputs))
            return lambda tangent: diagonal * tangent
        if (names == _CROSS_ENTROPY or (row and row.loss.activation == "softmax")) and outputs.ndim == 2:
            return self._as_softmax(outputs.softmax(1)) or self._autograd_hvp
        return self._autograd_hvp

    def _as_softmax(self, p: Tensor) -> Hvp | None:
        """The Hessian of a softmax cross-entropy, if a product shows that it is; else None.

        It is not if examples or classes have weights of their own, or other terms are added.
        """
        probe = torch.arange(p.numel(), device=p.device).to(p).cos().view_as(p)  # no two rows are equal
        expected = self._autograd_hvp(probe)
        scaled = p * ((probe * expected).sum() / (probe * _softmax_hvp(p, p, probe)).sum())
        difference = _softmax_hvp(scaled, p, probe).sub_(expected).norm()
        if not difference <= TOLERANCE[expected.dtype] * expected.norm():
            return None
        return lambda tangent: _softmax_hvp(scaled, p, tangent)


def _backward_names(loss: Tensor) -> list[str]:
    """Names of autograd's functions from a loss back to its outputs, if they form a chain; else []."""
    node, names = loss.grad_fn, list[str]()
    while node is not None and node.next_functions:
        names.append(node.name())
        node, *others = (following for following, _ in node.next_functions if following is not None)
        if others:
            return []
    return names


def _torch_hvp(loss: Tensor, outputs: Tensor, names: list[str]) -> Hvp | None:
    """The Hessian of torch's two losses of logits, if it is the unweighted mean over all examples."""
    node: Any = loss.grad_fn
    if (
        names == _CROSS_ENTROPY
        and outputs.ndim == 2
        and node._saved_reduction == MEAN_REDUCTION
        and node._saved_weight is None
    ):
        p = outputs.detach().softmax(1)
        scaled = p / len(p)
        over_classes = node.next_functions[0][0]._saved_dim in (1, 2**64 - 1)  # torch stores -1 as the latter
        complete = over_classes and float(node._saved_total_weight) == len(p)  # no target is ignored
        return (lambda tangent: _softmax_hvp(scaled, p, tangent)) if complete else None
    with_logits = names[:1] == [_BCE_WITH_LOGITS] and set(names[1:]) <= set(_VIEWS)
    if (
        with_logits
        and node._saved_reduction == MEAN_REDUCTION
        and node._saved_weight is node._saved_pos_weight is None
    ):
        p = torch.sigmoid(outputs.detach())
        diagonal = (p - p * p).div_(p.numel())
        complete = node._saved_self.numel() == p.numel()  # no output is left out
        return (lambda tangent: diagonal * tangent) if complete else None
    return None


def _softmax_hvp(scaled: Tensor, p: Tensor, tangent: Tensor) -> Tensor:
    """(diag p - p p') tangent for each row, times the factor that p was multiplied by in ``scaled``."""
    return (tangent - (p * tangent).sum(1, keepdim=True)).mul_(scaled)
