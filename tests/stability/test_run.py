"""Sharpness and its edge against exact Hessians, quadratics, and a plain torch loop."""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from support.models import state
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.products import AutogradHessian
from lossviz.stability.run import WINDOW, EdgeRun
from lossviz.stability.thresholds import STEADY, edge_constant, preconditioner

Walk = Callable[[nn.Module, Callable[..., Tensor], tuple[Tensor, Tensor]], None]


def small(loss: str = "mse", seed: int = 0) -> tuple[nn.Module, Callable[..., Tensor], tuple[Tensor, Tensor]]:
    data = lv.DATASETS["moons"].load(40)
    row = lv.LOSSES[loss]

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        return row(outputs[:, 0], targets).mean()

    model = lv.NETWORKS["mlp-8-8"].build(2, 1, seed=seed).double()
    return model, mean, (torch.from_numpy(data.x), torch.from_numpy(data.y).double())


def whole_hessian(model: nn.Module, loss_fn: Callable[..., Tensor], data: Any) -> np.ndarray:
    hessian = AutogradHessian(model, loss_fn, data)
    rows = [hessian @ row for row in torch.eye(hessian.like.numel(), dtype=torch.float64)]
    matrix = torch.stack(rows).numpy()
    return 0.5 * (matrix + matrix.T)


# --- the edge of each optimizer -------------------------------------------------------------------------


def test_the_constants_are_those_of_the_papers() -> None:
    assert edge_constant("sgd") == 2
    assert edge_constant("momentum") == pytest.approx(3.8)
    assert edge_constant("nesterov") == pytest.approx(3.8 / 2.8)
    assert edge_constant("rmsprop") == 2
    assert edge_constant("adam") == pytest.approx(38)
    assert lv.stability_edge("adam", 0.01) == pytest.approx(3800)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("product", [0.97, 1.03])
def test_torchs_optimizer_holds_below_its_edge_and_grows_above(optimizer: str, product: float) -> None:
    lr, weight = 0.1, torch.ones(1, dtype=torch.float64, requires_grad=True)
    curvature = product * lv.stability_edge(optimizer, lr)
    rule = lv.OPTIMIZERS[optimizer].build([weight], lr)
    for _ in range(500):
        rule.zero_grad()
        (0.5 * curvature * weight**2).sum().backward()
        rule.step()
    assert (abs(float(weight.detach())) < 1e-3) == (product < 1)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_the_preconditioner_is_what_the_next_step_divides_by(optimizer: str) -> None:
    model, loss_fn, (x, y) = small()
    weights = list(model.parameters())
    rule = lv.OPTIMIZERS[optimizer].build(weights, 0.01)
    average = torch.zeros(sum(w.numel() for w in weights), dtype=torch.float64)
    for _ in range(12):
        rule.zero_grad()
        loss_fn(model(x), y).backward()
        gradients = [w.grad.detach().clone() for w in weights if w.grad is not None]
        divisor = preconditioner(rule, gradients)
        assert divisor is not None
        flat = torch.cat([g.reshape(-1) for g in gradients])
        average = 0.9 * average + 0.1 * flat if optimizer == "adam" else flat
        before = nn.utils.parameters_to_vector(weights).detach().clone()
        rule.step()
        moved = nn.utils.parameters_to_vector(weights).detach() - before
        torch.testing.assert_close(moved, -0.01 * average / divisor, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_a_frozen_preconditioner_has_the_edge_that_is_said(optimizer: str) -> None:
    """w <- w - lr m / P with P kept: it grows above the edge of P^-1 H and shrinks below."""
    constant, beta = edge_constant(optimizer), 0.9 if optimizer == "adam" else 0.0
    for product, grows in ((0.98 * constant, False), (1.02 * constant, True)):
        w, m = 1.0, 0.0
        for _ in range(3000):
            m = beta * m + (1 - beta) * product * w
            w -= m
        assert (abs(w) > 1) == grows


# --- what is recorded -----------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", STEADY)
def test_a_run_is_a_plain_torch_loop_with_exact_eigenvalues_beside_it(optimizer: str) -> None:
    model, loss_fn, (x, y) = small("mse" if optimizer != "adam" else "sigmoid-ce")
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
            matrix = whole_hessian(twin, loss_fn, (x, y))
            divisor = preconditioner(rule, [w.grad for w in weights if w.grad is not None])
            if divisor is not None:
                scale = divisor.rsqrt().numpy()
                matrix = scale[:, None] * matrix * scale
            assert run.sharpness[step] == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=5e-4), step
        rule.step()
    assert run.diverged_at is None
    assert run.preconditioned == (optimizer in ("rmsprop", "adam"))
    assert run.weights == sum(w.numel() for w in weights)


