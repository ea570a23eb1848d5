"""Checkpoints in any form, of which only one need be in memory at a time.

A checkpoint is a module, a state_dict of tensors or arrays, a dict with one state_dict in it, or a file.
Several are a list of these, or a lazy sequence that loads one when it is asked for it.
"""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.plain_text import quoted
from lossviz.common.typing import AnyFloats, Floats
from lossviz.common.validation import as_tensor
from lossviz.engine.parameter_names import without_prefixes, wrapped_name
from lossviz.engine.parameters import trainable_parameters
from lossviz.engine.state.plane_state import unmoved_state
from lossviz.landscape.checkpoint_files import open_checkpoint

Values = Tensor | np.ndarray
ModelOrState = nn.Module | Mapping[str, Tensor] | Mapping[str, np.ndarray] | str | os.PathLike[str]
PIECE = 2**15  # weights at a time: few enough that torch and BLAS do not wait for threads of theirs
BUFFER_NAMES = ("running_mean", "running_var")  # in a state_dict, which does not say what is a buffer


class Checkpoint:
    """The weights that move, as one flat vector of which any piece can be read, and all else by name."""

    def __init__(self, weights: dict[str, Values], rest: Mapping[str, Values]) -> None:
        self.weights, self._rest = weights, rest
        self.shapes = tuple(tuple(value.shape) for value in weights.values())
        self._values = list(weights.values())
        self._starts = np.cumsum([0, *(prod(shape) for shape in self.shapes)]).tolist()

    @property
    def size(self) -> int:
        """Number of weights."""
        return int(self._starts[-1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 if one of the tensors is; else float32, which holds every number of lower precision."""
        double = any(str(value.dtype).endswith("float64") for value in self._values)
        return np.dtype(np.float64 if double else np.float32)

    def read(self, start: int, out: AnyFloats) -> None:
        """Copy the weights from position ``start`` on into a flat array (c,)."""
        target, stop = torch.from_numpy(out), start + len(out)
        index = bisect_right(self._starts, start) - 1
        while start < stop:
            low = start - self._starts[index]
            high = min(stop - self._starts[index], self._starts[index + 1] - self._starts[index], low + PIECE)
            if high > low:
                target[: high - low].copy_(_flat(self._values[index], low, high))
                target, start = target[high - low :], start + high - low
            index += start >= self._starts[index + 1]

    def flat(self, dtype: np.dtype[Any]) -> AnyFloats:
        """All weights (n,), copied."""
        out: AnyFloats = np.empty(self.size, dtype)
        self.read(0, out)
        return out

    def rest(self) -> dict[str, Tensor]:
        """Buffers and frozen parameters by name, in the checkpoint's own memory."""
        return {name: as_tensor(value) for name, value in self._rest.items()}


def _flat(value: Values, low: int, high: int) -> Tensor:
    """Positions low to high of a value's numbers in order; at most the rows that hold them are copied."""
    if value.ndim:
        row = prod(value.shape[1:])
        first = low // row
        value, low, high = value[first : -(-high // row)], low - first * row, high - first * row
    part = value.reshape(-1)[low:high]
    return part.detach() if isinstance(part, Tensor) else as_tensor(part)


class Checkpoints:
    """m checkpoints with the same parameters, loaded when they are asked for.

    Args:
        source: A list or a lazy sequence of modules, state_dicts or paths, or an object with such
            ``checkpoints``.
        names: The parameters to take; None for all that may be parameters.

    Raises:
        ValueError: If it is neither, or empty.
    """

    def __init__(self, source: Any, names: Sequence[str] | None = None) -> None:
        found = getattr(source, "checkpoints", source)
        if callable(found) and not isinstance(found, nn.Module):
            found = found()
        single = isinstance(found, (nn.Module, Mapping, Tensor, np.ndarray, str, bytes, os.PathLike))
        lazy = hasattr(found, "__getitem__") and hasattr(found, "__len__")
        if single or not (lazy or isinstance(found, Iterable)):
            raise ValueError(
                f"checkpoints must be a list of state_dicts, modules or paths; got {type(found).__name__}"
            )
        self._items: Any = found if lazy else list(found)
        if not len(self._items):
            raise ValueError("checkpoints must not be empty")
        self._opened: dict[int, Checkpoint] = {}
        self._keep = isinstance(self._items, (list, tuple))  # they are in memory already
        first = self._items[0]
        self.cheap = self._keep or isinstance(first, (str, os.PathLike))  # to load again and again
        self._names = None if names is None else tuple(names)
        start = _parsed(first, 0, self._names)
        self._names = self.names = tuple(start.weights)
        self.shapes, self.size, self.dtype = start.shapes, start.size, start.dtype

    def __len__(self) -> int:
        return len(self._items)

    def load(self, index: int) -> Checkpoint:
        """One checkpoint. Raises ValueError if its parameters are not those of the first."""
        if index in self._opened:
            return self._opened[index]
        item = self._items[index]
        checkpoint = _parsed(item, index, self._names)
        for name, shape, wanted in zip(self.names, checkpoint.shapes, self.shapes, strict=True):
            if shape != wanted:
                raise ValueError(f"checkpoint {index} must have {name!r} with shape {wanted}; got {shape}")
        if self._keep and not isinstance(item, (str, os.PathLike)):
            self._opened[index] = checkpoint
        return checkpoint


def refuse_not_finite(finite: "np.ndarray | bool", index: int) -> None:
    """Raise ValueError, which names the checkpoint, unless all its weights are finite."""
    if not np.all(finite):
        raise ValueError(f"the weights of checkpoint {index} are not all finite; leave it out")


def _parsed(item: Any, index: int, names: tuple[str, ...] | None) -> Checkpoint:
    """A checkpoint in any of its forms."""
    if isinstance(item, (str, os.PathLike)):
        item = open_checkpoint(item)
    item = _inner(item, index)
    if isinstance(item, nn.Module):
        parameters = set(trainable_parameters(item))
        entries: dict[str, Values] = dict(unmoved_state(item, ()))
    else:
        entries = _entries(item)
        parameters = {name for name, value in entries.items() if _may_be_parameter(name, value)}
    short = without_prefixes(entries)
    by_short = {short[name]: name for name in entries}
    if names is None:
        chosen = {short[name]: name for name in _untied(entries) if name in parameters}
    else:
        wanted = without_prefixes(names)
        chosen = {name: name if name in entries else by_short.get(wanted[name], "") for name in names}
    for name, own in chosen.items():
        if own not in entries:
            similar = wrapped_name(name, entries)
            raise ValueError(
                f"checkpoint {index} has no {name!r}"
                + (f", only {similar!r}: not all of its names have this prefix" if similar else "")
            )
    memory = {_memory(entries[own]) for own in chosen.values()}
    same = all(name == own for name, own in chosen.items())
    rest = {
        name if same else short[name]: value
        for name, value in entries.items()
        if _memory(value) not in memory
    }
    return Checkpoint({name: entries[own] for name, own in chosen.items()}, rest)


def _inner(item: Any, index: int) -> Any:
    """The item itself, or the only state_dict or module in a dict with other things."""
    if not isinstance(item, Mapping) or all(
        isinstance(value, (Tensor, np.ndarray)) for value in item.values()
    ):
        return item
    found = [key for key, value in item.items() if isinstance(value, nn.Module) or _is_state(value)]
    if len(found) > 1:
        raise ValueError(
            f"checkpoint {index} has several state_dicts, under {', '.join(map(quoted, found))}; give one "
            f"of them, as checkpoint[{quoted(found[0])}]"
        )
    return item[found[0]] if found else item


def _is_state(value: Any) -> bool:
    tensors = isinstance(value, Mapping) and bool(value)
    return tensors and all(isinstance(part, (Tensor, np.ndarray)) for part in value.values())


def _entries(item: Any) -> dict[str, Values]:
    if not isinstance(item, Mapping):
        raise ValueError(f"a checkpoint must be a module or its state_dict(); got {type(item).__name__}")
    for name, value in item.items():
        if not isinstance(value, (Tensor, np.ndarray)) or (
            isinstance(value, np.ndarray) and value.dtype.kind not in "fiub"
        ):
            got = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
            raise ValueError(f"a checkpoint must hold tensors or arrays of numbers; {name!r} is {got}")
    return {str(name): value for name, value in item.items()}


def _may_be_parameter(name: str, value: Values) -> bool:
    floating = value.is_floating_point() if isinstance(value, Tensor) else value.dtype.kind == "f"
    return floating and name.rpartition(".")[2] not in BUFFER_NAMES


def _untied(entries: Mapping[str, Values]) -> list[str]:
    """The names without those that are only another name of the same memory, as tied weights have."""
    first: dict[Any, str] = {}
    for name, value in entries.items():
        first.setdefault(_memory(value), name)
    return list(first.values())


def _memory(value: Values) -> Any:
    """What two names of one tensor have in common."""
    if isinstance(value, Tensor) and value.data_ptr():
        return value.data_ptr(), value.shape, value.stride(), value.dtype
    return id(value)


def pieces(size: int, length: int) -> "list[tuple[int, int]]":
    """(start, stop) of consecutive pieces of at most ``length``."""
    return [(start, min(start + length, size)) for start in range(0, size, length)]


def read_matrix(checkpoints: Checkpoints, start: int, stop: int) -> Floats:
    """The same piece of all checkpoints, (m, stop - start) in float64; ValueError if one is not finite."""
    matrix = np.empty((len(checkpoints), stop - start))
    for index, row in enumerate(matrix):
        checkpoints.load(index).read(start, row)
        refuse_not_finite(np.isfinite(row), index)
    return matrix


def differences(checkpoints: Checkpoints, index: int, origin: AnyFloats) -> Iterator[tuple[int, Floats]]:
    """One checkpoint's difference from ``origin``, in pieces of float64, each with its start."""
    checkpoint = checkpoints.load(index)
    for start, stop in pieces(checkpoints.size, PIECE):
        row = np.empty(stop - start)
        checkpoint.read(start, row)
        refuse_not_finite(np.isfinite(row), index)
        row -= origin[start:stop]
        yield start, row


def pieces_of(vector: AnyFloats) -> Iterator[tuple[int, Floats]]:
    """A flat array in the same pieces, in float64."""
    for start, stop in pieces(len(vector), PIECE):
        yield start, vector[start:stop].astype(np.float64)
