"""Entropy, cross-entropy and the divergence between them: what a distribution costs, and a wrong one more.

A term with probability 0 counts nothing: x ln x goes to 0. A model that gives 0 to what happens costs
infinity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.common.typing import Floats, Unit
from lossviz.common.validation import as_tensor, count_in

NATS = {"nats": 1.0, "bits": float(np.log(2))}  # how many nats one unit has
TOLERANCE = 1e-6  # how far from 1 a distribution may add up


@dataclass(frozen=True)
class EntropyBar:
    """Cross-entropy as one bar in two parts, while a model walks straight to the world.

    The parts are in `unit`; cross_entropy = entropy + kl at every step.
    """

    p: Floats  # (classes,) the world
    q: Floats  # (steps, classes) the model: at the start, ..., equal to p
    unit: Unit
    entropy: float  # of p: no model can take it away
    kl: Floats  # (steps,) from p to q; infinite where q rules out what happens
    cross_entropy: Floats  # (steps,)


def entropy(p: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """H(p) = -sum p ln p over the last axis: a float for p (k,), an array (...,) for p (..., k).

    Raises ValueError unless every row of p is a distribution (within 1e-6), or for an unknown unit.
    """
    return _reduced(-_product(_distribution("p", p), None), unit)


def cross_entropy(p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """H(p, q) = -sum p ln q: what p costs in a code made for q. Infinite where q is 0 and p is not.

    Shapes and errors as for `entropy`; p and q must have as many classes.
    """
    world, model = _pair(p, q)
    return _reduced(-_product(world, model), unit)


def kl_divergence(p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """KL(p || q) = sum p ln(p / q), at least 0, and 0 only for q = p: what a wrong model costs on top.

    Shapes and errors as for `cross_entropy`. S. Kullback and R. Leibler, On Information and Sufficiency
    (1951).
    """
    world, model = _pair(p, q)
    return _reduced(_divergence(world, model), unit)


def entropy_bar(
    p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "bits", steps: int = 51
) -> EntropyBar:
    """The bar while the model goes from q straight to p, in so many steps. ValueError as `kl_divergence`."""
    world, model = _pair(p, q)
    if world.ndim != 1:
        raise ValueError(f"p must be one distribution; got shape {world.shape}")
    share = np.linspace(0, 1, count_in("steps", steps, 2, 10_000))[:, None]
    way = model + share * (world - model)
    way[-1] = world
    floor = float(_reduced(-_product(world, None), unit))
    kl = np.asarray(_reduced(_divergence(world, way), unit))
    return EntropyBar(world, way, unit, floor, kl, floor + kl)


def _reduced(terms: Floats, unit: Unit) -> float | Floats:
    if unit not in NATS:
        raise ValueError(f"unit must be one of {', '.join(NATS)}; got {unit!r}")
    total = terms.sum(axis=-1) / NATS[unit] + 0.0  # no negative zero
    return float(total) if np.ndim(total) == 0 else total


def _product(weight: Floats, of: Floats | None) -> Floats:
    """weight * ln(of), where 0 * ln(anything) is 0."""
    with np.errstate(divide="ignore"):
        logarithm = np.log(weight if of is None else of)
    return np.multiply(weight, logarithm, out=np.zeros(np.shape(weight + logarithm)), where=weight > 0)


def _divergence(world: Floats, model: Floats) -> Floats:
    """Terms that add up to KL, each at least 0: p ln(p / q) - p + q, since p and q have the same sum."""
    counts = world > 0
    with np.errstate(divide="ignore"):
        ratio = np.log(np.where(counts, model, 1.0)) - np.log(np.where(counts, world, 1.0))
    terms = model - world - ratio * world
    return np.maximum(terms, 0.0)


def _pair(p: ArrayLike | Tensor, q: ArrayLike | Tensor) -> tuple[Floats, Floats]:
    world, model = _distribution("p", p), _distribution("q", q)
    if world.shape[-1] != model.shape[-1]:
        raise ValueError(f"p and q must have as many classes; got {world.shape[-1]} and {model.shape[-1]}")
    try:
        world, model = np.broadcast_arrays(world, model)
    except ValueError:
        raise ValueError(
            f"p and q must have shapes that match; got {world.shape} and {model.shape}"
        ) from None
    return world, model


def _distribution(name: str, values: ArrayLike | Tensor) -> Floats:
    """Rows that add up to 1, exactly; ValueError that says which entry or row is none."""
    try:
        rows = as_tensor(values).cpu().numpy().astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers; got {values!r:.60}") from None
    if rows.ndim == 0 or rows.shape[-1] == 0:
        raise ValueError(f"{name} must have at least one class; got shape {rows.shape}")
    wrong = np.argwhere(~((rows >= 0) & (rows <= 1 + TOLERANCE)))
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        raise ValueError(f"{name}{list(place)} must lie in [0, 1]; got {rows[place]:g}")
    total = rows.sum(axis=-1, keepdims=True)
    off = np.argwhere(np.abs(total[..., 0] - 1) > TOLERANCE)
    if len(off):
        place = tuple(int(i) for i in off[0])
        row = f"{name}{list(place)}" if place else name
        raise ValueError(f"{row} must add up to 1; it adds up to {float(total[place][0]):g}")
    return np.asarray(rows / total)