def test_the_leading_eigenvalue_is_found_when_two_change_places() -> None:
    """Two separate bowls under one loss: at the start the second is the flatter one, later the steeper."""

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.place = nn.Parameter(torch.cat([torch.tensor([1.0, 0.0]), torch.full((60,), 0.1)]).double())

        def forward(self, x: Tensor) -> Tensor:
            return self.place

    def loss_fn(place: Tensor, _: Tensor) -> Tensor:
        falling = 3 * place[0]  # walks on at a steady pace
        return falling + 0.5 * (2 + (-place[0]).tanh()) * place[1] ** 2 + 1.0 * place[2:].square().sum()

    run = lv.edge_run(Two(), loss_fn, (torch.zeros(1), torch.zeros(1)), 0.02, "sgd", 60)
    place = 1.0 - 0.06 * np.arange(61)
    wanted = np.maximum(2 + np.tanh(-place), 2.0)
    assert run.sharpness[0] == pytest.approx(2)
    np.testing.assert_allclose(run.sharpness, wanted, rtol=2e-2)


# --- the edge of stability ------------------------------------------------------------------------------


def test_sharpness_climbs_to_the_edge_and_settles_within_two_per_cent() -> None:
    (run,) = lv.stability.edge_runs("xor", "mlp-12-12", ["sigmoid-ce"], lr=0.5, steps=600)
    assert run.edge == 4
    assert run.ratio[:50].max() < 0.3, "it starts far below"
    assert np.mean(run.sharpness[300:]) == pytest.approx(4, rel=0.02)
    assert run.standing().place == "at"
    assert (np.diff(run.loss[300:]) > 0).any(), "the loss goes up at times"
    assert run.loss[-1] < 0.7 * run.loss[300], "and falls all the same"


def test_an_adaptive_step_settles_at_its_own_edge() -> None:
    (run,) = lv.stability.edge_runs(
        "xor", "mlp-12-12", ["sigmoid-mse"], lr=0.01, optimizer="rmsprop", steps=300
    )
    assert run.edge == 200
    assert np.mean(run.sharpness[100:]) == pytest.approx(200, rel=0.05)
    assert run.standing().place == "at"


def test_a_step_that_is_too_small_never_gets_there() -> None:
    (run,) = lv.stability.edge_runs("moons", "mlp-12-12", ["sigmoid-mse"], 0.1, steps=150)
    assert run.standing().place == "never"
    assert run.standing().share < 0.5
    assert run.standing().share == pytest.approx(run.ratio.max())


def test_what_flies_apart_says_why_with_its_number() -> None:
    (run,) = lv.stability.edge_runs("moons", "mlp-12-12", ["mse"], 0.8, steps=100)
    assert run.diverged_at is not None
    assert np.isfinite(run.loss[: run.diverged_at]).all()
    assert np.isnan(run.loss[run.diverged_at :]).all()
    assert np.isnan(run.sharpness[run.diverged_at :]).all()
    product = 0.8 * run.sharpness[0]
    assert f"0.8 x {run.sharpness[0]:.3g} = {product:.3g} > 2" in run.why
    assert run.standing().place == "gone"
    assert run.standing(0).place != "gone"


