"""Noise laws, and the losses that they become: a loss is minus the logarithm of a density.

A law says how likely an outcome y is when the model's one parameter is t: a centre, a probability or a
rate. Minus its logarithm is ``scale * L(z(t), y) + constant``: the loss L is a row of `LOSSES`, and the
constant is what the loss leaves out because it does not depend on t.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.losses.table import LOSSES

Law = Callable[[Floats, Floats, float], Floats]
CLASSES = 3  # of the categorical law: the first has probability t, the others share the rest
TAU = LOSSES["quantile"].settings["tau"].default


@dataclass(frozen=True)
class NoiseDistribution:
    """One law: a row of `NOISES`. All functions take arrays that broadcast."""

    name: str
    loss: str  # its name in `LOSSES`
    outcomes: Literal["any", "classes", "counts"]
    parameter: str  # what t is
    log_density: Law = field(repr=False)  # ln p of y given t and the width
    logit: Callable[[Floats], Floats] = field(repr=False)  # t -> the z that the loss takes, (..., K) for K
    constant: Law = field(repr=False)  # what the loss leaves out, from y, t (unused) and the width
    fit: Callable[[Floats, float], float] = field(repr=False)  # the t at which a sample is most likely
    scale: float  # what the loss is multiplied by
    formula: str  # LaTeX: the density
    becomes: str  # LaTeX: minus its logarithm, as scale, loss and constant
    source: str

    def cost(self, y: ArrayLike, t: ArrayLike, width: float = 1.0) -> Floats:
        """-ln p from the loss itself: ``scale * L(z(t) / width, y / width) + constant``, in nats."""
        outcome, at = np.broadcast_arrays(np.asarray(y, dtype=np.float64), np.asarray(t, dtype=np.float64))
        row = LOSSES[self.loss]
        z = self.logit(at)
        if row.task == "multiclass":
            value = row.value(z, outcome.astype(np.int64))
        else:
            value = row.value(z / width, outcome / width) if self.outcomes == "any" else row.value(z, outcome)
        return np.asarray(self.scale * value.numpy() + self.constant(outcome, at, width))


def _gaussian(y: Floats, t: Floats, width: float) -> Floats:
    return -0.5 * ((y - t) / width) ** 2 - math.log(width * math.sqrt(2 * math.pi))


def _laplace(y: Floats, t: Floats, width: float) -> Floats:
    return -np.abs(y - t) / width - math.log(2 * width)


def _bernoulli(y: Floats, t: Floats, width: float) -> Floats:
    return np.where(y > 0.5, np.log(t), np.log1p(-t))


def _categorical(y: Floats, t: Floats, width: float) -> Floats:
    return np.where(y < 0.5, np.log(t), np.log1p(-t) - math.log(CLASSES - 1))


def _poisson(y: Floats, t: Floats, width: float) -> Floats:
    return y * np.log(t) - t - _log_factorial(y)


def _secant(y: Floats, t: Floats, width: float) -> Floats:
    miss = np.abs(y - t) / width
    return math.log(2 / (math.pi * width)) - miss - np.log1p(np.exp(-2 * miss))


def _asymmetric(y: Floats, t: Floats, width: float) -> Floats:
    miss = (y - t) / width
    return math.log(TAU * (1 - TAU) / width) - np.where(miss > 0, TAU, TAU - 1) * miss


def _log_factorial(y: Floats) -> Floats:
    return np.asarray(np.vectorize(lambda count: math.lgamma(count + 1), otypes=[np.float64])(y))


def _nothing(y: Floats, t: Floats, width: float) -> Floats:
    return np.zeros_like(y)


def _as_it_is(t: Floats) -> Floats:
    return t


def _log_odds(t: Floats) -> Floats:
    return np.log(t) - np.log1p(-t)


def _class_logits(t: Floats) -> Floats:
    rest = np.zeros((*np.shape(t), CLASSES - 1))
    first = np.log(t) - np.log1p(-t) + math.log(CLASSES - 1)
    return np.concatenate([first[..., None], rest], axis=-1)


def _secant_centre(sample: Floats, width: float) -> float:
    """Where the slopes tanh((t - y) / width) cancel; their sum rises with t, so halving finds it."""
    low, high = float(sample.min()), float(sample.max())
    for _ in range(200):
        middle = (low + high) / 2
        if np.tanh((middle - sample) / width).sum() < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


_CASELLA = "G. Casella and R. Berger, Statistical Inference (2002), chapter 3"
NOISE_DISTRIBUTIONS: Registry[NoiseDistribution] = Registry(
    "noise law",
    [
        NoiseDistribution(
            name="Gaussian",
            loss="mse",
            outcomes="any",
            parameter="centre",
            log_density=_gaussian,
            logit=_as_it_is,
            constant=lambda y, t, width: np.full_like(y, math.log(width * math.sqrt(2 * math.pi))),
            fit=lambda sample, width: float(sample.mean()),
            scale=0.5,
            formula=r"p(y) = \frac{1}{w \sqrt{2\pi}}\, e^{-(y - m)^2 / 2 w^2}",
            becomes=r"\tfrac{1}{2} \left(\frac{y - m}{w}\right)^2 + \ln w \sqrt{2\pi}",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="Laplace",
            loss="mae",
            outcomes="any",
            parameter="centre",
            log_density=_laplace,
            logit=_as_it_is,
            constant=lambda y, t, width: np.full_like(y, math.log(2 * width)),
            fit=lambda sample, width: float(np.median(sample)),
            scale=1.0,
            formula=r"p(y) = \frac{1}{2 w}\, e^{-|y - m| / w}",
            becomes=r"\left|\frac{y - m}{w}\right| + \ln 2 w",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="Bernoulli",
            loss="sigmoid-ce",
            outcomes="classes",
            parameter="probability",
            log_density=_bernoulli,
            logit=_log_odds,
            constant=_nothing,
            fit=lambda sample, width: float(sample.mean()),
            scale=1.0,
            formula=r"p(1) = \sigma(z), \quad p(0) = 1 - \sigma(z)",
            becomes=r"-y \ln \sigma(z) - (1 - y) \ln (1 - \sigma(z))",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="Categorical",
            loss="softmax-ce",
            outcomes="classes",
            parameter="probability",
            log_density=_categorical,
            logit=_class_logits,
            constant=_nothing,
            fit=lambda sample, width: float((sample == 0).mean()),
            scale=1.0,
            formula=r"p(k) = \mathrm{softmax}(z)_k",
            becomes=r"-\ln \mathrm{softmax}(z)_y",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="Poisson",
            loss="poisson-nll",
            outcomes="counts",
            parameter="rate",
            log_density=_poisson,
            logit=np.log,
            constant=lambda y, t, width: _log_factorial(y),
            fit=lambda sample, width: float(sample.mean()),
            scale=1.0,
            formula=r"p(y) = \frac{\lambda^y e^{-\lambda}}{y!}, \quad \lambda = e^z",
            becomes=r"\left(e^z - y z\right) + \ln y!",
            source="P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6",
        ),
        NoiseDistribution(
            name="Hyperbolic secant",
            loss="log-cosh",
            outcomes="any",
            parameter="centre",
            log_density=_secant,
            logit=_as_it_is,
            constant=lambda y, t, width: np.full_like(y, math.log(math.pi * width)),
            fit=_secant_centre,
            scale=1.0,
            formula=r"p(y) = \frac{1}{\pi w \cosh((y - m) / w)}",
            becomes=r"\ln \cosh \frac{y - m}{w} + \ln \pi w",
            source="N. Johnson, S. Kotz and N. Balakrishnan, Continuous Univariate Distributions 2 (1995), "
            "section 23.11",
        ),
        NoiseDistribution(
            name="Asymmetric Laplace",
            loss="quantile",
            outcomes="any",
            parameter="centre",
            log_density=_asymmetric,
            logit=_as_it_is,
            constant=lambda y, t, width: np.full_like(y, math.log(width / (TAU * (1 - TAU)))),
            fit=lambda sample, width: float(np.quantile(sample, TAU, method="inverted_cdf")),
            scale=1.0,
            formula=r"p(y) = \frac{\tau (1 - \tau)}{w}\, e^{-\max(\tau (y - m),\, (\tau - 1)(y - m)) / w}",
            becomes=r"\max\left(\tau \frac{y - m}{w},\, (\tau - 1) \frac{y - m}{w}\right) "
            r"+ \ln \frac{w}{\tau (1 - \tau)}",
            source="R. Koenker and J. Machado, Goodness of Fit for Quantile Regression (1999)",
        ),
    ],
)
