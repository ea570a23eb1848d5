"""Each noise law is a density, and minus its logarithm is its loss, up to the constant that is stated."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate, stats

import lossviz as lv
from lossviz.likelihood.noise import CLASSES, TAU

LAWS = list(lv.likelihood.NOISE_DISTRIBUTIONS)
WIDTHS = (0.1, 0.5, 1.0, 2.5)
OUTCOMES: dict[str, Any] = {
    "any": some.floats(-20, 20),
    "classes": some.integers(0, 1),
    "counts": some.integers(0, 40),
}
PARAMETERS = {
    "any": some.floats(-10, 10),
    "classes": some.floats(0.001, 0.999),
    "counts": some.floats(0.01, 30),
}
SAMPLES = {"any": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3], "classes": [0, 1, 1, 0, 1], "counts": [0, 1, 3, 3, 8]}


def oracle(law: str, y: Any, t: Any, width: float) -> Any:
    """ln p by scipy."""
    if law == "Gaussian":
        return stats.norm.logpdf(y, t, width)
    if law == "Laplace":
        return stats.laplace.logpdf(y, t, width)
    if law == "Hyperbolic secant":
        return stats.hypsecant.logpdf(y, t, width)
    if law == "Bernoulli":
        return stats.bernoulli.logpmf(y, t)
    if law == "Poisson":
        return stats.poisson.logpmf(y, t)
    if law == "Categorical":
        shares = [t, *[(1 - t) / (CLASSES - 1)] * (CLASSES - 1)]
        return stats.multinomial.logpmf(np.eye(CLASSES)[int(y)], 1, shares)
    kappa = math.sqrt(TAU / (1 - TAU))  # the asymmetric Laplace of scipy has its own words for tau and width
    return stats.laplace_asymmetric.logpdf(y, kappa, t, width / math.sqrt(TAU * (1 - TAU)))


@pytest.mark.parametrize("law", LAWS)
@given(data=some.data())
def test_minus_the_log_density_is_the_loss_and_the_constant(law: str, data: Any) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[law]
    y, t = float(data.draw(OUTCOMES[row.outcomes])), data.draw(PARAMETERS[row.outcomes])
    width = data.draw(some.sampled_from(WIDTHS)) if row.outcomes == "any" else 1.0
    density = float(row.log_density(np.array(y), np.array(t), width))
    assert density == pytest.approx(oracle(law, y, t, width), rel=1e-9, abs=1e-9)
    assert float(row.cost(y, t, width)) == pytest.approx(-density, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("law", LAWS)
def test_a_density_adds_up_to_one(law: str) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[law]
    for t, width in ((0.3, 1.0), (0.9, 0.4)):
        if row.outcomes == "any":
            total, _ = integrate.quad(
                lambda y, t=t, width=width: math.exp(row.log_density(np.array(y), np.array(t), width)),
                -400, 60, points=[t], limit=200,
            )  # fmt: skip
        else:
            most = {"Bernoulli": 2, "Categorical": CLASSES, "Poisson": 60}[law]
            total = np.exp(row.log_density(np.arange(most, dtype=float), np.array(t), 1.0)).sum()
        assert total == pytest.approx(1, abs=1e-7)


def test_the_constant_does_not_depend_on_the_parameter() -> None:
    for row in lv.likelihood.NOISE_DISTRIBUTIONS.values():
        y = np.ones(2)
        assert np.ptp(row.constant(y, np.array([0.2, 0.7]), 1.3)) == 0


def test_every_likelihood_that_a_loss_names_is_a_law_or_stands_here() -> None:
    """The rows of LOSSES that say what they are the negative logarithm of."""
    said = {loss.name for loss in lv.LOSSES.values() if loss.likelihood}
    elsewhere = {"sigmoid-bce-onehot", "gaussian-nll"}
    assert said == {row.loss for row in lv.likelihood.NOISE_DISTRIBUTIONS.values()} | elsewhere
    z, y = np.linspace(-3, 3, 7), 0.4
    for sigma in WIDTHS:
        loss = lv.LOSSES["gaussian-nll"].set(sigma=sigma).value(z, y).numpy()
        assert loss + 0.5 * math.log(2 * math.pi) == pytest.approx(-stats.norm.logpdf(y, z, sigma))
    logits = np.array([[0.3, -1.0, 2.0]])
    p = 1 / (1 + np.exp(-logits[0]))
    independent = -sum(stats.bernoulli.logpmf(int(k == 2), p[k]) for k in range(3))
    assert float(lv.LOSSES["sigmoid-bce-onehot"].value(logits, np.array([2]))[0]) == pytest.approx(
        independent
    )


@pytest.mark.parametrize("law", LAWS)
def test_the_best_parameter_is_the_best(law: str) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[law]
    found = lv.likelihood.sample_likelihood(law, SAMPLES[row.outcomes], width=0.8)
    assert found.least <= found.mean.min() + 1e-12
    nearest = found.parameter[np.abs(found.parameter - found.best).argmin()]
    assert found.mean[found.parameter == nearest][0] == pytest.approx(found.mean.min(), abs=5e-3)
    assert found.relative.max() <= 1
    assert found.cost.mean(axis=0) == pytest.approx(found.mean)
    at = np.flatnonzero(found.parameter == nearest)[0]
    where = np.isin(found.outcome, found.sample)
    shown = dict(zip(found.outcome[where], found.log_density[at][where], strict=True))
    for y, cost in zip(found.sample, found.cost[:, at], strict=True):
        if y in shown:
            assert -cost == pytest.approx(shown[y])


def test_the_best_centre_is_the_mean_the_median_and_the_quantile() -> None:
    sample = [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 9.3]
    assert lv.likelihood.sample_likelihood("Gaussian", sample).best == pytest.approx(2.0)
    assert lv.likelihood.sample_likelihood("Laplace", sample).best == 0.9
    assert lv.likelihood.sample_likelihood("Asymmetric Laplace", sample).best == 9.3
    assert lv.likelihood.sample_likelihood("Poisson", [0, 1, 2, 3, 9]).best == 3
    assert lv.likelihood.sample_likelihood("Bernoulli", [1, 1, 1, 0]).best == 0.75
    secant = lv.likelihood.sample_likelihood("Hyperbolic secant", sample).best
    assert np.tanh(secant - np.array(sample)).sum() == pytest.approx(0, abs=1e-12)


def test_a_narrow_density_has_a_negative_loss() -> None:
    found = lv.likelihood.sample_likelihood("Gaussian", [1.0], width=0.1)
    assert found.least == pytest.approx(-1.3836465597893728)  # ln(0.1 sqrt(2 pi))


def test_a_sample_of_one_kind_only_has_a_best_at_the_edge() -> None:
    for sample in ([1, 1, 1], [0, 0]):
        assert lv.likelihood.sample_likelihood("Bernoulli", sample).least == pytest.approx(0, abs=1e-12)
    assert lv.likelihood.sample_likelihood("Poisson", [0, 0]).least == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Gaussian", []), "sample must be a row of finite numbers"),
        (("Gaussian", [1.0, math.nan]), "sample must be a row of finite numbers"),
        (("Gaussian", [1.0], 0.0), "width must be a finite number above 0; got 0.0"),
        (("Bernoulli", [0.5]), "sample of Bernoulli must be classes from 0 to 1; got 0.5"),
        (("Categorical", [3]), "sample of Categorical must be classes from 0 to 2; got 3"),
        (("Poisson", [-1]), "sample of Poisson must be counts; got -1"),
        (("Bernoulli", [1], 1.0, [0.0, 0.5]), "parameter of Bernoulli must be numbers in (0, 1)"),
        (("Poisson", [1], 1.0, [0.0]), "parameter of Poisson must be numbers in (0, inf)"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        lv.likelihood.sample_likelihood(*arguments)


def test_an_unknown_law_lists_the_known() -> None:
    with pytest.raises(KeyError, match="unknown noise law 'Cauchy'; known: Gaussian, Laplace"):
        lv.likelihood.sample_likelihood("Cauchy", [1.0])
