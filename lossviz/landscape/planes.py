"""Planes through weight space: an origin and two directions, and how they were chosen.

The choice of plane decides what a picture of the loss shows, so that every plane carries a line that says how
it was made, and `project` measures how much of a training lies outside of it.

No function here changes the model or the global random state.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.typing import AnyFloats
from lossviz.common.validation import count_in
from lossviz.curvature.compiled import hessian_operator
from lossviz.curvature.eigenvalues import eigenpairs_of
from lossviz.curvature.products import AUTOMATIC
from lossviz.engine.averaging.shares import BatchWeight
from lossviz.engine.parameters import flatten, trainable_parameters, widened
from lossviz.engine.state.plane_state import PlaneState, copied, unmoved_state

Normalize = Literal["filter", "layer", "none"]
Window = tuple[tuple[float, float], tuple[float, float]]

UNIT_WINDOW: Window = ((-1.0, 1.0), (-1.0, 1.0))
RANDOM_AXES = ("first random direction", "second random direction")


@dataclass(frozen=True, eq=False)
class Plane:
    """The weights ``origin + a u + b v`` for coordinates (a, b); the p parameters are flattened and joined.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> plane = lv.random_plane(torch.nn.Linear(2, 1))
        >>> plane.names, plane.u.shape
        (('weight', 'bias'), (3,))
    """

    names: tuple[str, ...]  # (p,) parameter names, in the order of the flat arrays
    shapes: tuple[tuple[int, ...], ...]  # (p,) shapes of the parameters
    origin: AnyFloats  # (n,) the n weights at (0, 0)
    u: AnyFloats  # (n,) first direction
    v: AnyFloats  # (n,) second direction
    method: str  # how the directions were chosen, one line for a caption
    axes: tuple[str, str] = ("first direction", "second direction")  # axis labels of a and b
    window: Window = UNIT_WINDOW  # ((a low, a high), (b low, b high)) that a surface covers by default
    explained: AnyFloats | None = None  # (2,) share of the checkpoints' variance, for a PCA plane
    state: PlaneState | None = None  # buffers and frozen parameters; None for those of the model at hand

    @property
    def still(self) -> tuple[str, ...]:
        """Names of the parameters that neither direction moves."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        parts = zip(self.names, np.split(self.u, ends), np.split(self.v, ends), strict=True)
        return tuple(name for name, u, v in parts if not (u.any() or v.any()))

    @property
    def lengths(self) -> tuple[float, float]:
        """Euclidean lengths of u and v."""
        return float(np.linalg.norm(self.u)), float(np.linalg.norm(self.v))

    @property
    def cosine(self) -> float:
        """Cosine of the angle between u and v; 0 if one of them has length 0."""
        product = self.lengths[0] * self.lengths[1]
        return float(self.u @ self.v / product) if product else 0.0


def random_plane(
    model: nn.Module, seed: int = 0, normalize: Normalize = "filter", include_bias: bool = False
) -> Plane:
    """Draw two Gaussian directions from the model's weights, normalized to the scale of the weights.

    Args:
        model: The model, whose trainable parameters are the origin; it is not changed.
        seed: Seed of the two directions, at least 0.
        normalize: "filter": every filter (a row of a Linear, an output channel of a convolution) is as long
            as the model's own; "layer": every parameter tensor is; "none": as drawn.
        include_bias: Whether parameters with at most one axis move too: biases, and those of BatchNorm.

    Returns:
        The plane, with window [-1, 1] x [-1, 1]. Weights that are all 0 have no length to give to a
        normalized direction and do not move: a UserWarning, and the plane's ``method``, say which.

    Raises:
        ValueError: If the model has no trainable parameters, none of them would move, or another argument is
            not allowed.

    References:
        H. Li et al., Visualizing the Loss Landscape of Neural Nets (2018).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> plane = lv.random_plane(torch.nn.Linear(2, 1), seed=0)
        >>> plane.method
        'random, filter-normalized, seed 0'
    """
    free = trainable_parameters(model)
    seed = count_in("seed", seed, 0, 2**63 - 1)
    if normalize not in ("filter", "layer", "none"):
        raise ValueError(f"normalize must be 'filter', 'layer' or 'none'; got {normalize!r}")
    generator = torch.Generator().manual_seed(seed)
    transposed = _transposed_filters(model)
    u, v = (
        [
            _random_direction(p, generator, normalize, include_bias, name in transposed)
            for name, p in free.items()
        ]
        for _ in range(2)
    )
    scaling = "not normalized" if normalize == "none" else f"{normalize}-normalized"
    bias = ", biases moved" if include_bias else ""
    method = f"random, {scaling}, seed {seed}{bias}"
    state = state_of(model, free)
    plane = Plane(*flat_layout(free), flatten(u), flatten(v), method, RANDOM_AXES, state=state)
    reasons = _why_still(free, plane.still, include_bias)
    if len(plane.still) == len(free):
        raise ValueError(f"this random plane moves no parameter: {' and '.join(reasons)}")
    matrices = [name for name in plane.still if free[name].ndim > 1]
    if matrices:
        warnings.warn(f"random_plane moves only some of the weights: {reasons[0]}", UserWarning, stacklevel=2)
        plane = replace(plane, method=f"{method}; {_listed(matrices)} all 0 and not moved")
    return plane


