"""Whether a model's outputs for an example depend on the others in its batch.

BatchNorm without running statistics divides by those of the batch, also in eval mode. The loss of several
batches is then not made of theirs: the model is called once, on the inputs of all of them. Of another model
whose outputs change with the batch nothing tells along which axis its examples lie, and the result says so.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lossviz.common.rng import IsolatedRNG
from lossviz.engine.batches import Batch, BatchList
from lossviz.engine.nested import JoinError, join, tensors_in

TOGETHER = "one call of the model on all batches, since it normalizes by the statistics of the batch"
DEPENDS = "; an example's outputs depend on the others in its batch, so that other batches give another loss"
TOLERANCE = 1e-3  # relative difference of outputs that is no rounding


class _CallError(Exception):
    """The model failed."""


class _StatisticsWatch(TorchFunctionMode):
    """Context that sees whether BatchNorm uses the statistics of the batch."""

    used = False

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is F.batch_norm:
            self.used |= bool(kwargs.get("training", args[5] if len(args) > 5 else False))
        return function(*args, **kwargs)


def checked_dependence(batches: BatchList, model: nn.Module) -> BatchList:
    """All batches as one, if the model normalizes by the statistics of the batch.

    Args:
        batches: The data, in several batches.
        model: A private copy of the model.

    Returns:
        One batch, or the same ones, with a note if the model's outputs depend on the batch in another way.
    """
    smallest = min(batches.items, key=lambda batch: batch.examples)
    try:
        with torch.no_grad(), IsolatedRNG(0), _StatisticsWatch() as watch:
            _first_output(model, smallest)
        if watch.used:
            return _joined(batches)
        depends = _depends_on_batch(smallest, model)
    except (_CallError, JoinError):  # the evaluators report what fails, with the shapes of the data
        return batches
    return replace(batches, note=DEPENDS, whole=False) if depends else batches


def _first_output(model: nn.Module, batch: Batch, *inputs: Tensor) -> Tensor:
    """The first tensor of the model's outputs, on other inputs if there are any."""
    copied = batch.clone()
    try:
        outputs = copied.outputs_for(model, *inputs) if inputs else copied.outputs(model)
    except Exception as error:
        raise _CallError from error
    return next(tensors_in(outputs), torch.empty(0))


def _joined(batches: BatchList) -> BatchList:
    args, kwargs, targets = (
        join([part(batch) for batch in batches.items])
        for part in (lambda b: b.args, lambda b: dict(b.kwargs), lambda b: b.targets)
    )
    whole = replace(batches.items[0], args=args, kwargs=kwargs, targets=targets, examples=batches.examples)
    return replace(batches, items=(whole,), averaging=TOGETHER)


def _depends_on_batch(batch: Batch, model: nn.Module) -> bool:
    """Whether the first half of a batch of rows has other outputs alone."""
    targets, inputs, half = batch.targets, batch.all_inputs, batch.examples // 2
    if not half or not isinstance(targets, Tensor) or targets.ndim > 2:
        return False  # sequences may have time first
    if not all(isinstance(value, Tensor) and len(value) == batch.examples for value in inputs):
        return False
    with torch.no_grad(), IsolatedRNG(0) as rng:
        whole = _first_output(model, batch)
        part = _first_output(model, batch, *(value[:half].clone() for value in inputs))
    if rng.used or whole.shape[:1] != (batch.examples,) or part.shape != (half, *whole.shape[1:]):
        return False
    return not torch.allclose(part, whole[:half], rtol=TOLERANCE, atol=TOLERANCE * float(whole.abs().max()))
