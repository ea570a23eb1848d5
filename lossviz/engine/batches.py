"""Data in any usual form, read once into a list of batches on the model's device.

A batch is ``(inputs, targets)``; with more than two entries the last is the target and the others are
the model's arguments. A batch that is a dict has its target under one of `TARGET_KEYS`, and the other entries
are passed to the model by name. Inputs may themselves be a tuple (positional) or a dict (by name).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from lossviz.common.rng import IsolatedRNG
from lossviz.common.validation import as_int64, count_in

TARGET_KEYS = ("targets", "target", "labels", "label", "y")


@dataclass(frozen=True, eq=False)
class Batch:
    """One call of the model: ``model(*args, **kwargs)`` against ``targets``."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    targets: Any
    examples: int

    def outputs(self, model: nn.Module) -> Any:
        """The model's outputs on this batch."""
        return model(*self.args, **self.kwargs)

    @property
    def all_inputs(self) -> tuple[Any, ...]:
        """The inputs as one tuple, those passed by name last."""
        return (*self.args, *self.kwargs.values())

    def outputs_for(self, model: nn.Module, *inputs: Any) -> Any:
        """The model's outputs on other inputs, in the order of `all_inputs`."""
        count = len(self.args)
        return model(*inputs[:count], **dict(zip(self.kwargs, inputs[count:], strict=True)))

    @property
    def inputs(self) -> Any:
        """The value for a loss that has a parameter ``inputs``: the only input, or all of them."""
        if len(self.args) == 1 and not self.kwargs:
            return self.args[0]
        return dict(self.kwargs) if not self.args else self.args

    def clone(self) -> "Batch":
        """The same values in new memory."""
        args, kwargs, targets = _map_tensors(_cloned, (self.args, self.kwargs, self.targets))
        return Batch(args, kwargs, targets, self.examples)

    def tensors(self) -> list[Tensor]:
        """All tensors in the batch, at any depth."""
        return [*_tensors((self.args, self.kwargs, self.targets))]


@dataclass(frozen=True, eq=False)
class BatchList:
    """All batches that a loss is averaged over; ``subset`` tells whether ``max_batches`` left some out."""

    items: tuple[Batch, ...]
    subset: bool

    @property
    def examples(self) -> int:
        """Number of examples in all batches."""
        return sum(batch.examples for batch in self.items)


def read_batches(data: Any, like: Tensor, max_batches: int | None = None) -> BatchList:
    """Read data as batches on the device of ``like``, in memory.

    Floats in numpy arrays become tensors of the dtype of ``like`` and integers int64 (bytes stay bytes, as
    images have them); torch tensors keep their dtype. Targets that are integers of any width become int64
    in either case, so that every evaluator may take them as classes; bool targets stay, since they may be a
    mask. A loader that shuffles, or data that draw from torch's global generator in another way, draw the
    same numbers at every reading, from a private generator.

    Args:
        data: A tuple or list of tensors or arrays (one batch), a dict (one batch), or an iterable of batches.
        like: A tensor with the wanted device and floating-point dtype.
        max_batches: Read at most this many batches.

    Returns:
        The batches.

    Raises:
        ValueError: If the data are empty, have no target, or inputs and targets differ in length.
    """
    if max_batches is not None:
        max_batches = count_in("max_batches", max_batches, 1)
    if isinstance(data, (Tensor, np.ndarray, str, bytes)) or not isinstance(data, Iterable):
        got = type(data).__name__ + ("; give it to a DataLoader" if isinstance(data, Dataset) else "")
        raise ValueError(f"data must be (inputs, targets) or an iterable of such batches; got {got}")
    if _is_batch(data):
        return BatchList((_batch(data, like),), subset=False)
    with IsolatedRNG():
        return _read_iterable(data, like, max_batches)


def _read_iterable(data: Iterable[Any], like: Tensor, max_batches: int | None) -> BatchList:
    iterator = iter(data)
    items = tuple(_batch(item, like) for item in islice(iterator, max_batches))
    if not items:
        raise ValueError("data has no batch")
    return BatchList(items, subset=max_batches is not None and next(iterator, None) is not None)


def _is_batch(data: Any) -> bool:
    """Whether data is one batch: a dict, or a tuple or list of at least two that starts with an input."""
    if isinstance(data, Mapping):
        return True
    if not isinstance(data, (tuple, list)) or len(data) < 2:
        return False
    if isinstance(data[0], Mapping) and set(data[0]) & set(TARGET_KEYS):
        return False  # a list of dict batches
    if isinstance(data[0], (Tensor, np.ndarray)):
        return True
    # ((x1, x2), y) or ({...}, y) is a batch; [(x, y), (x, y)] is a list of them.
    return isinstance(data[0], (tuple, list, Mapping)) and isinstance(data[-1], (Tensor, np.ndarray))


