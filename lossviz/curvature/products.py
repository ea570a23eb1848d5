"""Hessian-vector products by double backward: for any model that torch can differentiate.

The Hessian is never formed. As for surfaces, a private copy in eval mode is differentiated, and only
trainable parameters count. `lossviz.curvature.compiled` computes the same products faster where it can;
this is its reference and its fallback.
"""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.common.errors import InvalidInputError, first_line
from lossviz.common.rng import IsolatedRNG
from lossviz.curvature.double_precision import DoublePrecision
from lossviz.curvature.twice_differentiable import TwiceDifferentiable
from lossviz.engine.averaging.shares import BatchWeight, averaged
from lossviz.engine.batches import Batch, BatchList, DataWriteGuard, read_batches
from lossviz.engine.parameters import HALF, input_like, private_copy, trainable_parameters
from lossviz.engine.user_loss import (
    OriginalModelGuard,
    batch_loss,
    loss_extras,
    loss_function,
    refuse_captured_model,
)

AUTOMATIC = "automatic differentiation"


class AutogradHessian:
    """The Hessian of a loss as a linear operator, ``hessian @ vector``, by autograd.

    With one batch the graph of the gradient is kept and each product is one backward pass; with several it
    is built again for each, so that memory holds one batch's graph. Nothing is computed before it is needed;
    a loss that cannot be differentiated raises a ValueError then.

    Args:
        model: Any torch module; a private copy in eval mode is differentiated.
        loss_fn: ``loss_fn(outputs, targets)`` returns a scalar.
        data: (inputs, targets), or an iterable of such batches.
        max_batches: Use at most this many batches.
        batch_weight: How much each batch counts, see `lossviz.engine.averaging.shares.averaged`.

    Raises:
        ValueError: If the model, the loss or the data cannot be used.
    """

    reason = ""  # why the products are not compiled, in a few words, where that was tried
    method = AUTOMATIC  # how the products are computed, for results that say so

    def __init__(
        self,
        model: nn.Module,
        loss_fn: Callable[..., Any],
        data: Any,
        max_batches: int | None = None,
        batch_weight: BatchWeight = None,
    ) -> None:
        if torch.is_inference_mode_enabled():
            raise InvalidInputError(
                "a curvature needs gradients, which torch.inference_mode() switches off: compute it outside, "
                "or within torch.inference_mode(False)"
            )
        trainable = trainable_parameters(model)
        loss_fn = loss_function(loss_fn)
        refuse_captured_model(model, loss_fn)
        if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
            raise ValueError(
                f"model {type(model).__name__} is of TorchScript, whose second derivatives are not reliable; "
                "give the module that it was made of"
            )
        for name, parameter in trainable.items():
            if parameter.dtype in HALF:
                raise ValueError(
                    f"parameter {name!r} is {str(parameter.dtype).removeprefix('torch.')}, in which "
                    "curvature is lost in rounding; call model.float(), or train adapters of float32"
                )
        batches = read_batches(data, input_like(model), max_batches)
        batches = replace(batches, items=tuple(_without_inference_tensors(b) for b in batches.items))
        self.model, self.loss_fn, self.extras = private_copy(model), loss_fn, loss_extras(loss_fn)
        self.original = model
        self.batches = averaged(batches, self.model, loss_fn, batch_weight, model)
        self._known_calls: tuple[BatchList, tuple[tuple[Batch, float], ...]] | None = None
        self.weights = list(
            trainable_parameters(self.model).values()
        )  # of the copy; after a change: `refresh`
        self.like = torch.cat([w.detach().reshape(-1) for w in self.weights])  # (n,), for dtype and device
        self._loss = 0.0  # of the batch that was evaluated last
        self._gradient_graph: Tensor | None = None
        self._summed: tuple[float, Tensor] | None = None  # loss and gradient of several batches
        self.loss_node: Any = None  # of autograd's graph, while that is kept
        self._evaluated = False
        self.probed = False
        self._writes_data = False  # the model or the loss: then they are given copies
        self.is_random = False  # the model or the loss
        self.in_double = False  # whether operations that ask for another dtype are given float64

    def refresh(self) -> None:
        """Evaluate again, at the weights as they are now."""
        self._gradient_graph, self.loss_node, self._evaluated = None, None, False
        self._summed = None

    @property
    def _calls(self) -> tuple[tuple[Batch, float], ...]:
        """What the loss is called on, each with its share of the loss of all the data."""
        if self._known_calls is None or self._known_calls[0] is not self.batches:
            self._known_calls = self.batches, self.batches.calls
        return self._known_calls[1]

    @property
    def _counted(self) -> list[tuple[int, float]]:
        """The positions of the calls that count, with their shares."""
        return [(index, share) for index, (_, share) in enumerate(self._calls) if share]

    def _evaluate(self) -> None:
        if not self._evaluated:
            single = len(self._calls) == 1
            self._gradient_graph = self._gradient(0) if single else None
            self._evaluated = True

    @property
    def loss(self) -> float:
        """The loss of all the data."""
        return self._evaluated_sum()[0]

    @property
    def gradient(self) -> Tensor:
        """The gradient (n,) of the loss of all the data."""
        return self._evaluated_sum()[1]

    def _evaluated_sum(self) -> tuple[float, Tensor]:
        """Loss and gradient at the weights of the last `refresh`."""
        self._evaluate()
        if self._gradient_graph is None and self._summed is None:
            self._summed = self.loss_and_gradient()
        return self._summed or self.loss_and_gradient()

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        self._evaluate()
        if self._gradient_graph is not None:
            return self._product(self._gradient_graph, vector)
        total = torch.zeros_like(self.like)
        for index, share in self._counted:
            total += self._product(self._gradient(index), vector) * share
        return total

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """The loss over all batches and its gradient (n,), at the weights as they are now."""
        if self._gradient_graph is not None:
            return self._loss, self._gradient_graph.detach()
        loss, total = 0.0, torch.zeros_like(self.like)
        for index, share in self._counted:
            total += self._gradient(index, create_graph=False) * share
            loss += self._loss * share
        return loss, total

    def prepare(self) -> None:
        """Evaluate once, so that what cannot be used is refused now.

        Raises:
            ValueError: If the model, the loss or the data cannot be used.
        """
        self._evaluate()
        if self._gradient_graph is None:
            self._gradient(self._counted[0][0], create_graph=False)

    def probe(self) -> None:
        """Evaluate all batches once, to see whether model or loss write to data or draw random numbers."""
        if self.probed:
            return
        for index, _ in self._counted:
            batch = self._calls[index][0]
            with (
                IsolatedRNG(index) as rng,
                OriginalModelGuard(self.original),
                DataWriteGuard(batch) as guard,
            ):
                batch_loss(self.model, self.loss_fn, batch, self.extras)
            self._writes_data |= guard.written
            self.is_random |= rng.used
        self.probed = True

    def _loss_of(self, index: int) -> Tensor | float:
        self.probe()
        batch = self._calls[index][0]
        batch = batch.clone() if self._writes_data else batch
        # The batch's own random numbers, as in `ReferenceEvaluator`, the same for every product.
        with IsolatedRNG(index) if self.is_random else nullcontext():
            return batch_loss(self.model, self.loss_fn, batch, self.extras)

    def _gradient(self, index: int, create_graph: bool = True) -> Tensor:
        """The flat gradient (n,) of a batch, with its graph."""
        with torch.enable_grad(), ExitStack() as modes:
            modes.enter_context(TwiceDifferentiable())
            if self.in_double:
                modes.enter_context(DoublePrecision())
            try:
                loss = self._loss_of(index)
                if not isinstance(loss, Tensor) or not loss.requires_grad:
                    raise InvalidInputError(
                        "the loss does not depend on the model's weights in a way that can be differentiated"
                    )
                self._loss = float(loss.detach())
                self.loss_node = loss.grad_fn if create_graph else None
                parts = torch.autograd.grad(
                    loss, self.weights, create_graph=create_graph, materialize_grads=True
                )
            except InvalidInputError:
                raise
            except Exception as error:
                raise ValueError(f"the loss cannot be differentiated here: {first_line(error)}") from error
            return torch.cat([part.reshape(-1) for part in parts])

    def _product(self, gradient: Tensor, vector: Tensor) -> Tensor:
        if not gradient.requires_grad:  # a loss that is linear in the weights
            return torch.zeros_like(self.like)
        retain_graph = self._gradient_graph is not None
        try:
            parts = torch.autograd.grad(
                gradient, self.weights, vector, retain_graph=retain_graph, materialize_grads=True
            )
        except RuntimeError as error:
            raise ValueError(f"the loss cannot be differentiated twice: {first_line(error)}") from error
        return torch.cat([part.reshape(-1) for part in parts])


def _without_inference_tensors(batch: Batch) -> Batch:
    """The batch, copied if a tensor was made in `torch.inference_mode`, which autograd does not take."""
    return batch.clone() if any(tensor.is_inference() for tensor in batch.tensors()) else batch
