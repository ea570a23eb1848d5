"""The edges of the optimizers against torch's own optimizers, and the preconditioner of their next step."""

import pytest
import torch
from support.full_batch import small_problem
from torch import nn

import lossviz as lv
from lossviz.stability.thresholds import edge_constant, preconditioner


def test_edge_constants_are_those_of_the_papers() -> None:
    assert edge_constant("sgd") == 2
    assert edge_constant("momentum") == pytest.approx(3.8)
    assert edge_constant("nesterov") == pytest.approx(3.8 / 2.8)
    assert edge_constant("rmsprop") == 2
    assert edge_constant("adam") == pytest.approx(38)
    assert lv.stability_edge("adam", 0.01) == pytest.approx(3800)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("product", [0.97, 1.03])
def test_torchs_optimizer_is_stable_exactly_below_its_edge(optimizer: str, product: float) -> None:
    lr, weight = 0.1, torch.ones(1, dtype=torch.float64, requires_grad=True)
    curvature = product * lv.stability_edge(optimizer, lr)
    rule = lv.OPTIMIZERS[optimizer].build([weight], lr)
    for _ in range(500):
        rule.zero_grad()
        (0.5 * curvature * weight**2).sum().backward()
        rule.step()
    assert (abs(float(weight.detach())) < 1e-3) == (product < 1)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_preconditioner_is_the_divisor_of_the_next_step(optimizer: str) -> None:
    model, loss_fn, (x, y) = small_problem()
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
def test_edge_of_a_constant_preconditioner(optimizer: str) -> None:
    """w <- w - lr m / P with P kept: it grows above the edge of P^-1 H and shrinks below."""
    constant, beta = edge_constant(optimizer), 0.9 if optimizer == "adam" else 0.0
    for product, grows in ((0.98 * constant, False), (1.02 * constant, True)):
        w, m = 1.0, 0.0
        for _ in range(3000):
            m = beta * m + (1 - beta) * product * w
            w -= m
        assert (abs(w) > 1) == grows
