"""Checkpoints projected onto a plane, and how much of their motion the plane misses.

A path drawn on a contour does not have the loss that the contour shows there, unless it lies in the plane. So
a `Path` carries the share of the motion that the plane explains, and each checkpoint's distance from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lossviz.common.typing import AnyFloats, Floats
from lossviz.landscape.checkpoints import Checkpoints, ModelOrState, differences, pieces_of
from lossviz.landscape.planes import Plane


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
        checkpoints: m state_dicts, modules or paths of files, or a lazy sequence of them, as in `pca_plane`.
        plane: The plane; its parameters must be among the checkpoints'.

    Returns:
        Coordinates, distances and the share of the variance that the plane explains; that share is 1 for
        checkpoints that are all equal.

    Raises:
        ValueError: If the checkpoints' parameters are not the plane's, or are not finite.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1)
        >>> path = lv.project([model], lv.random_plane(model))
        >>> path.a, path.b, path.off_plane
        (array([0.]), array([0.]), array([0.]))
    """
    read = Checkpoints(checkpoints, plane.names)
    if read.shapes != plane.shapes:
        wrong = next(i for i, shape in enumerate(read.shapes) if shape != plane.shapes[i])
        raise ValueError(
            f"the plane has {read.names[wrong]!r} with shape {plane.shapes[wrong]}; "
            f"the checkpoints have {read.shapes[wrong]}"
        )
    m = len(read)
    mean = np.zeros(read.size, read.dtype)  # of the differences from the origin
    for index in range(m):
        for start, row in differences(read, index, plane.origin):
            mean[start : start + len(row)] += row / m
    inverse = np.linalg.pinv(_inner_products(plane))  # allows for directions that are not at right angles
    central = _products(pieces_of(mean), plane)
    projected, off_plane = np.empty((m, 2)), np.empty(m)
    variance = residual = 0.0
    for index in range(m):
        projected[index] = inverse @ _products(differences(read, index, plane.origin), plane)
        off_center = projected[index] - inverse @ central
        outside = 0.0
        for start, row in differences(read, index, plane.origin):
            where = slice(start, start + len(row))
            u, v = plane.u[where].astype(np.float64), plane.v[where].astype(np.float64)
            outside += _square(row - projected[index, 0] * u - projected[index, 1] * v)
            row -= mean[where]
            variance += _square(row)
            residual += _square(row - off_center[0] * u - off_center[1] * v)
        off_plane[index] = np.sqrt(outside)
    explained = 1 - residual / variance if variance else 1.0
    return Path(projected[:, 0], projected[:, 1], off_plane, min(max(explained, 0.0), 1.0))


def _products(parts: Iterable[tuple[int, Floats]], plane: Plane) -> Floats:
    """Inner products (2,) of a vector, given in pieces, with the plane's directions."""
    total: Floats = np.zeros(2)
    for start, row in parts:
        where = slice(start, start + len(row))
        total += [(row * plane.u[where]).sum(), (row * plane.v[where]).sum()]
    return total


def _inner_products(plane: Plane) -> Floats:
    """Inner products (2, 2) of the plane's directions."""
    return np.stack([_products(pieces_of(direction), plane) for direction in (plane.u, plane.v)])


def _square(row: Floats) -> float:
    return float(np.square(row).sum())


def coordinates(points: AnyFloats, plane: Plane) -> tuple[Floats, Floats]:
    """Coordinates (m, 2) of the orthogonal projections of ``points`` (m, n), and their distances (m,)."""
    basis = np.stack([plane.u, plane.v]).astype(np.float64)
    difference = points.astype(np.float64) - plane.origin
    # The pseudo-inverse allows for directions that are not orthogonal, and for one that is zero.
    projected: Floats = difference @ np.linalg.pinv(basis)
    return projected, np.linalg.norm(difference - projected @ basis, axis=1)
