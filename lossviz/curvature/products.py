"""Products of a loss's Hessian with vectors, by double backward: for any model that torch can differentiate.

The Hessian is never formed. As with surfaces, a private copy in eval mode is differentiated, and only
trainable parameters count. `lossviz.curvature.compiled` writes the same products out where it can; this is what it
is held against, and what everything else goes by.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.common.errors import InvalidInputError, first_line
from lossviz.common.rng import OwnRandomNumbers
from lossviz.curvature.twice_differentiable import TwiceDifferentiable
from lossviz.engine.batches import Watched, read_batches
from lossviz.engine.parameters import movable, private_copy
from lossviz.engine.user_loss import (
    OnlyTheCopy,
    batch_loss,
    loss_extras,
    loss_function,
    refuse_captured_model,
)


class Hessian:
    """Products of a loss's Hessian with vectors (n,), n the number of trainable weights.

    With one batch the graph of the gradient is kept and each product is one backward pass; with several
    it is built anew for each, so that memory holds one batch's graph. Nothing is computed before it is asked
    for; a loss that cannot be differentiated is a ValueError then.
    """

    reason = ""  # why the products are not written out, in a few words, where that was tried

    def __init__(
        self, model: nn.Module, loss_fn: Callable[..., Any], data: Any, max_batches: int | None = None
    ) -> None:
        free = movable(model)
        loss_fn = loss_function(loss_fn)
        refuse_captured_model(model, loss_fn)
        self.batches = read_batches(data, next(iter(free.values())), max_batches)
        self.model, self.loss_fn, self.extras = private_copy(model), loss_fn, loss_extras(loss_fn)
        self.original = model
        self.weights = list(movable(self.model).values())  # the copy's: who moves them says `renew`
        self.like = torch.cat([w.detach().reshape(-1) for w in self.weights])
        self._loss = 0.0  # of the batch that was last looked at
        self._kept: Tensor | None = None
        self._looked = False
        self._tried = False
        self._writes = False  # whether model or loss write into their data: then they are given copies
        self._draws = False  # whether they draw random numbers

    def renew(self) -> None:
        """Begin anew at the copy's weights as they are now."""
        self._kept, self._looked = None, False

    def _look(self) -> None:
        if not self._looked:
            rows = self.batches.rows
            self._kept = self._gradient(0) if len(rows) == 1 else None
            self._looked = True

    @property
    def loss(self) -> float:
        """Of the batch, if the data are one; of the one that was last looked at, if they are several."""
        self._look()
        return self._loss

    @property
    def gradient(self) -> Tensor:
        """The loss's gradient (n,), if the data are one batch; ValueError if they are several."""
        self._look()
        if self._kept is None:
            raise ValueError(f"the data must be one batch; got {len(self.batches.rows)}")
        return self._kept.detach()

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        self._look()
        if self._kept is not None:
            return self._differentiate(self._kept, vector)
        total = torch.zeros_like(self.like)
        for index, batch in enumerate(self.batches.rows):
            total += self._differentiate(self._gradient(index), vector) * (
                batch.examples / self.batches.examples
            )
        return total

    def _try(self) -> None:
        """Pass all data once, to find out what model and loss do besides."""
        for index, batch in enumerate(self.batches.rows):
            with OwnRandomNumbers(index) as numbers, OnlyTheCopy(self.original), Watched(batch) as watched:
                batch_loss(self.model, self.loss_fn, batch, self.extras)
            self._writes |= watched.written
            self._draws |= numbers.drew

    def _loss_of(self, index: int) -> Tensor | float:
        if not self._tried:
            self._try()
            self._tried = True
        batch = self.batches.rows[index].copy() if self._writes else self.batches.rows[index]
        # Those of the batch, as in `Loop`, and the same for every product.
        with OwnRandomNumbers(index) if self._draws else nullcontext():
            return batch_loss(self.model, self.loss_fn, batch, self.extras)

    def _gradient(self, index: int) -> Tensor:
        """The flat gradient (n,) of a batch, with its graph."""
        with torch.enable_grad(), TwiceDifferentiable():
            try:
                loss = self._loss_of(index)
                if not isinstance(loss, Tensor) or not loss.requires_grad:
                    raise InvalidInputError(
                        "the loss does not depend on the model's weights in a way that can be differentiated"
                    )
                self._loss = float(loss.detach())
                parts = torch.autograd.grad(loss, self.weights, create_graph=True, materialize_grads=True)
            except InvalidInputError:
                raise
            except Exception as error:
                raise ValueError(f"the loss cannot be differentiated here: {first_line(error)}") from error
            return torch.cat([part.reshape(-1) for part in parts])

    def _differentiate(self, gradient: Tensor, vector: Tensor) -> Tensor:
        if not gradient.requires_grad:  # a loss that is linear in the weights
            return torch.zeros_like(self.like)
        try:
            parts = torch.autograd.grad(
                gradient, self.weights, vector, retain_graph=self._kept is not None, materialize_grads=True
            )
        except RuntimeError as error:
            raise ValueError(f"the loss cannot be differentiated twice: {first_line(error)}") from error
        return torch.cat([part.reshape(-1) for part in parts])
