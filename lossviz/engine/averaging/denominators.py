"""What torch's own losses divide by: the denominators of their means.

A mean over examples with class weights divides by the sum of the weights, one with ignored targets by the
number of the others, and one over the elements of a matrix by their number. The loss of several batches is
the loss of all the data only if each batch counts by that.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Arguments = dict[str, Any]
Denominator = Callable[[Callable[..., Any], Arguments], float]


def torch_denominator(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Arguments) -> float | None:
    """What the mean of one of torch's losses divides by.

    Args:
        function: A function of `torch.nn.functional` that is in the table `TORCH_LOSSES`.
        args: The arguments of the call, by position.
        kwargs: Those by name.

    Returns:
        The denominator, 0 if no target counts; None for a sum over the data.

    Raises:
        ValueError: If the call does not reduce to one number.

    Example:
        >>> import torch
        >>> from lossviz.engine.averaging.denominators import torch_denominator
        >>> targets = torch.tensor([0, 1, -100])
        >>> torch_denominator(torch.nn.functional.cross_entropy, (torch.zeros(3, 2), targets), {})
        2.0
    """
    bound = _signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    average, reduce = arguments.pop("size_average", None), arguments.pop("reduce", None)
    reduction = arguments.pop("reduction")
    if average is not None or reduce is not None:  # the form of these arguments before torch 1.0
        reduction = "none" if reduce is False else "sum" if average is False else "mean"
    if reduction == "sum":
        return None
    if reduction not in ("mean", "batchmean"):
        raise ValueError(f"reduction {reduction!r} does not give one number")
    if reduction == "batchmean":
        return float(arguments["input"].shape[0]) if arguments["input"].ndim else 1.0
    with torch.no_grad():
        return TORCH_LOSSES[function](function, arguments)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _elements(function: Callable[..., Any], arguments: Arguments) -> float:
    """The number of values of which the mean is taken."""
    values: Tensor = function(**arguments, reduction="none")
    return float(values.numel())


def _weighted_elements(function: Callable[..., Any], arguments: Arguments) -> float:
    """The sum of the weights of the values, if they have any."""
    weight = arguments.get("weight")
    return _elements(function, arguments) if weight is None else float(weight.double().sum())


def _classes(function: Callable[..., Any], arguments: Arguments) -> float:
    """The weights of the targets' classes, of those that are not ignored."""
    target, weight = arguments["target"], arguments.get("weight")
    if target.is_floating_point():  # probabilities: the mean over the examples, whatever the weights
        return float(target.numel() / target.shape[1 if target.ndim > 1 else 0])
    kept = target[target != arguments["ignore_index"]]
    if weight is None:
        return float(kept.numel())
    return float(weight.double()[kept.to(weight.device)].sum())


CLASS_LOSSES = (F.cross_entropy, F.nll_loss)  # whose denominator depends on the values of the targets
SAME_SHAPE = (F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss)  # which broadcast other targets
TORCH_LOSSES: dict[Callable[..., Any], Denominator] = {
    **dict.fromkeys(CLASS_LOSSES, _classes),
    **dict.fromkeys((F.mse_loss, F.l1_loss, F.huber_loss), _weighted_elements),
    **dict.fromkeys(
        (
            *(F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.smooth_l1_loss),
            *(F.soft_margin_loss, F.multilabel_margin_loss, F.multilabel_soft_margin_loss),
            *(F.multi_margin_loss, F.hinge_embedding_loss, F.margin_ranking_loss, F.cosine_embedding_loss),
            *(F.triplet_margin_loss, F.triplet_margin_with_distance_loss, F.ctc_loss, F.kl_div),
            *(F.poisson_nll_loss, F.gaussian_nll_loss),
        ),
        _elements,
    ),
}
