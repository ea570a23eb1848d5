"""Gradients of the losses at the logits in closed form are autograd's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossviz import LOSSES
from lossviz.losses.gradients import gradient_of


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=25, deadline=None)
@given(spread=st.floats(0.01, 60), seed=st.integers(0, 999))
def test_a_gradient_is_that_of_autograd(name: str, spread: float, seed: int) -> None:
    loss, generator = LOSSES[name], torch.Generator().manual_seed(seed)
    multiclass = loss.task == "multiclass"
    z = spread * torch.randn((2, 6, 4) if multiclass else (2, 6), generator=generator, dtype=torch.float64)
    y = torch.randint(0, 4 if multiclass else 2, (6,), generator=generator)
    targets = y if multiclass else y.double()
    gradients = gradient_of(loss)(z.clone(), targets)
    for row, found in zip(z, gradients, strict=True):
        assert_close(1e-9, found, loss.gradient(row, targets), multiclass)


def assert_close(tolerance: float, found: torch.Tensor, exact: torch.Tensor, multiclass: bool) -> None:
    """Relative to each gradient, or for K logits to the largest gradient of the example."""
    size = exact.abs().amax(dim=-1, keepdim=True) if multiclass else exact.abs()
    assert ((found - exact).abs() <= tolerance * size + 1e-37).all()


@pytest.mark.parametrize("name", [name for name, row in LOSSES.items() if row.gradient_function])
def test_a_tiny_gradient_is_accurate_in_float32(name: str) -> None:
    loss = LOSSES[name]
    if loss.task == "regression":
        return
    z = torch.tensor([-60.0, -17.0, 0.0, 17.0, 60.0])
    if loss.task == "multiclass":
        z = torch.stack([z, torch.zeros(5)], dim=1)
    for label in (0, 1):
        y = torch.full((5,), label)
        single = gradient_of(loss)(z, y if loss.task == "multiclass" else y.float())
        exact = loss.gradient(z.double(), y if loss.task == "multiclass" else y.double())
        assert_close(1e-5, single.double(), exact, loss.task == "multiclass")
