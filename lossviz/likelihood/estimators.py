"""Maximum likelihood and least squares for one logistic model: asymptotic theory, and fits to fresh data.

The model is P(y = 1 | x) = sigmoid(a + b x) with x standard normal. Both estimators are consistent; the
standard deviation of both falls as 1 / sqrt(n). How much larger that of least squares is follows from the
sandwich formula (P. Huber, *The behavior of maximum likelihood estimates under nonstandard conditions*, 1967;
A. van der Vaart, *Asymptotic Statistics*, 1998, chapter 5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

METHODS = ("maximum likelihood", "least squares")
PARAMETERS = ("intercept", "slope")
SIZES = (100, 200, 400, 800, 1600, 3200)
MAX_EXAMPLES = 50_000_000  # in all fits together
BLOCK = 200_000  # examples in memory at once
DIVERGED = 100.0  # a weight beyond this is taken to grow without bound


@dataclass(frozen=True)
class Consistency:
    """Fits of a logistic model to fresh data, for growing numbers of examples.

    The methods are (maximum likelihood, least squares), the parameters (intercept, slope).

    Attributes:
        theta: True parameters, (2,).
        sizes: Numbers of examples.
        seed: Seed of the data.
        estimates: Fitted parameters, (methods, sizes, repeats, parameters); NaN for a fit that diverged.
        diverged: Number of fits without a finite minimum, (methods, sizes); mean and std leave them out.
        mean: Mean over the repeats, (methods, sizes, parameters).
        std: Standard deviation over the repeats, (methods, sizes, parameters).
        asymptotic_std: Standard deviation by the sandwich formula, (methods, sizes, parameters).
        efficiency: Asymptotic relative efficiency of least squares, (parameters,): the variance of maximum
            likelihood divided by its own.
        simulated_efficiency: The same ratio from the fits, (sizes, parameters).
    """

    theta: Floats
    sizes: tuple[int, ...]
    seed: int
    estimates: Floats
    diverged: NDArray[np.int64]
    mean: Floats
    std: Floats
    asymptotic_std: Floats
    efficiency: Floats
    simulated_efficiency: Floats

    @property
    def methods(self) -> tuple[str, str]:
        """Names of the methods, in the order of the first axis."""
        return METHODS

    @property
    def sample_size_ratio(self) -> Floats:
        """How many times the examples least squares needs for the same variance, (parameters,)."""
        return 1 / self.efficiency


def consistency(
    theta: Sequence[float] = (0.5, 1.5),
    sizes: Sequence[int] = SIZES,
    repeats: int = 200,
    seed: int = 0,
    progress: Progress = False,
) -> Consistency:
    """Fit a logistic model many times at each sample size, by maximum likelihood and by least squares.

    Both methods are fitted to the same data, start at the true parameters and go to the nearest minimum.

    Args:
        theta: True parameters (intercept, slope), each in [-10, 10].
        sizes: Numbers of examples, each from 10 to 1 000 000.
        repeats: Number of fits at each size, at least 2.
        seed: Seed of the data.
        progress: True for a bar, or a function of (done, total) examples fitted.

    Returns:
        The estimates, their mean and standard deviation, and what the sandwich formula gives for it.

    Raises:
        ValueError: If an argument is out of range, or all fits together would take over 50 million examples.

    Example:
        >>> import lossviz as lv
        >>> result = lv.likelihood.consistency(theta=(0.5, 1.5), sizes=(100, 400), repeats=10)
        >>> result.asymptotic_std[0].round(3)  # maximum likelihood: four times the data, half the spread
        array([[0.247, 0.331],
               [0.123, 0.166]])
        >>> result.sample_size_ratio.round(2)
        array([1.09, 1.21])
    """
    if len(theta) != 2:
        raise ValueError(f"theta must be (intercept, slope); got {len(theta)} numbers")
    truth = np.array([number_in("theta", weight, -10.0, 10.0) for weight in theta])
    sizes = tuple(count_in("sizes", n, 10, 1_000_000) for n in sizes)
    if not sizes:
        raise ValueError("sizes must name at least one number of examples")
    repeats = count_in("repeats", repeats, 2)
    seed = count_in("seed", seed, 0)
    if sum(sizes) * repeats > MAX_EXAMPLES:
        raise ValueError(
            f"repeats x sizes must be at most {MAX_EXAMPLES:,} examples; got {sum(sizes) * repeats:,}"
        )
    estimates = np.empty((2, len(sizes), repeats, 2))
    with ProgressBar(progress, 2 * sum(sizes) * repeats, "Fitting") as bar:
        for i, n in enumerate(sizes):
            rng = np.random.default_rng([seed, n])
            block = max(1, BLOCK // n)
            for first in range(0, repeats, block):
                x = rng.standard_normal((min(block, repeats - first), n))
                y = (rng.random(x.shape) < _sigmoid(truth[0] + truth[1] * x)).astype(np.float64)
                for method in range(2):
                    estimates[method, i, first : first + len(x)] = _fit(
                        x, y, truth, least_squares=method == 1
                    )
                    bar.update(x.size)
    diverged = np.isnan(estimates[..., 0])
    finite = np.ma.masked_invalid(estimates)
    std = np.ma.filled(finite.std(axis=2, ddof=1), math.nan)
    variance = sandwich(truth)  # for a single example
    asymptotic_std = np.stack([np.sqrt(variance / n) for n in sizes], axis=1)
    return Consistency(
        theta=truth,
        sizes=sizes,
        seed=seed,
        estimates=estimates,
        diverged=diverged.sum(axis=2),
        mean=np.ma.filled(finite.mean(axis=2), math.nan),
        std=std,
        asymptotic_std=asymptotic_std,
        efficiency=variance[0] / variance[1],
        simulated_efficiency=std[0] ** 2 / std[1] ** 2,
    )


def sandwich(theta: Floats) -> Floats:
    """n times the asymptotic variance of each parameter, by method: (methods, parameters).

    An estimator that solves sum psi = 0 has variance A^-1 B A^-1 / n, with A = E[psi'] and B = E[psi psi'].
    With w = p (1 - p) and X = (1, x): maximum likelihood has A = B = E[w X X'], least squares has
    A = E[w^2 X X'] and B = E[w^3 X X'].
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    p = _sigmoid(theta[0] + theta[1] * nodes)
    w = p * (1 - p)

    def moment(power: int) -> Floats:
        design = np.stack([np.ones_like(nodes), nodes])
        return np.asarray((weights * w**power * design) @ design.T)

    bread = np.linalg.inv(moment(2))
    return np.stack([np.diag(np.linalg.inv(moment(1))), np.diag(bread @ moment(3) @ bread)])


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -700, 700))))


