"""Planes through weights that were visited: the principal components of a path, or two or three models."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from torch import nn

from lossviz.common.typing import AnyFloats
from lossviz.common.validation import count_in
from lossviz.engine.parameters import trainable_parameters
from lossviz.landscape.planes import Plane
from lossviz.landscape.projection import ModelOrState, coordinates, flat_checkpoints


def pca_plane(checkpoints: "Iterable[ModelOrState] | object", model: nn.Module | None = None) -> Plane:
    """The two leading principal components of a training's weights, through its last checkpoint.

    The components have length 1, so that a and b are distances in weight space.

    Args:
        checkpoints: At least three state_dicts or modules, oldest first, or an object with such
            ``checkpoints`` (of a `History`, those of the first run's first seed).
        model: Where it is given, only its trainable parameters count.

    Returns:
        The plane; ``explained`` (2,) is each component's share of the variance, and the window shows all
        checkpoints with a margin of a quarter.

    Raises:
        ValueError: If there are fewer than three checkpoints, they are all equal or not finite, or their
            parameters differ.

    References:
        H. Li et al., Visualizing the Loss Landscape of Neural Nets (2018), section 7.

    Example:
        >>> import numpy as np
        >>> import lossviz as lv
        >>> states = [{"w": np.array([float(k), 0.0, 0.0])} for k in range(4)]
        >>> lv.pca_plane(states).explained.round(6)
        array([1., 0.])
    """
    chosen = None if model is None else tuple(trainable_parameters(model))
    names, shapes, points = flat_checkpoints(checkpoints, chosen)
    if len(points) < 3:
        raise ValueError(f"a PCA plane needs at least 3 checkpoints; got {len(points)}")
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise ValueError(f"the weights of checkpoint {int(finite.argmin())} are not all finite; leave it out")
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    # The m x m Gram matrix has the same leading eigenvalues as the n x n covariance, and m is small.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    total = values.sum()
    if not (np.isfinite(total) and values[0] > 0):
        raise ValueError("the checkpoints are all equal, so they have no principal component")
    u = centred.T @ vectors[:, 0] / np.sqrt(values[0])
    # Checkpoints on a line have no second component: any orthogonal direction serves, and explains nothing.
    v = (
        centred.T @ vectors[:, 1]
        if values[1] > 1e-24 * values[0]
        else np.random.default_rng(0).normal(size=u.size)
    )
    v -= (v @ u) * u
    v /= np.linalg.norm(v) or 1.0
    # The sign of an eigenvector is arbitrary; this one does not depend on the linear algebra library.
    toward_start = points[0].astype(np.float64) - points[-1]
    u, v = (-d if d @ toward_start < 0 else d for d in (u, v))
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


def interpolation_plane(
    a: ModelOrState, b: ModelOrState, c: ModelOrState | None = None, seed: int = 0
) -> Plane:
    """The plane through two or three models: the first at (0, 0), the second at (1, 0).

    The second axis is orthogonal to the first and to the same scale, so that distances are not distorted. Use
    `project` to find the third model's coordinates.

    Args:
        a: First model or state_dict.
        b: Second model or state_dict.
        c: Third one; without it the second direction is random.
        seed: Seed of that random direction.

    Returns:
        The plane, with a window that shows all models.

    Raises:
        ValueError: If the models' parameters differ in name or shape, or the models lie on one line.

    References:
        T. Garipov et al., Loss Surfaces, Mode Connectivity, and Fast Ensembling of DNNs (2018), appendix.

    Example:
        >>> import numpy as np
        >>> import lossviz as lv
        >>> a, b, c = ({"w": np.array(w)} for w in ([0.0, 0.0], [2.0, 0.0], [1.0, 1.0]))
        >>> plane = lv.interpolation_plane(a, b, c)
        >>> lv.project([c], plane).a, lv.project([c], plane).b
        (array([0.5]), array([0.5]))
    """
    names, shapes, points = flat_checkpoints([a, b] if c is None else [a, b, c], None)
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
    v_length = np.linalg.norm(v)
    if v_length <= 1e-9 * length and u.size > 1:
        raise ValueError("the three models lie on one line, so no plane is theirs alone")
    v *= length / v_length if v_length else 0.0
    dtype = points.dtype
    plane = Plane(names, shapes, points[0], u.astype(dtype), v.astype(dtype), method, axes)
    return _with_window(plane, points)


def _with_window(plane: Plane, points: AnyFloats) -> Plane:
    """The plane with a window that shows all points (m, n) and a margin of a quarter on each side."""
    projected = coordinates(points, plane)[0]
    low, high = projected.min(axis=0), projected.max(axis=0)
    margin = 0.25 * (high - low)
    margin = np.where(margin > 0.05 * margin.max(), margin, 0.5 * margin.max())  # so that no axis is too thin
    window = tuple((float(x), float(y)) for x, y in zip(low - margin, high + margin, strict=True))
    return replace(plane, window=window)  # type: ignore[arg-type]
