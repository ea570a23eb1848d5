"""Losses over two weights against finite differences, trajectories against plain torch loops."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from lossviz import LOSSES, OPTIMIZERS
from lossviz.neuron import TWO_WEIGHT_MODELS, LossGrid, loss_grid, trajectories

BINARY = [name for name, row in LOSSES.items() if row.task == "binary"]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


LOSS_VALUE: dict[str, Callable[[float, float], float]] = {
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
    return TWO_WEIGHT_MODELS[model].data()


def mean_loss(model: str, loss: str, a: float, b: float) -> float:
    """The loss at one point of the grid, one example after the other."""
    x, y = examples(model)
    values = [LOSS_VALUE[loss](LOGIT[model](a, b, row), label) for row, label in zip(x, y, strict=True)]
    return math.fsum(values) / len(values)


def test_every_model_and_loss_has_a_closed_form_in_this_file() -> None:
    assert set(LOGIT) == set(TWO_WEIGHT_MODELS)
    assert set(LOSS_VALUE) == set(BINARY)


@pytest.mark.parametrize("loss", BINARY)
@pytest.mark.parametrize("model", TWO_WEIGHT_MODELS)
def test_every_point_of_a_grid_equals_a_plain_loop(model: str, loss: str) -> None:
    grid = loss_grid(model, loss, span=4.0, points=5)
    assert grid.loss.shape == grid.min_eigenvalue.shape == grid.gradient_norm.shape == (5, 5)
    assert grid.gradient.shape == (5, 5, 2)
    np.testing.assert_allclose(grid.a, [-4, -2, 0, 2, 4])
    np.testing.assert_array_equal(grid.a, grid.b)
    for i, b in enumerate(grid.b):
        for j, a in enumerate(grid.a):
            assert grid.loss[i, j] == pytest.approx(mean_loss(model, loss, a, b), rel=1e-11, abs=1e-20)
    assert grid.baseline_loss == pytest.approx(mean_loss(model, loss, 0.0, 0.0), rel=1e-12)
    assert grid.relative_loss[2, 2] == pytest.approx(1.0)
    assert (grid.model, grid.loss_name) == (model, loss)


@pytest.mark.parametrize("loss", ["sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "focal"])
@pytest.mark.parametrize("model", ["noisy-step", "neuron-step", "iris"])
def test_gradient_and_smallest_eigenvalue_equal_finite_differences(model: str, loss: str) -> None:
    h, points, span = 1e-4, 4, 2.2
    grid = loss_grid(model, loss, span=span, points=points)
    for i, b in enumerate(grid.b):
        for j, a in enumerate(grid.a):

            def at(da: float, db: float, a: float = a, b: float = b) -> float:
                return mean_loss(model, loss, a + da, b + db)

            centre = at(0, 0)
            gradient = [(at(h, 0) - at(-h, 0)) / (2 * h), (at(0, h) - at(0, -h)) / (2 * h)]
            aa = (at(h, 0) - 2 * centre + at(-h, 0)) / h**2
            bb = (at(0, h) - 2 * centre + at(0, -h)) / h**2
            ab = (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h**2)
            np.testing.assert_allclose(grid.gradient[i, j], gradient, rtol=1e-5, atol=1e-7)
            smallest = np.linalg.eigvalsh([[aa, ab], [ab, bb]])[0]
            assert grid.min_eigenvalue[i, j] == pytest.approx(smallest, rel=1e-4, abs=2e-6)
            assert grid.gradient_norm[i, j] == pytest.approx(math.hypot(*gradient), rel=1e-5, abs=1e-7)


def test_a_hinge_of_a_linear_model_has_no_curvature() -> None:
    assert not loss_grid("neuron-step", "hinge", points=11).min_eigenvalue.any()


def test_squared_error_has_large_plateaus_and_cross_entropy_hardly_any() -> None:
    names = ["sigmoid-ce", "sigmoid-mse", "sigmoid-half-mse"]
    share = {name: loss_grid("noisy-step", name, points=81).plateau_share(0.01) for name in names}
    assert share["sigmoid-ce"] == pytest.approx(0.01, abs=0.01)
    assert 0.30 < share["sigmoid-mse"] < 0.60
    assert share["sigmoid-mse"] < share["sigmoid-half-mse"] <= 0.65


@pytest.mark.parametrize("model", ["neuron-step", "one-example", "breast-cancer", "iris"])
def test_cross_entropy_is_convex_for_a_linear_model_and_squared_error_is_not(model: str) -> None:
    assert loss_grid(model, "sigmoid-ce", points=31).negative_curvature_share == 0
    assert loss_grid(model, "sigmoid-mse", points=31).negative_curvature_share > 0.2


def test_cross_entropy_is_not_convex_for_a_network() -> None:
    grid = loss_grid("noisy-step", "sigmoid-ce", points=41)
    assert grid.negative_curvature_share > 0.2
    np.testing.assert_allclose(grid.loss, grid.loss[::-1, ::-1], rtol=1e-12)  # L(w) = L(-w)
    assert grid.loss[20, 20] == pytest.approx(math.log(2))
    assert grid.loss.min() < math.log(2)


def test_shares_are_fractions_of_the_points() -> None:
    grid = LossGrid(
        "m", ("w", "b"), "l", 1.0, np.arange(2.0), np.arange(2.0), np.ones((2, 2)),
        np.array([[[0.0, 0.0], [0.003, 0.004]], [[0.006, 0.008], [1.0, 1.0]]]),
        np.array([[-1.0, 0.0], [1e-16, -1e-16]]),
    )  # fmt: skip
    np.testing.assert_allclose(grid.gradient_norm, [[0, 0.005], [0.01, math.sqrt(2)]])
    assert grid.plateau_share(0.01) == 0.5
    assert grid.plateau_share(10) == 1
    assert grid.negative_curvature_share == 0.25  # not what rounding puts below 0


def test_a_grid_in_blocks_equals_one_in_a_single_block(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = loss_grid("breast-cancer", "sigmoid-mse", points=9)
    monkeypatch.setattr("lossviz.neuron.grid._BLOCK", 5000)
    in_blocks = loss_grid("breast-cancer", "sigmoid-mse", points=9)
    np.testing.assert_allclose(in_blocks.loss, expected.loss, rtol=1e-13)
    np.testing.assert_allclose(in_blocks.gradient, expected.gradient, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("model", TWO_WEIGHT_MODELS)
def test_the_data_is_as_described_and_the_same_each_time(model: str) -> None:
    row = TWO_WEIGHT_MODELS[model]
    x, y = row.data()
    assert len(x) == len(y)
    assert set(y) <= {0.0, 1.0}
    again, _ = row.data()
    np.testing.assert_array_equal(x, again)
    expected = {"noisy-step": 50, "neuron-step": 50, "one-example": 1, "breast-cancer": 569, "iris": 100}
    assert len(x) == expected[model]


def test_about_a_tenth_of_the_labels_of_the_noisy_step_are_flipped() -> None:
    x, y = TWO_WEIGHT_MODELS["noisy-step"].data()
    assert 0.04 <= ((x[:, 0] > 0) != y).mean() <= 0.2


# --- trajectories -------------------------------------------------------------------------------------


def plain_trajectory(
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
            loss_value = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        else:
            loss_value = torch.nn.functional.mse_loss(torch.sigmoid(z), y)
        loss_value.backward()
        return float(loss_value.detach())

    run = [w.detach().numpy().copy()]
    for _ in range(steps):
        stepper.step(closure)
        run.append(w.detach().numpy().copy())
    return np.array(run)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", ["noisy-step", "neuron-step", "iris"])
def test_a_trajectory_equals_a_plain_torch_loop(model: str, optimizer: str) -> None:
    lr = OPTIMIZERS[optimizer].default_lr
    runs = trajectories(model, ["sigmoid-mse", "sigmoid-ce"], (1.5, -0.8), optimizer, lr, steps=30)
    for loss, run in zip(["sigmoid-mse", "sigmoid-ce"], runs, strict=True):
        assert (run.model, run.loss_name, run.optimizer, run.lr) == (model, loss, optimizer, lr)
        expected = plain_trajectory(model, loss, (1.5, -0.8), optimizer, lr, 30)
        np.testing.assert_allclose(run.weights, expected, rtol=1e-7, atol=1e-9)
        values = [mean_loss(model, loss, *w) for w in run.weights[::10]]
        np.testing.assert_allclose(run.loss[::10], values, rtol=1e-10)
        np.testing.assert_allclose(run.relative_loss, run.loss / mean_loss(model, loss, 0, 0), rtol=1e-12)
        assert run.diverged_at is None


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_trajectory_is_independent_of_the_other_losses(optimizer: str) -> None:
    together = trajectories("noisy-step", BINARY, (2.0, 1.0), optimizer, 0.1, steps=10)
    for run in together:
        (alone,) = trajectories("noisy-step", [run.loss_name], (2.0, 1.0), optimizer, 0.1, steps=10)
        np.testing.assert_allclose(run.weights, alone.weights, rtol=1e-11, atol=1e-13)


def test_one_example_is_nielsens_neuron() -> None:
    (run,) = trajectories("one-example", ["sigmoid-half-mse"], (0.6, 0.9), "sgd", 0.15, steps=300)
    output = 1 / (1 + np.exp(-run.weights.sum(axis=1)))
    assert output[0] == pytest.approx(0.8176, abs=5e-5)
    assert output[-1] == pytest.approx(0.0940, abs=5e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adamw"])
def test_divergence_under_one_loss_leaves_the_others_running(optimizer: str) -> None:
    diverging, stable = trajectories(
        "neuron-step", ["squared-hinge", "sigmoid-mse"], (3.0, 3.0), optimizer, 1e6, steps=80
    )
    assert diverging.diverged_at is not None
    assert np.isfinite(diverging.weights[: diverging.diverged_at]).all()
    assert np.isnan(diverging.weights[diverging.diverged_at :]).all()
    assert np.isnan(diverging.loss[diverging.diverged_at :]).all()
    (alone,) = trajectories("neuron-step", ["sigmoid-mse"], (3.0, 3.0), optimizer, 1e6, steps=80)
    np.testing.assert_allclose(
        stable.weights, alone.weights, rtol=1e-9
    )  # a mean of one row is taken otherwise
    assert (stable.diverged_at is None) == (alone.diverged_at is None)


def test_a_trajectory_holds_the_start_and_every_step() -> None:
    (run,) = trajectories("iris", ["sigmoid-ce"], (5.0, -5.0), steps=7)
    assert run.weights.shape == (8, 2)
    assert run.loss.shape == (8,)
    assert run.weights[0].tolist() == [5.0, -5.0]


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
        ({"losses": ["softmax-ce"]}, "loss must be binary, with one logit"),
    ],
)
def test_a_bad_argument_of_trajectories_is_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        trajectories(**{"model": "iris", "losses": ["sigmoid-ce"], "start": (0.0, 0.0), **arguments})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"span": 0.0}, r"span must be a number in \(0, 1000\]; got 0.0"),
        ({"span": math.inf}, r"span must be a number in \(0, 1000\]; got inf"),
        ({"points": 2}, "points must be a whole number from 3 to 401; got 2"),
        ({"points": 402}, "points must be a whole number from 3 to 401; got 402"),
        ({"points": 9.5}, "points must be a whole number from 3 to 401; got 9.5"),
        ({"loss": "mse"}, "loss must be binary, with one logit"),
    ],
)
def test_a_bad_argument_of_a_grid_is_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        loss_grid(**{"model": "iris", "loss": "sigmoid-ce", **arguments})


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(KeyError, match="unknown two-weight model 'moon'; known: noisy-step"):
        loss_grid("moon", "sigmoid-ce")
    with pytest.raises(KeyError, match="unknown loss 'ce'; known: sigmoid-mse"):
        loss_grid("iris", "ce")
    with pytest.raises(KeyError, match="unknown optimizer 'sdg'; known: sgd"):
        trajectories("iris", ["sigmoid-ce"], (0, 0), "sdg")
