"""Hessian-vector products by double backward: for any model that torch can differentiate.

The Hessian is never formed. As for surfaces, a private copy in eval mode is differentiated, and only
trainable parameters count. `lossviz.curvature.compiled` computes the same products faster where it can;
this is its reference and its fallback.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.common.errors import InvalidInputError, first_line
from lossviz.common.rng import IsolatedRNG
from lossviz.curvature.twice_differentiable import TwiceDifferentiable
from lossviz.engine.averaging.shares import BatchWeight, averaged
from lossviz.engine.batches import DataWriteGuard, read_batches
from lossviz.engine.parameters import HALF, input_like, private_copy, trainable_parameters
from lossviz.engine.user_loss import (
    OriginalModelGuard,
    batch_loss,
    loss_extras,
    loss_function,
    refuse_captured_model,
)


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

    def __init__(
        self,
        model: nn.Module,
        loss_fn: Callable[..., Any],
        data: Any,
        max_batches: int | None = None,
        batch_weight: BatchWeight = None,
    ) -> None:
        trainable = trainable_parameters(model)
        loss_fn = loss_function(loss_fn)
        refuse_captured_model(model, loss_fn)
        for name, parameter in trainable.items():
            if parameter.dtype in HALF:
                raise ValueError(
                    f"parameter {name!r} is {str(parameter.dtype).removeprefix('torch.')}, in which "
                    "curvature is lost in rounding; call model.float(), or train adapters of float32"
                )
        batches = read_batches(data, input_like(model), max_batches)
        self.model, self.loss_fn, self.extras = private_copy(model), loss_fn, loss_extras(loss_fn)
        self.original = model
        self.batches = averaged(batches, self.model, loss_fn, batch_weight, model)
        self._calls = self.batches.calls
        self.weights = list(
            trainable_parameters(self.model).values()
        )  # of the copy; after a change: `refresh`
        self.like = torch.cat([w.detach().reshape(-1) for w in self.weights])  # (n,), for dtype and device
        self._loss = 0.0
        self._gradient_graph: Tensor | None = None  # the gradient with its graph, if there is one call
        self._gradient_sum: Tensor | None = None  # the gradient of all batches, where there are several
        self._probed = False
        self._writes_data = False  # the model or the loss: then they are given copies
        self._is_random = False  # the model or the loss

    def refresh(self) -> None:
        """Evaluate again, at the weights as they are now."""
        self._gradient_graph = self._gradient_sum = None

    def _evaluate(self) -> None:
        if self._gradient_graph is None and len(self._calls) == 1:
            self._loss, self._gradient_graph = self._differentiated(0)

    def _evaluate_sum(self) -> None:
        """The loss of all the data and its gradient, one batch after the other."""
        self._evaluate()
        if self._gradient_graph is not None or self._gradient_sum is not None:
            return
        self._loss, total = 0.0, torch.zeros_like(self.like)
        for index, share in self._counted:
            loss, gradient = self._differentiated(index)
            self._loss += share * loss
            total += gradient.detach() * share
        self._gradient_sum = total

    @property
    def _counted(self) -> list[tuple[int, float]]:
        """The positions of the batches that count, each with its share of the loss."""
        return [(index, share) for index, (_, share) in enumerate(self._calls) if share]

    @property
    def loss(self) -> float:
        """The loss of all the data."""
        self._evaluate_sum()
        return self._loss

    @property
    def gradient(self) -> Tensor:
        """The gradient (n,) of the loss of all the data."""
        self._evaluate_sum()
        found = self._gradient_sum if self._gradient_graph is None else self._gradient_graph.detach()
        assert found is not None
        return found

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        self._evaluate()
        if self._gradient_graph is not None:
            return self._product(self._gradient_graph, vector)
        total = torch.zeros_like(self.like)
        for index, share in self._counted:
            total += self._product(self._differentiated(index)[1], vector) * share
        return total

    def _probe(self) -> None:
        """Evaluate all batches once, to see whether model or loss write to data or draw random numbers."""
        for index, (batch, _) in enumerate(self._calls):
            with (
                IsolatedRNG(index) as rng,
                OriginalModelGuard(self.original),
                DataWriteGuard(batch) as guard,
            ):
                batch_loss(self.model, self.loss_fn, batch, self.extras)
            self._writes_data |= guard.written
            self._is_random |= rng.used

    def _loss_of(self, index: int) -> Tensor | float:
        if not self._probed:
            self._probe()
            self._probed = True
        batch = self._calls[index][0]
        batch = batch.clone() if self._writes_data else batch
        # The batch's own random numbers, as in `ReferenceEvaluator`, the same for every product.
        with IsolatedRNG(index) if self._is_random else nullcontext():
            return batch_loss(self.model, self.loss_fn, batch, self.extras)

    def _differentiated(self, index: int) -> tuple[float, Tensor]:
        """The loss of a batch, and its flat gradient (n,) with its graph."""
        with torch.enable_grad(), TwiceDifferentiable():
            try:
                loss = self._loss_of(index)
                if not isinstance(loss, Tensor) or not loss.requires_grad:
                    raise InvalidInputError(
                        "the loss does not depend on the model's weights in a way that can be differentiated"
                    )
                parts = torch.autograd.grad(loss, self.weights, create_graph=True, materialize_grads=True)
            except InvalidInputError:
                raise
            except Exception as error:
                raise ValueError(f"the loss cannot be differentiated here: {first_line(error)}") from error
            return float(loss.detach()), torch.cat([part.reshape(-1) for part in parts])

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
