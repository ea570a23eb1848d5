"""Maximum likelihood and least squares: fits against scipy, the sandwich formula against integrals, and both
against each other within sampling error."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import lossviz as lv
from lossviz.likelihood.estimators import _fit, sandwich


@pytest.fixture(scope="module")
def result() -> lv.likelihood.Consistency:
    return lv.likelihood.consistency(sizes=(400, 1600), repeats=600, seed=1)


@pytest.mark.parametrize("theta", [(0.5, 1.5), (0.0, 0.3), (-1.0, 2.5)])
def test_the_sandwich_formula_equals_numerical_integration(theta: tuple[float, float]) -> None:
    def moment(power: int, i: int, j: int) -> float:
        def integrand(x: float) -> float:
            p = 1 / (1 + math.exp(-theta[0] - theta[1] * x))
            return (p * (1 - p)) ** power * (1, x)[i] * (1, x)[j] * float(stats.norm.pdf(x))

        return float(integrate.quad(integrand, -12, 12, limit=200)[0])

    def matrix(power: int) -> Any:
        return np.array([[moment(power, i, j) for j in range(2)] for i in range(2)])

    bread = np.linalg.inv(matrix(2))
    expected = [np.diag(np.linalg.inv(matrix(1))), np.diag(bread @ matrix(3) @ bread)]
    assert sandwich(np.array(theta)) == pytest.approx(np.array(expected), rel=1e-6)


@pytest.mark.parametrize("least_squares", [False, True])
def test_a_fit_equals_the_minimum_found_by_scipy(least_squares: bool) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((4, 150))
    y = (rng.random((4, 150)) < 1 / (1 + np.exp(-0.5 - 1.5 * x))).astype(float)
    fitted = _fit(x, y, np.array([0.5, 1.5]), least_squares)
    for row in range(4):

        def loss(t: Any, row: int = row) -> float:
            z = t[0] + t[1] * x[row]
            if least_squares:
                return float(((1 / (1 + np.exp(-z)) - y[row]) ** 2).mean())
            return float((np.logaddexp(0, z) - y[row] * z).mean())

        other = optimize.minimize(loss, [0.5, 1.5], method="Nelder-Mead",
                                  options={"xatol": 1e-9, "fatol": 1e-14})  # fmt: skip
        assert fitted[row] == pytest.approx(other.x, abs=1e-6)


def test_the_standard_deviation_approaches_the_sandwich_formula(result: lv.likelihood.Consistency) -> None:
    repeats = result.estimates.shape[2]
    error = 1 / math.sqrt(2 * (repeats - 1))  # relative standard error of a standard deviation
    assert result.diverged.sum() == 0
    large = result.std[:, 1] / result.asymptotic_std[:, 1]
    assert np.abs(large - 1).max() < 4 * error
    assert result.asymptotic_std[:, 0] / result.asymptotic_std[:, 1] == pytest.approx(2), (
        "four times the data, half the spread"
    )


def test_the_estimates_converge_to_the_true_parameters(result: lv.likelihood.Consistency) -> None:
    error = result.asymptotic_std[:, 1] / math.sqrt(result.estimates.shape[2])
    bias = np.abs(result.mean[:, 1] - result.theta)
    assert (bias < 4 * error + 5 / 1600).all(), "within sampling error and a bias of order 1 / n"


def test_the_simulated_efficiency_agrees_with_the_asymptotic_one(result: lv.likelihood.Consistency) -> None:
    """Both estimates come from the same data and are correlated, which makes the ratio more precise."""
    repeats = result.estimates.shape[2]
    error = 2 / math.sqrt(repeats - 1)
    for parameter in range(2):
        both = result.estimates[:, 1, :, parameter]
        uncorrelated = math.sqrt(1 - np.corrcoef(both)[0, 1] ** 2)
        ratio = math.log(result.simulated_efficiency[1, parameter] / result.efficiency[parameter])
        assert abs(ratio) < 4 * error * uncorrelated
    assert (result.efficiency < 1).all()


def test_efficiency_falls_with_the_slope_from_1() -> None:
    small = {"sizes": (10,), "repeats": 2}
    slope = [float(lv.likelihood.consistency((0.5, b), **small).efficiency[1]) for b in (0.01, 0.5, 1.5, 3.0)]
    assert slope[0] == pytest.approx(1, abs=1e-4), "where p (1 - p) hardly varies, both are equally efficient"
    assert sorted(slope, reverse=True) == slope, "less efficient for more confident models"
    fits = lv.likelihood.consistency(**small)
    assert fits.sample_size_ratio == pytest.approx([1.0859, 1.2071], abs=1e-4)
    assert fits.methods == ("maximum likelihood", "least squares")


def test_equal_seeds_give_equal_results_of_the_documented_shapes() -> None:
    one, two = (lv.likelihood.consistency(sizes=(50, 100), repeats=5, seed=4) for _ in range(2))
    assert np.array_equal(one.estimates, two.estimates)
    assert one.estimates.shape == (2, 2, 5, 2)
    assert one.std.shape == one.asymptotic_std.shape == one.mean.shape == (2, 2, 2)
    assert one.efficiency.shape == (2,)
    other = lv.likelihood.consistency(sizes=(50, 100), repeats=5, seed=5)
    assert not np.array_equal(one.estimates, other.estimates)


def test_diverged_fits_are_counted_and_left_out() -> None:
    fits = lv.likelihood.consistency((0.0, 6.0), sizes=(10, 20), repeats=40)
    assert fits.diverged[0, 0] > 0, "ten such examples are often separable: no finite minimum"
    diverged = np.isnan(fits.estimates[..., 0]).sum(axis=2)
    assert (diverged == fits.diverged).all()
    finite = fits.estimates[0, 0][~np.isnan(fits.estimates[0, 0, :, 0])]
    assert fits.std[0, 0] == pytest.approx(finite.std(axis=0, ddof=1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"theta": (1.0,)}, "theta must be"),
        ({"theta": (1.0, math.nan)}, "theta must be a number in"),
        ({"sizes": ()}, "sizes must name"),
        ({"sizes": (9,)}, "sizes must be a whole number from 10"),
        ({"repeats": 1}, "repeats must be a whole number of at least 2"),
        ({"seed": -1}, "seed must be"),
        ({"sizes": (1_000_000,), "repeats": 100}, "at most 50,000,000 examples"),
    ],
)
def test_a_bad_argument_is_refused_in_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lv.likelihood.consistency(**settings)