def _why_still(free: Mapping[str, Tensor], still: tuple[str, ...], include_bias: bool) -> list[str]:
    """Why parameters do not move along a random plane, and what would move them."""
    zero = [name for name in still if free[name].ndim > 1 or include_bias]
    vectors = [name for name in still if name not in zero]
    reasons = []
    if zero:
        reasons.append(
            f"{_listed(zero)} all 0, and a normalized direction is as long as the weights are "
            "(normalize='none' moves them, or direction_plane with directions of your own)"
        )
    if vectors:
        has = "has" if len(vectors) == 1 else "have"
        reasons.append(
            f"{few_names(vectors)} {has} at most one axis, as biases (include_bias=True moves them)"
        )
    return reasons


def _listed(names: Sequence[str]) -> str:
    return f"{few_names(names)} {'is' if len(names) == 1 else 'are'}"


def few_names(names: Sequence[str]) -> str:
    """At most three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def flat_layout(
    parameters: Mapping[str, Tensor],
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...], AnyFloats]:
    """Names, shapes and flat values (n,) of parameters: the first three fields of a plane."""
    return tuple(parameters), tuple(tuple(p.shape) for p in parameters.values()), flatten(parameters.values())


def state_of(model: nn.Module, moved: Mapping[str, Tensor]) -> PlaneState:
    """The buffers and frozen parameters of a plane through one model: the same at every point."""
    return PlaneState(copied(unmoved_state(model, moved)))


def _transposed_filters(model: nn.Module) -> set[str]:
    """Names of the weights whose filters lie on their second axis."""
    kinds = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    return {
        f"{name}.weight".lstrip(".") for name, module in model.named_modules() if isinstance(module, kinds)
    }


def _random_direction(
    parameter: Tensor, generator: torch.Generator, normalize: str, include_bias: bool, transposed: bool
) -> Tensor:
    """A direction for one parameter, on the CPU.

    It is drawn even if the parameter does not move, so that a seed gives the same directions either way.
    """
    weight = widened(parameter.detach().cpu())
    drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32).to(weight.dtype)
    if weight.ndim < 2:
        if not include_bias:
            return torch.zeros_like(weight)
        normalize = "layer" if normalize == "filter" else normalize
    if normalize == "none":
        return drawn
    if normalize == "layer":
        axes: tuple[int, ...] = tuple(range(weight.ndim))
    else:
        axes = tuple(axis for axis in range(weight.ndim) if axis != int(transposed))
    if not axes:  # the parameter is a single number
        return drawn.sign() * weight.abs()
    drawn_norm = drawn.square().sum(axes, keepdim=True).sqrt_()
    weight_norm = weight.square().sum(axes, keepdim=True).sqrt_()
    return drawn.mul_(weight_norm.div_(drawn_norm.clamp_min_(torch.finfo(weight.dtype).tiny)))


def hessian_plane(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    max_batches: int | None = None,
    *,
    batch_weight: BatchWeight = None,
) -> Plane:
    """The plane of the Hessian's two eigenvectors whose eigenvalues are largest in magnitude.

    The directions have length 1, so that along each the loss is ``loss(0) + slope a + eigenvalue a^2 / 2`` to
    second order.

    Args:
        model: The model, evaluated in eval mode; it is not changed.
        loss_fn: loss_fn(outputs, targets) -> scalar.
        data: (inputs, targets), or an iterable of such batches; the loss is that of all of them.
        max_batches: Use only so many batches.
        batch_weight: As in `surface`.

    Returns:
        The plane; its axes name the two eigenvalues, and ``method`` says how they were computed if not by
        automatic differentiation.

    Raises:
        ValueError: If the model has fewer than two weights, or the model, loss or data cannot be used.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> x = torch.eye(2) * torch.tensor([3.0, 1.0])
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> loss_fn = torch.nn.MSELoss(reduction="sum")
        >>> lv.hessian_plane(model, loss_fn, (x, torch.zeros(2, 1))).axes
        ('eigenvector of 18', 'eigenvector of 2')
    """
    free = trainable_parameters(model)
    if sum(p.numel() for p in free.values()) < 2:
        raise ValueError("a Hessian plane needs a model with at least 2 weights; got 1")
    hessian = hessian_operator(model, loss_fn, data, max_batches, batch_weight)
    found = eigenpairs_of(hessian, 2, "magnitude")
    axes = (f"eigenvector of {found.values[0]:.4g}", f"eigenvector of {found.values[1]:.4g}")
    how = "" if hessian.method == AUTOMATIC else f", by {hessian.method}"
    names, shapes, origin = flat_layout(free)
    u, v = found.vectors.astype(origin.dtype)
    method = f"two leading Hessian eigenvectors{how}"
    return Plane(names, shapes, origin, u, v, method, axes, state=state_of(model, free))
