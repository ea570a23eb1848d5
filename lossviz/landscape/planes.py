"""Planes through weight space: an origin and two directions, and how they were chosen.

Which plane is drawn decides what is seen. Every plane says how it was made, so that the picture can say
it too, and `paths.project` says how much of a training the plane misses.

No function here touches the model or the global random state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.validation import as_tensor, count_in
from lossviz.curvature.eigenvalues import leading_eigenpairs
from lossviz.engine.parameters import flatten, matching_parameters, trainable_parameters

Normalize = Literal["filter", "layer", "none"]
Window = tuple[tuple[float, float], tuple[float, float]]
Direction = Mapping[str, Any] | Sequence[Any] | np.ndarray | Tensor

UNIT: Window = ((-1.0, 1.0), (-1.0, 1.0))


@dataclass(frozen=True, eq=False)
class Plane:
    """Weights ``origin + a u + b v``, flat, in the order of ``names``.

    ``window`` is what is worth looking at, ((a low, a high), (b low, b high)); ``axes`` are the labels
    of a and b; ``method`` is one line for a caption.
    """

    names: tuple[str, ...]  # of the n weights' p parameters
    shapes: tuple[tuple[int, ...], ...]  # p of them
    origin: np.ndarray  # (n,)
    u: np.ndarray  # (n,)
    v: np.ndarray  # (n,)
    method: str
    axes: tuple[str, str] = ("first direction", "second direction")
    window: Window = UNIT
    explained: np.ndarray | None = None  # (2,) share of the checkpoints' variance, for a PCA plane

    @property
    def lengths(self) -> tuple[float, float]:
        """Euclidean lengths of u and v."""
        return float(np.linalg.norm(self.u)), float(np.linalg.norm(self.v))

    @property
    def cosine(self) -> float:
        """Of the angle between u and v; 0 for a direction of length 0."""
        product = self.lengths[0] * self.lengths[1]
        return float(self.u @ self.v / product) if product else 0.0


def random_plane(
    model: nn.Module, seed: int = 0, normalize: Normalize = "filter", include_bias: bool = False
) -> Plane:
    """Two Gaussian directions from the model's weights, scaled as H. Li et al. (2018) scale them.

    "filter": every filter (row of a Linear, output channel of a convolution) as long as the model's own;
    "layer": every parameter tensor as long as the model's own; "none": as drawn. Biases and the
    parameters of BatchNorm (all those with one axis or none) do not move unless ``include_bias``.
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
    return Plane(*layout(free), flatten(u), flatten(v), f"random, {scaling}, seed {seed}{bias}", _RANDOM_AXES)


_RANDOM_AXES = ("first random direction", "second random direction")


def layout(free: Mapping[str, Tensor]) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...], np.ndarray]:
    return tuple(free), tuple(tuple(p.shape) for p in free.values()), flatten(free.values())


def _transposed_filters(model: nn.Module) -> set[str]:
    """Names of the weights whose filters lie on their second axis."""
    kinds = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    return {
        f"{name}.weight".lstrip(".") for name, module in model.named_modules() if isinstance(module, kinds)
    }


def _random_direction(
    parameter: Tensor, generator: torch.Generator, normalize: str, include_bias: bool, transposed: bool
) -> Tensor:
    """A direction for one parameter, on the CPU; drawn even if not used, so that seeds stay comparable."""
    weight = parameter.detach().cpu()
    drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32).to(weight.dtype)
    if weight.ndim < 2:
        if not include_bias:
            return torch.zeros_like(weight)
        normalize = "layer" if normalize == "filter" else normalize
    if normalize == "none":
        return drawn
    if normalize == "layer":
        over: tuple[int, ...] = tuple(range(weight.ndim))
    else:
        over = tuple(axis for axis in range(weight.ndim) if axis != int(transposed))
    if not over:  # a single number
        return drawn.sign() * weight.abs()
    length = drawn.square().sum(over, keepdim=True).sqrt_()
    wanted = weight.square().sum(over, keepdim=True).sqrt_()
    return drawn.mul_(wanted.div_(length.clamp_min_(torch.finfo(weight.dtype).tiny)))


def hessian_plane(
    model: nn.Module, loss_fn: Callable[..., Any], data: Any, max_batches: int | None = None
) -> Plane:
    """The eigenvectors of the Hessian's two eigenvalues of largest magnitude, of length 1.

    Along them the loss is ``loss(0) + slope a + eigenvalue a^2 / 2`` to second order. Raises ValueError
    if the model has fewer than two weights.
    """
    free = trainable_parameters(model)
    if sum(p.numel() for p in free.values()) < 2:
        raise ValueError("a Hessian plane needs a model with at least 2 weights; got 1")
    values, vectors = leading_eigenpairs(model, loss_fn, data, k=2, max_batches=max_batches)
    axes = (f"eigenvector of {values[0]:.4g}", f"eigenvector of {values[1]:.4g}")
    return Plane(*layout(free), vectors[0], vectors[1], "two leading Hessian eigenvectors", axes)


def direction_plane(model: nn.Module, u: Direction, v: Direction, method: str = "given directions") -> Plane:
    """The plane of any two directions, each a dict by parameter name, a list of tensors, or flat (n,)."""
    free = trainable_parameters(model)
    names, shapes, origin = layout(free)
    return Plane(
        names, shapes, origin, as_direction(free, u, "first"), as_direction(free, v, "second"), method
    )


def line_plane(model: nn.Module, direction: "Direction | nn.Module | Plane | None") -> Plane:
    """A plane whose first direction is the line's and whose second is nothing.

    ``direction``: as in `direction_plane`; a plane, for its first; another model, at a = 1; or None for a
    filter-normalized random one, seed 0.
    """
    free = trainable_parameters(model)
    if direction is None:
        direction = random_plane(model)
    if isinstance(direction, Plane):
        return replace(
            direction, v=np.zeros_like(direction.v), method=f"{direction.axes[0]} ({direction.method})"
        )
    names, shapes, origin = layout(free)
    if isinstance(direction, nn.Module):
        other = matching_parameters(names, shapes, direction)
        u = flatten(other[name] for name in names) - origin
        if not (np.isfinite(u).all() and u.any()):
            raise ValueError(
                "the other model has the same weights (or not finite ones), so no line leads to it"
            )
        method = "toward another model"
    else:
        u, method = as_direction(free, direction), "given direction"
    return Plane(names, shapes, origin, u, np.zeros_like(u), method, (method, ""))


def as_direction(free: Mapping[str, Tensor], direction: Direction, which: str = "the") -> np.ndarray:
    """A direction in any of its three forms as a flat array (n,), in the order and dtype of ``free``.

    Raises ValueError if it lacks a parameter, has another shape, is not finite, or is zero everywhere.
    """
    names, shapes, origin = layout(free)
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
        array = flatten(parts)
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
