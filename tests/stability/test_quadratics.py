"""Momentum on a quadratic against simulation, torch's own optimizer, and closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lossviz as lv
from lossviz.stability.quadratics import RULES

ALL_RULES = pytest.mark.parametrize("rule", RULES)


def simulated_radius(product: np.ndarray, momentum: np.ndarray, rule: str, steps: int = 6000) -> np.ndarray:
    """The mean factor of each step of a plain simulation, for each setting.

    The pair (weight, velocity) is scaled back to length 1 after each step, and the logarithms of its lengths
    are averaged over the second half.
    """
    weight, velocity = np.ones_like(product), np.zeros_like(product)
    total = np.zeros_like(product)
    for step in range(steps):
        gradient = product * weight  # times the learning rate
        velocity = momentum * velocity + gradient
        weight = weight - (velocity if rule == "heavy-ball" else gradient + momentum * velocity)
        length = np.maximum(np.hypot(weight, velocity), 1e-300)  # one step may lead exactly to the minimum
        weight, velocity = weight / length, velocity / length
        total += np.log(length) if step >= steps // 2 else 0.0
    return np.exp(total / (steps - steps // 2))


@ALL_RULES
def test_radius_agrees_with_simulation_at_random_settings(rule: str) -> None:
    rng = np.random.default_rng(0)
    product, momentum = rng.uniform(0.001, 4.4, 1000), rng.uniform(0, 0.99, 1000)
    radius = lv.stability.spectral_radius(product, momentum, rule)
    simulated = simulated_radius(product, momentum, rule)
    np.testing.assert_allclose(simulated, radius, rtol=4e-3)
    assert ((simulated < 1) == (radius < 1)).all()
    assert ((product < lv.stability.quadratic_edge(momentum, rule)) == (radius < 1)).all()
    assert 0.2 < (radius < 1).mean() < 0.8


@ALL_RULES
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("product", [0.1, 1.0, 1.7, 2.2, 3.5])
def test_descent_equals_torchs_optimizer(rule: str, momentum: float, product: float) -> None:
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    nesterov = rule == "nesterov" and momentum > 0
    optimizer = torch.optim.SGD([weight], lr=0.25, momentum=momentum, nesterov=nesterov)
    curvature, distances = product / 0.25, [1.0]
    for _ in range(40):
        optimizer.zero_grad()
        (0.5 * curvature * weight**2).sum().backward()
        optimizer.step()
        distances.append(float(weight.detach()))
    np.testing.assert_allclose(
        lv.stability.quadratic_descent(product, momentum, 40, rule), distances, rtol=1e-9, atol=1e-12
    )


@ALL_RULES
@given(product=st.floats(0.0, 4.4), momentum=st.floats(0.0, 0.99))
def test_radius_is_the_largest_eigenvalue_of_the_step(rule: str, product: float, momentum: float) -> None:
    if rule == "heavy-ball":
        step = np.array([[1 - product, -momentum], [product, momentum]])  # of (weight, velocity x lr)
    else:
        factor = 1 + momentum
        step = np.array([[1 - factor * product, -(momentum**2)], [product, momentum]])
    largest = np.abs(np.linalg.eigvals(step)).max()
    assert lv.stability.spectral_radius(product, momentum, rule) == pytest.approx(largest, abs=1e-7)


@ALL_RULES
@given(momentum=st.floats(0.0, 0.99))
def test_radius_is_one_at_the_edge(rule: str, momentum: float) -> None:
    edge = float(lv.stability.quadratic_edge(momentum, rule))
    assert lv.stability.spectral_radius(edge, momentum, rule) == pytest.approx(1.0, abs=1e-9)
    assert (
        lv.stability.spectral_radius(edge - 1e-3, momentum, rule)
        < 1
        < lv.stability.spectral_radius(edge + 1e-3, momentum, rule)
    )


@ALL_RULES
@pytest.mark.parametrize("product", [0.05, 0.4, 0.9, 1.3, 2.0, 3.1])
def test_fastest_momentum_has_the_smallest_radius(rule: str, product: float) -> None:
    others = lv.stability.spectral_radius(product, np.linspace(0, 0.999, 2000), rule)
    best = lv.stability.fastest_momentum(product, rule)
    if product > 2 and rule == "nesterov":
        assert np.isnan(best)
        assert (others > 1).all()
        return
    assert lv.stability.spectral_radius(product, best, rule) == pytest.approx(others.min(), abs=1e-2)
    assert lv.stability.spectral_radius(product, best, rule) <= others.min() + 1e-9


def test_edges_are_those_of_textbooks() -> None:
    assert lv.stability.quadratic_edge(0.0) == 2
    assert lv.stability.quadratic_edge(0.9) == pytest.approx(3.8)
    assert lv.stability.quadratic_edge(0.9, "nesterov") == pytest.approx(3.8 / 2.8)
    assert lv.stability.spectral_radius(1.0, 0.0) == 0  # one step to the minimum
    assert lv.stability.spectral_radius(2.2, 0.0) == pytest.approx(1.2)
    assert lv.stability.spectral_radius(2.2, 0.3) == pytest.approx(np.sqrt(0.3))


@ALL_RULES
def test_quadratic_holds_the_map_and_the_descents(rule: str) -> None:
    result = lv.stability.quadratic(0.4, rule, steps=20, points=21)
    assert result.map_radius.shape == (21, 41)
    assert result.distance.shape == (len(result.product), 21)
    i, j = 7, 12
    assert result.map_radius[i, j] == lv.stability.spectral_radius(
        result.map_product[j], result.map_momentum[i], rule
    )
    k = int(np.flatnonzero(np.isclose(result.product, 1.5))[0])
    np.testing.assert_array_equal(result.distance[k], lv.stability.quadratic_descent(1.5, 0.4, 20, rule))
    assert result.radius[k] == lv.stability.spectral_radius(1.5, 0.4, rule)
    assert result.product[0] > 0
    assert result.product[-1] == pytest.approx(4.4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lv.stability.quadratic(-0.1), "momentum must be a number in .0, 0.99.; got -0.1"),
        (lambda: lv.stability.quadratic(1.0), "momentum must"),
        (lambda: lv.stability.quadratic(float("nan")), "momentum must be .* got nan"),
        (lambda: lv.stability.quadratic(0.5, "Adam"), "rule must be one of heavy-ball, nesterov; got 'Adam'"),
        (lambda: lv.stability.quadratic(0.5, steps=0), "steps must be a whole number from 1 to 10000; got 0"),
        (lambda: lv.stability.quadratic(0.5, spacing=0), "spacing must"),
        (lambda: lv.stability.quadratic(0.5, points=3), "points must"),
        (lambda: lv.stability.spectral_radius(1.0, 0.5, "none"), "got 'none'"),
        (lambda: lv.stability.quadratic_edge(0.5, "none"), "got 'none'"),
        (lambda: lv.stability.fastest_momentum(1.0, "none"), "got 'none'"),
    ],
)
def test_invalid_argument_is_refused_in_one_sentence(call, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