def _batch(item: Any, like: Tensor) -> Batch:
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(item, Mapping):
        keys = [key for key in TARGET_KEYS if key in item]
        if len(keys) != 1:
            raise ValueError(
                f"a dict batch must have one target, under one of {', '.join(TARGET_KEYS)}; "
                f"its keys: {', '.join(map(str, item))}"
            )
        kwargs = {key: value for key, value in item.items() if key != keys[0]}
        targets = item[keys[0]]
    elif isinstance(item, (tuple, list)) and len(item) >= 2:
        *first, targets = item
        if len(first) == 1 and isinstance(first[0], Mapping):
            kwargs = dict(first[0])
        elif len(first) == 1 and isinstance(first[0], (tuple, list)) and not hasattr(first[0], "_fields"):
            args = tuple(first[0])
        else:
            args = tuple(first)
    else:
        raise ValueError(f"a batch must be (inputs, targets) or a dict; got {type(item).__name__}")
    args = tuple(_to_tensors(value, like) for value in args)
    kwargs = {key: _to_tensors(value, like) for key, value in kwargs.items()}
    targets = _map_tensors(as_int64, _to_tensors(targets, like))
    shape = _first_shape([*args, *kwargs.values()])
    num_targets = _first_shape([targets])[:1]
    if not shape:
        got = type((*args, *kwargs.values())[0]).__name__ if args or kwargs else "nothing"
        raise ValueError(f"the inputs of a batch must hold a tensor or an array of examples; got {got}")
    if 0 in shape:
        raise ValueError("a batch of data is empty: it needs inputs with at least one example")
    # Recurrent networks take (time, batch, ...), and may have a target for each batch element or time step.
    counts = {shape[0], *shape[1:2], prod(shape[:2])}
    if num_targets and num_targets[0] not in counts:
        raise ValueError(
            f"data has {shape[0]} inputs but {num_targets[0]} targets; they must be equally many"
        )
    return Batch(args, kwargs, targets, *(num_targets or shape[:1]))


class DataWriteGuard:
    """Context that detects in-place writes to a batch (``x -= mean``), and undoes them on exit.

    The data are the user's own, and a model that writes to them once would write again at the next point.
    ``written`` tells whether anything was written.
    """

    def __init__(self, batch: Batch) -> None:
        self._saved = [(tensor, tensor._version, tensor.detach().clone()) for tensor in batch.tensors()]
        self.written = False

    def __enter__(self) -> "DataWriteGuard":
        return self

    def __exit__(self, *_: object) -> None:
        for tensor, version, values in self._saved:
            if tensor._version != version:
                self.written = True
                with torch.no_grad():
                    tensor.copy_(values)


def _first_shape(values: list[Any]) -> tuple[int, ...]:
    """Shape of the first tensor that is not a scalar, also in tuples and dicts; () if there is none."""
    for value in values:
        if isinstance(value, Tensor) and value.ndim:
            return tuple(value.shape)
        inner = list(value.values()) if isinstance(value, Mapping) else value
        if isinstance(inner, (tuple, list)) and (found := _first_shape(list(inner))):
            return found
    return ()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (Mapping, tuple, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(inner)


def _map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The value with each of its tensors, at any depth, replaced by the function of it."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {name: _map_tensors(function, inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_map_tensors(function, inner) for inner in value)
    return value


def _cloned(value: Tensor) -> Tensor:
    return value.detach().clone().requires_grad_(value.requires_grad)


def _to_tensors(value: Any, like: Tensor) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise ValueError(f"data must be numbers; got a numpy array of dtype {value.dtype}")
        # Torch supports neither foreign byte orders nor read-only arrays.
        tensor = torch.from_numpy(np.require(value, value.dtype.newbyteorder("="), ("C", "W")))
        if tensor.is_floating_point():
            return tensor.to(like.device, like.dtype)
        # An embedding takes int64 or int32 only.
        return (tensor if tensor.dtype == torch.uint8 else as_int64(tensor)).to(like.device)
    if isinstance(value, Tensor):
        if value.device.type == "meta":
            raise ValueError("data is on the meta device and has no values")
        return value.to(
            like.device
        )  # the same tensor if it is there already: a loss may keep a reference to it
    if isinstance(value, Mapping):
        return {name: _to_tensors(inner, like) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_to_tensors(inner, like) for inner in value)
    return value
