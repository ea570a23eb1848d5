"""Results that are computed once: for tests of what asks for them."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import torch


def remember(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which gives the same result for equal arguments, however they are passed.

    Whether ``progress`` is told makes no difference.
    """
    known: dict[Hashable, Any] = {}
    names = inspect.signature(function)

    @functools.wraps(function)
    def remembering(*args: Any, **kwargs: Any) -> Any:
        bound = names.bind(*args, **kwargs)
        bound.apply_defaults()
        asked = content({name: value for name, value in bound.arguments.items() if name != "progress"})
        if asked not in known:
            known[asked] = function(*args, **kwargs)
        return known[asked]

    return remembering


def content(value: Any) -> Hashable:
    """What tells a value from others: equal for a copy, whether a list or a tuple."""
    if isinstance(value, torch.nn.Module):
        return str(value), content(value.state_dict())
    if isinstance(value, torch.Tensor):
        return content(value.detach().numpy())
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if dataclasses.is_dataclass(value):
        return type(value), *(content(getattr(value, part.name)) for part in dataclasses.fields(value))
    if isinstance(value, dict):
        return tuple((key, content(part)) for key, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(content, value))
    assert isinstance(value, Hashable), value
    return value
