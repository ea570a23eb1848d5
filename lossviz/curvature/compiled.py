"""The gradient and Hessian products of a network of known operations, compiled from its trace.

`lossviz.curvature.differentiated` has the mathematics. This module decides, from the model, the loss and the
data and never by an option, whether a Hessian is compiled: only if its products on a few examples equal those
of autograd. For everything else autograd is the fallback, which also reports errors in the user's loss.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.common.rng import IsolatedRNG
from lossviz.curvature.differences import DifferenceHessian
from lossviz.curvature.differentiated import DifferentiatedProgram, ParameterVectors
from lossviz.curvature.loss_hessian import OutputLoss
from lossviz.curvature.products import AUTOMATIC, AutogradHessian
from lossviz.curvature.verification import has_same_graph, matches_autograd
from lossviz.curvature.verified import verified
from lossviz.engine.averaging.shares import BatchWeight
from lossviz.engine.batches import Batch, DataWriteGuard
from lossviz.engine.fallback import warn_fallback
from lossviz.engine.trace import UntraceableError, all_parameters, record
from lossviz.engine.user_loss import OriginalModelGuard


class CompiledHessian:
    """The interface of `AutogradHessian` for one batch, by compiled derivative rules.

    ``like``, the only entry of ``weights``, is the flat vector of all trainable weights in the order of
    ``model.parameters()``; an optimizer may change it in place, and `refresh` then evaluates there.

    Args:
        autograd: Has the copy of the model, the loss and the data.

    Raises:
        UntraceableError: If the model, the loss or the data are not of a kind that can be compiled.
    """

    reason = "agrees with autograd"
    method = AUTOMATIC

    def __init__(self, autograd: AutogradHessian) -> None:
        model, batch = autograd.model, _single_batch(autograd)
        forward = partial(batch.outputs_for, model)

        self._loss = OutputLoss(autograd.loss_fn, batch.targets)
        with (
            IsolatedRNG() as rng,
            OriginalModelGuard(autograd.original),
            DataWriteGuard(batch) as guard,
        ):
            parameters = all_parameters(model)
            trace = record(forward, batch.all_inputs, parameters, list(model.buffers()), create_graph=True)
            cotangent = self._loss.gradient(trace.outputs)
        if guard.written:
            raise UntraceableError("data that are written to")
        if rng.used:
            raise UntraceableError("random numbers")
        vectors = ParameterVectors(parameters)
        with torch.no_grad():
            self._program = DifferentiatedProgram(trace, vectors, batch.examples)
            same_graph = has_same_graph(trace, parameters)
            if not same_graph and not matches_autograd(
                forward, batch.all_inputs, batch.examples, trace, vectors, autograd.weights
            ):
                raise UntraceableError("something that autograd differentiates in another way")
            self._program.vjp(cotangent)
        # Whether network and loss are known operations alone, whose derivatives need no check.
        self.is_known = same_graph and self._loss.is_known
        autograd.probed = True
        self.like = vectors.flat
        self.weights = [self.like]

    @property
    def gradient(self) -> Tensor:
        """The loss's gradient (n,), at the weights of the last `refresh`; the next one overwrites it."""
        with torch.no_grad():
            return self._program.gradient()

    @property
    def loss(self) -> float:
        """The loss at the weights of the last `refresh`."""
        return self._loss.value

    def refresh(self) -> None:
        """Evaluate again, at the weights as they are now."""
        with torch.no_grad():
            self._program.vjp(self._loss.gradient(self._program.forward()))

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        with torch.no_grad():
            return self._program.hvp_backward(self._loss.hvp(self._program.jvp(vector))).clone()


HessianOperator = AutogradHessian | CompiledHessian | DifferenceHessian


def hessian_operator(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
) -> HessianOperator:
    """The Hessian of a loss as a linear operator, ``hessian @ vector``.

    Args:
        model: Any torch module; a private copy in eval mode is differentiated.
        loss_fn: ``loss_fn(outputs, targets)`` returns a scalar.
        data: (inputs, targets), or an iterable of such batches.
        max_batches: Use at most this many batches.
        batch_weight: How much each batch counts, see `lossviz.engine.averaging.shares.averaged`.

    Returns:
        The compiled Hessian where it is possible, else that of autograd, and ``reason`` tells why; or by
        differences of gradients, and ``method`` tells why. Its products were checked against differences,
        or the network and the loss consist of operations whose derivatives are known.

    Raises:
        ValueError: If the model, the loss or the data cannot be used, or autograd's gradient is not that of
            the loss.
    """
    autograd = AutogradHessian(model, loss_fn, data, max_batches, batch_weight)
    try:
        compiled = CompiledHessian(autograd)
    except UntraceableError as reason:
        autograd.reason = f"the model or the loss uses {reason}"
        return verified(autograd)
    except Exception as error:
        autograd.prepare()  # raises if the model, the loss or the data cannot be used
        autograd.reason = warn_fallback("the compiled Hessian", error)
        return verified(autograd)
    if compiled.is_known:
        return compiled
    found = verified(autograd)
    return compiled if found is autograd else found


def _single_batch(autograd: AutogradHessian) -> Batch:
    batch, *others = autograd.batches.items
    if others or autograd.extras:
        raise UntraceableError("several batches, or a loss that asks for more than outputs and targets")
    for value in batch.all_inputs:
        if not isinstance(value, Tensor) or value.requires_grad:
            raise UntraceableError("inputs that are not plain tensors")
    return batch
