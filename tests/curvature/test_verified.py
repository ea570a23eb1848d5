"""Every curvature is that of differences of gradients, on models where autograd's is not, or is refused."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.curvature_kinds import (
    AUTOGRAD,
    CE,
    KINDS,
    Apply,
    InNumpy,
    WrongBackward,
    make_kind,
    network,
    true_hessian,
)
from support.models import state
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.compiled import hessian_operator
from lossviz.curvature.derivative_check import check_derivatives
from lossviz.curvature.double_copy import double_copy
from lossviz.curvature.lanczos import largest_eigenvalue
from lossviz.curvature.products import AutogradHessian
from lossviz.curvature.result import Sharpness

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


def model_with(function: Callable[[Tensor], Tensor], seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return network(Apply(function))


@pytest.mark.parametrize("name", KINDS)
def test_curvature_is_that_of_differences_of_gradients(name: str) -> None:
    model, loss_fn, data = make_kind(name)
    before = state(model)
    matrix = true_hessian(model, loss_fn, data)
    values = np.linalg.eigvalsh(matrix)
    scale = np.abs(values).max()
    top = lv.sharpness(model, loss_fn, data)
    assert top == pytest.approx(values[-1], abs=2e-4 * scale)
    assert top.method.startswith(KINDS[name][3])
    assert (top.method == AUTOGRAD) == (KINDS[name][3] == AUTOGRAD)
    found = lv.spectrum(model, loss_fn, data, k=2, end="smallest", samples=2)
    assert (np.abs(found.eigenvalues - values[:2]) <= found.residuals + 1e-4 * scale).all()
    assert found.method == top.method
    assert state(model) == before


@pytest.mark.parametrize("name", ["once_differentiable", "numpy"])
def test_every_way_to_a_curvature_says_how_it_was_computed(name: str) -> None:
    model, loss_fn, data = make_kind(name)
    values, vectors = np.linalg.eigh(true_hessian(model, loss_fn, data))
    largest = np.abs(values).argsort()[::-1]
    plane = lv.hessian_plane(model, loss_fn, data)
    assert "differences of gradients" in plane.method
    assert plane.u.dtype == plane.origin.dtype
    for direction, index in ((plane.u, largest[0]), (plane.v, largest[1])):
        assert abs(direction @ vectors[:, index]) == pytest.approx(1, abs=1e-3)
    run = lv.edge_run(model, loss_fn, data, lr=0.1, steps=2)
    assert run.sharpness[0] == pytest.approx(values[-1], rel=1e-4)
    captions = [text.text for text in lv.figures.edge([run]).layout.annotations]
    assert any("sharpness by central differences of gradients" in text for text in captions)
    share = lv.density(model, loss_fn, data, steps=8, probes=1)
    assert share.method == run.method
    assert f"because of the autograd function {KINDS[name][0]()[1].function.__self__.__name__}" in run.method
    assert "in module '1'" in run.method


def test_batches_and_a_model_in_float64_by_differences() -> None:
    model, loss_fn, (x, y) = make_kind("once_differentiable")
    expected = np.linalg.eigvalsh(true_hessian(model, loss_fn, (x, y)))[-1]
    batches = [(x[:7], y[:7]), (x[7:], y[7:])]
    assert lv.sharpness(model, loss_fn, batches) == pytest.approx(expected, rel=1e-4)
    twin = (x.double(), y)
    assert lv.sharpness(model.double(), loss_fn, twin) == pytest.approx(expected, rel=1e-4)


def no_grad(h: Tensor) -> Tensor:
    with torch.no_grad():
        factor = h.tanh()
    return h * factor


def inference_mode(h: Tensor) -> Tensor:
    with torch.inference_mode():
        factor = h.tanh()
    return h * factor.clone()


def hooked_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    outputs.register_hook(lambda gradient: 2 * gradient)
    return CE(outputs, targets)


def hook(h: Tensor) -> Tensor:
    h.register_hook(lambda gradient: 2 * gradient)
    return h.tanh()


def node_hook(h: Tensor) -> Tensor:
    h = h.tanh()
    h.grad_fn.register_prehook(lambda gradients: (2 * gradients[0],))
    return h


def numpy_noise(h: Tensor) -> Tensor:
    return h.tanh() * float(np.random.rand() + 0.5)  # noqa: NPY002  # the user's own code


def counted(h: Tensor) -> Tensor:
    return F.embedding(torch.arange(len(h)) // 2, h, scale_grad_by_freq=True)


def quantized(h: Tensor) -> Tensor:
    return torch.fake_quantize_per_tensor_affine(h, 0.1, 0, -128, 127)


@pytest.mark.parametrize(
    ("function", "loss_fn", "cause"),
    [
        (WrongBackward.apply, CE, "the autograd function WrongBackward in module '1'"),
        (lambda h: h + (h.round() - h).detach(), CE, "detach in module '1'"),
        (lambda h: h * h.data, CE, "detach in module '1'"),
        (no_grad, CE, r"tanh under torch.no_grad\(\) in module '1'"),
        (inference_mode, CE, r"tanh under torch.no_grad\(\) in module '1'"),
        (hook, CE, "register_hook in module '1'"),
        (torch.tanh, hooked_loss, "register_hook in the loss"),
        (node_hook, CE, "an operation of torch, or a hook"),
        (quantized, CE, "fake quantization in module '1'"),
        (counted, CE, "scale_grad_by_freq of an embedding in module '1'"),
        (numpy_noise, CE, "random numbers that are not torch's"),
        (torch.tanh, lambda o, t: CE(o, t) * CE(o, t).detach(), "detach in the loss"),
    ],
)
def test_a_gradient_that_is_not_that_of_the_loss_is_refused(
    function: Callable[[Tensor], Tensor], loss_fn: Callable[..., Any], cause: str
) -> None:
    with pytest.raises(ValueError, match=f"gradient is not its derivative, because of {cause}"):
        lv.sharpness(model_with(function), loss_fn, (X, Y))


def test_every_way_to_a_curvature_refuses() -> None:
    def edge_run(*args: Any) -> lv.EdgeRun:
        return lv.edge_run(*args, lr=0.1, steps=1)

    for call in (lv.spectrum, lv.density, lv.hessian_plane, edge_run):
        with pytest.raises(ValueError, match="autograd function WrongBackward in module '1'"):
            call(model_with(WrongBackward.apply), CE, (X, Y))


def flat_start(model: nn.Module) -> None:
    """Half of the units lie exactly on their kink, on half of the examples."""
    nn.init.zeros_(model[0].bias)


def scaled(factor: float) -> Callable[[nn.Module], None]:
    def scale(model: nn.Module) -> None:
        for weight in model.parameters():
            weight.data *= factor

    return scale


@pytest.mark.parametrize("change", [flat_start, scaled(1e-4), scaled(1e4), scaled(0.0)])
@pytest.mark.parametrize(
    "function",
    [
        F.relu,
        torch.abs,
        F.hardtanh,
        lambda h: F.max_pool1d(h[:, None], 2, 1)[:, 0].repeat(1, 2)[:, :5],
    ],
)
def test_kinks_and_weights_of_any_size_are_no_false_alarm(
    function: Callable[[Tensor], Tensor], change: Callable[[nn.Module], None]
) -> None:
    model, x = model_with(function).double(), X.double()
    change(model)
    x[::2] = 0.0
    for loss_fn in (CE, lambda o, t: F.relu(1 - (2 * t - 1) * o[:, 0]).mean()):
        hessian = hessian_operator(model, loss_fn, (x, Y))
        assert hessian.method == AUTOGRAD
        v = torch.linspace(-1, 1, len(hessian.like), dtype=torch.float64)
        torch.testing.assert_close(hessian @ v, AutogradHessian(model, loss_fn, (x, Y)) @ v)


def test_products_that_float32_rounds_away_are_computed_in_float64() -> None:
    """The softmax of outputs this far apart is 1 in float32, and its Hessian 0."""
    model = model_with(lambda h: F.softsign(h) * 1.0)
    model[2].weight.data, model[2].bias.data = torch.full((2, 5), 0.01), torch.tensor([12.0, -12.0])

    def loss_fn(outputs: Tensor, targets: Tensor) -> Tensor:
        return -(outputs.softmax(1)[:, 0]).log().mean()

    expected = np.linalg.eigvalsh(true_hessian(model, loss_fn, (X, Y), 1e-3))[-1]
    found = lv.sharpness(model, loss_fn, (X, Y))
    assert found == pytest.approx(expected, rel=1e-3)
    assert "float64, since rounding in float32" in found.method


class SinglePrecision(nn.Module):
    """Refuses float64."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.inner = model_with(function)

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype != torch.float32 or next(self.parameters()).dtype != torch.float32:
            raise TypeError("float32 only")
        return self.inner(x)