@pytest.mark.parametrize("curvature", [0.5, 1.9, 2.1, 30.0])
def test_on_a_quadratic_the_edge_decides(curvature: float) -> None:
    x = torch.tensor([[math.sqrt(curvature / 2)]], dtype=torch.float64)
    model = nn.Linear(1, 1, bias=False).double()
    run = lv.edge_run(model, nn.MSELoss(), (x, torch.zeros(1, 1).double()), 1.0, steps=400)
    assert run.sharpness[0] == pytest.approx(curvature)
    assert (run.diverged_at is None) == (curvature < 2)
    if curvature < 2:
        assert run.loss[-1] < run.loss[0]
    else:
        assert f"1 x {curvature:.3g} = {curvature:.3g} > 2" in run.why


# --- verdicts -------------------------------------------------------------------------------------------


def run_of(ratio: list[float], gone: int | None = None) -> EdgeRun:
    values = np.array(ratio, dtype=float)
    if gone is not None:
        values[gone:] = np.nan
    return EdgeRun(
        "mse", "sgd", 0.5, 4.0, False, np.where(np.isnan(values), np.nan, 1.0), 4 * values, 9, gone
    )


@pytest.mark.parametrize(
    ("ratio", "place", "share"),
    [
        ([0.2] * 50 + [0.4] * 150, "never", 0.4),
        ([0.5] * 50 + [1.0] * 150, "at", 1.0),
        ([0.5] * 50 + [1.2] * 150, "over", 1.2),
        ([0.5] * 50 + [1.0] * 50 + [0.8] * WINDOW, "left", 0.8),
        ([0.5], "never", 0.5),
    ],
)
def test_a_verdict_is_that_of_the_last_steps(ratio: list[float], place: str, share: float) -> None:
    standing = run_of(ratio).standing()
    assert standing.place == place
    assert standing.share == pytest.approx(share)


def test_a_verdict_looks_back_from_its_step_only() -> None:
    run = run_of([0.5] * 150 + [1.0] * 150)
    assert run.standing(100).place == "never"
    assert run.standing(299).place == "at"
    assert run.standing(10**6) == run.standing()
    assert run.standing(-5) == run.standing(0)


def test_what_swings_from_step_to_step_is_steady_in_the_mean() -> None:
    run = run_of([1.0, 1.2, 0.8, 1.2, 0.8])
    np.testing.assert_allclose(run.steady, 4 * np.array([1.0, 1.1, 1.0, 1.0, 1.0]))


def test_the_reason_is_where_it_last_went_over() -> None:
    run = run_of([1.5, 0.5, 0.8, 1.1, 1.4, 2.0, 9.0], gone=5)
    assert run.overshot_at == 3
    assert "from step 3 on" in run.why
    assert "0.5 x 4.4 = 2.2 > 2" in run.why


# --- the user's own model -------------------------------------------------------------------------------


def test_the_model_is_the_same_to_the_bit() -> None:
    model, loss_fn, data = small()
    before = state(model)
    lv.edge_run(model.float(), loss_fn, (data[0].float(), data[1].float()), 0.3, steps=5)
    model.double()
    again = state(model)
    assert [row[0] for row in before[0]] == [row[0] for row in again[0]]
    assert before[2] == again[2], "torch's random state"
    plain, values = (
        nn.Sequential(nn.Linear(3, 40), nn.ReLU(), nn.Dropout(), nn.Linear(40, 2)),
        torch.randn(9, 3),
    )
    before = state(plain)
    told: list[float] = []
    run = lv.edge_run(
        plain, nn.CrossEntropyLoss(), (values, torch.zeros(9).long()), 0.1, "adam", 20, progress=told.append
    )
    assert state(plain) == before
    assert run.loss_name == "CrossEntropyLoss"
    assert told == sorted(told)
    assert lv.figures.edge([run]).data


def test_a_network_of_every_kind_of_loss_is_watched() -> None:
    for dataset, loss in (("iris", "softmax-ce"), ("sine", "huber"), ("moons", "hinge")):
        (run,) = lv.stability.edge_runs(dataset, "mlp-4", [loss], 0.05, steps=3)
        assert run.loss_name == loss
        assert np.isfinite(run.sharpness).all()