def _fit(x: Floats, y: Floats, start: Floats, least_squares: bool) -> Floats:
    """The minimum nearest to start for each row of x, y (repeats, n): (repeats, 2), NaN where it diverges.

    Damped Gauss-Newton steps (Levenberg-Marquardt), for all rows at once that have not converged.
    """
    minima = np.full((len(x), 2), math.nan)
    rows = np.arange(len(x))
    theta = np.tile(start, (len(x), 1))
    damping = np.full(len(x), 1e-6)
    loss, gradient, matrix = _loss_and_derivatives(x, y, theta, least_squares)
    for _ in range(200):
        damped = matrix + damping[:, None, None] * matrix * np.eye(2)
        step = np.linalg.solve(damped, gradient[..., None])[..., 0]
        trial = theta - step
        trial_loss, trial_gradient, trial_matrix = _loss_and_derivatives(x, y, trial, least_squares)
        better = trial_loss <= loss
        theta = np.where(better[:, None], trial, theta)
        loss = np.where(better, trial_loss, loss)
        gradient = np.where(better[:, None], trial_gradient, gradient)
        matrix = np.where(better[:, None, None], trial_matrix, matrix)
        damping = np.clip(damping * np.where(better, 0.1, 10.0), 1e-12, 1e12)
        converged = np.abs(step).max(axis=1) < 1e-9
        diverged = ~(np.abs(theta).max(axis=1) < DIVERGED)
        minima[rows[converged & ~diverged]] = theta[converged & ~diverged]
        active = ~(converged | diverged)
        if not active.any():
            break
        if not active.all():
            rows, x, y, theta, damping = rows[active], x[active], y[active], theta[active], damping[active]
            loss, gradient, matrix = loss[active], gradient[active], matrix[active]
    return minima


def _loss_and_derivatives(
    x: Floats, y: Floats, theta: Floats, least_squares: bool
) -> tuple[Floats, Floats, Floats]:
    """Loss (r,), gradient (r, 2) and Gauss-Newton matrix (r, 2, 2) of each row: means over its examples."""
    z = theta[:, :1] + theta[:, 1:] * x
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1.0, small) / (1 + small)
    w = small / (1 + small) ** 2
    if least_squares:
        loss = ((p - y) ** 2).mean(axis=1)
        slope, curvature = 2 * (p - y) * w, 2 * w * w  # with respect to z
    else:
        loss = (np.maximum(z, 0) + np.log1p(small) - y * z).mean(axis=1)
        slope, curvature = p - y, w
    weighted = curvature * x
    gradient = np.stack([slope.mean(axis=1), (slope * x).mean(axis=1)], axis=1)
    aa, ab, bb = curvature.mean(axis=1), weighted.mean(axis=1), (weighted * x).mean(axis=1)
    matrix = np.stack([np.stack([aa, ab], axis=1), np.stack([ab, bb], axis=1)], axis=1)
    return loss, gradient, matrix + 1e-300 * np.eye(2)  # never exactly singular
