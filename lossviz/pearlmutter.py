"""The gradient and Hessian products of a network that is made of known steps, written out.

`lossviz.sweeps` has the mathematics. Here it is decided, by what model, loss and data are and never by the
user, whether a Hessian is written out: only if its products on a few examples are those of autograd, which
is the ground truth, does all the work that is not of known steps, and says what is wrong with a loss.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.batches import Batch, Watched
from lossviz.hessians import Hessian
from lossviz.loss_functions import OnlyTheCopy
from lossviz.outputs_loss import OutputsLoss
from lossviz.randomness import OwnRandomNumbers
from lossviz.sweeps import Sweeps, Weights
from lossviz.tape import Untraceable, all_weights, record
from lossviz.trust import agrees, same_graph


class Pearlmutter:
    """What a `Hessian` of one batch has, written out.

    ``weights`` is one flat vector, in the order of ``model.parameters()``: an optimizer moves it. Raises
    `Untraceable`, or whatever else, for what it cannot do.
    """

    def __init__(self, general: Hessian) -> None:
        """``general`` has the copy of the model and the data."""
        model, batch = general.model, _only(general)
        forward = partial(batch.outputs_of, model)

        self._loss = OutputsLoss(general.loss_fn, batch.targets)
        with (
            OwnRandomNumbers() as numbers,
            OnlyTheCopy(general.original),
            Watched(batch) as watched,
        ):
            parameters = all_weights(model)
            tape = record(forward, batch.given, parameters, list(model.buffers()), graph=True)
            slope = self._loss.look(tape.outputs)
        if watched.written:
            raise Untraceable("data that are written to")
        if numbers.drew:
            raise Untraceable("random numbers")
        weights = Weights(parameters)
        with torch.no_grad():
            self._sweeps = Sweeps(tape, weights, batch.examples)
            if not same_graph(tape, parameters) and not agrees(
                forward, batch.given, batch.examples, tape, weights, general.weights
            ):
                raise Untraceable("something that autograd sees otherwise")
            self._sweeps.pull(slope)
        self.like = weights.flat
        self.weights = [self.like]

    @property
    def gradient(self) -> Tensor:
        """The loss's gradient (n,), at the weights of the last look; the next one overwrites it."""
        with torch.no_grad():
            return self._sweeps.gradient()

    @property
    def loss(self) -> float:
        """At the weights of the last look."""
        return self._loss.loss

    def renew(self) -> None:
        """Begin anew at the weights as they are now."""
        with torch.no_grad():
            self._sweeps.pull(self._loss.look(self._sweeps.renew()))

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        with torch.no_grad():
            return self._sweeps.back(self._loss.curved(self._sweeps.ahead(vector))).clone()


def hessian_of(
    model: nn.Module, loss_fn: Callable[..., Any], data: Any, max_batches: int | None = None
) -> Hessian | Pearlmutter:
    """Whichever is faster of the two; errors are those of `Hessian`."""
    general = Hessian(model, loss_fn, data, max_batches)
    try:
        return Pearlmutter(general)
    except Exception:  # whatever it is, `Hessian` either does it or says what is wrong
        return general


def _only(general: Hessian) -> Batch:
    batch, *others = general.batches.rows
    if others or general.extras:
        raise Untraceable("several batches, or a loss that asks for more than outputs and targets")
    for value in batch.given:
        if not isinstance(value, Tensor) or value.requires_grad:
            raise Untraceable("inputs that are not plain tensors")
    return batch
