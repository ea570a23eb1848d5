"""The bowl's map against simulation, torch's own optimizer, and the closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

import lossviz as lv
from lossviz.stability.quadratics import RULES

EVERY = pytest.mark.parametrize("rule", RULES)


def growth(product: np.ndarray, momentum: np.ndarray, rule: str, steps: int = 6000) -> np.ndarray:
    """By how much a plain simulation shrinks or grows a step, in the long run, for each setting.

    The pair (weight, velocity) is scaled back to length 1 after each step, and the logarithms of its lengths
    are averaged over the second half.
    """
    weight, velocity = np.ones_like(product), np.zeros_like(product)
    total = np.zeros_like(product)
    for step in range(steps):
        slope = product * weight  # lr times the gradient
        velocity = momentum * velocity + slope
        weight = weight - (velocity if rule == "Heavy ball" else slope + momentum * velocity)
        length = np.maximum(np.hypot(weight, velocity), 1e-300)  # a leap to the bottom leaves nothing
        weight, velocity = weight / length, velocity / length
        total += np.log(length) if step >= steps // 2 else 0.0
    return np.exp(total / (steps - steps // 2))


@EVERY
def test_the_map_agrees_with_simulation_at_a_thousand_random_settings(rule: str) -> None:
    rng = np.random.default_rng(0)
    product, momentum = rng.uniform(0.001, 4.4, 1000), rng.uniform(0, 0.99, 1000)
    radius = lv.stability.spectral_radius(product, momentum, rule)
    simulated = growth(product, momentum, rule)
    np.testing.assert_allclose(simulated, radius, rtol=4e-3)
    assert ((simulated < 1) == (radius < 1)).all()
    assert ((product < lv.stability.quadratic_edge(momentum, rule)) == (radius < 1)).all()
    assert 0.2 < (radius < 1).mean() < 0.8


@EVERY
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("product", [0.1, 1.0, 1.7, 2.2, 3.5])
def test_a_walk_is_that_of_torchs_own_optimizer(rule: str, momentum: float, product: float) -> None:
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    nesterov = rule == "Nesterov" and momentum > 0
    optimizer = torch.optim.SGD([weight], lr=0.25, momentum=momentum, nesterov=nesterov)
    curvature, seen = product / 0.25, [1.0]
    for _ in range(40):
        optimizer.zero_grad()
        (0.5 * curvature * weight**2).sum().backward()
        optimizer.step()
        seen.append(float(weight.detach()))
    np.testing.assert_allclose(
        lv.stability.quadratic_descent(product, momentum, 40, rule), seen, rtol=1e-9, atol=1e-12
    )


@EVERY
@given(product=some.floats(0.0, 4.4), momentum=some.floats(0.0, 0.99))
def test_the_radius_is_the_largest_eigenvalue_of_the_step(rule: str, product: float, momentum: float) -> None:
    if rule == "Heavy ball":
        step = np.array([[1 - product, -momentum], [product, momentum]])  # of (weight, velocity x lr)
    else:
        look = 1 + momentum
        step = np.array([[1 - look * product, -(momentum**2)], [product, momentum]])
    largest = np.abs(np.linalg.eigvals(step)).max()
    assert lv.stability.spectral_radius(product, momentum, rule) == pytest.approx(largest, abs=1e-7)


@EVERY
@given(momentum=some.floats(0.0, 0.99))
def test_the_radius_is_one_at_the_edge(rule: str, momentum: float) -> None:
    edge = float(lv.stability.quadratic_edge(momentum, rule))
    assert lv.stability.spectral_radius(edge, momentum, rule) == pytest.approx(1.0, abs=1e-9)
    assert (
        lv.stability.spectral_radius(edge - 1e-3, momentum, rule)
        < 1
        < lv.stability.spectral_radius(edge + 1e-3, momentum, rule)
    )


@EVERY
@pytest.mark.parametrize("product", [0.05, 0.4, 0.9, 1.3, 2.0, 3.1])
def test_no_momentum_is_faster_than_the_fastest(rule: str, product: float) -> None:
    others = lv.stability.spectral_radius(product, np.linspace(0, 0.999, 2000), rule)
    best = lv.stability.fastest_momentum(product, rule)
    if product > 2 and rule == "Nesterov":
        assert np.isnan(best)
        assert (others > 1).all()
        return
    assert lv.stability.spectral_radius(product, best, rule) == pytest.approx(others.min(), abs=1e-2)
    assert lv.stability.spectral_radius(product, best, rule) <= others.min() + 1e-9


def test_the_edges_are_those_of_the_books() -> None:
    assert lv.stability.quadratic_edge(0.0) == 2
    assert lv.stability.quadratic_edge(0.9) == pytest.approx(3.8)
    assert lv.stability.quadratic_edge(0.9, "Nesterov") == pytest.approx(3.8 / 2.8)
    assert lv.stability.spectral_radius(1.0, 0.0) == 0  # one leap
    assert lv.stability.spectral_radius(2.2, 0.0) == pytest.approx(1.2)
    assert lv.stability.spectral_radius(2.2, 0.3) == pytest.approx(np.sqrt(0.3))


@EVERY
def test_a_bowl_holds_its_map_and_its_walks(rule: str) -> None:
    found = lv.stability.quadratic(0.4, rule, steps=20, points=21)
    assert found.map_radius.shape == (21, 41)
    assert found.walk.shape == (len(found.product), 21)
    i, j = 7, 12
    assert found.map_radius[i, j] == lv.stability.spectral_radius(
        found.map_product[j], found.map_momentum[i], rule
    )
    k = int(np.flatnonzero(np.isclose(found.product, 1.5))[0])
    np.testing.assert_array_equal(found.walk[k], lv.stability.quadratic_descent(1.5, 0.4, 20, rule))
    assert found.radius[k] == lv.stability.spectral_radius(1.5, 0.4, rule)
    assert found.product[0] > 0
    assert found.product[-1] == pytest.approx(4.4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lv.stability.quadratic(-0.1), "momentum must be a number in .0, 0.99.; got -0.1"),
        (lambda: lv.stability.quadratic(1.0), "momentum must"),
        (lambda: lv.stability.quadratic(float("nan")), "momentum must be .* got nan"),
        (lambda: lv.stability.quadratic(0.5, "Adam"), "rule must be one of Heavy ball, Nesterov; got 'Adam'"),
        (lambda: lv.stability.quadratic(0.5, steps=0), "steps must be a whole number from 1 to 10000; got 0"),
        (lambda: lv.stability.quadratic(0.5, every=0), "every must"),
        (lambda: lv.stability.quadratic(0.5, points=3), "points must"),
        (lambda: lv.stability.spectral_radius(1.0, 0.5, "none"), "got 'none'"),
        (lambda: lv.stability.quadratic_edge(0.5, "none"), "got 'none'"),
        (lambda: lv.stability.fastest_momentum(1.0, "none"), "got 'none'"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, message: str) -> None:
    with pytest.raises(ValueError, match=message) as said:
        call()
    assert "\n" not in str(said.value)
