"""Directions in weight space that the user gives, as a dict, a list of tensors, or a flat array."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from lossviz.common.typing import AnyFloats
from lossviz.common.validation import as_tensor
from lossviz.engine.parameters import flatten, matching_parameters, trainable_parameters
from lossviz.landscape.named_states import state_between
from lossviz.landscape.planes import Plane, flat_layout, random_plane, state_of

Direction = Mapping[str, Any] | Sequence[Any] | np.ndarray | Tensor


def direction_plane(model: nn.Module, u: Direction, v: Direction, method: str = "given directions") -> Plane:
    """The plane of any two directions.

    Args:
        model: The model at (0, 0); it is not changed.
        u: First direction: a dict by parameter name, a list of tensors, or a flat array (n,), for the
            trainable parameters.
        v: Second direction, in one of the same forms.
        method: One line that says how the directions were chosen.

    Returns:
        The plane, with window [-1, 1] x [-1, 1]. The directions are neither normalized nor made orthogonal.

    Raises:
        ValueError: If a direction lacks a parameter, has another shape, is not finite, or is zero everywhere.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1)
        >>> u = {"weight": torch.tensor([[1.0, 0.0]]), "bias": torch.zeros(1)}
        >>> plane = lv.direction_plane(model, u, torch.tensor([0.0, 0.0, 1.0]))
        >>> plane.u, plane.v
        (array([1., 0., 0.], dtype=float32), array([0., 0., 1.], dtype=float32))
    """
    free = trainable_parameters(model)
    names, shapes, origin = flat_layout(free)
    directions = flat_direction(free, u, "first"), flat_direction(free, v, "second")
    return Plane(names, shapes, origin, *directions, method, state=state_of(model, free))


def line_plane(model: nn.Module, direction: "Direction | nn.Module | Plane | None") -> Plane:
    """A plane whose first direction is the line's and whose second is zero.

    ``direction`` is one of the three forms, a plane for its first direction, another model to be reached at
    a = 1, or None for a filter-normalized random direction with seed 0.
    """
    free = trainable_parameters(model)
    if direction is None:
        direction = random_plane(model)
    if isinstance(direction, Plane):
        return replace(
            direction, v=np.zeros_like(direction.v), method=f"{direction.axes[0]} ({direction.method})"
        )
    names, shapes, origin = flat_layout(free)
    if isinstance(direction, nn.Module):
        other = matching_parameters(names, shapes, direction)
        u: AnyFloats = flatten(other[name] for name in names) - origin
        if not (np.isfinite(u).all() and u.any()):
            raise ValueError(
                "the other model has the same weights (or not finite ones), so no line leads to it"
            )
        method, state = "toward another model", state_between(model, direction, names)
    else:
        u, method, state = flat_direction(free, direction), "given direction", state_of(model, free)
    return Plane(names, shapes, origin, u, np.zeros_like(u), method, (method, ""), state=state)


def flat_direction(free: Mapping[str, Tensor], direction: Direction, which: str = "the") -> AnyFloats:
    """A direction in any of its three forms as a flat array (n,), in the order and dtype of ``free``.

    Raises ValueError if it lacks a parameter, has another shape, is not finite, or is zero everywhere.
    """
    names, shapes, origin = flat_layout(free)
    if isinstance(direction, Mapping):
        if set(direction) != set(names):
            wrong = sorted(set(direction) ^ set(names))[0]
            raise ValueError(f"{which} direction must name the model's parameters; {wrong!r} is not in both")
        direction = [direction[name] for name in names]
    if isinstance(direction, (list, tuple)):
        if len(direction) != len(names):
            raise ValueError(f"{which} direction must have {len(names)} tensors; got {len(direction)}")
        parts = [as_tensor(part) for part in direction]
        for name, shape, part in zip(names, shapes, parts, strict=True):
            if tuple(part.shape) != shape:
                raise ValueError(
                    f"{which} direction has shape {tuple(part.shape)} for {name!r}; needs {shape}"
                )
        array: AnyFloats = flatten(parts)
    else:
        try:
            array = as_tensor(direction).cpu().numpy()
        except TypeError:
            raise ValueError(
                f"{which} direction must be of numbers; got {type(direction).__name__}"
            ) from None
        if array.shape != origin.shape:
            raise ValueError(f"{which} direction must have shape {origin.shape}; got {array.shape}")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{which} direction must be of real numbers; got {array.dtype}")
    array = array.astype(origin.dtype)
    if not (np.isfinite(array).all() and array.any()):
        raise ValueError(f"{which} direction must be finite and not zero everywhere")
    return array
