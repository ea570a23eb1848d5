"""The table of noise distributions, and their densities."""

import math

import numpy as np

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.likelihood.noise import NoiseDistribution
from lossviz.losses.table import LOSSES

CLASSES = 3  # of the categorical distribution: the first has probability t, the others share the rest equally
TAU = LOSSES["quantile"].settings["tau"].default


def _gaussian(y: Floats, t: Floats, scale: float) -> Floats:
    return -0.5 * ((y - t) / scale) ** 2 - math.log(scale * math.sqrt(2 * math.pi))


def _laplace(y: Floats, t: Floats, scale: float) -> Floats:
    return -np.abs(y - t) / scale - math.log(2 * scale)


def _bernoulli(y: Floats, t: Floats, scale: float) -> Floats:
    return np.where(y > 0.5, np.log(t), np.log1p(-t))


def _categorical(y: Floats, t: Floats, scale: float) -> Floats:
    return np.where(y < 0.5, np.log(t), np.log1p(-t) - math.log(CLASSES - 1))


def _poisson(y: Floats, t: Floats, scale: float) -> Floats:
    return y * np.log(t) - t - _log_factorial(y)


def _hyperbolic_secant(y: Floats, t: Floats, scale: float) -> Floats:
    distance = np.abs(y - t) / scale
    return math.log(2 / (math.pi * scale)) - distance - np.log1p(np.exp(-2 * distance))


def _asymmetric_laplace(y: Floats, t: Floats, scale: float) -> Floats:
    residual = (y - t) / scale
    return math.log(TAU * (1 - TAU) / scale) - np.where(residual > 0, TAU, TAU - 1) * residual


def _log_factorial(y: Floats) -> Floats:
    return np.asarray(np.vectorize(lambda count: math.lgamma(count + 1), otypes=[np.float64])(y))


def _zero(y: Floats, scale: float) -> Floats:
    return np.zeros_like(y)


def _identity(t: Floats) -> Floats:
    return t


def _log_odds(t: Floats) -> Floats:
    return np.log(t) - np.log1p(-t)


def _class_logits(t: Floats) -> Floats:
    rest = np.zeros((*np.shape(t), CLASSES - 1))
    first = np.log(t) - np.log1p(-t) + math.log(CLASSES - 1)
    return np.concatenate([first[..., None], rest], axis=-1)


def _hyperbolic_secant_mle(sample: Floats, scale: float) -> float:
    """The root of the sum of tanh((t - y) / scale), which increases with t: found by bisection."""
    low, high = float(sample.min()), float(sample.max())
    for _ in range(200):
        middle = (low + high) / 2
        if np.tanh((middle - sample) / scale).sum() < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


