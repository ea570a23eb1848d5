"""Passes that are swept by hand: their products against dense Hessians that autograd finds, in float64."""

import copy
from collections.abc import Callable
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


class Around(nn.Module):
    """Goes around a layer twice, scales, subtracts; one parameter is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(3, 6), nn.Linear(6, 6, bias=False), nn.Linear(6, 2)
        self.unused = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.first(x))
        h = h + 0.5 * torch.tanh(self.inner(h))
        h = h - torch.sin(h) / 2
        return self.last(h + h)


class Unread(nn.Module):
    """Computes more than it returns: a second head, a confidence kept for later, half of a pair."""

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
    "passed on": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(3, 6), nn.Softplus(), nn.Dropout(0.5), nn.Identity(), nn.Linear(6, 2)
    ),
    "ends bent": lambda: nn.Sequential(nn.Linear(3, 6), nn.LeakyReLU(), nn.Linear(6, 2), nn.Tanh()),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ELU()), nn.Linear(4, 2)),
    "around": Around, "unread": Unread,
}  # fmt: skip


def own_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Not a mean over examples: each slope depends on all outputs."""
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
    "hooked": lambda o, t: (o.register_hook(lambda slope: 2 * slope), F.cross_entropy(o, t))[1],
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


def dense(model: nn.Module, loss_fn: Callable[..., Any], given: tuple[Tensor, Tensor]) -> Tensor:
    """The whole Hessian (n, n) of the trainable weights by `torch.autograd.functional`."""
    free = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}

    def loss(vector: Tensor) -> Tensor:
        parts = vector.split([p.numel() for p in free.values()])
        moved = {name: part.view_as(p) for (name, p), part in zip(free.items(), parts, strict=True)}
        return loss_fn(torch.func.functional_call(model, moved, given[0]), given[1])

    return torch.autograd.functional.hessian(loss, torch.cat([p.reshape(-1) for p in free.values()]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(2))
def test_products_are_those_of_the_whole_matrix(name: str, seed: int) -> None:
    torch.manual_seed(seed)
    model, given = NETWORKS[name]().double().eval(), data(seed)
    before = state(model)
    for loss_fn in (PER_CLASS["cross-entropy"], PER_CLASS["squares"], own_loss):
        written = hessian_operator(model, loss_fn, given)
        assert isinstance(written, CompiledHessian)
        whole = dense(model, loss_fn, given)
        found = torch.stack([written @ row for row in torch.eye(len(whole), dtype=torch.float64)])
        torch.testing.assert_close(found, whole, rtol=1e-9, atol=1e-11)
        general = AutogradHessian(model, loss_fn, given)
        torch.testing.assert_close(written.gradient, general.gradient, rtol=1e-9, atol=1e-12)
        assert written.loss == pytest.approx(general.loss, rel=1e-12)
    assert state(model) == before


@pytest.mark.parametrize("loss", PER_CLASS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_loss_of_the_outputs(loss: str, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    model, (x, y) = NETWORKS["wide"]().double(), data(1)
    loss_fn = PER_CLASS[loss]
    whole = dense(model, loss_fn, (x, y))
    if isinstance(loss_fn, nn.Module):  # classes may have weights
        loss_fn = copy.deepcopy(loss_fn).to(dtype)
    written = hessian_operator(model.to(dtype), loss_fn, (x.to(dtype), y))
    assert isinstance(written, CompiledHessian)
    for row in torch.randn(3, len(whole), dtype=torch.float64):
        wanted, found = whole @ row, (written @ row.to(dtype)).double()
        assert (found - wanted).norm() <= (1e-5 if dtype == torch.float32 else 1e-12) * wanted.norm()


@pytest.mark.parametrize("name", ["mse", "sigmoid-ce", "sigmoid-mse", "focal"])
def test_a_row_of_one_logit_reads_the_first_output_of_several(name: str) -> None:
    torch.manual_seed(1)
    model, (x, y) = NETWORKS["wide"]().double(), data(1)
    loss_fn, given = MeanLoss(lv.LOSSES[name]), (x, y.double())
    whole, written = dense(model, loss_fn, given), hessian_operator(model, loss_fn, given)
    row = torch.randn(len(whole), dtype=torch.float64)
    torch.testing.assert_close(written @ row, whole @ row, rtol=1e-9, atol=1e-12)


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
        written = hessian_operator(model, nn.CrossEntropyLoss(), data(0))
        assert isinstance(written, CompiledHessian)
        whole = dense(model, nn.CrossEntropyLoss(), data(0))
        row = torch.randn(len(whole), dtype=torch.float64)
        torch.testing.assert_close(written @ row, whole @ row, rtol=1e-9, atol=1e-11)


class Straight(torch.autograd.Function):
    """A step function whose slope is said to be 1."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.relu(x)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        return slope


class Odd(nn.Module):
    def __init__(self, middle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.middle = nn.Linear(3, 6), nn.Linear(6, 2), middle

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(self.first(x)))


def hook(h: Tensor) -> Tensor:
    h.register_hook(lambda slope: 2 * slope)
    return h.tanh()


def node_hook(h: Tensor) -> Tensor:
    h = h.tanh()
    h.grad_fn.register_prehook(lambda slopes: (2 * slopes[0],))
    return h


def inferred(h: Tensor) -> Tensor:
    with torch.inference_mode():
        away = h.tanh()
    return h + away.clone()


def quiet(h: Tensor) -> Tensor:
    with torch.no_grad():
        away = h.tanh()
    return h + away


@pytest.mark.parametrize(
    "middle",
    [
        Straight.apply, hook, node_hook, inferred, quiet,
        lambda h: h + h.detach().tanh(),
        lambda h: h * h.tanh(),
        lambda h: h / h.sum(),
        lambda h: h - h.mean(0),
        lambda h: h if h.sum() > 1e9 else h.tanh(),
        lambda h: h.tanh() + h.softmax(1),
        lambda h: torch.relu_(h) + h,
        lambda h: h.clone().tanh_() + h,
    ],
)  # fmt: skip
def test_what_a_tape_does_not_show_is_left_to_autograd(middle: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    model = Odd(middle).double()
    given = data(0)
    chosen, general = (
        hessian_operator(model, nn.CrossEntropyLoss(), given),
        AutogradHessian(model, nn.CrossEntropyLoss(), given),
    )
    row = torch.randn(len(general.like), dtype=torch.float64)
    torch.testing.assert_close(chosen @ row, general @ row, rtol=1e-9, atol=1e-11)


def test_shared_weights_batches_and_extras_are_left_to_autograd() -> None:
    shared = NETWORKS["deep"]().double()
    shared[2].weight = shared[0].weight
    x, y = data(0)
    assert isinstance(hessian_operator(shared, nn.CrossEntropyLoss(), (x, y)), AutogradHessian)
    plain = NETWORKS["wide"]().double()
    assert isinstance(hessian_operator(plain, nn.CrossEntropyLoss(), [(x, y), (x, y)]), AutogradHessian)

    def looks(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
        return F.cross_entropy(outputs, targets) + next(model.parameters()).square().sum()

    assert isinstance(hessian_operator(plain, looks, (x, y)), AutogradHessian)
    for name in ("cnn", "attention", "gru"):
        model, given = make(name, examples=12)
        assert isinstance(hessian_operator(model, nn.CrossEntropyLoss(), given), AutogradHessian), name


def test_a_loss_that_writes_into_its_data_finds_them_as_they_were() -> None:
    x, y = data(0)
    y = y.double()

    def writes(outputs: Tensor, targets: Tensor) -> Tensor:
        targets -= 0.5
        return (outputs[:, 0] - targets).square().mean()

    chosen = hessian_operator(NETWORKS["wide"]().double(), writes, (x, y))
    assert isinstance(chosen, AutogradHessian)
    chosen @ torch.ones_like(chosen.like)
    np.testing.assert_array_equal(np.unique(y.numpy()), [0, 1])


def test_tokens_pass_through_linear_layers_on_the_last_axis() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 4), nn.GELU()).double()
    x = torch.randn(7, 5, 3, dtype=torch.float64)
    given = (x, torch.randn(7, 5, 4, dtype=torch.float64))
    written = hessian_operator(model, nn.MSELoss(), given)
    assert isinstance(written, CompiledHessian)
    whole = dense(model, nn.MSELoss(), given)
    row = torch.randn(len(whole), dtype=torch.float64)
    torch.testing.assert_close(written @ row, whole @ row, rtol=1e-9, atol=1e-11)
