"""Data in any usual form, read once into a list of batches on the model's device.

A batch is ``(inputs, targets)``; with more than two entries the last is the target and the others are
the model's arguments. A batch that is a dict has its target under one of `TARGET_KEYS`, and the other entries
are passed to the model by name; an object with an attribute of such a name is passed to the model as it is.
Inputs may themselves be a tuple (positional) or a dict (by name), and inputs and targets of any lengths: only
the model and the loss know what fits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from lossviz.common.rng import IsolatedRNG
from lossviz.common.validation import as_int64, count_in
from lossviz.engine.nested import cloned, first_shape, join, map_tensors, tensors_in, to_tensors

TARGET_KEYS = ("targets", "target", "labels", "label", "y")
ONE_BATCH = "one batch"


@dataclass(frozen=True, eq=False)
class Batch:
    """One call of the model: ``model(*args, **kwargs)`` against ``targets``."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    targets: Any
    examples: int
    target_key: str = ""  # the key of a dict's target, which the model is not given

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
        args, kwargs, targets = cloned((self.args, self.kwargs, self.targets))
        return replace(self, args=args, kwargs=kwargs, targets=targets)

    def tensors(self) -> list[Tensor]:
        """All tensors in the batch, at any depth."""
        return [*tensors_in((self.args, self.kwargs, self.targets))]


@dataclass(frozen=True, eq=False)
class JointBatch(Batch):
    """Batches that the model is given one after the other, and the loss all together."""

    parts: tuple[Batch, ...] = ()

    @classmethod
    def of(cls, parts: tuple[Batch, ...]) -> "JointBatch":
        """Join batches; `lossviz.engine.nested.JoinError` if their targets cannot be."""
        targets = join([part.targets for part in parts])
        return cls((), {}, targets, sum(part.examples for part in parts), parts=parts)

    def outputs(self, model: nn.Module) -> Any:
        """The outputs of all parts, joined along the axis of the examples."""
        return join([part.outputs(model) for part in self.parts])

    @property
    def all_inputs(self) -> tuple[Any, ...]:
        """The inputs of the first part, as a sample."""
        return self.parts[0].all_inputs

    @property
    def inputs(self) -> Any:
        """The inputs of all parts, joined."""
        return join([part.inputs for part in self.parts])

    def clone(self) -> "JointBatch":
        """The same values in new memory."""
        return replace(self, targets=cloned(self.targets), parts=tuple(part.clone() for part in self.parts))

    def tensors(self) -> list[Tensor]:
        """All tensors in the parts, and the joined targets."""
        return [*tensors_in(self.targets), *(tensor for part in self.parts for tensor in part.tensors())]