def test_a_model_that_does_not_run_in_float64_is_checked_in_its_own_dtype() -> None:
    expected = lv.sharpness(model_with(torch.tanh), CE, (X, Y))
    assert lv.sharpness(SinglePrecision(torch.tanh), CE, (X, Y)) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match=r"InNumpy.*need float64.*float32 only"):
        lv.sharpness(SinglePrecision(InNumpy.apply), CE, (X, Y))
    with pytest.raises(ValueError, match=r"not its derivative, because of .*WrongBackward"):
        lv.sharpness(SinglePrecision(WrongBackward.apply), CE, (X, Y))


class LibraryParameter(nn.Parameter):
    """As quantized layers keep their weights."""


@pytest.mark.parametrize("kind", [nn.Parameter, LibraryParameter])
def test_frozen_weights_that_a_copy_shares_are_not_converted(kind: type[nn.Parameter]) -> None:
    model = model_with(F.gelu)
    model[0].weight = kind(model[0].weight.detach(), requires_grad=False)
    before = state(model)
    matrix = true_hessian(copy.deepcopy(model), CE, (X, Y))
    assert lv.sharpness(model, CE, (X, Y)) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-4)
    assert state(model) == before


def test_inference_mode_is_one_sentence_and_its_tensors_are_taken() -> None:
    model = model_with(F.gelu)
    with torch.inference_mode():
        data = (X.clone(), Y.clone())
        with pytest.raises(ValueError, match=r"outside, or within torch.inference_mode\(False\)"):
            lv.sharpness(model, CE, (X, Y))
        with torch.inference_mode(False):
            expected = lv.sharpness(model, CE, (X, Y))
    assert lv.sharpness(model, CE, data) == expected


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_a_torchscript_module_is_refused() -> None:
    script = torch.jit.trace(nn.Linear(3, 2), X)
    with pytest.raises(ValueError, match="TorchScript"):
        lv.sharpness(script, F.cross_entropy, (X, Y))


