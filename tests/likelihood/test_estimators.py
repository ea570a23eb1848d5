"""Maximum likelihood and least squares: each fit against scipy, the theory against integrals, both against
each other within what chance allows."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import lossviz as lv
from lossviz.likelihood.estimators import _fits, sandwich


@pytest.fixture(scope="module")
def many() -> lv.likelihood.Consistency:
    return lv.likelihood.consistency(sizes=(400, 1600), repeats=600, seed=1)


@pytest.mark.parametrize("theta", [(0.5, 1.5), (0.0, 0.3), (-1.0, 2.5)])
def test_the_theory_is_the_sandwich_integrated_by_another_hand(theta: tuple[float, float]) -> None:
    def moment(power: int, i: int, j: int) -> float:
        def inside(x: float) -> float:
            p = 1 / (1 + math.exp(-theta[0] - theta[1] * x))
            return (p * (1 - p)) ** power * (1, x)[i] * (1, x)[j] * float(stats.norm.pdf(x))

        return float(integrate.quad(inside, -12, 12, limit=200)[0])

    def matrix(power: int) -> Any:
        return np.array([[moment(power, i, j) for j in range(2)] for i in range(2)])

    bread = np.linalg.inv(matrix(2))
    expected = [np.diag(np.linalg.inv(matrix(1))), np.diag(bread @ matrix(3) @ bread)]
    assert sandwich(np.array(theta)) == pytest.approx(np.array(expected), rel=1e-6)


@pytest.mark.parametrize("squares", [False, True])
def test_a_fit_is_the_minimum_that_scipy_finds(squares: bool) -> None:
    draw = np.random.default_rng(3)
    x = draw.standard_normal((4, 150))
    y = (draw.random((4, 150)) < 1 / (1 + np.exp(-0.5 - 1.5 * x))).astype(float)
    found = _fits(x, y, np.array([0.5, 1.5]), squares)
    for row in range(4):

        def cost(t: Any, row: int = row) -> float:
            z = t[0] + t[1] * x[row]
            if squares:
                return float(((1 / (1 + np.exp(-z)) - y[row]) ** 2).mean())
            return float((np.logaddexp(0, z) - y[row] * z).mean())

        other = optimize.minimize(cost, [0.5, 1.5], method="Nelder-Mead",
                                  options={"xatol": 1e-9, "fatol": 1e-14})  # fmt: skip
        assert found[row] == pytest.approx(other.x, abs=1e-6)


def test_the_spread_falls_as_theory_says(many: lv.likelihood.Consistency) -> None:
    repeats = many.estimates.shape[2]
    chance = 1 / math.sqrt(2 * (repeats - 1))  # relative standard error of a standard deviation
    assert many.runaways.sum() == 0
    large = many.sd[:, 1] / many.theory[:, 1]
    assert np.abs(large - 1).max() < 4 * chance
    assert many.theory[:, 0] / many.theory[:, 1] == pytest.approx(2), "four times the data, half the spread"


def test_the_estimates_close_on_the_truth(many: lv.likelihood.Consistency) -> None:
    error = many.theory[:, 1] / math.sqrt(many.estimates.shape[2])
    bias = np.abs(many.mean[:, 1] - many.theta)
    assert (bias < 4 * error + 5 / 1600).all(), "within chance and a bias of order 1 / n"


def test_the_efficiency_by_simulation_is_that_by_theory(many: lv.likelihood.Consistency) -> None:
    """The two estimates come from the same data and move together, which only makes the ratio surer."""
    repeats = many.estimates.shape[2]
    chance = 2 / math.sqrt(repeats - 1)
    for parameter in range(2):
        both = many.estimates[:, 1, :, parameter]
        surer = math.sqrt(1 - np.corrcoef(both)[0, 1] ** 2)
        ratio = math.log(many.simulated[1, parameter] / many.efficiency[parameter])
        assert abs(ratio) < 4 * chance * surer
    assert (many.efficiency < 1).all()


def test_what_is_known_of_the_efficiency() -> None:
    quick = {"sizes": (10,), "repeats": 2}
    slope = [float(lv.likelihood.consistency((0.5, b), **quick).efficiency[1]) for b in (0.01, 0.5, 1.5, 3.0)]
    assert slope[0] == pytest.approx(1, abs=1e-4), "where p (1 - p) hardly varies, nothing is lost"
    assert sorted(slope, reverse=True) == slope, "the surer the model, the more least squares throws away"
    found = lv.likelihood.consistency(**quick)
    assert found.times_the_data == pytest.approx([1.0859, 1.2071], abs=1e-4)
    assert found.methods == ("maximum likelihood", "least squares")


def test_the_same_seed_gives_the_same_and_shapes_are_as_said() -> None:
    one, two = (lv.likelihood.consistency(sizes=(50, 100), repeats=5, seed=4) for _ in range(2))
    assert np.array_equal(one.estimates, two.estimates)
    assert one.estimates.shape == (2, 2, 5, 2)
    assert one.sd.shape == one.theory.shape == one.mean.shape == (2, 2, 2)
    assert one.efficiency.shape == (2,)
    other = lv.likelihood.consistency(sizes=(50, 100), repeats=5, seed=5)
    assert not np.array_equal(one.estimates, other.estimates)


def test_runaways_are_counted_and_left_out() -> None:
    found = lv.likelihood.consistency((0.0, 6.0), sizes=(10, 20), repeats=40)
    assert found.runaways[0, 0] > 0, "ten sure examples are often separable: no finite weight is best"
    gone = np.isnan(found.estimates[..., 0]).sum(axis=2)
    assert (gone == found.runaways).all()
    kept = found.estimates[0, 0][~np.isnan(found.estimates[0, 0, :, 0])]
    assert found.sd[0, 0] == pytest.approx(kept.std(axis=0, ddof=1))


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
def test_wrong_arguments_are_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lv.likelihood.consistency(**settings)
