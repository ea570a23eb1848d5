"""Data in any usual form, as a list of batches on the model's device, read once.

A batch is ``(inputs, targets)``; with more than two entries the last is the target and the others are
the model's arguments. A batch that is a dict gives its target under one of `TARGETS` and the rest to the
model by name. Inputs may themselves be a tuple (positional) or a dict (by name).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from lossviz.checks import count_in
from lossviz.randomness import OwnRandomNumbers

TARGETS = ("targets", "target", "labels", "label", "y")


@dataclass(frozen=True, eq=False)
class Batch:
    """One call of the model: ``model(*positional, **named)`` against ``targets``."""

    positional: tuple[Any, ...]
    named: Mapping[str, Any]
    targets: Any
    examples: int

    def outputs(self, model: nn.Module) -> Any:
        return model(*self.positional, **self.named)

    @property
    def given(self) -> tuple[Any, ...]:
        """All inputs, those with names last."""
        return (*self.positional, *self.named.values())

    def outputs_of(self, model: nn.Module, *given: Any) -> Any:
        """The model's outputs on other inputs in the places of `given`."""
        count = len(self.positional)
        return model(*given[:count], **dict(zip(self.named, given[count:], strict=True)))

    @property
    def inputs(self) -> Any:
        """What a loss that asks for ``inputs`` is given: the only input, or all of them."""
        if len(self.positional) == 1 and not self.named:
            return self.positional[0]
        return dict(self.named) if not self.positional else self.positional

    def copy(self) -> "Batch":
        """The same numbers in other memory."""
        return Batch(_cloned(self.positional), _cloned(self.named), _cloned(self.targets), self.examples)

    def tensors(self) -> list[Tensor]:
        """All that are in it, at any depth."""
        return [*_tensors((self.positional, self.named, self.targets))]


@dataclass(frozen=True, eq=False)
class Batches:
    """All that is averaged over; ``subset`` says that ``max_batches`` left something out."""

    rows: tuple[Batch, ...]
    subset: bool

    @property
    def examples(self) -> int:
        return sum(batch.examples for batch in self.rows)


def read_batches(data: Any, like: Tensor, max_batches: int | None = None) -> Batches:
    """``data`` as batches on the device of ``like``, kept in memory.

    data: a tuple or list of tensors (one batch), a dict (one batch), or any iterable of batches. numpy
    arrays become tensors, floats in the dtype of ``like`` and whole numbers of int64 (bytes stay bytes);
    torch tensors keep theirs. A loader that shuffles, or data that draw otherwise from torch's global
    generator, draw the same at every reading, from a generator of ours. Raises ValueError for data that is
    empty, has no target, or whose inputs and targets differ in length.
    """
    if max_batches is not None:
        max_batches = count_in("max_batches", max_batches, 1)
    if isinstance(data, (Tensor, np.ndarray, str, bytes)) or not isinstance(data, Iterable):
        got = type(data).__name__ + ("; give it to a DataLoader" if isinstance(data, Dataset) else "")
        raise ValueError(f"data must be (inputs, targets) or an iterable of such batches; got {got}")
    if _is_batch(data):
        return Batches((_batch(data, like),), subset=False)
    with OwnRandomNumbers():
        return _read(data, like, max_batches)


def _read(data: Iterable[Any], like: Tensor, max_batches: int | None) -> Batches:
    source = iter(data)
    rows = tuple(_batch(row, like) for row in islice(source, max_batches))
    if not rows:
        raise ValueError("data has no batch")
    return Batches(rows, subset=max_batches is not None and next(source, None) is not None)


def _is_batch(data: Any) -> bool:
    """Whether data is one batch: a dict, or a tuple or list of at least two that starts with an input."""
    if isinstance(data, Mapping):
        return True
    if not isinstance(data, (tuple, list)) or len(data) < 2:
        return False
    if isinstance(data[0], Mapping) and set(data[0]) & set(TARGETS):
        return False  # a list of dict batches
    if isinstance(data[0], (Tensor, np.ndarray)):
        return True
    # ((x1, x2), y) or ({...}, y) is a batch; [(x, y), (x, y)] is a list of them.
    return isinstance(data[0], (tuple, list, Mapping)) and isinstance(data[-1], (Tensor, np.ndarray))


