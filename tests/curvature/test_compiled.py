"""Compiled Hessian products against autograd, and a tracked largest eigenvalue against LAPACK."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.compiled import CompiledHessian, hessian_operator
from lossviz.curvature.products import AutogradHessian
from lossviz.curvature.tracking import TopEigenvalueTracker
from lossviz.losses.base import MeanLoss

X = torch.randn(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = (X[:, 0] > 0).long()


def own_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Not a mean over examples: each entry of the gradient depends on all outputs."""
    return (outputs[:, 0].exp().mean() - targets.double().mean()).square() + outputs.std()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    name: MeanLoss(lv.LOSSES[name]) for name in ("mse", "sigmoid-ce", "sigmoid-mse", "hinge", "softmax-ce")
} | {"own": own_loss, "torch's": nn.CrossEntropyLoss()}


class Branching(nn.Module):
    """Control flow that depends on values, which cannot be traced."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x if x.isfinite().all() else x.nan_to_num())


def network(kind: str, hidden: str = "mlp-7-5", outputs: int = 2, seed: int = 1) -> nn.Sequential:
    return lv.NETWORKS[hidden].build(3, outputs, kind, seed=seed).double()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["tanh", "relu", "sigmoid"])
def test_products_equal_those_of_autograd_at_changed_weights(kind: str, loss: str) -> None:
    loss_fn = LOSSES[loss]
    outputs = 1 if isinstance(loss_fn, MeanLoss) and loss_fn.one_logit else 2
    for hidden in ("linear", "mlp-4", "mlp-7-5"):
        model = network(kind, hidden, outputs)
        compiled = hessian_operator(model, loss_fn, (X, Y))
        assert isinstance(compiled, CompiledHessian)
        for _ in range(2):
            autograd = AutogradHessian(model, loss_fn, (X, Y))
            assert compiled.loss == pytest.approx(autograd.loss, rel=1e-12)
            torch.testing.assert_close(compiled.gradient, autograd.gradient, rtol=1e-9, atol=1e-12)
            for vector in torch.randn(3, len(autograd.like), dtype=torch.float64):
                torch.testing.assert_close(compiled @ vector, autograd @ vector, rtol=1e-9, atol=1e-11)
            compiled.like += 0.3  # as an optimizer changes it
            nn.utils.vector_to_parameters(compiled.like.clone(), model.parameters())
            compiled.refresh()


def test_models_with_unknown_operations_are_left_to_autograd() -> None:
    shared = network("tanh", "mlp-3-3-3")
    shared[4].weight = shared[2].weight
    for model in (shared, Branching(network("tanh"))):
        assert isinstance(hessian_operator(model, nn.CrossEntropyLoss(), (X, Y)), AutogradHessian)

    def penalized(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
        return nn.functional.cross_entropy(outputs, targets) + next(model.parameters()).square().sum()

    assert isinstance(hessian_operator(network("tanh"), penalized, (X, Y)), AutogradHessian)
    assert isinstance(
        hessian_operator(network("tanh").float(), nn.CrossEntropyLoss(), (X.float(), Y)), CompiledHessian
    )


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_a_training_is_the_same_with_compiled_products_and_autograd(optimizer: str) -> None:
    plain = network("tanh")
    wrapped = Branching(plain)  # left to autograd
    one, other = (
        lv.edge_run(model, nn.CrossEntropyLoss(), (X, Y), 0.02, optimizer, steps=60)
        for model in (plain, wrapped)
    )
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-9)
    np.testing.assert_allclose(one.sharpness, other.sharpness, rtol=1e-4)


def test_the_largest_eigenvalue_is_tracked_through_a_crossing() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((80, 80)))[0]
    tracker, products = TopEigenvalueTracker(80, 1e-5), 0
    rest = np.linspace(-1, 1, 78)
    for step in range(50):
        turn = np.linalg.qr(np.eye(80) + 0.01 * step * np.triu(rng.standard_normal((80, 80)), 1) / 80)[0]
        columns = basis @ turn
        matrix = (columns * np.concatenate([[3 - step / 25, 2 + step / 50], rest])) @ columns.T

        def product(vector: np.ndarray, matrix: np.ndarray = matrix) -> np.ndarray:
            nonlocal products
            products += 1
            return np.asarray(matrix @ vector)

        assert tracker(product) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-4), step
    assert products < 6 * 50


@pytest.mark.parametrize("matrix", [np.diag([2.0]), 3 * np.eye(9), -np.diag([1.0, 2, 3]), np.zeros((4, 4))])
def test_the_largest_eigenvalue_of_special_matrices(matrix: np.ndarray) -> None:
    tracker = TopEigenvalueTracker(len(matrix), 1e-5)
    for _ in range(3):
        assert tracker(lambda v: matrix @ v) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], abs=1e-12)
    with pytest.raises(ValueError, match="not finite"):
        tracker(lambda v: v * np.nan)