def test_random_numbers_of_torch_are_the_same_in_each_product() -> None:
    model = model_with(lambda h: F.dropout(h, 0.5, training=True))
    found = lv.sharpness(model, CE, (X, Y))
    assert found.method == AUTOGRAD
    assert found == lv.sharpness(model, CE, (X, Y))


def test_asymmetric_products_are_refused_at_any_step() -> None:
    matrix = torch.diag(torch.linspace(1, 2, 40, dtype=torch.float64))
    generator = torch.Generator().manual_seed(0)
    assert largest_eigenvalue(matrix.__matmul__, matrix[0], 1e-6, 50, generator) == pytest.approx(2)
    matrix[0, 1] += 2
    with pytest.raises(ValueError, match="not symmetric"):
        largest_eigenvalue(matrix.__matmul__, matrix[0], 1e-6, 50, generator)
    with pytest.raises(ValueError, match="not symmetric"):
        largest_eigenvalue(matrix[:5, :5].__matmul__, matrix[0, :5], 1e-6, 50, generator)


def test_the_check_leaves_the_weights_as_they_are() -> None:
    model, loss_fn, data = make_kind("once_differentiable")
    twin = double_copy(AutogradHessian(model, loss_fn, data))
    before = [weight.detach().clone() for weight in twin.weights]
    assert not check_derivatives(twin).product
    assert all(torch.equal(one, other) for one, other in zip(before, twin.weights, strict=True))


def test_a_sharpness_is_a_float_that_says_an_unusual_method() -> None:
    plain, unusual = Sharpness(2.5), Sharpness(2.5, "central differences")
    assert (plain, repr(plain), f"{unusual:.1f}") == (2.5, "2.5", "2.5")
    assert repr(unusual) == str(unusual) == "2.5 (by central differences)"
