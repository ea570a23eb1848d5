"""Buffers and frozen parameters along a plane: all of the models' state that is not among the moving weights.

A model is its weights and its buffers. Where a plane joins several models, their buffers move with the
weights, so that each named point of the plane is the model it is named after.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.typing import Floats

SHARED_SIZE = 2**20  # numbers: a tensor with more is shared with the model and not copied


@dataclass(frozen=True, eq=False)
class LinearPart:
    """A floating-point entry that is linear in the coordinates, within the range that the models have.

    Beyond the models it keeps the nearest value that one of them has: a running variance that went on along
    a straight line would become negative.
    """

    rows: Tensor  # (3, *shape), float64: at (0, 0), and its changes along u and v
    low: Tensor  # (*shape), the smallest value of a model
    high: Tensor  # (*shape), the largest

    def at(self, coefficients: Tensor) -> Tensor:
        """The values (G, *shape) at points with coefficients (G, 3) of origin, u and v."""
        rows = self.rows.to(coefficients)
        values = (coefficients @ rows.reshape(3, -1)).view(-1, *rows.shape[1:])
        return values.clamp(self.low.to(values), self.high.to(values))


@dataclass(frozen=True, eq=False)
class NearestPart:
    """An entry of integers: at every point that of the nearest model."""

    points: Floats  # (k, 2) coordinates of the models
    values: tuple[Tensor, ...]  # k tensors (*shape)

    def at(self, coefficients: Tensor) -> Tensor:
        """The value (*shape) at the first of some points with coefficients (G, 3)."""
        distances = np.square(self.points - coefficients[0, 1:].cpu().numpy()).sum(axis=1)
        return self.values[int(distances.argmin())]


@dataclass(frozen=True, eq=False)
class PlaneState:
    """The buffers and frozen parameters of a plane's models, by name."""

    origin: Mapping[str, Tensor]  # at (0, 0)
    linear: Mapping[str, LinearPart] = field(default_factory=dict)  # of floating-point numbers, that differ
    nearest: Mapping[str, NearestPart] = field(default_factory=dict)  # of integers, that differ
    rule: str = ""  # how those that differ move, one line for a caption

    @property
    def moves(self) -> bool:
        """Whether anything in it differs between points."""
        return bool(self.linear or self.nearest)


def unmoved_state(model: nn.Module, moved: Iterable[str]) -> dict[str, Tensor]:
    """A model's buffers and those parameters that are not ``moved``, by name, in its memory."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    taken = {id(parameters[name]) for name in moved if name in parameters}
    state = {name: p.detach() for name, p in parameters.items() if id(p) not in taken}
    return state | {name: b.detach() for name, b in model.named_buffers(remove_duplicate=False)}


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same values in new memory, but for very large tensors, which are quantized or frozen weights."""
    return {name: value.clone() if value.numel() <= SHARED_SIZE else value for name, value in state.items()}


def write_state(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a private copy of a model these buffers and frozen parameters, each in memory of its own.

    What the model has already stays as it is; names that it does not have are left out.

    Raises:
        ValueError: If an entry has another shape in the model.
    """
    own = unmoved_state(model, [name for name, p in model.named_parameters() if p.requires_grad])
    for name, value in state.items():
        if name not in own:
            continue
        if own[name].shape != value.shape:
            raise ValueError(
                f"the plane's model has {name!r} with shape {tuple(value.shape)}; "
                f"this model's is {tuple(own[name].shape)}"
            )
        if not same_values(own[name], value):
            replace_entry(model, name, value.to(own[name].device, own[name].dtype))


def replace_entry(model: nn.Module, name: str, value: Tensor) -> Tensor:
    """Replace a buffer or a frozen parameter by a copy of a tensor, and return it."""
    prefix, _, last = name.rpartition(".")
    module, new = model.get_submodule(prefix), value.detach().clone()
    if last in module._parameters:
        new = nn.Parameter(new, requires_grad=False)
    setattr(module, last, new)
    return new


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and numbers, NaN being equal to NaN."""
    if one.shape != other.shape:
        return False
    if (one.data_ptr(), one.stride(), one.dtype) == (other.data_ptr(), other.stride(), other.dtype):
        return True
    other = other.to(one)
    return torch.equal(one, other) or bool(((one == other) | ((one != one) & (other != other))).all())
