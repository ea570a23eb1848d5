"""Entropy, cross-entropy and Kullback-Leibler divergence of discrete distributions.

A term with p = 0 counts 0, the limit of x ln x. Where q is 0 and p is not, cross-entropy and divergence are
infinite.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.common.typing import Floats, Unit
from lossviz.common.validation import as_tensor, count_in

NATS = {"nats": 1.0, "bits": float(np.log(2))}  # nats in one unit
TOLERANCE = 1e-6  # by how much the sum of a distribution may differ from 1


@dataclass(frozen=True)
class EntropyBar:
    """Cross-entropy as the sum of entropy and divergence, while a model q moves in a straight line to p.

    At every step cross_entropy = entropy + kl.

    Attributes:
        p: The true distribution, (classes,).
        q: The model, (steps, classes); at the last step it equals p.
        unit: Unit of entropy, divergence and cross-entropy.
        entropy: H(p), which no model can reduce.
        kl: KL(p || q), (steps,); infinite where q is 0 and p is not.
        cross_entropy: H(p, q), (steps,).
    """

    p: Floats
    q: Floats
    unit: Unit
    entropy: float
    kl: Floats
    cross_entropy: Floats


def entropy(p: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """Compute the entropy H(p) = -sum p ln p over the last axis.

    Args:
        p: One distribution, (k,), or several, (..., k); each sums to 1 within 1e-6.
        unit: "nats" or "bits".

    Returns:
        A float for one distribution, an array (...,) for several.

    Raises:
        ValueError: If a row of ``p`` is not a distribution, or the unit is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.likelihood.entropy([0.5, 0.25, 0.125, 0.125], unit="bits")
        1.75
    """
    return _reduced(-_product(_distribution("p", p), None), unit)


def cross_entropy(p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """Compute the cross-entropy H(p, q) = -sum p ln q over the last axis.

    It is the expected length of a code for p that was made for q, and infinite where q is 0 and p is not.

    Args:
        p: The true distribution, (k,), or several, (..., k).
        q: The model, (k,) or (..., k); the shapes broadcast.
        unit: "nats" or "bits".

    Returns:
        A float for one pair, an array (...,) for several.

    Raises:
        ValueError: If a row is not a distribution, the shapes do not match, or the unit is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.likelihood.cross_entropy([1.0, 0.0], [0.25, 0.75], unit="bits")
        2.0
    """
    true, model = _pair(p, q)
    return _reduced(-_product(true, model), unit)


def kl_divergence(p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "nats") -> float | Floats:
    """Compute the Kullback-Leibler divergence KL(p || q) = sum p ln(p / q) over the last axis.

    It is at least 0, 0 only for q = p, and equals cross-entropy minus entropy. Source: S. Kullback and
    R. Leibler, *On Information and Sufficiency* (1951).

    Args:
        p: The true distribution, (k,), or several, (..., k).
        q: The model, (k,) or (..., k); the shapes broadcast.
        unit: "nats" or "bits".

    Returns:
        A float for one pair, an array (...,) for several.

    Raises:
        ValueError: If a row is not a distribution, the shapes do not match, or the unit is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.likelihood.kl_divergence([1.0, 0.0], [0.25, 0.75], unit="bits")
        2.0
    """
    true, model = _pair(p, q)
    return _reduced(_divergence(true, model), unit)


def entropy_bar(
    p: ArrayLike | Tensor, q: ArrayLike | Tensor, unit: Unit = "bits", steps: int = 51
) -> EntropyBar:
    """Split cross-entropy into entropy and divergence while the model moves from q in a straight line to p.

    Args:
        p: The true distribution, (classes,).
        q: The model at the start, (classes,).
        unit: "nats" or "bits".
        steps: Number of models on the line, both ends included, from 2 to 10 000.

    Returns:
        Entropy, and the divergence and cross-entropy of each model.

    Raises:
        ValueError: If ``p`` or ``q`` is not one distribution, they differ in length, the unit is unknown, or
            ``steps`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> bar = lv.likelihood.entropy_bar([0.5, 0.5], [0.9, 0.1], unit="bits", steps=3)
        >>> bar.entropy, bar.kl.round(3)
        (1.0, array([0.737, 0.126, 0.   ]))
    """
    true, model = _pair(p, q)
    if true.ndim != 1:
        raise ValueError(f"p must be one distribution; got shape {true.shape}")
    fraction = np.linspace(0, 1, count_in("steps", steps, 2, 10_000))[:, None]
    models = model + fraction * (true - model)
    models[-1] = true
    entropy_of_p = float(_reduced(-_product(true, None), unit))
    kl = np.asarray(_reduced(_divergence(true, models), unit))
    return EntropyBar(true, models, unit, entropy_of_p, kl, entropy_of_p + kl)


def _reduced(terms: Floats, unit: Unit) -> float | Floats:
    """The sum of the terms over the last axis, in the unit."""
    if unit not in NATS:
        raise ValueError(f"unit must be one of {', '.join(NATS)}; got {unit!r}")
    total = terms.sum(axis=-1) / NATS[unit] + 0.0  # no negative zero
    return float(total) if np.ndim(total) == 0 else total


def _product(weight: Floats, of: Floats | None) -> Floats:
    """weight * ln(of), where 0 * ln(anything) is 0."""
    with np.errstate(divide="ignore"):
        logarithm = np.log(weight if of is None else of)
    return np.multiply(weight, logarithm, out=np.zeros(np.shape(weight + logarithm)), where=weight > 0)


def _divergence(true: Floats, model: Floats) -> Floats:
    """Terms that add up to KL, each at least 0: p ln(p / q) - p + q, since p and q have the same sum."""
    positive = true > 0
    with np.errstate(divide="ignore"):
        ratio = np.log(np.where(positive, model, 1.0)) - np.log(np.where(positive, true, 1.0))
    terms = model - true - ratio * true
    return np.maximum(terms, 0.0)


def _pair(p: ArrayLike | Tensor, q: ArrayLike | Tensor) -> tuple[Floats, Floats]:
    """Both distributions, broadcast to one shape; ValueError if that is impossible."""
    true, model = _distribution("p", p), _distribution("q", q)
    if true.shape[-1] != model.shape[-1]:
        raise ValueError(f"p and q must have as many classes; got {true.shape[-1]} and {model.shape[-1]}")
    try:
        true, model = np.broadcast_arrays(true, model)
    except ValueError:
        raise ValueError(f"p and q must have shapes that match; got {true.shape} and {model.shape}") from None
    return true, model


def _distribution(name: str, values: ArrayLike | Tensor) -> Floats:
    """The rows, normalized; ValueError that names the entry or row that is not a distribution."""
    try:
        rows = as_tensor(values).cpu().numpy().astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers; got {values!r:.60}") from None
    if rows.ndim == 0 or rows.shape[-1] == 0:
        raise ValueError(f"{name} must have at least one class; got shape {rows.shape}")
    outside = np.argwhere(~((rows >= 0) & (rows <= 1 + TOLERANCE)))
    if len(outside):
        place = tuple(int(i) for i in outside[0])
        raise ValueError(f"{name}{list(place)} must lie in [0, 1]; got {rows[place]:g}")
    total = rows.sum(axis=-1, keepdims=True)
    off = np.argwhere(np.abs(total[..., 0] - 1) > TOLERANCE)
    if len(off):
        place = tuple(int(i) for i in off[0])
        row = f"{name}{list(place)}" if place else name
        raise ValueError(f"{row} must add up to 1; it adds up to {float(total[place][0]):g}")
    return np.asarray(rows / total)
