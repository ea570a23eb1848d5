"""Compiled Hessian products against dense Hessians that autograd finds, in float64."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, state
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.compiled import CompiledHessian, hessian_operator
from lossviz.curvature.products import AutogradHessian
from lossviz.losses.base import MeanLoss

N = 23


class Residual(nn.Module):
    """Two residual connections, a scale, a difference; one parameter is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(3, 6), nn.Linear(6, 6, bias=False), nn.Linear(6, 2)
        self.unused = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.first(x))
        h = h + 0.5 * torch.tanh(self.inner(h))
        h = h - torch.sin(h) / 2
        return self.last(h + h)


class UnusedOutputs(nn.Module):
    """Computes more than it returns: a second head, and an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.main, self.aux = nn.Linear(3, 6), nn.Linear(6, 2), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.body(x))
        self.confidence = torch.sigmoid(h)
        aux = torch.relu(self.aux(h)) + 1
        return (self.main(h), aux)[0]


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(3, 2),
    "no bias": lambda: nn.Sequential(nn.Linear(3, 5, bias=False), nn.Tanh(), nn.Linear(5, 2, bias=False)),
    "wide": lambda: nn.Sequential(
        nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 17), nn.Sigmoid(), nn.Linear(17, 2)
    ),
    "deep": lambda: nn.Sequential(
        *(layer for _ in range(5) for layer in (nn.Linear(3, 3), nn.GELU())), nn.Linear(3, 2)
    ),
    "in place": lambda: nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True), nn.Linear(8, 2)),
    "identities": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(3, 6), nn.Softplus(), nn.Dropout(0.5), nn.Identity(), nn.Linear(6, 2)
    ),
    "nonlinear output": lambda: nn.Sequential(nn.Linear(3, 6), nn.LeakyReLU(), nn.Linear(6, 2), nn.Tanh()),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ELU()), nn.Linear(4, 2)),
    "residual": Residual, "unused outputs": UnusedOutputs,
}  # fmt: skip


def own_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Not a mean over examples: each entry of the gradient depends on all outputs."""
    return (outputs[:, 0].exp().mean() - targets.double().mean()).square() + outputs.std()


PER_CLASS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": nn.CrossEntropyLoss(),
    "summed": nn.CrossEntropyLoss(reduction="sum"),
    "by class": nn.CrossEntropyLoss(weight=torch.tensor([0.3, 2.0], dtype=torch.float64)),
    "smoothed": nn.CrossEntropyLoss(label_smoothing=0.1),
    "some ignored": lambda o, t: F.cross_entropy(o, t.where(torch.arange(len(t)) > 3, -100)),
    "probabilities": lambda o, t: F.cross_entropy(o, F.one_hot(t, 2) * 0.7 + 0.1),
    "squares": lambda o, t: F.mse_loss(o, F.one_hot(t, 2).double()),
    "one column": lambda o, t: F.binary_cross_entropy_with_logits(o[:, 1], t.double()),
    "broadcast": lambda o, t: ((o[:, :1] - t.double()) ** 2).mean(),
    "over the examples": lambda o, t: F.nll_loss(F.log_softmax(o, 0), t),
    "linear": lambda o, t: o.mean(),
    "row softmax-mse": MeanLoss(lv.LOSSES["softmax-mse"]),
    "row softmax-ce": MeanLoss(lv.LOSSES["softmax-ce"]),
    "row": lambda o, t: MeanLoss(lv.LOSSES["focal"])(o[:, :1], t.double()),
    "own": own_loss,
}


