"""One weight in a bowl of curvature h: which steps arrive, which fly apart, exactly.

On L = h w^2 / 2 an optimizer with momentum is a linear map of two numbers. Only the product
a = learning rate x h matters, so that the whole answer is a map of (a, momentum).

Heavy ball, as torch.optim.SGD writes it: v <- beta v + g, w <- w - lr v (B. Polyak, 1964). Nesterov with
the gradient taken before the look ahead: v <- beta v + g, w <- w - lr (g + beta v) (I. Sutskever et al.,
2013). Both have w_{t+1} = trace w_t - determinant w_{t-1}; the spectral radius is the larger root's size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

RULES = ("Heavy ball", "Nesterov")
MOST_PRODUCT, MOST_MOMENTUM = 4.4, 0.99  # how far a map goes


@dataclass(frozen=True)
class Quadratic:
    """The map of (learning rate x curvature, momentum), and walks at one momentum for many products."""

    rule: str
    momentum: float
    edge: float  # the product above which steps grow at this momentum
    product: Floats  # (k,) learning rate x curvature of each walk
    walk: Floats  # (k, steps + 1) distance from the bottom, with its sign; each starts at 1, at rest
    radius: Floats  # (k,) share of the distance that is left after each step, in the long run
    map_product: Floats  # (p,)
    map_momentum: Floats  # (q,)
    map_radius: Floats  # (q, p)
    fastest: Floats  # (p,) the momentum with the smallest radius, for each of map_product


def spectral_radius(product: ArrayLike, momentum: ArrayLike = 0.0, rule: str = "Heavy ball") -> Floats:
    """What is left of the distance after a step, in the long run: below 1 it arrives, above it flies apart.

    ``product`` (learning rate x curvature) and ``momentum`` broadcast. Raises ValueError for another rule.
    """
    a, beta = np.asarray(product, dtype=np.float64), np.asarray(momentum, dtype=np.float64)
    trace, determinant = _recurrence(a, beta, rule)
    inside = trace**2 - 4 * determinant
    real = (np.abs(trace) + np.sqrt(np.maximum(inside, 0.0))) / 2
    return np.where(inside < 0, np.sqrt(np.maximum(determinant, 0.0)), real)


def quadratic_edge(momentum: ArrayLike = 0.0, rule: str = "Heavy ball") -> Floats:
    """The product of learning rate and curvature at which the radius is 1: 2 + 2 beta, or Nesterov's."""
    beta = np.asarray(momentum, dtype=np.float64)
    return (2 + 2 * beta) / (1 if _known(rule) == "Heavy ball" else 1 + 2 * beta)


def fastest_momentum(product: ArrayLike, rule: str = "Heavy ball") -> Floats:
    """The momentum in [0, 1] that brings the spectral radius down most, for products in (0, 4]; else NaN.

    It is where the two roots meet: (1 - sqrt a)^2 for the heavy ball; (1 - sqrt a) / (1 + sqrt a) for
    Nesterov, and 0 beyond a = 1, where looking ahead only harms.
    """
    a = np.asarray(product, dtype=np.float64)
    root = np.sqrt(np.maximum(a, 0.0))
    if _known(rule) == "Heavy ball":
        return np.where((a >= 0) & (a <= 4), (1 - root) ** 2, np.nan)
    return np.where((a >= 0) & (a <= 2), np.maximum(1 - root, 0.0) / (1 + root), np.nan)


def quadratic_descent(
    product: ArrayLike, momentum: float = 0.0, steps: int = 30, rule: str = "Heavy ball"
) -> Floats:
    """Distances from the bottom (..., steps + 1) for products (...,), from 1 and at rest."""
    a = np.asarray(product, dtype=np.float64)
    trace, determinant = _recurrence(a, np.asarray(momentum, dtype=np.float64), rule)
    walk = np.empty((*a.shape, steps + 1))
    walk[..., 0] = 1.0
    if steps:  # the first step has no velocity yet: only its own gradient
        walk[..., 1] = 1 - a * (1 if rule == "Heavy ball" else 1 + momentum)
    for step in range(2, steps + 1):
        walk[..., step] = trace * walk[..., step - 1] - determinant * walk[..., step - 2]
    return walk


def quadratic(
    momentum: float = 0.0,
    rule: str = "Heavy ball",
    *,
    steps: int = 30,
    every: float = 0.02,
    points: int = 91,
) -> Quadratic:
    """The whole answer at one momentum: the map, and a walk for every ``every``-th product up to 4.4.

    Raises ValueError for a momentum outside [0, 0.99], an unknown rule, steps outside [1, 10000],
    ``every`` outside [0.005, 1] or points outside [11, 1001].
    """
    momentum = number_in("momentum", momentum, 0.0, MOST_MOMENTUM)
    steps, points = count_in("steps", steps, 1, 10_000), count_in("points", points, 11, 1001)
    every = number_in("every", every, 0.005, 1.0)
    product = np.round(every * np.arange(1, round(MOST_PRODUCT / every) + 1), 6)
    across = np.linspace(0.0, MOST_PRODUCT, 2 * points - 1)
    up = np.linspace(0.0, 1.0, points)
    return Quadratic(
        rule=_known(rule),
        momentum=momentum,
        edge=float(quadratic_edge(momentum, rule)),
        product=product,
        walk=quadratic_descent(product, momentum, steps, rule),
        radius=spectral_radius(product, momentum, rule),
        map_product=across,
        map_momentum=up,
        map_radius=spectral_radius(across[None, :], up[:, None], rule),
        fastest=fastest_momentum(across, rule),
    )


def _known(rule: str) -> str:
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}; got {rule!r}")
    return rule


def _recurrence(a: Floats, beta: Floats, rule: str) -> tuple[Floats, Floats]:
    """Trace and determinant of the map from (w_t, w_{t-1}) to (w_{t+1}, w_t)."""
    if _known(rule) == "Heavy ball":
        return 1 + beta - a, beta + np.zeros_like(a)
    return (1 + beta) * (1 - a), beta * (1 - a)