@dataclass(frozen=True, eq=False)
class BatchList:
    """All batches of the data, and how the loss of all is made of theirs.

    `lossviz.engine.averaging.shares` sets the shares: the loss of all the data is the sum of ``shares[k]``
    times the loss of batch k. A batch whose share is 0 has no target that counts, and is not evaluated.
    """

    items: tuple[Batch, ...]
    subset: bool  # whether ``max_batches`` left some out
    shares: tuple[float, ...] = ()  # (batches,); by default the share of the examples
    averaging: str = ONE_BATCH  # how the loss of several batches is made, in words
    note: str = ""  # what else there is to say about several batches
    joint: bool = False  # whether the loss is called once, on the outputs of all batches
    whole: bool = True  # whether the result is the loss of all the data at once

    @property
    def examples(self) -> int:
        """Number of examples in all batches."""
        return sum(batch.examples for batch in self.items)

    @property
    def counted(self) -> tuple[Batch, ...]:
        """The batches that count in the loss of all the data."""
        shares = self.shares or (1.0,) * len(self.items)
        return tuple(batch for batch, share in zip(self.items, shares, strict=True) if share)

    @property
    def calls(self) -> tuple[tuple[Batch, float], ...]:
        """What the loss is called on, each with its share; a batch's position seeds its random numbers."""
        if self.joint:
            return ((JointBatch.of(self.items), 1.0),)
        total = self.examples or 1
        shares = self.shares or tuple(batch.examples / total for batch in self.items)
        return tuple(zip(self.items, (1.0,) if len(self.items) == 1 else shares, strict=True))


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
        ValueError: If the data are empty, or have no target.
    """
    if max_batches is not None:
        max_batches = count_in("max_batches", max_batches, 1)
    if _is_example_object(data):
        return BatchList((_batch(data, like),), subset=False)
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
        used_up = isinstance(data, Iterator)
        advice = "; an iterator can be read once only: give a list or a DataLoader" if used_up else ""
        raise ValueError(f"data has no batch{advice}")
    return BatchList(items, subset=max_batches is not None and next(iterator, None) is not None)


def _is_batch(data: Any) -> bool:
    """Whether data is one batch, and not several."""
    if isinstance(data, Mapping) or _is_example_object(data):
        return True
    if not isinstance(data, (tuple, list)) or len(data) < 2:
        return False
    first, last = data[0], data[-1]
    if isinstance(first, (Tensor, np.ndarray)):
        return True
    if _is_example_object(first):
        return not isinstance(last, type(first))  # else a list of such objects
    # ((x1, x2), y) or ({...}, y) is a batch; [(x, y), (x, y)] and [{...}, {...}] are lists of them.
    if isinstance(first, (tuple, list)) and _is_list_of_dicts(last):
        return isinstance(data, tuple)  # (images, detection targets)
    if not (isinstance(first, (tuple, list, Mapping)) or any(True for _ in tensors_in(first))):
        return False
    is_target = last is None or isinstance(last, (Tensor, np.ndarray))
    return is_target or (isinstance(last, Mapping) and not isinstance(first, Mapping))


def _is_list_of_dicts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _target_attributes(value: Any) -> list[str]:
    """Which attributes of an object may be its target."""
    if isinstance(value, (Tensor, np.ndarray, tuple, list, Mapping, Dataset, DataLoader, nn.Module, type)):
        return []
    return [key for key in TARGET_KEYS if getattr(value, key, None) is not None]


def _is_example_object(value: Any) -> bool:
    """Whether a value is an object that holds tensors, one of them its target, as a batch of graphs."""
    # A loader may hold its data, too, but is not moved to a device as a batch is.
    is_loader = hasattr(value, "__iter__") and not callable(getattr(value, "to", None))
    return not is_loader and len(_target_attributes(value)) == 1 and any(True for _ in tensors_in(value))


def _batch(item: Any, like: Tensor) -> Batch:
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    target_key = ""
    if isinstance(item, Mapping):
        keys = [key for key in TARGET_KEYS if key in item]
        if len(keys) != 1:
            raise ValueError(
                f"a dict batch must have one target, under one of {', '.join(TARGET_KEYS)}; "
                f"its keys: {', '.join(map(str, item))}"
            )
        (target_key,) = keys
        kwargs = {key: value for key, value in item.items() if key != target_key}
        targets = item[target_key]
    elif isinstance(item, (tuple, list)) and len(item) >= 2:
        *inputs, targets = item
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            kwargs = dict(inputs[0])
        elif len(inputs) == 1 and isinstance(inputs[0], tuple) and not hasattr(inputs[0], "_fields"):
            args = inputs[0]  # a list of examples of several sizes, with a dict of targets each, is one input
        elif len(inputs) == 1 and isinstance(inputs[0], list) and not _is_list_of_dicts(targets):
            args = tuple(inputs[0])
        else:
            args = tuple(inputs)
    elif _is_example_object(item):
        args, targets = (item,), getattr(item, _target_attributes(item)[0])
    else:
        raise ValueError(_not_a_batch(item))
    args = tuple(to_tensors(value, like) for value in args)
    kwargs = {key: to_tensors(value, like) for key, value in kwargs.items()}
    targets = map_tensors(as_int64, to_tensors(targets, like))
    shape = first_shape((args, kwargs))
    if not shape and not any(True for _ in tensors_in((args, kwargs))):
        got = type((*args, *kwargs.values())[0]).__name__ if args or kwargs else "nothing"
        raise ValueError(f"the inputs of a batch must hold a tensor or an array of examples; got {got}")
    if shape[:1] == (0,):
        raise ValueError("a batch of data is empty: it needs inputs with at least one example")
    return Batch(args, kwargs, targets, _count(targets, shape), target_key)


def _count(targets: Any, shape: tuple[int, ...]) -> int:
    """Number of examples: of targets, where these have a length, else of inputs."""
    if _is_list_of_dicts(targets):
        return len(targets)
    return (first_shape(targets)[:1] or shape[:1] or (1,))[0]


def _not_a_batch(item: Any) -> str:
    got = type(item).__name__
    alone = isinstance(item, (Tensor, np.ndarray)) or (isinstance(item, (tuple, list)) and len(item) == 1)
    if alone:
        return (
            f"a batch must be (inputs, targets) or a dict; got {got} alone: for a loss without targets give "
            "(inputs, None), and a loss_fn of (outputs, targets) that does not read its second argument"
        )
    return f"a batch must be (inputs, targets) or a dict; got {got}"


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
