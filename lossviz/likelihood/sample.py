"""How likely a sample is under a noise law, and what it costs: the same number, read two ways."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.likelihood.noise import CLASSES, NOISE_DISTRIBUTIONS, NoiseDistribution

_PARAMETERS = {  # what is looked at unless told, by the kind of outcome
    "any": np.arange(-30, 51) / 10,
    "classes": np.arange(1, 50) / 50,
    "counts": np.arange(1, 51) / 5,
}


@dataclass(frozen=True)
class SampleLikelihood:
    """How likely a sample is under a noise law, at each value of its parameter. Logarithms are natural."""

    noise: str
    width: float
    sample: Floats  # (n,) in the order in which it was given
    parameter: Floats  # (k,)
    outcome: Floats  # (m,) where the density is looked at
    log_density: Floats  # (k, m) ln p of each outcome at each parameter
    cost: Floats  # (n, k) -ln p of each example at each parameter
    mean: Floats  # (k,) the loss of the sample: the mean cost
    fine: Floats  # (f,) more values of the parameter, to draw by
    fine_cost: Floats  # (n, f) -ln p there
    best: float  # the parameter at which the sample is most likely
    least: float  # the mean cost there

    @property
    def relative(self) -> Floats:
        """(k,) the likelihood of the whole sample, as a share of the largest possible."""
        share = np.exp(-len(self.sample) * (self.mean - self.least))
        return np.asarray(np.minimum(share, 1.0))


def sample_likelihood(
    noise: str | NoiseDistribution, sample: ArrayLike, width: float = 1.0, parameter: ArrayLike | None = None
) -> SampleLikelihood:
    """A noise law over its outcomes, and the loss of a sample, for many values of its parameter.

    ``sample`` (n,) is any numbers, class numbers (0 or 1; 0, 1 or 2 for the categorical law), or counts.
    ``width`` is sigma of a Gaussian, b of a Laplace; discrete laws have none. ``parameter`` (k,) defaults
    to -3 to 5, 0.02 to 0.98, or 0.2 to 10.

    Raises KeyError for an unknown law, ValueError for a sample or parameter that the law cannot have.
    """
    row = NOISE_DISTRIBUTIONS[noise] if isinstance(noise, str) else noise
    width = number_in("width", width, 0.0, open_low=True)
    examples = np.array(sample, dtype=np.float64)
    if examples.ndim != 1 or not len(examples) or not np.isfinite(examples).all():
        raise ValueError("sample must be a row of finite numbers, at least one")
    if row.outcomes != "any":
        most = {"classes": 1 if row.name == "Bernoulli" else CLASSES - 1, "counts": math.inf}[row.outcomes]
        wrong = (examples != np.round(examples)) | (examples < 0) | (examples > most)
        if wrong.any():
            allowed = "counts" if row.outcomes == "counts" else f"classes from 0 to {most}"
            raise ValueError(f"sample of {row.name} must be {allowed}; got {examples[wrong][0]:g}")
    at = _PARAMETERS[row.outcomes] if parameter is None else np.array(parameter, dtype=np.float64)
    low, high = {"any": (-math.inf, math.inf), "classes": (0, 1), "counts": (0, math.inf)}[row.outcomes]
    if at.ndim != 1 or not len(at) or not ((at > low) & (at < high)).all():
        raise ValueError(f"parameter of {row.name} must be numbers in ({low}, {high})")
    outcome = {
        "any": np.linspace(-3, 5, 161 if width >= 0.5 else 321),
        "classes": np.arange(2 if row.name == "Bernoulli" else CLASSES, dtype=np.float64),
        "counts": np.arange(max(11, examples.max() + 1), dtype=np.float64),
    }[row.outcomes]
    cost = row.cost(examples[:, None], at, width)
    fine = np.linspace(at[0], at[-1], 5 * len(at) - 4)
    best = row.fit(examples, width)
    inside = np.clip(best, 1e-300, 1 - 1e-16) if row.outcomes == "classes" else best
    least = 0.0 if row.outcomes == "counts" and best == 0 else float(row.cost(examples, inside, width).mean())
    return SampleLikelihood(
        noise=row.name,
        width=width,
        sample=examples,
        parameter=at,
        outcome=outcome,
        log_density=row.log_density(outcome, at[:, None], width),
        cost=cost,
        mean=cost.mean(axis=0),
        fine=fine,
        fine_cost=row.cost(examples[:, None], fine, width),
        best=best,
        least=least,
    )
