"""Sharpness and the edge of stability against exact Hessians, quadratics, and a plain torch loop."""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.full_batch import small_problem
from support.models import state
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.products import AutogradHessian
from lossviz.stability.thresholds import optimizers_with_edge, preconditioner


def exact_hessian(model: nn.Module, loss_fn: Callable[..., Tensor], data: Any) -> np.ndarray:
    hessian = AutogradHessian(model, loss_fn, data)
    rows = [hessian @ row for row in torch.eye(hessian.like.numel(), dtype=torch.float64)]
    matrix = torch.stack(rows).numpy()
    return 0.5 * (matrix + matrix.T)


# --- what is recorded -----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", optimizers_with_edge())
def test_run_equals_a_plain_torch_loop_with_exact_eigenvalues(optimizer: str) -> None:
    model, loss_fn, (x, y) = small_problem("mse" if optimizer != "adam" else "sigmoid-ce")
    lr = {"sgd": 0.35, "momentum": 0.3, "nesterov": 0.1, "rmsprop": 0.01, "adam": 0.02}[optimizer]
    run = lv.edge_run(model, loss_fn, (x, y), lr, optimizer, steps=90)
    twin = copy.deepcopy(model)
    weights = list(twin.parameters())
    rule = lv.OPTIMIZERS[optimizer].build(weights, lr)
    for step in range(91):
        rule.zero_grad()
        loss = loss_fn(twin(x), y)
        loss.backward()
        assert run.loss[step] == pytest.approx(float(loss.detach()), rel=1e-9)
        if step % 18 == 0:
            matrix = exact_hessian(twin, loss_fn, (x, y))
            divisor = preconditioner(rule, [w.grad for w in weights if w.grad is not None])
            if divisor is not None:
                scale = divisor.rsqrt().numpy()
                matrix = scale[:, None] * matrix * scale
            assert run.sharpness[step] == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=5e-4), step
        rule.step()
    assert run.diverged_at is None
    assert run.preconditioned == (optimizer in ("rmsprop", "adam"))
    assert run.weights == sum(w.numel() for w in weights)