def test_contestants_start_alike_and_a_seed_is_a_start() -> None:
    one = lv.stability.EdgeSettings("moons", "mlp-4", ("mse", "sigmoid-ce"), 0.1)
    first, second = one.start("mse"), one.start("sigmoid-ce")
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    other = lv.stability.edge_runs("moons", "mlp-4", ["mse"], 0.1, steps=2, seed=1)[0]
    assert other.loss[0] != lv.stability.edge_runs("moons", "mlp-4", ["mse"], 0.1, steps=2)[0].loss[0]


# --- what cannot be -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0, -1.0, math.nan, math.inf, 1e30, "fast", None])
def test_an_impossible_learning_rate_is_one_sentence(lr: Any) -> None:
    with pytest.raises(ValueError, match="lr must be a number in") as said:
        lv.stability.edge_runs("moons", "mlp-4", ["mse"], lr)
    assert repr(lr) in str(said.value)
    assert "\n" not in str(said.value)


@given(lr=some.floats(), steps=some.integers(-5, 3), seed=some.integers(-3, 3))
def test_settings_are_good_or_one_sentence(lr: float, steps: int, seed: int) -> None:
    if 0 < lr <= 1e6 and steps >= 1 and seed >= 0:
        assert lv.stability.EdgeSettings("moons", "mlp-4", ("mse",), lr, steps=steps, seed=seed).lr == lr
        return
    with pytest.raises(ValueError, match="must be") as said:
        lv.stability.EdgeSettings("moons", "mlp-4", ("mse",), lr, steps=steps, seed=seed)
    assert "\n" not in str(said.value)


SETTINGS: dict[str, Any] = {"dataset": "moons", "network": "mlp-4", "losses": ["mse"], "lr": 0.1, "steps": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be a whole number from 1 to 20000; got 0"),
        ({"steps": 10**6}, "steps must be .* got 1000000"),
        ({"steps": 2.5}, "steps must"),
        ({"losses": []}, "number of losses must .* got 0"),
        ({"losses": ["mse", "mse"]}, "two contestants are equal: mse, mse"),
        ({"losses": ["softmax-ce"], "dataset": "sine"}, "'softmax-ce' is for multiclass, dataset 'sine'"),
        ({"losses": ["mse"], "dataset": "iris"}, "'mse' is for two classes; dataset 'iris' has 3"),
        ({"optimizer": "lbfgs"}, "optimizer must be one of sgd, momentum, .* got 'lbfgs'"),
        ({"optimizer": "adamw"}, "got 'adamw'"),
        ({"network": "cnn"}, "cnn takes 64 inputs"),
        ({"network": "mlp-1024-1024"}, "has 1053697 weights here; at most 50000"),
        ({"activation": "sine"}, "activation must be one of"),
        ({"seed": -1}, "seed must"),
        ({"n": 1}, "n must"),
    ],
)
def test_what_cannot_be_watched_is_one_sentence(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as said:
        lv.stability.edge_runs(**(SETTINGS | change))
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("field", ["dataset", "network", "optimizer"])
def test_an_unknown_name_lists_the_known_ones(field: str) -> None:
    with pytest.raises(KeyError, match="nothing"):
        lv.stability.edge_runs(**(SETTINGS | {field: "nothing"}))


def test_several_batches_and_useless_losses_are_refused() -> None:
    model, loss_fn, (x, y) = small()
    with pytest.raises(ValueError, match="the data must be one batch; got 2"):
        lv.edge_run(model, loss_fn, [(x[:20], y[:20]), (x[20:], y[20:])], 0.1)
    with pytest.raises(ValueError, match="one real number"):
        lv.edge_run(model, lambda o, t: o, (x, y), 0.1)
    with pytest.raises(ValueError, match="finite at the start; got nan"):
        lv.edge_run(model, lambda o, t: (o * math.nan).mean(), (x, y), 0.1)
    with pytest.raises(ValueError, match="tolerance"):
        lv.edge_run(model, loss_fn, (x, y), 0.1, tolerance=0)
