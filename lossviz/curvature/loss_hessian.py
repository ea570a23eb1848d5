"""A loss as a function of a network's outputs alone: its value, its slope there and how that slope moves.

Autograd does it twice over, on outputs that are small beside the network, so that the loss may be any. Two
kinds of losses have a Hessian that is written down more quickly than it is differentiated again: a
diagonal, where each slope depends on its own output only, and that of a log of a sum of exponentials,
diag p - p p' with p the softmax of an example's outputs. Which a loss is, is told from what autograd will
run for it and not from its name, so that it may be called in any way. The losses of torch's and of our own
that networks are trained on most need no second differentiation at all (`_plain`, `_OURS`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lossviz.common.errors import first_line
from lossviz.engine.trace import Untraceable
from lossviz.losses.activations import residual, sigmoid
from lossviz.losses.base import MeanLoss

SAME = {torch.float32: 1e-5, torch.float64: 1e-12}  # relative, of two ways to the same product

# Torch's names of the functions that it runs backward, and its number for a mean.
MEAN = 1
_TOTALS = ("MeanBackward0", "SumBackward0")
_LOGITS = "BinaryCrossEntropyWithLogitsBackward0"
_BY_OUTPUT = (
    *(_LOGITS, "BinaryCrossEntropyBackward0", "MseLossBackward0"),
    *("SmoothL1LossBackward0", "HuberLossBackward0"),
)
_VIEWS = (
    *("SqueezeBackward0", "SqueezeBackward1", "SelectBackward0", "ViewBackward0", "UnsqueezeBackward0"),
    "SliceBackward0",
)
_SOFTMAX = ["NllLossBackward0", "LogSoftmaxBackward0"]


def _of_cross_entropy(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    p, complement = sigmoid(z)
    return residual(p, complement, y), p * complement


def _of_squared_sigmoid(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    p, complement = sigmoid(z)
    miss, bend = residual(p, complement, y), p * complement
    return 2 * miss * bend, 2 * bend * (bend + miss * (complement - p))


# Rows of LOSSES with one logit: from logits and targets, slopes and curvatures, example by example.
_OURS: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "sigmoid-ce": _of_cross_entropy,
    "sigmoid-mse": _of_squared_sigmoid,
    "mse": lambda z, y: (2 * (z - y), torch.full_like(z, 2.0)),
}


class OutputsLoss:
    """``loss_fn(outputs, targets)`` at the outputs that were last looked at."""

    def __init__(self, loss_fn: Callable[..., Any], targets: Any) -> None:
        self._loss_fn, self._targets = loss_fn, targets
        self._curved: Callable[[Tensor], Tensor] = self._differentiated
        self.loss = 0.0

    def look(self, outputs: Tensor) -> Tensor:
        """The slope (n, ...) at these outputs. `Untraceable` if there is none."""
        ours = self._loss_fn if isinstance(self._loss_fn, MeanLoss) else None
        if (
            ours
            and ours.loss.name in _OURS
            and outputs.shape[1:] == (1,)
            and self._targets.shape == outputs.shape[:1]
            and self._targets.dtype != torch.bool
        ):
            with torch.no_grad():
                return self._look_up(ours, outputs)
        self._outputs = outputs.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
        with torch.enable_grad():
            loss = self._loss_fn(self._outputs, self._targets)
            if not isinstance(loss, Tensor) or loss.ndim or not loss.requires_grad:
                raise Untraceable("a loss that is not one number of the outputs")
            self.loss = float(loss.detach())
            run = [] if ours or self._outputs._backward_hooks else _run_backward(loss)
            plain = _plain(loss, self._outputs, run)
            (self._slope,) = torch.autograd.grad(loss, self._outputs, create_graph=plain is None)
        with torch.no_grad():
            self._curved = plain or self._quickest(run, ours)
        return self._slope.detach()

    def _look_up(self, ours: MeanLoss, outputs: Tensor) -> Tensor:
        self.loss = float(ours(outputs, self._targets))
        slope, curvature = _OURS[ours.loss.name](outputs[:, 0], self._targets)
        scaled = (curvature / len(curvature)).unsqueeze(1)
        self._curved = lambda moved: scaled * moved
        return (slope / len(slope)).unsqueeze(1)

    def curved(self, moved: Tensor) -> Tensor:
        """How the slope moves as the outputs do, of their shape; ValueError where torch has no derivative."""
        return self._curved(moved)

    def _differentiated(self, along: Tensor) -> Tensor:
        if not self._slope.requires_grad:  # a loss that is linear in the outputs
            return torch.zeros_like(along)
        try:
            (found,) = torch.autograd.grad(
                self._slope, self._outputs, along, retain_graph=True, materialize_grads=True
            )
        except RuntimeError as error:
            raise ValueError(f"the loss cannot be differentiated twice: {first_line(error)}") from error
        return found

    def _quickest(self, run: list[str], ours: MeanLoss | None) -> Callable[[Tensor], Tensor]:
        outputs = self._outputs.detach()
        if run and run[0] in _TOTALS:
            del run[0]
        if (ours and ours.one_logit) or (run and run[0] in _BY_OUTPUT and set(run[1:]) <= set(_VIEWS)):
            curvature = self._differentiated(torch.ones_like(outputs))
            return lambda moved: curvature * moved
        if (run == _SOFTMAX or (ours and ours.loss.activation == "softmax")) and outputs.ndim == 2:
            return self._as_softmax(outputs.softmax(1)) or self._differentiated
        return self._differentiated

    def _as_softmax(self, p: Tensor) -> Callable[[Tensor], Tensor] | None:
        """None where examples or classes have weights of their own, or it is more than a cross-entropy."""
        probe = torch.arange(p.numel(), device=p.device).to(p).cos().view_as(p)  # no two rows are alike
        found = self._differentiated(probe)
        scaled = p * ((probe * found).sum() / (probe * _softmax_curved(p, p, probe)).sum())
        miss = _softmax_curved(scaled, p, probe).sub_(found).norm()
        if not miss <= SAME[found.dtype] * found.norm():
            return None
        return lambda moved: _softmax_curved(scaled, p, moved)


def _run_backward(loss: Tensor) -> list[str]:
    """The functions from a loss back to its outputs, if it is one after the other; else nothing."""
    node, names = loss.grad_fn, list[str]()
    while node is not None and node.next_functions:
        names.append(node.name())
        node, *others = (following for following, _ in node.next_functions if following is not None)
        if others:
            return []
    return names


def _plain(loss: Tensor, outputs: Tensor, run: list[str]) -> Callable[[Tensor], Tensor] | None:
    """The curvature of torch's two losses of logits, if it is the mean over examples of one weight."""
    node: Any = loss.grad_fn
    if run == _SOFTMAX and outputs.ndim == 2 and node._saved_reduction == MEAN and node._saved_weight is None:
        p = outputs.detach().softmax(1)
        scaled = p / len(p)
        by_example = node.next_functions[0][0]._saved_dim in (1, 2**64 - 1)  # the last, as torch writes -1
        whole = by_example and float(node._saved_total_weight) == len(p)  # no example is left out
        return (lambda moved: _softmax_curved(scaled, p, moved)) if whole else None
    of_logits = run[:1] == [_LOGITS] and set(run[1:]) <= set(_VIEWS)
    if of_logits and node._saved_reduction == MEAN and node._saved_weight is node._saved_pos_weight is None:
        p = torch.sigmoid(outputs.detach())
        curvature = (p - p * p).div_(p.numel())
        whole = node._saved_self.numel() == p.numel()  # no output is left out
        return (lambda moved: curvature * moved) if whole else None
    return None


def _softmax_curved(scaled: Tensor, p: Tensor, moved: Tensor) -> Tensor:
    """(diag p - p p') moved for each row, times the number that p was multiplied by in ``scaled``."""
    return (moved - (p * moved).sum(1, keepdim=True)).mul_(scaled)
