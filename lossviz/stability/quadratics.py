"""Gradient descent with momentum on a quadratic: which settings converge and how fast, exactly.

On L = h w^2 / 2 an optimizer with momentum is a linear map of two numbers, and only the product
a = learning rate x h matters, so that the whole answer is a function of (a, momentum).

Both rules are those of torch.optim.SGD. Heavy ball: v <- beta v + g, w <- w - lr v. Nesterov:
v <- beta v + g, w <- w - lr (g + beta v). Both satisfy w_{t+1} = trace w_t - determinant w_{t-1}; the
spectral radius is the size of the larger root.

References:
    B. Polyak, Some methods of speeding up the convergence of iteration methods (1964); I. Sutskever et al.,
    On the importance of initialization and momentum in deep learning (2013); G. Goh, Why Momentum Really
    Works, Distill (2017).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

Rule = Literal["heavy-ball", "nesterov"]

RULES: tuple[Rule, ...] = ("heavy-ball", "nesterov")
MAX_PRODUCT, MAX_MOMENTUM = 4.4, 0.99


@dataclass(frozen=True)
class Quadratic:
    """The spectral radius over (learning rate x curvature, momentum), and descents at one momentum.

    Example:
        >>> import lossviz as lv
        >>> result = lv.stability.quadratic(momentum=0.5, points=11)
        >>> result.edge, result.map_radius.shape
        (3.0, (11, 21))
    """

    rule: Rule
    momentum: float
    edge: float  # the product above which steps grow at this momentum
    product: Floats  # (k,) learning rate x curvature of each descent
    distance: Floats  # (k, steps + 1) signed distance from the minimum; each starts at 1, at rest
    radius: Floats  # (k,) spectral radius: the factor of the distance for each step, asymptotically
    map_product: Floats  # (p,)
    map_momentum: Floats  # (q,)
    map_radius: Floats  # (q, p) spectral radius at (map_product[j], map_momentum[i])
    fastest: Floats  # (p,) the momentum with the smallest radius, for each of map_product


def spectral_radius(product: ArrayLike, momentum: ArrayLike = 0.0, rule: str = "heavy-ball") -> Floats:
    """The asymptotic factor of the distance for each step: descent converges if it is below 1.

    Args:
        product: Learning rate x curvature; broadcasts against ``momentum``.
        momentum: Momentum beta.
        rule: "heavy-ball" or "nesterov".

    Returns:
        The spectral radius of the step, in the broadcast shape.

    Raises:
        ValueError: If the rule is unknown.

    References:
        G. Goh, Why Momentum Really Works, Distill (2017).

    Example:
        >>> import lossviz as lv
        >>> lv.stability.spectral_radius([0.5, 1.0, 2.5])
        array([0.5, 0. , 1.5])
    """
    a, beta = np.asarray(product, dtype=np.float64), np.asarray(momentum, dtype=np.float64)
    trace, determinant = _recurrence(a, beta, rule)
    discriminant = trace**2 - 4 * determinant
    real = (np.abs(trace) + np.sqrt(np.maximum(discriminant, 0.0))) / 2
    return np.where(discriminant < 0, np.sqrt(np.maximum(determinant, 0.0)), real)


def quadratic_edge(momentum: ArrayLike = 0.0, rule: str = "heavy-ball") -> Floats:
    """The product of learning rate and curvature at which the spectral radius is 1.

    Args:
        momentum: Momentum beta, of any shape.
        rule: "heavy-ball" or "nesterov".

    Returns:
        2 + 2 beta for the heavy ball, (2 + 2 beta) / (1 + 2 beta) for Nesterov.

    Raises:
        ValueError: If the rule is unknown.

    Example:
        >>> import lossviz as lv
        >>> float(lv.stability.quadratic_edge(0.5)), float(lv.stability.quadratic_edge(0.5, "nesterov"))
        (3.0, 1.5)
    """
    beta = np.asarray(momentum, dtype=np.float64)
    return (2 + 2 * beta) / (1 if _checked(rule) == "heavy-ball" else 1 + 2 * beta)


def fastest_momentum(product: ArrayLike, rule: str = "heavy-ball") -> Floats:
    """The momentum in [0, 1] with the smallest spectral radius: that at which the two roots are equal.

    Args:
        product: Learning rate x curvature a, of any shape.
        rule: "heavy-ball" or "nesterov".

    Returns:
        (1 - sqrt a)^2 for the heavy ball and a in [0, 4]; (1 - sqrt a) / (1 + sqrt a) for Nesterov and a up
        to 1, then 0 up to 2. NaN where no momentum converges.

    Raises:
        ValueError: If the rule is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.stability.fastest_momentum([0.25, 1.0, 5.0])
        array([0.25, 0.  ,  nan])
    """
    a = np.asarray(product, dtype=np.float64)
    root = np.sqrt(np.maximum(a, 0.0))
    if _checked(rule) == "heavy-ball":
        return np.where((a >= 0) & (a <= 4), (1 - root) ** 2, np.nan)
    return np.where((a >= 0) & (a <= 2), np.maximum(1 - root, 0.0) / (1 + root), np.nan)


def quadratic_descent(
    product: ArrayLike, momentum: float = 0.0, steps: int = 30, rule: str = "heavy-ball"
) -> Floats:
    """Distances from the minimum at every step, from distance 1 and at rest.

    Args:
        product: Learning rate x curvature, of any shape.
        momentum: Momentum beta.
        steps: Number of steps.
        rule: "heavy-ball" or "nesterov".

    Returns:
        (..., steps + 1) signed distances.

    Raises:
        ValueError: If the rule is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.stability.quadratic_descent(1.5, steps=3)
        array([ 1.   , -0.5  ,  0.25 , -0.125])
    """
    a = np.asarray(product, dtype=np.float64)
    trace, determinant = _recurrence(a, np.asarray(momentum, dtype=np.float64), rule)
    distance = np.empty((*a.shape, steps + 1))
    distance[..., 0] = 1.0
    if steps:  # in the first step there is no velocity yet, only the step's own gradient
        distance[..., 1] = 1 - a * (1 if rule == "heavy-ball" else 1 + momentum)
    for step in range(2, steps + 1):
        distance[..., step] = trace * distance[..., step - 1] - determinant * distance[..., step - 2]
    return distance


def quadratic(
    momentum: float = 0.0,
    rule: str = "heavy-ball",
    *,
    steps: int = 30,
    spacing: float = 0.02,
    points: int = 91,
) -> Quadratic:
    """Compute the map of the spectral radius, and a descent at one momentum for many learning rates.

    Args:
        momentum: Momentum beta, in [0, 0.99].
        rule: "heavy-ball" or "nesterov".
        steps: Steps of each descent, from 1 to 10000.
        spacing: Difference between the products of two descents, in [0.005, 1]; the largest product is 4.4.
        points: Points of the map along the momentum, from 11 to 1001; along the product there are about twice
            as many.

    Returns:
        The map, the descents, the edge and the fastest momentum.

    Raises:
        ValueError: If an argument is out of range or the rule is unknown.

    Example:
        >>> import lossviz as lv
        >>> result = lv.stability.quadratic(momentum=0.3, spacing=0.1)
        >>> result.edge, result.distance.shape
        (2.6, (44, 31))
    """
    momentum = number_in("momentum", momentum, 0.0, MAX_MOMENTUM)
    steps, points = count_in("steps", steps, 1, 10_000), count_in("points", points, 11, 1001)
    spacing = number_in("spacing", spacing, 0.005, 1.0)
    product = np.round(spacing * np.arange(1, round(MAX_PRODUCT / spacing) + 1), 6)
    map_product = np.linspace(0.0, MAX_PRODUCT, 2 * points - 1)
    map_momentum = np.linspace(0.0, 1.0, points)
    return Quadratic(
        rule=_checked(rule),
        momentum=momentum,
        edge=float(quadratic_edge(momentum, rule)),
        product=product,
        distance=quadratic_descent(product, momentum, steps, rule),
        radius=spectral_radius(product, momentum, rule),
        map_product=map_product,
        map_momentum=map_momentum,
        map_radius=spectral_radius(map_product[None, :], map_momentum[:, None], rule),
        fastest=fastest_momentum(map_product, rule),
    )


def _checked(rule: str) -> Rule:
    """The rule; ValueError if it is unknown."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}; got {rule!r}")
    return rule


def _recurrence(a: Floats, beta: Floats, rule: str) -> tuple[Floats, Floats]:
    """Trace and determinant of the map from (w_t, w_{t-1}) to (w_{t+1}, w_t)."""
    if _checked(rule) == "heavy-ball":
        return 1 + beta - a, beta + np.zeros_like(a)
    return (1 + beta) * (1 - a), beta * (1 - a)
