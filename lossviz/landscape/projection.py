"""Checkpoints projected onto a plane, and how much of their motion the plane misses.

A path drawn on a contour does not have the loss that the contour shows there, unless it lies in the plane. So
a `Path` carries the share of the motion that the plane explains, and each checkpoint's distance from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from lossviz.common.typing import AnyFloats, Floats
from lossviz.engine.parameters import checkpoint_parameters, flatten
from lossviz.landscape.planes import Plane

ModelOrState = nn.Module | Mapping[str, Tensor] | Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Path:
    """The projections of m checkpoints onto a plane.

    Example:
        >>> import numpy as np
        >>> import lossviz as lv
        >>> states = [{"w": np.array([float(k), 0.0, k**2])} for k in range(3)]
        >>> path = lv.project(states, lv.pca_plane(states))
        >>> len(path.a), round(path.explained, 6)
        (3, 1.0)
    """

    a: Floats  # (m,) coordinates along the plane's first direction
    b: Floats  # (m,) along its second
    off_plane: Floats  # (m,) Euclidean distance of the weights from the plane
    explained: float  # share of the checkpoints' variance that lies in the plane's directions, 0 to 1


def project(checkpoints: "Iterable[ModelOrState] | object", plane: Plane) -> Path:
    """Project checkpoints onto a plane, orthogonally.

    Args:
        checkpoints: m state_dicts or modules, or an object with such ``checkpoints`` (of a `History`, those
            of the first run's first seed).
        plane: The plane; its parameters must be among the checkpoints'.

    Returns:
        Coordinates, distances and the share of the variance that the plane explains; that share is 1 for
        checkpoints that are all equal.

    Raises:
        ValueError: If the checkpoints' parameters are not the plane's.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1)
        >>> path = lv.project([model], lv.random_plane(model))
        >>> path.a, path.b, path.off_plane
        (array([0.]), array([0.]), array([0.]))
    """
    names, shapes, points = flat_checkpoints(checkpoints, plane.names)
    if shapes != plane.shapes:
        wrong = next(i for i, shape in enumerate(shapes) if shape != plane.shapes[i])
        raise ValueError(
            f"the plane has {names[wrong]!r} with shape {plane.shapes[wrong]}; "
            f"the checkpoints have {shapes[wrong]}"
        )
    projected, off_plane = coordinates(points, plane)
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    variance = float(np.square(centred).sum())
    residual = coordinates(centred, replace(plane, origin=np.zeros_like(plane.origin)))[1]
    explained = 1 - float(np.square(residual).sum()) / variance if variance else 1.0
    return Path(projected[:, 0], projected[:, 1], off_plane, min(max(explained, 0.0), 1.0))


def coordinates(points: AnyFloats, plane: Plane) -> tuple[Floats, Floats]:
    """Coordinates (m, 2) of the orthogonal projections of ``points`` (m, n), and their distances (m,)."""
    basis = np.stack([plane.u, plane.v]).astype(np.float64)
    difference = points.astype(np.float64) - plane.origin
    # The pseudo-inverse allows for directions that are not orthogonal, and for one that is zero.
    projected: Floats = difference @ np.linalg.pinv(basis)
    return projected, np.linalg.norm(difference - projected @ basis, axis=1)


def flat_checkpoints(
    checkpoints: Any, names: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...], AnyFloats]:
    """Names, shapes and flat weights (m, n) of m checkpoints, which must have the same parameters.

    ``names`` are the parameters to take; None for all.
    """
    found = getattr(checkpoints, "checkpoints", checkpoints)
    if callable(found) and not isinstance(found, nn.Module):
        found = found()
    if isinstance(found, (nn.Module, Mapping)) or not isinstance(found, Iterable):
        raise ValueError(f"checkpoints must be a list of state_dicts or modules; got {type(found).__name__}")
    states = [checkpoint_parameters(checkpoint) for checkpoint in found]
    if not states:
        raise ValueError("checkpoints must not be empty")
    names = tuple(states[0]) if names is None else names
    shapes: tuple[tuple[int, ...], ...] = ()
    for index, state in enumerate(states):
        for name in names:
            if name not in state:
                raise ValueError(f"checkpoint {index} has no {name!r}")
        shapes = shapes or tuple(tuple(state[name].shape) for name in names)
        for name, shape in zip(names, shapes, strict=True):
            if tuple(state[name].shape) != shape:
                raise ValueError(
                    f"checkpoint {index} must have {name!r} with shape {shape}; "
                    f"got {tuple(state[name].shape)}"
                )
    return names, shapes, np.stack([flatten(state[name] for name in names) for state in states])
