"""The likelihood of a sample under a noise distribution, and its negative logarithm, which is a loss."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.likelihood.noise import NoiseDistribution, Support
from lossviz.likelihood.table import NOISE_DISTRIBUTIONS

_PARAMETERS: dict[Support, Floats] = {  # the defaults
    "real": np.arange(-30, 51) / 10,
    "classes": np.arange(1, 50) / 50,
    "counts": np.arange(1, 51) / 5,
}
_PARAMETER_LIMITS: dict[Support, tuple[float, float]] = {
    "real": (-math.inf, math.inf),
    "classes": (0, 1),
    "counts": (0, math.inf),
}


@dataclass(frozen=True)
class SampleLikelihood:
    """The likelihood of a sample under a noise distribution, for many values of its parameter.

    Logarithms are natural.

    Attributes:
        noise: The noise distribution.
        scale: Its scale.
        sample: The sample, (n,), in the given order.
        parameter: Values of the parameter, (k,).
        outcomes: Outcomes at which the density is given, (m,).
        log_density: ln p of each outcome at each parameter, (k, m).
        nll: -ln p of each example at each parameter, (n, k).
        mean_nll: Mean over the sample, (k,): the loss.
        fine_parameter: More values of the parameter in the same range, for drawing, (f,).
        fine_nll: -ln p of each example at those, (n, f).
        mle: The parameter of maximum likelihood.
        min_nll: The mean negative log-likelihood there.
    """

    noise: NoiseDistribution
    scale: float
    sample: Floats
    parameter: Floats
    outcomes: Floats
    log_density: Floats
    nll: Floats
    mean_nll: Floats
    fine_parameter: Floats
    fine_nll: Floats
    mle: float
    min_nll: float

    @property
    def relative_likelihood(self) -> Floats:
        """Likelihood of the whole sample divided by the largest possible, (k,)."""
        ratio = np.exp(-len(self.sample) * (self.mean_nll - self.min_nll))
        return np.asarray(np.minimum(ratio, 1.0))


def sample_likelihood(
    noise: str | NoiseDistribution, sample: ArrayLike, scale: float = 1.0, parameter: ArrayLike | None = None
) -> SampleLikelihood:
    """Compute how likely a sample is under a noise distribution, for many values of its parameter.

    Args:
        noise: A row of `NOISE_DISTRIBUTIONS` or its name.
        sample: Outcomes, (n,): real numbers, class indices, or counts, as the distribution's support is.
        scale: The scale of a distribution over real numbers, above 0: sigma of a Gaussian, b of a Laplace
            distribution. The others have none.
        parameter: Values of the parameter, (k,). By default -3 to 5 for a centre, 0.02 to 0.98 for a
            probability, 0.2 to 10 for a rate.

    Returns:
        The density over the outcomes and the negative log-likelihood of each example, in nats.

    Raises:
        KeyError: If the distribution's name is unknown.
        ValueError: If the sample or a parameter is impossible under the distribution, or the scale is not
            above 0.

    Example:
        >>> import lossviz as lv
        >>> result = lv.likelihood.sample_likelihood("gaussian", [0.5, 1.0, 3.0])
        >>> result.mle  # the mean
        1.5
        >>> lv.likelihood.sample_likelihood("laplace", [0.5, 1.0, 3.0]).mle  # the median
        1.0
    """
    row = NOISE_DISTRIBUTIONS[noise] if isinstance(noise, str) else noise
    scale = number_in("scale", scale, 0.0, open_low=True)
    examples = _checked_sample(row, sample)
    t = _PARAMETERS[row.support] if parameter is None else np.array(parameter, dtype=np.float64)
    low, high = _PARAMETER_LIMITS[row.support]
    if t.ndim != 1 or not len(t) or not ((t > low) & (t < high)).all():
        raise ValueError(f"parameter of {row.label} must be numbers in ({low}, {high})")
    outcomes = _outcomes(row, examples, scale)
    nll = row.nll(examples[:, None], t, scale)
    fine = np.linspace(t[0], t[-1], 5 * len(t) - 4)
    mle = row.mle(examples, scale)
    return SampleLikelihood(
        noise=row,
        scale=scale,
        sample=examples,
        parameter=t,
        outcomes=outcomes,
        log_density=row.log_density(outcomes, t[:, None], scale),
        nll=nll,
        mean_nll=nll.mean(axis=0),
        fine_parameter=fine,
        fine_nll=row.nll(examples[:, None], fine, scale),
        mle=mle,
        min_nll=_min_nll(row, examples, mle, scale),
    )


def _checked_sample(noise: NoiseDistribution, sample: ArrayLike) -> Floats:
    """The sample as an array; ValueError if it is empty or holds an impossible outcome."""
    examples = np.array(sample, dtype=np.float64)
    if examples.ndim != 1 or not len(examples) or not np.isfinite(examples).all():
        raise ValueError("sample must be a row of finite numbers, at least one")
    if noise.support == "real":
        return examples
    largest = len(noise.class_names) - 1 if noise.support == "classes" else math.inf
    impossible = (examples != np.round(examples)) | (examples < 0) | (examples > largest)
    if impossible.any():
        allowed = "counts" if noise.support == "counts" else f"classes from 0 to {largest}"
        raise ValueError(f"sample of {noise.label} must be {allowed}; got {examples[impossible][0]:g}")
    return examples


def _outcomes(noise: NoiseDistribution, sample: Floats, scale: float) -> Floats:
    """The outcomes at which the density is computed: every class or count, or a grid of real numbers."""
    if noise.support == "real":
        return np.linspace(-3, 5, 161 if scale >= 0.5 else 321)
    if noise.support == "classes":
        return np.arange(len(noise.class_names), dtype=np.float64)
    return np.arange(max(11, sample.max() + 1), dtype=np.float64)


def _min_nll(noise: NoiseDistribution, sample: Floats, mle: float, scale: float) -> float:
    """The mean negative log-likelihood at the maximum, also where that is at the edge of the parameters."""
    if noise.support == "counts" and mle == 0:
        return 0.0
    inside = np.clip(mle, 1e-300, 1 - 1e-16) if noise.support == "classes" else mle
    return float(noise.nll(sample, inside, scale).mean())
