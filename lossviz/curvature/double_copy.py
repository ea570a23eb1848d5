"""A copy in float64 of an `AutogradHessian`, on all of its data or on a few examples."""

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from lossviz.common.errors import first_line
from lossviz.curvature.double_precision import in_double
from lossviz.curvature.products import AutogradHessian
from lossviz.engine.batches import Batch, BatchList
from lossviz.engine.parameters import private_copy, trainable_parameters

FEW = 8  # examples, spread evenly over a batch
MAX_WEIGHTS = 100_000_000  # of a model that is copied: 0.8 GB


class NotInDoubleError(ValueError):
    """The model or the loss cannot be evaluated in float64; the message says why."""


def double_copy(hessian: AutogradHessian, items: tuple[Batch, ...] | None = None) -> AutogradHessian:
    """The same Hessian in float64.

    Args:
        hessian: One that was evaluated before, so that it is known whether it draws random numbers.
        items: Batches to use instead of its own.

    Raises:
        NotInDoubleError: If the model is too large, or does not run in float64.
    """
    count = sum(value.numel() for value in (*hessian.model.parameters(), *hessian.model.buffers()))
    if count > MAX_WEIGHTS:
        raise NotInDoubleError(f"the model has {count} weights, too many for a copy in float64")
    if any(not p.requires_grad and type(p) is not nn.Parameter for p in hessian.model.parameters()):
        # The private copy shares them with the user's model, in which they would be converted.
        raise NotInDoubleError("it has frozen weights of a library's own type")
    twin = with_batches(hessian, hessian.batches.items if items is None else items)
    twin.in_double = True
    try:
        twin.model = private_copy(hessian.model).double()
        twin.weights = list(trainable_parameters(twin.model).values())
        twin.batches = replace(twin.batches, items=tuple(_in_double(batch) for batch in twin.batches.items))
        twin.like = torch.cat([weight.detach().reshape(-1) for weight in twin.weights])
        twin.prepare()
    except Exception as error:
        raise NotInDoubleError(f"it does not run in float64 ({first_line(error)})") from error
    return twin


def with_batches(hessian: AutogradHessian, items: tuple[Batch, ...]) -> AutogradHessian:
    """The same Hessian, of the same model, on other batches."""
    other = copy.copy(hessian)
    same = len(items) == len(hessian.batches.items)
    other.batches = replace(hessian.batches, items=items) if same else BatchList(items, subset=True)
    other.refresh()
    return other


def few_examples(batch: Batch) -> Batch | None:
    """Some examples of a batch, or None if it has no more than that.

    A model need not run on them: its batches may have a fixed size, or an axis that is not the examples.
    """
    stride = batch.examples // FEW
    if stride < 2:
        return None

    def rows(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value[::stride] if value.ndim and len(value) == batch.examples else value
        if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
            return type(value)(rows(inner) for inner in value)
        if isinstance(value, dict):
            return {name: rows(inner) for name, inner in value.items()}
        return value

    kwargs = {name: rows(value) for name, value in batch.kwargs.items()}
    few = -(-batch.examples // stride)
    return replace(batch, args=rows(batch.args), kwargs=kwargs, targets=rows(batch.targets), examples=few)


def _in_double(batch: Batch) -> Batch:
    args, kwargs, targets = in_double((batch.args, dict(batch.kwargs), batch.targets))
    return replace(batch, args=args, kwargs=kwargs, targets=targets)
