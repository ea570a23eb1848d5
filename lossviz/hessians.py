"""Products of a loss's Hessian with vectors, by double backward: for any model that torch can differentiate.

The Hessian is never formed. As with surfaces, a private copy in eval mode is differentiated, and only
trainable parameters count. `lossviz.pearlmutter` writes the same products out where it can; this is what it
is held against, and what everything else goes by.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from lossviz.batches import Batch, Watched, read_batches
from lossviz.loop import first_line
from lossviz.loss_functions import (
    OnlyTheCopy,
    Refused,
    batch_loss,
    loss_extras,
    loss_function,
    refuse_captured_model,
)
from lossviz.randomness import same_random_numbers
from lossviz.weights import movable, private_copy


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
        self._guard: OnlyTheCopy | None = OnlyTheCopy(model)  # of the first pass
        self._writes = False  # whether model or loss write into their data: then they are given copies

    def renew(self) -> None:
        """Begin anew at the copy's weights as they are now."""
        self._kept, self._looked = None, False

    def _look(self) -> None:
        if not self._looked:
            rows = self.batches.rows
            self._kept = self._gradient(rows[0]) if len(rows) == 1 else None
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
        for batch in self.batches.rows:
            total += self._differentiate(self._gradient(batch), vector) * (
                batch.examples / self.batches.examples
            )
        return total

    def _loss_of(self, batch: Batch) -> Tensor | float:
        guard, self._guard = self._guard, None
        if guard is None:
            given = batch.copy() if self._writes else batch
            return batch_loss(self.model, self.loss_fn, given, self.extras)
        with guard, Watched(batch) as watched:
            loss = batch_loss(self.model, self.loss_fn, batch, self.extras)
        self._writes = watched.written
        return self._loss_of(batch) if self._writes else loss

    def _gradient(self, batch: Batch) -> Tensor:
        """The flat gradient (n,) with its graph."""
        # Fused attention and cuDNN's recurrent nets cannot be differentiated twice.
        with same_random_numbers(), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), _plain_cudnn():
            try:
                loss = self._loss_of(batch)
                if not isinstance(loss, Tensor) or not loss.requires_grad:
                    raise Refused(
                        "the loss does not depend on the model's weights in a way that can be differentiated"
                    )
                self._loss = float(loss.detach())
                parts = torch.autograd.grad(loss, self.weights, create_graph=True, materialize_grads=True)
            except Refused:
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


def _plain_cudnn() -> Any:
    return torch.backends.cudnn.flags(enabled=False)
