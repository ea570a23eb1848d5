"""Planes through weights that were visited: the principal components of a path, or two or three models."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from torch import nn

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in
from lossviz.engine.parameters import trainable_parameters
from lossviz.engine.state.plane_state import PlaneState, copied
from lossviz.landscape.checkpoints import Checkpoints, ModelOrState, read_matrix
from lossviz.landscape.components import principal_components
from lossviz.landscape.named_states import BETWEEN_MODELS, FITTED, StateFit
from lossviz.landscape.planes import Plane


def pca_plane(checkpoints: "Iterable[ModelOrState] | object", model: nn.Module | None = None) -> Plane:
    """The two leading principal components of a training's weights, through its last checkpoint.

    The components have length 1, so that a and b are distances in weight space.

    Args:
        checkpoints: At least three state_dicts, modules or paths of files (.safetensors, or of
            `torch.save`), oldest first; a lazy sequence that loads them one at a time; or an object with such
            ``checkpoints`` (of a `History`, those of the first run's first seed).
        model: Where it is given, only its trainable parameters count.

    Returns:
        The plane; ``explained`` (2,) is each component's share of the variance, and the window shows all
        checkpoints with a margin of a quarter. At (0, 0) buffers are those of the last checkpoint; elsewhere
        they are linear in the coordinates, by least squares to those of all checkpoints.

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
    read = Checkpoints(checkpoints, chosen)
    if len(read) < 3:
        raise ValueError(f"a PCA plane needs at least 3 checkpoints; got {len(read)}")
    found = principal_components(read)
    plane = Plane(
        read.names,
        read.shapes,
        found.origin,
        found.u,
        found.v,
        f"PCA of {len(read)} checkpoints",
        tuple(f"principal component {k + 1} ({found.explained[k]:.1%})" for k in range(2)),  # type: ignore[arg-type]
        explained=found.explained,
        state=_state_of(read, found.points, len(read) - 1, FITTED),
    )
    return _with_window(plane, found.points)


def _state_of(checkpoints: Checkpoints, points: Floats, origin: int, rule: str) -> PlaneState:
    """The buffers and frozen parameters of checkpoints at these coordinates (m, 2), one of them at (0, 0)."""
    fit = StateFit(copied(checkpoints.load(origin).rest()), points)
    if fit.origin:
        for index in range(len(checkpoints)):
            if index != origin:
                fit.add(index, checkpoints.load(index).rest())
    return fit.finish(rule)


def interpolation_plane(
    a: ModelOrState, b: ModelOrState, c: ModelOrState | None = None, seed: int = 0
) -> Plane:
    """The plane through two or three models: the first at (0, 0), the second at (1, 0).

    The second axis is orthogonal to the first and to the same scale, so that distances are not distorted. Use
    `project` to find the third model's coordinates.

    Args:
        a: First model, state_dict or path of a file.
        b: Second one.
        c: Third one; without it the second direction is random.
        seed: Seed of that random direction.

    Returns:
        The plane, with a window that shows all models. Buffers move linearly with the weights, so that each
        model's point has its own; beyond the models they stay in the models' range.

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
    models = Checkpoints([a, b] if c is None else [a, b, c])
    exact = read_matrix(models, 0, models.size)
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
    along = (v @ u) / length**2
    v = v - along * u
    v_length = np.linalg.norm(v)
    if v_length <= 1e-9 * length and u.size > 1:
        raise ValueError("the three models lie on one line, so no plane is theirs alone")
    v *= length / v_length if v_length else 0.0
    points = np.array([[0.0, 0.0], [1.0, 0.0], [along, v_length / length]])[: len(models)]
    origin, u, v = (array.astype(models.dtype) for array in (exact[0], u, v))
    state = _state_of(models, points, 0, BETWEEN_MODELS)
    plane = Plane(models.names, models.shapes, origin, u, v, method, axes, state=state)
    return _with_window(plane, points)


def _with_window(plane: Plane, points: Floats) -> Plane:
    """The plane with a window that shows all points (m, 2) and a margin of a quarter on each side."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.25 * (high - low)
    margin = np.where(margin > 0.05 * margin.max(), margin, 0.5 * margin.max())  # so that no axis is too thin
    window = tuple((float(x), float(y)) for x, y in zip(low - margin, high + margin, strict=True))
    return replace(plane, window=window)  # type: ignore[arg-type]