_CASELLA = "G. Casella and R. Berger, Statistical Inference (2002), chapter 3"
_CENTRE = "centre of the noise"
NOISE_DISTRIBUTIONS: Registry[NoiseDistribution] = Registry(
    "noise distribution",
    [
        NoiseDistribution(
            name="gaussian",
            label="Gaussian",
            loss="mse",
            loss_label="Squared error",
            support="real",
            parameter="centre",
            parameter_label=_CENTRE,
            symbol="m",
            log_density=_gaussian,
            link=_identity,
            constant=lambda y, scale: np.full_like(y, math.log(scale * math.sqrt(2 * math.pi))),
            mle=lambda sample, scale: float(sample.mean()),
            loss_factor=0.5,
            formula=r"p(y) = \frac{1}{w \sqrt{2\pi}}\, e^{-(y - m)^2 / 2 w^2}",
            nll_formula=r"\tfrac{1}{2} \left(\frac{y - m}{w}\right)^2 + \ln w \sqrt{2\pi}",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="laplace",
            label="Laplace",
            loss="mae",
            loss_label="Absolute error",
            support="real",
            parameter="centre",
            parameter_label=_CENTRE,
            symbol="m",
            log_density=_laplace,
            link=_identity,
            constant=lambda y, scale: np.full_like(y, math.log(2 * scale)),
            mle=lambda sample, scale: float(np.median(sample)),
            loss_factor=1.0,
            formula=r"p(y) = \frac{1}{2 w}\, e^{-|y - m| / w}",
            nll_formula=r"\left|\frac{y - m}{w}\right| + \ln 2 w",
            source=_CASELLA,
        ),
        NoiseDistribution(
            name="bernoulli",
            label="Bernoulli",
            loss="sigmoid-ce",
            loss_label=LOSSES["sigmoid-ce"].label,
            support="classes",
            parameter="probability",
            parameter_label="probability of yes",
            symbol="p",
            log_density=_bernoulli,
            link=_log_odds,
            constant=_zero,
            mle=lambda sample, scale: float(sample.mean()),
            loss_factor=1.0,
            formula=r"p(1) = \sigma(z), \quad p(0) = 1 - \sigma(z)",
            nll_formula=r"-y \ln \sigma(z) - (1 - y) \ln (1 - \sigma(z))",
            source=_CASELLA,
            class_names=("no", "yes"),
        ),
        NoiseDistribution(
            name="categorical",
            label="Categorical",
            loss="softmax-ce",
            loss_label="Cross-entropy",
            support="classes",
            parameter="probability",
            parameter_label="probability of A",
            symbol="p",
            log_density=_categorical,
            link=_class_logits,
            constant=_zero,
            mle=lambda sample, scale: float((sample == 0).mean()),
            loss_factor=1.0,
            formula=r"p(k) = \mathrm{softmax}(z)_k",
            nll_formula=r"-\ln \mathrm{softmax}(z)_y",
            source=_CASELLA,
            class_names=("A", "B", "C"),
        ),
        NoiseDistribution(
            name="poisson",
            label="Poisson",
            loss="poisson-nll",
            loss_label="Poisson loss",
            support="counts",
            parameter="rate",
            parameter_label="rate",
            symbol="λ",
            log_density=_poisson,
            link=np.log,
            constant=lambda y, scale: _log_factorial(y),
            mle=lambda sample, scale: float(sample.mean()),
            loss_factor=1.0,
            formula=r"p(y) = \frac{\lambda^y e^{-\lambda}}{y!}, \quad \lambda = e^z",
            nll_formula=r"\left(e^z - y z\right) + \ln y!",
            source="P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6",
        ),
        NoiseDistribution(
            name="hyperbolic-secant",
            label="Hyperbolic secant",
            loss="log-cosh",
            loss_label=LOSSES["log-cosh"].label,
            support="real",
            parameter="centre",
            parameter_label=_CENTRE,
            symbol="m",
            log_density=_hyperbolic_secant,
            link=_identity,
            constant=lambda y, scale: np.full_like(y, math.log(math.pi * scale)),
            mle=_hyperbolic_secant_mle,
            loss_factor=1.0,
            formula=r"p(y) = \frac{1}{\pi w \cosh((y - m) / w)}",
            nll_formula=r"\ln \cosh \frac{y - m}{w} + \ln \pi w",
            source="N. Johnson, S. Kotz and N. Balakrishnan, Continuous Univariate Distributions 2 (1995), "
            "section 23.11",
        ),
        NoiseDistribution(
            name="asymmetric-laplace",
            label="Asymmetric Laplace",
            loss="quantile",
            loss_label="Quantile loss",
            support="real",
            parameter="centre",
            parameter_label=_CENTRE,
            symbol="m",
            log_density=_asymmetric_laplace,
            link=_identity,
            constant=lambda y, scale: np.full_like(y, math.log(scale / (TAU * (1 - TAU)))),
            mle=lambda sample, scale: float(np.quantile(sample, TAU, method="inverted_cdf")),
            loss_factor=1.0,
            formula=r"p(y) = \frac{\tau (1 - \tau)}{w}\, e^{-\max(\tau (y - m),\, (\tau - 1)(y - m)) / w}",
            nll_formula=r"\max\left(\tau \frac{y - m}{w},\, (\tau - 1) \frac{y - m}{w}\right) "
            r"+ \ln \frac{w}{\tau (1 - \tau)}",
            source="R. Koenker and J. Machado, Goodness of Fit for Quantile Regression (1999)",
        ),
    ],
)
