"""Maximum likelihood beside least squares for one logistic model: theory, and many fits to fresh data.

The model is P(y = 1 | x) = sigmoid(a + b x) with x standard normal. Both estimators are consistent; the
spread of both falls as 1 / sqrt(n). How much wider least squares spreads follows from the sandwich formula
(P. Huber, The behavior of maximum likelihood estimates under nonstandard conditions, 1967; A. van der
Vaart, Asymptotic Statistics, 1998, chapter 5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.checks import count_in, number_in
from lossviz.meter import Say, silent

Floats = NDArray[np.float64]
METHODS = ("maximum likelihood", "least squares")
SIZES = (100, 200, 400, 800, 1600, 3200)
MOST_WORK = 50_000_000  # examples that all fits together may see
BLOCK = 200_000  # examples that are in memory at once
RUNAWAY = 100.0  # a weight beyond this is on its way to infinity


@dataclass(frozen=True)
class Consistency:
    """Fits of a logistic model to fresh data, for growing numbers of examples.

    Axis 0 is the method (maximum likelihood, least squares); the last axis is (intercept, slope).
    """

    theta: Floats  # (2,) the truth
    sizes: tuple[int, ...]
    seed: int
    estimates: Floats  # (2, sizes, repeats, 2); NaN for a fit that ran away
    runaways: NDArray[np.int64]  # (2, sizes) fits without a finite best weight; the rest leaves them out
    mean: Floats  # (2, sizes, 2)
    sd: Floats  # (2, sizes, 2) over the repeats
    theory: Floats  # (2, sizes, 2) the standard deviation that the sandwich formula gives
    efficiency: Floats  # (2,) of least squares: variance of maximum likelihood / its own, from theory
    simulated: Floats  # (sizes, 2) the same ratio, from the fits

    @property
    def methods(self) -> tuple[str, str]:
        return METHODS

    @property
    def times_the_data(self) -> Floats:
        """(2,) how many times the examples least squares needs for the same spread: 1 / efficiency."""
        return 1 / self.efficiency


def consistency(
    theta: Sequence[float] = (0.5, 1.5),
    sizes: Sequence[int] = SIZES,
    repeats: int = 200,
    seed: int = 0,
    progress: Say = silent,
) -> Consistency:
    """Fit a logistic model `repeats` times at each size, by both methods, to the same fresh data.

    ``theta`` is (intercept, slope). Both methods start at the truth and go to the nearest minimum.
    ``progress`` is told how far it has come, 0 to 1.

    Raises ValueError unless theta is two numbers in [-10, 10], sizes are from 10 to a million, repeats at
    least 2, and all fits together see at most 50 million examples.
    """
    if len(theta) != 2:
        raise ValueError(f"theta must be (intercept, slope); got {len(theta)} numbers")
    truth = np.array([number_in("theta", weight, -10.0, 10.0) for weight in theta])
    sizes = tuple(count_in("sizes", n, 10, 1_000_000) for n in sizes)
    if not sizes:
        raise ValueError("sizes must name at least one number of examples")
    repeats = count_in("repeats", repeats, 2)
    seed = count_in("seed", seed, 0)
    if sum(sizes) * repeats > MOST_WORK:
        raise ValueError(
            f"repeats x sizes must be at most {MOST_WORK:,} examples; got {sum(sizes) * repeats:,}"
        )
    estimates = np.empty((2, len(sizes), repeats, 2))
    whole, done = 2 * sum(sizes) * repeats, 0
    for i, n in enumerate(sizes):
        draw = np.random.default_rng([seed, n])
        block = max(1, BLOCK // n)
        for first in range(0, repeats, block):
            x = draw.standard_normal((min(block, repeats - first), n))
            y = (draw.random(x.shape) < _sigmoid(truth[0] + truth[1] * x)).astype(np.float64)
            for method in range(2):
                estimates[method, i, first : first + len(x)] = _fits(x, y, truth, squares=method == 1)
                done += x.size
                progress(done / whole)
    gone = np.isnan(estimates[..., 0])
    kept = np.ma.masked_invalid(estimates)
    sd = np.ma.filled(kept.std(axis=2, ddof=1), math.nan)
    one = sandwich(truth)  # of a single example
    theory = np.stack([np.sqrt(one / n) for n in sizes], axis=1)
    return Consistency(
        theta=truth,
        sizes=sizes,
        seed=seed,
        estimates=estimates,
        runaways=gone.sum(axis=2),
        mean=np.ma.filled(kept.mean(axis=2), math.nan),
        sd=sd,
        theory=theory,
        efficiency=one[0] / one[1],
        simulated=sd[0] ** 2 / sd[1] ** 2,
    )


def sandwich(theta: Floats) -> Floats:
    """n times the variance of (intercept, slope) for large n, by method: (2, 2).

    An estimator that solves sum psi = 0 has variance A^-1 B A^-1 / n, with A = E[psi'] and B = E[psi psi'].
    With w = p (1 - p) and X = (1, x): maximum likelihood has A = B = E[w X X'], least squares has
    A = E[w^2 X X'] and B = E[w^3 X X'].
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    spread = _sigmoid(theta[0] + theta[1] * nodes)
    spread = spread * (1 - spread)

    def moment(power: int) -> Floats:
        design = np.stack([np.ones_like(nodes), nodes])
        return np.asarray((weights * spread**power * design) @ design.T)

    bread = np.linalg.inv(moment(2))
    return np.stack([np.diag(np.linalg.inv(moment(1))), np.diag(bread @ moment(3) @ bread)])


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -700, 700))))


