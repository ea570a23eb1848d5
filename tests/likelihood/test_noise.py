"""Each noise distribution is normalized, and its negative log-likelihood is its loss."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate, stats

import lossviz as lv
from lossviz.likelihood.table import CLASSES, TAU

NAMES = list(lv.likelihood.NOISE_DISTRIBUTIONS)
SCALES = (0.1, 0.5, 1.0, 2.5)
OUTCOMES: dict[str, Any] = {
    "real": some.floats(-20, 20),
    "classes": some.integers(0, 1),
    "counts": some.integers(0, 40),
}
PARAMETERS = {
    "real": some.floats(-10, 10),
    "classes": some.floats(0.001, 0.999),
    "counts": some.floats(0.01, 30),
}
SAMPLES = {
    "real": [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 2.3],
    "classes": [0, 1, 1, 0, 1],
    "counts": [0, 1, 3, 3, 8],
}


def scipy_log_density(name: str, y: Any, t: Any, scale: float) -> Any:
    if name == "gaussian":
        return stats.norm.logpdf(y, t, scale)
    if name == "laplace":
        return stats.laplace.logpdf(y, t, scale)
    if name == "hyperbolic-secant":
        return stats.hypsecant.logpdf(y, t, scale)
    if name == "bernoulli":
        return stats.bernoulli.logpmf(y, t)
    if name == "poisson":
        return stats.poisson.logpmf(y, t)
    if name == "categorical":
        shares = [t, *[(1 - t) / (CLASSES - 1)] * (CLASSES - 1)]
        return stats.multinomial.logpmf(np.eye(CLASSES)[int(y)], 1, shares)
    kappa = math.sqrt(TAU / (1 - TAU))  # scipy's asymmetric Laplace has other parameters
    return stats.laplace_asymmetric.logpdf(y, kappa, t, scale / math.sqrt(TAU * (1 - TAU)))


@pytest.mark.parametrize("name", NAMES)
@given(data=some.data())
def test_the_negative_log_likelihood_is_the_loss_with_factor_and_constant(name: str, data: Any) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[name]
    y, t = float(data.draw(OUTCOMES[row.support])), data.draw(PARAMETERS[row.support])
    scale = data.draw(some.sampled_from(SCALES)) if row.support == "real" else 1.0
    density = float(row.log_density(np.array(y), np.array(t), scale))
    assert density == pytest.approx(scipy_log_density(name, y, t, scale), rel=1e-9, abs=1e-9)
    assert float(row.nll(y, t, scale)) == pytest.approx(-density, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_density_integrates_to_one(name: str) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[name]
    for t, scale in ((0.3, 1.0), (0.9, 0.4)):
        if row.support == "real":
            total, _ = integrate.quad(
                lambda y, t=t, scale=scale: math.exp(row.log_density(np.array(y), np.array(t), scale)),
                -400, 60, points=[t], limit=200,
            )  # fmt: skip
        else:
            count = {"bernoulli": 2, "categorical": CLASSES, "poisson": 60}[name]
            total = np.exp(row.log_density(np.arange(count, dtype=float), np.array(t), 1.0)).sum()
        assert total == pytest.approx(1, abs=1e-7)


def test_the_constant_does_not_depend_on_the_parameter() -> None:
    for row in lv.likelihood.NOISE_DISTRIBUTIONS.values():
        y, t, scale = np.ones(2), np.array([0.2, 0.7]), 1.3 if row.support == "real" else 1.0
        loss, z = lv.LOSSES[row.loss], row.link(t)
        if row.support == "real":
            value = loss.value(z / scale, y / scale).numpy()
        else:
            value = loss.value(z, y.astype(np.int64) if loss.task == "multiclass" else y).numpy()
        rest = -row.log_density(y, t, scale) - row.loss_factor * value
        assert rest == pytest.approx(row.constant(y, scale), rel=1e-9, abs=1e-9)
        assert np.ptp(row.constant(y, scale)) == 0


def test_every_likelihood_that_a_loss_names_is_a_noise_distribution_or_tested_here() -> None:
    named = {loss.name for loss in lv.LOSSES.values() if loss.likelihood}
    elsewhere = {"sigmoid-bce-onehot", "gaussian-nll"}
    assert named == {row.loss for row in lv.likelihood.NOISE_DISTRIBUTIONS.values()} | elsewhere
    z, y = np.linspace(-3, 3, 7), 0.4
    for sigma in SCALES:
        loss = lv.LOSSES["gaussian-nll"].set(sigma=sigma).value(z, y).numpy()
        assert loss + 0.5 * math.log(2 * math.pi) == pytest.approx(-stats.norm.logpdf(y, z, sigma))
    logits = np.array([[0.3, -1.0, 2.0]])
    p = 1 / (1 + np.exp(-logits[0]))
    expected = -sum(stats.bernoulli.logpmf(int(k == 2), p[k]) for k in range(3))
    assert float(lv.LOSSES["sigmoid-bce-onehot"].value(logits, np.array([2]))[0]) == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_mle_minimizes_the_mean_negative_log_likelihood(name: str) -> None:
    row = lv.likelihood.NOISE_DISTRIBUTIONS[name]
    result = lv.likelihood.sample_likelihood(name, SAMPLES[row.support], scale=0.8)
    assert result.min_nll <= result.mean_nll.min() + 1e-12
    nearest = result.parameter[np.abs(result.parameter - result.mle).argmin()]
    assert result.mean_nll[result.parameter == nearest][0] == pytest.approx(result.mean_nll.min(), abs=5e-3)
    assert result.relative_likelihood.max() <= 1
    assert result.nll.mean(axis=0) == pytest.approx(result.mean_nll)
    at = np.flatnonzero(result.parameter == nearest)[0]
    where = np.isin(result.outcomes, result.sample)
    log_density = dict(zip(result.outcomes[where], result.log_density[at][where], strict=True))
    for y, nll in zip(result.sample, result.nll[:, at], strict=True):
        if y in log_density:
            assert -nll == pytest.approx(log_density[y])


def test_the_mle_is_the_mean_the_median_or_the_quantile() -> None:
    sample = [-0.2, 0.4, 0.6, 0.9, 1.3, 1.7, 9.3]
    assert lv.likelihood.sample_likelihood("gaussian", sample).mle == pytest.approx(2.0)
    assert lv.likelihood.sample_likelihood("laplace", sample).mle == 0.9
    assert lv.likelihood.sample_likelihood("asymmetric-laplace", sample).mle == 9.3
    assert lv.likelihood.sample_likelihood("poisson", [0, 1, 2, 3, 9]).mle == 3
    assert lv.likelihood.sample_likelihood("bernoulli", [1, 1, 1, 0]).mle == 0.75
    secant = lv.likelihood.sample_likelihood("hyperbolic-secant", sample).mle
    assert np.tanh(secant - np.array(sample)).sum() == pytest.approx(0, abs=1e-12)


def test_a_narrow_density_has_a_negative_loss() -> None:
    result = lv.likelihood.sample_likelihood("gaussian", [1.0], scale=0.1)
    assert result.min_nll == pytest.approx(-1.3836465597893728)  # ln(0.1 sqrt(2 pi))


def test_a_sample_of_a_single_outcome_has_its_mle_at_the_edge() -> None:
    for sample in ([1, 1, 1], [0, 0]):
        assert lv.likelihood.sample_likelihood("bernoulli", sample).min_nll == pytest.approx(0, abs=1e-12)
    assert lv.likelihood.sample_likelihood("poisson", [0, 0]).min_nll == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gaussian", []), "sample must be a row of finite numbers"),
        (("gaussian", [1.0, math.nan]), "sample must be a row of finite numbers"),
        (("gaussian", [1.0], 0.0), "scale must be a finite number above 0; got 0.0"),
        (("bernoulli", [0.5]), "sample of Bernoulli must be classes from 0 to 1; got 0.5"),
        (("categorical", [3]), "sample of Categorical must be classes from 0 to 2; got 3"),
        (("poisson", [-1]), "sample of Poisson must be counts; got -1"),
        (("bernoulli", [1], 1.0, [0.0, 0.5]), "parameter of Bernoulli must be numbers in (0, 1)"),
        (("poisson", [1], 1.0, [0.0]), "parameter of Poisson must be numbers in (0, inf)"),
    ],
)
def test_a_bad_argument_is_refused_in_one_sentence(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        lv.likelihood.sample_likelihood(*arguments)


def test_an_unknown_distribution_lists_the_known() -> None:
    with pytest.raises(KeyError, match="unknown noise distribution 'cauchy'; known: gaussian, laplace"):
        lv.likelihood.sample_likelihood("cauchy", [1.0])
