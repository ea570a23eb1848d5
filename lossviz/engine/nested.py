"""Tensors in nested data: tuples, lists, dicts, named tuples, and objects that hold tensors.

A batch of a graph library is an object with tensors among its attributes, a detection target a list of dicts.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossviz.common.validation import as_int64

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.ndarray, np.generic)


class JoinError(ValueError):
    """Values of several batches that cannot be joined along one axis."""


def tensors_in(value: Any, seen: set[int] | None = None) -> Iterator[Tensor]:
    """All tensors in a value, at any depth, also among the attributes of objects; each object once."""
    seen = set() if seen is None else seen
    if isinstance(value, Tensor):
        yield value
    elif not isinstance(value, PLAIN) and id(value) not in seen:
        seen.add(id(value))
        for inner in _children(value):
            yield from tensors_in(inner, seen)


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (tuple, list)):
        return list(value)
    if callable(value) or not hasattr(value, "__dict__"):
        return []
    return list(vars(value).values())


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The value with each of its tensors replaced by the function of it; other objects are passed on."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {name: map_tensors(function, inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(map_tensors(function, inner) for inner in value)
    return value


def cloned(value: Any) -> Any:
    """The same values in new memory, also those that objects hold."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, Mapping):
        return {name: cloned(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(cloned(inner) for inner in value)
    return value if isinstance(value, PLAIN) else copy.deepcopy(value)


def to_tensors(value: Any, like: Tensor) -> Any:
    """The value with numpy arrays as tensors, and all tensors on the device of ``like``.

    Raises:
        ValueError: If an array does not hold numbers, or a tensor has no values.
    """
    if isinstance(value, np.ndarray):
        return _from_numpy(value, like)
    if isinstance(value, Tensor):
        if value.device.type == "meta":
            raise ValueError("data is on the meta device and has no values")
        # The same tensor if it is there already: a loss may keep a reference to it.
        return value.to(like.device)
    if isinstance(value, Mapping):
        return {name: to_tensors(inner, like) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(to_tensors(inner, like) for inner in value)
    move = getattr(value, "to", None)
    elsewhere = any(tensor.device != like.device for tensor in tensors_in(value))
    return move(like.device) if elsewhere and callable(move) else value


def _from_numpy(value: np.ndarray, like: Tensor) -> Tensor:
    if value.dtype.kind not in "fiub":
        raise ValueError(f"data must be numbers; got a numpy array of dtype {value.dtype}")
    # Torch supports neither foreign byte orders nor read-only arrays.
    tensor = torch.from_numpy(np.require(value, value.dtype.newbyteorder("="), ("C", "W")))
    if tensor.is_floating_point():
        return tensor.to(like.device, like.dtype)
    # An embedding takes int64 or int32 only; bytes stay bytes, as images have them.
    return (tensor if tensor.dtype == torch.uint8 else as_int64(tensor)).to(like.device)


def first_shape(value: Any) -> tuple[int, ...]:
    """Shape of the first tensor that is not a scalar; () if there is none."""
    return next((tuple(tensor.shape) for tensor in tensors_in(value) if tensor.ndim), ())


def join(values: Sequence[Any]) -> Any:
    """The values of several batches as those of one, each tensor along the axis of the examples.

    That is the first axis, or the only one along which the batches differ in length (sequences may have time
    first).

    Raises:
        JoinError: If they have several forms, or hold something that is neither a tensor nor equal.
    """
    first = values[0]
    if any(type(value) is not type(first) for value in values[1:]):
        raise JoinError("batches of several types")
    if isinstance(first, Tensor):
        return _join_tensors(values)
    if isinstance(first, Mapping):
        if any(list(value) != list(first) for value in values[1:]):
            raise JoinError("batches with several keys")
        joined = {key: join([value[key] for value in values]) for key in first}
        return joined if type(first) is dict else _rebuilt(type(first), joined)
    if isinstance(first, (tuple, list)):
        if any(len(value) != len(first) for value in values[1:]):
            raise JoinError("batches of several lengths")
        parts = [join(group) for group in zip(*values, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, PLAIN) and not isinstance(first, np.ndarray) and all(v == first for v in values):
        return first
    raise JoinError(f"batches of {type(first).__name__}")


def _rebuilt(kind: type, joined: dict[Any, Any]) -> Any:
    """A mapping of the type of a model's outputs, which are read by attribute as well."""
    try:
        return kind(**joined)
    except Exception as error:
        raise JoinError(f"outputs of type {kind.__name__}") from error


def _join_tensors(values: Sequence[Tensor]) -> Tensor:
    shapes = {tuple(value.shape) for value in values}
    ranks = {len(shape) for shape in shapes}
    if len(ranks) > 1 or 0 in ranks:
        raise JoinError("tensors of several ranks, or single numbers")
    differing = [axis for axis, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1]
    if len(differing) > 1:
        raise JoinError("tensors that differ along several axes")
    return torch.cat(tuple(values), dim=differing[0] if differing else 0)
