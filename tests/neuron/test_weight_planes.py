"""Whole surfaces of two weights against plain loops, finite differences and torch's own optimizers."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from lossviz import LOSSES, OPTIMIZERS
from lossviz.neuron import TWO_WEIGHTS, WeightPlane, weight_paths, weight_plane

BINARY = [name for name, row in LOSSES.items() if row.task == "binary"]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


COST: dict[str, Callable[[float, float], float]] = {
    "sigmoid-mse": lambda z, y: (sigmoid(z) - y) ** 2,
    "sigmoid-half-mse": lambda z, y: (sigmoid(z) - y) ** 2 / 2,
    "sigmoid-ce": lambda z, y: math.log1p(math.exp(-z if y else z)),
    "tanh-mse": lambda z, y: (math.tanh(z) - (2 * y - 1)) ** 2,
    "hinge": lambda z, y: max(0.0, 1 - (2 * y - 1) * z),
    "squared-hinge": lambda z, y: max(0.0, 1 - (2 * y - 1) * z) ** 2,
    "focal": lambda z, y: sigmoid(-z if y else z) ** 2 * math.log1p(math.exp(-z if y else z)),
}
LOGIT: dict[str, Callable[[float, float, np.ndarray], float]] = {
    "noisy-step": lambda a, b, x: b * math.tanh(a * x[0]),
    "neuron-step": lambda a, b, x: a * x[0] + b,
    "one-example": lambda a, b, x: a * x[0] + b,
    "breast-cancer": lambda a, b, x: a * x[0] + b * x[1],
    "iris": lambda a, b, x: a * x[0] + b * x[1],
}


@cache
def examples(model: str) -> tuple[np.ndarray, np.ndarray]:
    return TWO_WEIGHTS[model].data()


def mean_loss(model: str, loss: str, a: float, b: float) -> float:
    """The loss of one point of the plane, one example after the other."""
    x, y = examples(model)
    costs = [COST[loss](LOGIT[model](a, b, row), label) for row, label in zip(x, y, strict=True)]
    return math.fsum(costs) / len(costs)


def test_every_model_and_loss_has_its_plain_loop() -> None:
    assert set(LOGIT) == set(TWO_WEIGHTS)
    assert set(COST) == set(BINARY)


@pytest.mark.parametrize("loss", BINARY)
@pytest.mark.parametrize("model", TWO_WEIGHTS)
def test_every_point_of_a_surface_is_that_of_a_plain_loop(model: str, loss: str) -> None:
    plane = weight_plane(model, loss, span=4.0, points=5)
    assert plane.loss.shape == plane.lowest_curvature.shape == plane.slope.shape == (5, 5)
    assert plane.gradient.shape == (5, 5, 2)
    np.testing.assert_allclose(plane.a, [-4, -2, 0, 2, 4])
    np.testing.assert_array_equal(plane.a, plane.b)
    for i, b in enumerate(plane.b):
        for j, a in enumerate(plane.a):
            assert plane.loss[i, j] == pytest.approx(mean_loss(model, loss, a, b), rel=1e-11, abs=1e-20)
    assert plane.chance == pytest.approx(mean_loss(model, loss, 0.0, 0.0), rel=1e-12)
    assert plane.level[2, 2] == pytest.approx(1.0)
    assert (plane.model, plane.loss_name) == (model, loss)


@pytest.mark.parametrize("loss", ["sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "focal"])
@pytest.mark.parametrize("model", ["noisy-step", "neuron-step", "iris"])
def test_slope_and_bend_are_those_of_finite_differences(model: str, loss: str) -> None:
    h, points, span = 1e-4, 4, 2.2
    plane = weight_plane(model, loss, span=span, points=points)
    for i, b in enumerate(plane.b):
        for j, a in enumerate(plane.a):

            def at(da: float, db: float, a: float = a, b: float = b) -> float:
                return mean_loss(model, loss, a + da, b + db)

            here = at(0, 0)
            slope = [(at(h, 0) - at(-h, 0)) / (2 * h), (at(0, h) - at(0, -h)) / (2 * h)]
            aa = (at(h, 0) - 2 * here + at(-h, 0)) / h**2
            bb = (at(0, h) - 2 * here + at(0, -h)) / h**2
            ab = (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h**2)
            np.testing.assert_allclose(plane.gradient[i, j], slope, rtol=1e-5, atol=1e-7)
            lowest = np.linalg.eigvalsh([[aa, ab], [ab, bb]])[0]
            assert plane.lowest_curvature[i, j] == pytest.approx(lowest, rel=1e-4, abs=2e-6)
            assert plane.slope[i, j] == pytest.approx(math.hypot(*slope), rel=1e-5, abs=1e-7)


def test_a_hinge_over_a_linear_model_has_no_bend() -> None:
    assert not weight_plane("neuron-step", "hinge", points=11).lowest_curvature.any()


def test_cross_entropy_has_few_plateaus_and_squared_error_is_mostly_plateau() -> None:
    names = ["sigmoid-ce", "sigmoid-mse", "sigmoid-half-mse"]
    share = {name: weight_plane("noisy-step", name, points=81).plateau(0.01) for name in names}
    assert share["sigmoid-ce"] == pytest.approx(0.01, abs=0.01)
    assert 0.30 < share["sigmoid-mse"] < 0.60
    assert share["sigmoid-mse"] < share["sigmoid-half-mse"] <= 0.65


@pytest.mark.parametrize("model", ["neuron-step", "one-example", "breast-cancer", "iris"])
def test_cross_entropy_is_convex_for_a_linear_model_and_squared_error_is_not(model: str) -> None:
    assert weight_plane(model, "sigmoid-ce", points=31).bends_down == 0
    assert weight_plane(model, "sigmoid-mse", points=31).bends_down > 0.2


def test_cross_entropy_is_not_convex_for_a_network() -> None:
    plane = weight_plane("noisy-step", "sigmoid-ce", points=41)
    assert plane.bends_down > 0.2
    np.testing.assert_allclose(plane.loss, plane.loss[::-1, ::-1], rtol=1e-12)  # L(w) = L(-w)
    assert plane.loss[20, 20] == pytest.approx(math.log(2))
    assert plane.loss.min() < math.log(2)


def test_shares_count_points() -> None:
    plane = WeightPlane(
        "m", "l", 1.0, np.arange(2.0), np.arange(2.0), np.ones((2, 2)),
        np.array([[[0.0, 0.0], [0.003, 0.004]], [[0.006, 0.008], [1.0, 1.0]]]),
        np.array([[-1.0, 0.0], [1e-16, -1e-16]]),
    )  # fmt: skip
    np.testing.assert_allclose(plane.slope, [[0, 0.005], [0.01, math.sqrt(2)]])
    assert plane.plateau(0.01) == 0.5
    assert plane.plateau(10) == 1
    assert plane.bends_down == 0.25  # what is rounded below 0 does not count


def test_a_large_plane_in_blocks_is_the_small_one_in_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = weight_plane("breast-cancer", "sigmoid-mse", points=9)
    monkeypatch.setattr("lossviz.neuron.weight_planes._BLOCK", 5000)
    parts = weight_plane("breast-cancer", "sigmoid-mse", points=9)
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-13)
    np.testing.assert_allclose(parts.gradient, whole.gradient, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("model", TWO_WEIGHTS)
def test_the_data_is_what_the_row_says(model: str) -> None:
    row = TWO_WEIGHTS[model]
    x, y = row.data()
    assert len(x) == len(y)
    assert set(y) <= {0.0, 1.0}
    again, _ = row.data()
    np.testing.assert_array_equal(x, again)
    expected = {"noisy-step": 50, "neuron-step": 50, "one-example": 1, "breast-cancer": 569, "iris": 100}
    assert len(x) == expected[model]


def test_about_a_tenth_of_the_labels_of_the_noisy_step_are_turned() -> None:
    x, y = TWO_WEIGHTS["noisy-step"].data()
    assert 0.04 <= ((x[:, 0] > 0) != y).mean() <= 0.2


# --- paths --------------------------------------------------------------------------------------------


def plain_path(
    model: str, loss: str, start: tuple[float, float], optimizer: str, lr: float, steps: int
) -> np.ndarray:
    x, y = (torch.from_numpy(part) for part in examples(model))
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    stepper = OPTIMIZERS[optimizer].build([w], lr)

    def closure() -> float:
        stepper.zero_grad()
        if model == "noisy-step":
            z = w[1] * torch.tanh(w[0] * x[:, 0])
        elif len(x[0]) == 1:
            z = w[0] * x[:, 0] + w[1]
        else:
            z = w[0] * x[:, 0] + w[1] * x[:, 1]
        if loss == "sigmoid-ce":
            cost = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        else:
            cost = torch.nn.functional.mse_loss(torch.sigmoid(z), y)
        cost.backward()
        return float(cost.detach())

    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        stepper.step(closure)
        path.append(w.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", ["noisy-step", "neuron-step", "iris"])
def test_a_path_is_that_of_a_plain_torch_loop(model: str, optimizer: str) -> None:
    lr = OPTIMIZERS[optimizer].default_lr
    paths = weight_paths(model, ["sigmoid-mse", "sigmoid-ce"], (1.5, -0.8), optimizer, lr, steps=30)
    for loss, path in zip(["sigmoid-mse", "sigmoid-ce"], paths, strict=True):
        assert (path.model, path.loss_name, path.optimizer, path.lr) == (model, loss, optimizer, lr)
        expected = plain_path(model, loss, (1.5, -0.8), optimizer, lr, 30)
        np.testing.assert_allclose(path.weights, expected, rtol=1e-7, atol=1e-9)
        values = [mean_loss(model, loss, *w) for w in path.weights[::10]]
        np.testing.assert_allclose(path.loss[::10], values, rtol=1e-10)
        np.testing.assert_allclose(path.level, path.loss / mean_loss(model, loss, 0, 0), rtol=1e-12)
        assert path.diverged_at is None


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_company_changes_no_path(optimizer: str) -> None:
    together = weight_paths("noisy-step", BINARY, (2.0, 1.0), optimizer, 0.1, steps=10)
    for path in together:
        (alone,) = weight_paths("noisy-step", [path.loss_name], (2.0, 1.0), optimizer, 0.1, steps=10)
        np.testing.assert_allclose(path.weights, alone.weights, rtol=1e-11, atol=1e-13)


def test_one_example_is_the_stuck_neuron_seen_from_above() -> None:
    (path,) = weight_paths("one-example", ["sigmoid-half-mse"], (0.6, 0.9), "sgd", 0.15, steps=300)
    output = 1 / (1 + np.exp(-path.weights.sum(axis=1)))
    assert output[0] == pytest.approx(0.8176, abs=5e-5)
    assert output[-1] == pytest.approx(0.0940, abs=5e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adamw"])
def test_divergence_of_one_leaves_the_others_running(optimizer: str) -> None:
    wild, calm = weight_paths(
        "neuron-step", ["squared-hinge", "sigmoid-mse"], (3.0, 3.0), optimizer, 1e6, steps=80
    )
    assert wild.diverged_at is not None
    assert np.isfinite(wild.weights[: wild.diverged_at]).all()
    assert np.isnan(wild.weights[wild.diverged_at :]).all()
    assert np.isnan(wild.loss[wild.diverged_at :]).all()
    (alone,) = weight_paths("neuron-step", ["sigmoid-mse"], (3.0, 3.0), optimizer, 1e6, steps=80)
    np.testing.assert_allclose(calm.weights, alone.weights, rtol=1e-9)  # a mean of one row is taken otherwise
    assert (calm.diverged_at is None) == (alone.diverged_at is None)


def test_a_path_has_a_point_for_each_step_and_the_start() -> None:
    (path,) = weight_paths("iris", ["sigmoid-ce"], (5.0, -5.0), steps=7)
    assert path.weights.shape == (8, 2)
    assert path.loss.shape == (8,)
    assert path.weights[0].tolist() == [5.0, -5.0]


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"start": (math.nan, 0.0)}, "start must be a finite number; got nan"),
        ({"start": (1.0, 2.0, 3.0)}, "start must be two numbers; got 3"),
        ({"start": (1.0,)}, "start must be two numbers; got 1"),
        ({"lr": 0.0}, "lr must be a finite number above 0; got 0.0"),
        ({"lr": math.nan}, "lr must be a finite number above 0; got nan"),
        ({"steps": 0}, "steps must be a whole number from 1 to 20000; got 0"),
        ({"steps": 20_001}, "steps must be a whole number from 1 to 20000; got 20001"),
        ({"losses": []}, "number of losses must be a whole number of at least 1; got 0"),
        ({"losses": ["softmax-ce"]}, "loss must be one of one logit"),
    ],
)
def test_bad_input_of_a_path_is_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        weight_paths(**{"model": "iris", "losses": ["sigmoid-ce"], "start": (0.0, 0.0), **arguments})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"span": 0.0}, r"span must be a number in \(0, 1000\]; got 0.0"),
        ({"span": math.inf}, r"span must be a number in \(0, 1000\]; got inf"),
        ({"points": 2}, "points must be a whole number from 3 to 401; got 2"),
        ({"points": 402}, "points must be a whole number from 3 to 401; got 402"),
        ({"points": 9.5}, "points must be a whole number from 3 to 401; got 9.5"),
        ({"loss": "mse"}, "loss must be one of one logit"),
    ],
)
def test_bad_input_of_a_plane_is_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        weight_plane(**{"model": "iris", "loss": "sigmoid-ce", **arguments})


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(KeyError, match="unknown two-weight model 'moon'; known: noisy-step"):
        weight_plane("moon", "sigmoid-ce")
    with pytest.raises(KeyError, match="unknown loss 'ce'; known: sigmoid-mse"):
        weight_plane("iris", "ce")
    with pytest.raises(KeyError, match="unknown optimizer 'sdg'; known: sgd"):
        weight_paths("iris", ["sigmoid-ce"], (0, 0), "sdg")