def _batch(row: Any, like: Tensor) -> Batch:
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    if isinstance(row, Mapping):
        names = [name for name in TARGETS if name in row]
        if len(names) != 1:
            raise ValueError(
                f"a dict batch must have one target, under one of {', '.join(TARGETS)}; "
                f"its keys: {', '.join(map(str, row))}"
            )
        named = {name: value for name, value in row.items() if name != names[0]}
        targets = row[names[0]]
    elif isinstance(row, (tuple, list)) and len(row) >= 2:
        *first, targets = row
        if len(first) == 1 and isinstance(first[0], Mapping):
            named = dict(first[0])
        elif len(first) == 1 and isinstance(first[0], (tuple, list)) and not hasattr(first[0], "_fields"):
            positional = tuple(first[0])
        else:
            positional = tuple(first)
    else:
        raise ValueError(f"a batch must be (inputs, targets) or a dict; got {type(row).__name__}")
    positional = tuple(_moved(value, like) for value in positional)
    named = {name: _moved(value, like) for name, value in named.items()}
    targets = _moved(targets, like)
    shape = _shape([*positional, *named.values()])
    wanted = _shape([targets])[:1]
    if not shape:
        given = type((*positional, *named.values())[0]).__name__ if positional or named else "nothing"
        raise ValueError(f"the inputs of a batch must hold a tensor or an array of examples; got {given}")
    if 0 in shape:
        raise ValueError("a batch of data is empty: it needs inputs with at least one example")
    # Recurrent nets take (time, batch, ...), and may have a target for each batch or for each of both.
    counts = {shape[0], *shape[1:2], prod(shape[:2])}
    if wanted and wanted[0] not in counts:
        raise ValueError(f"data has {shape[0]} inputs but {wanted[0]} targets; they must be equally many")
    return Batch(positional, named, targets, *(wanted or shape[:1]))


class Watched:
    """Notes whether anyone writes into a batch (``x -= mean``), and gives it its numbers back.

    The user's data are hers, and what was written to once would be written to again at the next point.
    """

    def __init__(self, batch: Batch) -> None:
        self._kept = [(tensor, tensor._version, tensor.detach().clone()) for tensor in batch.tensors()]
        self.written = False

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: object) -> None:
        for tensor, version, before in self._kept:
            if tensor._version != version:
                self.written = True
                with torch.no_grad():
                    tensor.copy_(before)


def _shape(values: list[Any]) -> tuple[int, ...]:
    """Of the first tensor found that has one, looking into tuples and dicts; () if there is none."""
    for value in values:
        if isinstance(value, Tensor) and value.ndim:
            return tuple(value.shape)
        inner = list(value.values()) if isinstance(value, Mapping) else value
        if isinstance(inner, (tuple, list)) and (found := _shape(list(inner))):
            return found
    return ()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (Mapping, tuple, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(inner)


def _cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, Mapping):
        return {name: _cloned(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_cloned(inner) for inner in value)
    return value


def _moved(value: Any, like: Tensor) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise ValueError(f"data must be numbers; got a numpy array of dtype {value.dtype}")
        # Torch knows neither foreign byte orders nor arrays that it must not write to, and takes classes as
        # int64 only, where numpy has whatever fits.
        wide = value.dtype.kind == "i" or (value.dtype.kind == "u" and value.itemsize > 1)
        dtype = np.int64 if wide else value.dtype.newbyteorder("=")
        tensor = torch.from_numpy(np.require(value, dtype, ("C", "W")))
        return tensor.to(like.device, like.dtype) if tensor.is_floating_point() else tensor.to(like.device)
    if isinstance(value, Tensor):
        if value.device.type == "meta":
            raise ValueError("data is on the meta device and has no values")
        return value.to(like.device)  # the same tensor where it is there already: a loss may hold on to it
    if isinstance(value, Mapping):
        return {name: _moved(inner, like) for name, inner in value.items()}
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_moved(inner, like) for inner in value)
    return value
