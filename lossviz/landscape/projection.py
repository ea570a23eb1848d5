"""Weights that were visited: planes through them, and where each of them falls on a plane.

A path drawn on a contour does not have the loss that the contour shows there, unless it lies in the
plane. So a `Path` carries both numbers that a reader needs: the share of the motion that the plane
explains, and each checkpoint's distance from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from lossviz.common.validation import count_in
from lossviz.engine.parameters import checkpoint_parameters, flatten, trainable_parameters
from lossviz.landscape.planes import Plane

Weights = nn.Module | Mapping[str, Tensor] | Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Path:
    """m checkpoints on a plane."""

    a: np.ndarray  # (m,)
    b: np.ndarray  # (m,)
    off_plane: np.ndarray  # (m,) Euclidean distance of the weights from the plane
    explained: float  # share of the checkpoints' variance that lies in the plane's directions, 0 to 1


def project(checkpoints: "Iterable[Weights] | object", plane: Plane) -> Path:
    """The checkpoints (state_dicts or modules) at their nearest points of the plane.

    ``explained`` is 1 for a path that does not move. Raises ValueError if the checkpoints' parameters are
    not the plane's.
    """
    names, shapes, points = _trajectory(checkpoints, plane.names)
    if shapes != plane.shapes:
        wrong = next(i for i, shape in enumerate(shapes) if shape != plane.shapes[i])
        raise ValueError(
            f"the plane has {names[wrong]!r} with shape {plane.shapes[wrong]}; "
            f"the checkpoints have {shapes[wrong]}"
        )
    place, off_plane = coordinates(points, plane)
    moved = points.astype(np.float64)
    moved -= moved.mean(axis=0)
    total = float(np.square(moved).sum())
    outside = coordinates(moved, replace(plane, origin=np.zeros_like(plane.origin)))[1]
    explained = 1 - float(np.square(outside).sum()) / total if total else 1.0
    return Path(place[:, 0], place[:, 1], off_plane, min(max(explained, 0.0), 1.0))


def coordinates(points: np.ndarray, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) (m, 2) of the plane's points nearest to ``points`` (m, n), and the distances (m,) to them."""
    basis = np.stack([plane.u, plane.v]).astype(np.float64)
    away = points.astype(np.float64) - plane.origin
    place = away @ np.linalg.pinv(basis)  # (m, 2); the directions need not be at right angles, nor both move
    return place, np.linalg.norm(away - place @ basis, axis=1)


def pca_plane(checkpoints: "Iterable[Weights] | object", model: nn.Module | None = None) -> Plane:
    """The two leading principal components of a training's weights, through its last checkpoint.

    checkpoints: at least three state_dicts or modules, or an object with such ``checkpoints`` (of a race,
    those of its first contestant's first seed). Where ``model`` is given, only its trainable parameters
    count. The components have length 1, so that a
    and b are distances in weight space; ``explained`` is each one's share of the variance.
    """
    names, shapes, points = _trajectory(
        checkpoints, None if model is None else tuple(trainable_parameters(model))
    )
    if len(points) < 3:
        raise ValueError(f"a PCA plane needs at least 3 checkpoints; got {len(points)}")
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise ValueError(f"the weights of checkpoint {int(finite.argmin())} are not all finite; leave it out")
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    # The m x m Gram matrix has the same leading values as the n x n covariance, and m is small.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    total = values.sum()
    if not (np.isfinite(total) and values[0] > 0):
        raise ValueError("the checkpoints are all equal, so they have no principal component")
    u = centred.T @ vectors[:, 0] / np.sqrt(values[0])
    # A training on a line has no second component: any direction across it will do, and it explains 0.
    v = (
        centred.T @ vectors[:, 1]
        if values[1] > 1e-24 * values[0]
        else np.random.default_rng(0).normal(size=u.size)
    )
    v -= (v @ u) * u
    v /= np.linalg.norm(v) or 1.0
    toward_start = points[0].astype(np.float64) - points[-1]
    u, v = (-d if d @ toward_start < 0 else d for d in (u, v))  # a sign of eigenvectors that does not flip
    explained = values[:2] / total
    plane = Plane(
        names,
        shapes,
        points[-1],
        u.astype(points.dtype),
        v.astype(points.dtype),
        f"PCA of {len(points)} checkpoints",
        tuple(f"principal component {k + 1} ({explained[k]:.1%})" for k in range(2)),  # type: ignore[arg-type]
        explained=explained,
    )
    return _with_window(plane, points)


def interpolation_plane(a: Weights, b: Weights, c: Weights | None = None, seed: int = 0) -> Plane:
    """The plane through two or three minima: a at (0, 0), b at (1, 0).

    The second axis is at right angles and to the same scale, so that c lies where it truly lies (T.
    Garipov et al. 2018, appendix); without c it is random. Use `project` to find c's coordinates.
    """
    names, shapes, points = _trajectory([a, b] if c is None else [a, b, c], None)
    exact = points.astype(np.float64)
    u = exact[1] - exact[0]
    length = np.linalg.norm(u)
    if not (np.isfinite(length) and length > 0):
        raise ValueError("the two models have the same weights (or not finite ones), so no line joins them")
    if c is None:
        v = np.random.default_rng(count_in("seed", seed, 0)).normal(size=u.size)
        axes, method = ("from first to second", f"random, at right angles, seed {seed}"), "through two minima"
    else:
        v = exact[2] - exact[0]
        axes, method = ("from first to second", "toward the third"), "through three minima"
    v = v - (v @ u) / length**2 * u
    across = np.linalg.norm(v)
    if across <= 1e-9 * length and u.size > 1:
        raise ValueError("the three models lie on one line, so no plane is theirs alone")
    v *= length / across if across else 0.0
    dtype = points.dtype
    plane = Plane(names, shapes, points[0], u.astype(dtype), v.astype(dtype), method, axes)
    return _with_window(plane, points)


def _trajectory(
    checkpoints: Any, names: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...], np.ndarray]:
    """Names, shapes and the flat weights (m, n) of m checkpoints, which must agree."""
    found = getattr(checkpoints, "checkpoints", checkpoints)
    if callable(found) and not isinstance(found, nn.Module):
        found = found()
    if isinstance(found, (nn.Module, Mapping)) or not isinstance(found, Iterable):
        raise ValueError(f"checkpoints must be a list of state_dicts or modules; got {type(found).__name__}")
    states = [checkpoint_parameters(weights) for weights in found]
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


def _with_window(plane: Plane, points: np.ndarray) -> Plane:
    """The plane with a window that shows all points (m, n) and a quarter more on each side."""
    place = coordinates(points, plane)[0]
    low, high = place.min(axis=0), place.max(axis=0)
    margin = 0.25 * (high - low)
    margin = np.where(
        margin > 0.05 * margin.max(), margin, 0.5 * margin.max()
    )  # a flat path still gets a plane
    window = tuple((float(x), float(y)) for x, y in zip(low - margin, high + margin, strict=True))
    return replace(plane, window=window)  # type: ignore[arg-type]
