"""Run a user's model and loss in float64, whatever dtypes their code asks for.

Differences of gradients need float64. A copy whose parameters are converted is not enough: code that casts
(``x.float()``, a base model in bfloat16), or that makes tensors of its own (``torch.zeros(n)``), would mix
dtypes or round, and a rounded function is a staircase, whose differences are not its derivative.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

SHORTER = (torch.float32, torch.float16, torch.bfloat16)
_CASTS = ("float", "half", "bfloat16")


class DoublePrecision(TorchFunctionMode):
    """Context in which torch computes in float64 where it is asked for a shorter floating-point type."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name == "__get__":
            return function(*args, **kwargs)
        if name in _CASTS and args and isinstance(args[0], Tensor):
            return in_double(args[0])
        # What is written to must stay the tensor that it is.
        first = args[:1] if name.endswith("_") or name in ("__setitem__", "__set__") else ()
        args = (*first, *in_double(args[len(first) :]))
        return _tensors_in_double(function(*args, **in_double(kwargs)))


def in_double(value: Any) -> Any:
    """The value with its floating-point tensors and types, also in tuples, lists and dicts, in float64."""
    if isinstance(value, torch.dtype):
        return torch.float64 if value in SHORTER else value
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(in_double(inner) for inner in value)
    if type(value) is dict:
        return {name: in_double(inner) for name, inner in value.items()}
    return _tensors_in_double(value)


def _tensors_in_double(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dtype in SHORTER:
        return value.double()
    if type(value) in (tuple, list):
        return type(value)(_tensors_in_double(inner) for inner in value)
    return value