def data(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(N, 3, generator=generator, dtype=torch.float64)
    return x, (x[:, 0] + 0.3 * x[:, 1] > 0).long()


def dense(model: nn.Module, loss_fn: Callable[..., Any], batch: tuple[Tensor, Tensor]) -> Tensor:
    """The dense Hessian (n, n) of the trainable weights by `torch.autograd.functional`."""
    free = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}

    def loss(vector: Tensor) -> Tensor:
        parts = vector.split([p.numel() for p in free.values()])
        moved = {name: part.view_as(p) for (name, p), part in zip(free.items(), parts, strict=True)}
        return loss_fn(torch.func.functional_call(model, moved, batch[0]), batch[1])

    return torch.autograd.functional.hessian(loss, torch.cat([p.reshape(-1) for p in free.values()]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(2))
def test_products_equal_those_of_the_dense_hessian(name: str, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = NETWORKS[name]().double().eval(), data(seed)
    before = state(model)
    for loss_fn in (PER_CLASS["cross-entropy"], PER_CLASS["squares"], own_loss):
        compiled = hessian_operator(model, loss_fn, batch)
        assert isinstance(compiled, CompiledHessian)
        hessian = dense(model, loss_fn, batch)
        found = torch.stack([compiled @ unit for unit in torch.eye(len(hessian), dtype=torch.float64)])
        torch.testing.assert_close(found, hessian, rtol=1e-9, atol=1e-11)
        autograd = AutogradHessian(model, loss_fn, batch)
        torch.testing.assert_close(compiled.gradient, autograd.gradient, rtol=1e-9, atol=1e-12)
        assert compiled.loss == pytest.approx(autograd.loss, rel=1e-12)
    assert state(model) == before


@pytest.mark.parametrize("loss", PER_CLASS)
def test_products_for_any_loss_of_the_outputs(loss: str) -> None:
    torch.manual_seed(1)
    model, (x, y) = NETWORKS["wide"]().double(), data(1)
    loss_fn = PER_CLASS[loss]
    hessian = dense(model, loss_fn, (x, y))
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        own = copy.deepcopy(model).to(dtype)
        # Classes may have weights.
        cast = copy.deepcopy(loss_fn).to(dtype) if isinstance(loss_fn, nn.Module) else loss_fn
        compiled = hessian_operator(own, cast, (x.to(dtype), y))
        assert isinstance(compiled, CompiledHessian)
        for vector in torch.randn(3, len(hessian), dtype=torch.float64):
            expected, found = hessian @ vector, (compiled @ vector.to(dtype)).double()
            assert (found - expected).norm() <= tolerance * expected.norm(), dtype


@pytest.mark.parametrize("name", ["mse", "sigmoid-ce", "sigmoid-mse", "focal"])
def test_a_row_with_one_logit_uses_the_first_of_several_outputs(name: str) -> None:
    torch.manual_seed(1)
    model, (x, y) = NETWORKS["wide"]().double(), data(1)
    loss_fn, batch = MeanLoss(lv.LOSSES[name]), (x, y.double())
    hessian, compiled = dense(model, loss_fn, batch), hessian_operator(model, loss_fn, batch)
    vector = torch.randn(len(hessian), dtype=torch.float64)
    torch.testing.assert_close(compiled @ vector, hessian @ vector, rtol=1e-9, atol=1e-12)


def test_a_row_is_recognized_by_its_function_and_not_by_its_name() -> None:
    torch.manual_seed(1)
    model, (x, y) = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).double(), data(1)
    loss_fn = MeanLoss(replace(lv.LOSSES["mse"], function=lambda z, y: (z - y) ** 4))
    compiled = hessian_operator(model, loss_fn, (x, y.double()))
    hessian = dense(model, loss_fn, (x, y.double()))
    vector = torch.randn(len(hessian), dtype=torch.float64)
    torch.testing.assert_close(compiled @ vector, hessian @ vector, rtol=1e-9, atol=1e-11)


def test_frozen_weights_are_left_out() -> None:
    for frozen in (
        ["0.weight"],
        ["0.weight", "0.bias"],
        ["2.bias"],
        ["2.weight", "4.weight", "4.bias"],
        ["0.bias"],
    ):
        torch.manual_seed(0)
        model = NETWORKS["wide"]().double()
        for name in frozen:
            model.get_parameter(name).requires_grad_(False)
        compiled = hessian_operator(model, nn.CrossEntropyLoss(), data(0))
        assert isinstance(compiled, CompiledHessian)
        hessian = dense(model, nn.CrossEntropyLoss(), data(0))
        vector = torch.randn(len(hessian), dtype=torch.float64)
        torch.testing.assert_close(compiled @ vector, hessian @ vector, rtol=1e-9, atol=1e-11)


class OwnTanh(torch.autograd.Function):
    """tanh, with a backward pass that can be differentiated."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:  # type: ignore[override]
        return (1 - ctx.saved_tensors[0].tanh() ** 2) * cotangent


class WithMiddle(nn.Module):
    def __init__(self, middle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.middle = nn.Linear(3, 6), nn.Linear(6, 2), middle

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(self.first(x)))


@pytest.mark.parametrize(
    "middle",
    [
        OwnTanh.apply,
        lambda h: h * h.tanh(),
        lambda h: h / h.sum(),
        lambda h: h - h.mean(0),
        lambda h: h if h.sum() > 1e9 else h.tanh(),
        lambda h: h.tanh() + h.softmax(1),
        lambda h: torch.relu_(h) + h,
        lambda h: h.clone().tanh_() + h,
    ],
)  # fmt: skip
def test_passes_without_derivative_rules_are_left_to_autograd(
    middle: Callable[[Tensor], Tensor],
) -> None:
    torch.manual_seed(0)
    model = WithMiddle(middle).double()
    batch = data(0)
    chosen, autograd = (
        hessian_operator(model, nn.CrossEntropyLoss(), batch),
        AutogradHessian(model, nn.CrossEntropyLoss(), batch),
    )
    vector = torch.randn(len(autograd.like), dtype=torch.float64)
    torch.testing.assert_close(chosen @ vector, autograd @ vector, rtol=1e-9, atol=1e-11)


def test_shared_weights_batches_and_extras_are_left_to_autograd() -> None:
    shared = NETWORKS["deep"]().double()
    shared[2].weight = shared[0].weight
    x, y = data(0)
    assert isinstance(hessian_operator(shared, nn.CrossEntropyLoss(), (x, y)), AutogradHessian)
    plain = NETWORKS["wide"]().double()
    assert isinstance(hessian_operator(plain, nn.CrossEntropyLoss(), [(x, y), (x, y)]), AutogradHessian)

    def penalized(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
        return F.cross_entropy(outputs, targets) + next(model.parameters()).square().sum()

    assert isinstance(hessian_operator(plain, penalized, (x, y)), AutogradHessian)
    for name in ("cnn", "attention", "gru"):
        model, batch = make(name, examples=12)
        assert isinstance(hessian_operator(model, nn.CrossEntropyLoss(), batch), AutogradHessian), name


def test_targets_that_a_loss_writes_to_are_restored() -> None:
    x, y = data(0)
    y = y.double()

    def writes(outputs: Tensor, targets: Tensor) -> Tensor:
        targets -= 0.5
        return (outputs[:, 0] - targets).square().mean()

    chosen = hessian_operator(NETWORKS["wide"]().double(), writes, (x, y))
    assert isinstance(chosen, AutogradHessian)
    chosen @ torch.ones_like(chosen.like)
    np.testing.assert_array_equal(np.unique(y.numpy()), [0, 1])


def test_linear_layers_apply_to_the_last_axis() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 4), nn.GELU()).double()
    x = torch.randn(7, 5, 3, dtype=torch.float64)
    batch = (x, torch.randn(7, 5, 4, dtype=torch.float64))
    compiled = hessian_operator(model, nn.MSELoss(), batch)
    assert isinstance(compiled, CompiledHessian)
    hessian = dense(model, nn.MSELoss(), batch)
    vector = torch.randn(len(hessian), dtype=torch.float64)
    torch.testing.assert_close(compiled @ vector, hessian @ vector, rtol=1e-9, atol=1e-11)
