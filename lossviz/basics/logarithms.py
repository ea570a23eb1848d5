"""Why losses are logarithms: products of probabilities, bits and nats of a guess, and densities above 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.likelihood.information import entropy
from lossviz.likelihood.table import NOISE_DISTRIBUTIONS


@dataclass(frozen=True)
class LikelihoodProduct:
    """The probability of n examples together, each of which a model gives the probability p.

    Attributes:
        p: Probability of each example.
        n: Numbers of examples, 0, 1, 2 ..., (m,).
        product: p^n in double precision, (m,).
        nll: Its negative logarithm, -n ln p, in nats, (m,).
        float32_zero: The first n at which the product, rounded to single precision, is 0; None if there is
            none.
    """

    p: float
    n: Floats
    product: Floats
    nll: Floats
    float32_zero: int | None


def likelihood_product(p: float = 0.9, most: int = 1200) -> LikelihoodProduct:
    """Multiply the probabilities of up to so many examples, and add up their logarithms.

    Args:
        p: Probability that a model gives to each example, inside (0, 1).
        most: The largest number of examples, from 1 to 100 000.

    Returns:
        Product and sum for every number of examples.

    Raises:
        ValueError: If ``p`` or ``most`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> result = lv.basics.likelihood_product(0.5, most=200)
        >>> float(result.product[10]), round(float(result.nll[10]), 3), result.float32_zero
        (0.0009765625, 6.931, 150)
    """
    p = number_in("p", p, 0.0, 1.0, open_low=True)
    if p == 1:
        raise ValueError("p must be below 1; got 1")
    n = np.arange(count_in("most", most, 1, 100_000) + 1, dtype=np.float64)
    nll = -n * np.log(p) + 0.0  # no negative zero
    product = p**n
    with np.errstate(under="ignore"):
        zero = np.flatnonzero(product.astype(np.float32) == 0)
    return LikelihoodProduct(p, n, product, nll, int(zero[0]) if len(zero) else None)


@dataclass(frozen=True)
class GuessLosses:
    """The cross-entropy of a guess among equally likely answers, in both units.

    Attributes:
        classes: Numbers of answers, (m,).
        p: Probability of the right one, (m,).
        nats: -ln p, (m,).
        bits: -log2 p, (m,).
    """

    classes: Floats
    p: Floats
    nats: Floats
    bits: Floats


def guess_losses(classes: ArrayLike) -> GuessLosses:
    """Compute the cross-entropy of guessing among equally likely answers, in nats and in bits.

    Args:
        classes: Numbers of answers, integers from 1 to 100 000, (m,).

    Returns:
        The loss in both units.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> import lossviz as lv
        >>> guess = lv.basics.guess_losses([2, 8, 10])
        >>> guess.bits.round(3).tolist(), guess.nats.round(3).tolist()
        ([1.0, 3.0, 3.322], [0.693, 2.079, 2.303])
    """
    counts = [count_in("classes", k, 1, 100_000) for k in np.asarray(classes).ravel().tolist()]
    uniform = [np.full(k, 1 / k) for k in counts]
    return GuessLosses(
        classes=np.array(counts, dtype=np.float64),
        p=np.array([row[0] for row in uniform]),
        nats=np.array([float(entropy(row, unit="nats")) for row in uniform]),
        bits=np.array([float(entropy(row, unit="bits")) for row in uniform]),
    )


@dataclass(frozen=True)
class DensityCosts:
    """A Gaussian density around 0, and its negative logarithm, for several widths.

    Attributes:
        sigma: Standard deviations, (m,).
        y: Outcomes, (k,).
        density: Density of each outcome, (m, k).
        nll: Its negative logarithm, in nats, (m, k).
        lowest: The negative logarithm at the centre, the least possible, (m,).
    """

    sigma: Floats
    y: Floats
    density: Floats
    nll: Floats
    lowest: Floats


def density_costs(sigma: ArrayLike, points: int = 241, reach: float = 3.0) -> DensityCosts:
    """Compute Gaussian densities around 0 and their negative logarithms.

    Args:
        sigma: Standard deviations, above 0, (m,).
        points: Number of outcomes, odd so that 0 is one of them.
        reach: The outcomes go from -reach to reach.

    Returns:
        Densities and negative logarithms.

    Raises:
        ValueError: If a standard deviation is not above 0, or ``points`` is even or below 3.

    Example:
        >>> import lossviz as lv
        >>> costs = lv.basics.density_costs([0.1, 1.0])
        >>> costs.lowest.round(3).tolist()
        [-1.384, 0.919]
    """
    widths = np.array([number_in("sigma", s, 0.0, open_low=True) for s in np.asarray(sigma).ravel().tolist()])
    if count_in("points", points, 3, 100_001) % 2 == 0:
        raise ValueError(f"points must be odd; got {points}")
    y = np.linspace(-reach, reach, points)
    gaussian = NOISE_DISTRIBUTIONS["gaussian"].log_density
    log_density = np.stack([gaussian(y, np.zeros(1), float(s)) for s in widths])
    return DensityCosts(widths, y, np.exp(log_density), -log_density, -log_density[:, points // 2])