def test_largest_eigenvalue_is_tracked_when_two_cross() -> None:
    """A sum of two quadratics, of which first one and then the other has the larger curvature."""

    class TwoQuadratics(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.place = nn.Parameter(torch.cat([torch.tensor([1.0, 0.0]), torch.full((60,), 0.1)]).double())

        def forward(self, x: Tensor) -> Tensor:
            return self.place

    def loss_fn(place: Tensor, _: Tensor) -> Tensor:
        falling = 3 * place[0]  # its coordinate moves at a constant rate
        return falling + 0.5 * (2 + (-place[0]).tanh()) * place[1] ** 2 + 1.0 * place[2:].square().sum()

    run = lv.edge_run(TwoQuadratics(), loss_fn, (torch.zeros(1), torch.zeros(1)), 0.02, "sgd", 60)
    place = 1.0 - 0.06 * np.arange(61)
    wanted = np.maximum(2 + np.tanh(-place), 2.0)
    assert run.sharpness[0] == pytest.approx(2)
    np.testing.assert_allclose(run.sharpness, wanted, rtol=2e-2)


# --- the edge of stability ------------------------------------------------------------------------------


def test_sharpness_rises_to_the_edge_and_stays_within_two_per_cent() -> None:
    (run,) = lv.stability.edge_runs("xor", "mlp-12-12", ["sigmoid-ce"], lr=0.5, steps=600)
    assert run.edge == 4
    assert run.ratio[:50].max() < 0.3, "it starts far below"
    assert np.mean(run.sharpness[300:]) == pytest.approx(4, rel=0.02)
    assert run.status().state == "at"
    assert (np.diff(run.loss[300:]) > 0).any(), "the loss goes up at times"
    assert run.loss[-1] < 0.7 * run.loss[300], "and falls all the same"


def test_adaptive_optimizer_stays_at_its_own_edge() -> None:
    (run,) = lv.stability.edge_runs(
        "xor", "mlp-12-12", ["sigmoid-mse"], lr=0.01, optimizer="rmsprop", steps=300
    )
    assert run.edge == 200
    assert np.mean(run.sharpness[100:]) == pytest.approx(200, rel=0.05)
    assert run.status().state == "at"


def test_small_learning_rate_stays_below_the_edge() -> None:
    (run,) = lv.stability.edge_runs("moons", "mlp-12-12", ["sigmoid-mse"], 0.1, steps=150)
    assert run.status().state == "below"
    assert run.status().ratio < 0.5
    assert run.status().ratio == pytest.approx(run.ratio.max())


def test_diverged_run_is_explained_with_its_numbers() -> None:
    (run,) = lv.stability.edge_runs("moons", "mlp-12-12", ["mse"], 0.8, steps=100)
    assert run.diverged_at is not None
    assert np.isfinite(run.loss[: run.diverged_at]).all()
    assert np.isnan(run.loss[run.diverged_at :]).all()
    assert np.isnan(run.sharpness[run.diverged_at :]).all()
    product = 0.8 * run.sharpness[0]
    assert f"0.8 x {run.sharpness[0]:.3g} = {product:.3g} > 2" in run.explanation
    assert run.status().state == "diverged"
    assert run.status(0).state != "diverged"


@pytest.mark.parametrize("curvature", [0.5, 1.9, 2.1, 30.0])
def test_quadratic_diverges_exactly_above_the_edge(curvature: float) -> None:
    x = torch.tensor([[math.sqrt(curvature / 2)]], dtype=torch.float64)
    model = nn.Linear(1, 1, bias=False).double()
    run = lv.edge_run(model, nn.MSELoss(), (x, torch.zeros(1, 1).double()), 1.0, steps=400)
    assert run.sharpness[0] == pytest.approx(curvature)
    assert (run.diverged_at is None) == (curvature < 2)
    if curvature < 2:
        assert run.loss[-1] < run.loss[0]
    else:
        assert f"1 x {curvature:.3g} = {curvature:.3g} > 2" in run.explanation


# --- the user's own model -------------------------------------------------------------------------------


def test_model_is_bit_equal_afterwards() -> None:
    model, loss_fn, data = small_problem()
    before = state(model)
    lv.edge_run(model.float(), loss_fn, (data[0].float(), data[1].float()), 0.3, steps=5)
    model.double()
    after = state(model)
    assert [row[0] for row in before[0]] == [row[0] for row in after[0]]
    assert before[2] == after[2], "torch's random state"
    plain, values = (
        nn.Sequential(nn.Linear(3, 40), nn.ReLU(), nn.Dropout(), nn.Linear(40, 2)),
        torch.randn(9, 3),
    )
    before = state(plain)
    reported: list[tuple[int, int]] = []
    run = lv.edge_run(
        plain,
        nn.CrossEntropyLoss(),
        (values, torch.zeros(9).long()),
        0.1,
        "adam",
        20,
        progress=lambda *done: reported.append(done),
    )
    assert state(plain) == before
    assert run.loss_name == "CrossEntropyLoss"
    assert reported == [(step + 1, 21) for step in range(21)]
    assert lv.figures.edge([run]).data


def test_losses_of_all_tasks() -> None:
    for dataset, loss in (("iris", "softmax-ce"), ("sine", "huber"), ("moons", "hinge")):
        (run,) = lv.stability.edge_runs(dataset, "mlp-4", [loss], 0.05, steps=3)
        assert run.loss_name == loss
        assert np.isfinite(run.sharpness).all()


def test_losses_start_from_the_same_weights_and_the_seed_changes_them() -> None:
    settings = lv.stability.EdgeSettings("moons", "mlp-4", ("mse", "sigmoid-ce"), 0.1)
    first, second = settings.model("mse"), settings.model("sigmoid-ce")
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    other = lv.stability.edge_runs("moons", "mlp-4", ["mse"], 0.1, steps=2, seed=1)[0]
    assert other.loss[0] != lv.stability.edge_runs("moons", "mlp-4", ["mse"], 0.1, steps=2)[0].loss[0]


# --- invalid arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0, -1.0, math.nan, math.inf, 1e30, "fast", None])
def test_invalid_learning_rate_is_refused_in_one_sentence(lr: Any) -> None:
    with pytest.raises(ValueError, match="lr must be a number in") as error:
        lv.stability.edge_runs("moons", "mlp-4", ["mse"], lr)
    assert repr(lr) in str(error.value)
    assert "\n" not in str(error.value)


@given(lr=st.floats(), steps=st.integers(-5, 3), seed=st.integers(-3, 3))
def test_settings_are_valid_or_refused_in_one_sentence(lr: float, steps: int, seed: int) -> None:
    if 0 < lr <= 1e6 and steps >= 1 and seed >= 0:
        assert lv.stability.EdgeSettings("moons", "mlp-4", ("mse",), lr, steps=steps, seed=seed).lr == lr
        return
    with pytest.raises(ValueError, match="must be") as error:
        lv.stability.EdgeSettings("moons", "mlp-4", ("mse",), lr, steps=steps, seed=seed)
    assert "\n" not in str(error.value)


SETTINGS: dict[str, Any] = {"dataset": "moons", "network": "mlp-4", "losses": ["mse"], "lr": 0.1, "steps": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be a whole number from 1 to 20000; got 0"),
        ({"steps": 10**6}, "steps must be .* got 1000000"),
        ({"steps": 2.5}, "steps must"),
        ({"losses": []}, "number of losses must .* got 0"),
        ({"losses": ["mse", "mse"]}, "two losses are equal: mse, mse"),
        ({"losses": ["softmax-ce"], "dataset": "sine"}, "'softmax-ce' is for multiclass, dataset 'sine'"),
        ({"losses": ["mse"], "dataset": "iris"}, "'mse' is for two classes; dataset 'iris' has 3"),
        ({"optimizer": "lbfgs"}, "optimizer must be one of sgd, momentum, .* got 'lbfgs'"),
        ({"optimizer": "adamw"}, "got 'adamw'"),
        ({"network": "cnn"}, "cnn takes 64 inputs"),
        ({"network": "mlp-1024-1024"}, "has 1053697 weights here; at most 50000 are allowed"),
        ({"activation": "sine"}, "activation must be one of"),
        ({"seed": -1}, "seed must"),
        ({"n": 1}, "n must"),
    ],
)
def test_invalid_settings_are_refused_in_one_sentence(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        lv.stability.edge_runs(**(SETTINGS | change))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["dataset", "network", "optimizer"])
def test_unknown_name_lists_the_known_ones(field: str) -> None:
    with pytest.raises(KeyError, match="nothing"):
        lv.stability.edge_runs(**(SETTINGS | {field: "nothing"}))


def test_invalid_losses_are_refused() -> None:
    model, loss_fn, (x, y) = small_problem()
    with pytest.raises(ValueError, match="one real number"):
        lv.edge_run(model, lambda o, t: o, (x, y), 0.1)
    with pytest.raises(ValueError, match="finite at the start; got nan"):
        lv.edge_run(model, lambda o, t: (o * math.nan).mean(), (x, y), 0.1)
    with pytest.raises(ValueError, match="tolerance"):
        lv.edge_run(model, loss_fn, (x, y), 0.1, tolerance=0)