def _fits(x: Floats, y: Floats, start: Floats, squares: bool) -> Floats:
    """The minimum nearest to start for each row of x, y (repeats, n): (repeats, 2), NaN for a runaway.

    Damped Gauss-Newton (Levenberg and Marquardt), all rows at once; a row that has arrived leaves.
    """
    found = np.full((len(x), 2), math.nan)
    rows = np.arange(len(x))
    at = np.tile(start, (len(x), 1))
    damping = np.full(len(x), 1e-6)
    cost, slope, bend = _local(x, y, at, squares)
    for _ in range(200):
        damped = bend + damping[:, None, None] * bend * np.eye(2)
        step = np.linalg.solve(damped, slope[..., None])[..., 0]
        trial = at - step
        there = _local(x, y, trial, squares)
        better = there[0] <= cost
        at = np.where(better[:, None], trial, at)
        cost = np.where(better, there[0], cost)
        slope = np.where(better[:, None], there[1], slope)
        bend = np.where(better[:, None, None], there[2], bend)
        damping = np.clip(damping * np.where(better, 0.1, 10.0), 1e-12, 1e12)
        arrived = np.abs(step).max(axis=1) < 1e-9
        lost = ~(np.abs(at).max(axis=1) < RUNAWAY)
        found[rows[arrived & ~lost]] = at[arrived & ~lost]
        on = ~(arrived | lost)
        if not on.any():
            break
        if not on.all():
            rows, x, y, at, damping = rows[on], x[on], y[on], at[on], damping[on]
            cost, slope, bend = cost[on], slope[on], bend[on]
    return found


def _local(x: Floats, y: Floats, theta: Floats, squares: bool) -> tuple[Floats, Floats, Floats]:
    """Cost (r,), slope (r, 2) and Gauss-Newton matrix (r, 2, 2) of each row, as means over its examples."""
    z = theta[:, :1] + theta[:, 1:] * x
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1.0, small) / (1 + small)
    w = small / (1 + small) ** 2
    if squares:
        cost = ((p - y) ** 2).mean(axis=1)
        pull, weight = 2 * (p - y) * w, 2 * w * w
    else:
        cost = (np.maximum(z, 0) + np.log1p(small) - y * z).mean(axis=1)
        pull, weight = p - y, w
    weighted = weight * x
    slope = np.stack([pull.mean(axis=1), (pull * x).mean(axis=1)], axis=1)
    one, two, three = weight.mean(axis=1), weighted.mean(axis=1), (weighted * x).mean(axis=1)
    bend = np.stack([np.stack([one, two], axis=1), np.stack([two, three], axis=1)], axis=1)
    return cost, slope, bend + 1e-300 * np.eye(2)
