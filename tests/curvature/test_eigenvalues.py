"""Eigenvalues, trace and density against a quadratic, a dense Hessian and a finite difference."""

import numpy as np
import pytest
import torch
from support.models import make, mlp, state
from torch import Tensor, nn

from lossviz.curvature.compiled import hessian_operator
from lossviz.curvature.eigenvalues import MAX_PRODUCTS, density, eigenpairs_of, sharpness, spectrum
from lossviz.curvature.lanczos import largest_eigenvalue
from lossviz.curvature.products import AutogradHessian

CE = nn.CrossEntropyLoss()


def quadratic(eigenvalues: np.ndarray) -> tuple[nn.Module, nn.Module, tuple[Tensor, Tensor]]:
    """A linear model whose Hessian has these eigenvalues, all above 0, in a random basis."""
    n = len(eigenvalues)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
    model = nn.Linear(n, 1, bias=False).double()
    x = torch.from_numpy(np.sqrt(eigenvalues / 2)[:, None] * basis.T)
    return model, nn.MSELoss(reduction="sum"), (x, torch.zeros(n, 1).double())


def test_spectrum_of_a_quadratic() -> None:
    values = np.linspace(1, 80, 80)
    found = spectrum(*quadratic(values), k=3, samples=200, tolerance=1e-8)
    np.testing.assert_allclose(found.eigenvalues, [80, 79, 78], rtol=1e-9)
    assert (found.residuals < 1e-5).all()
    assert found.num_parameters == 80
    assert abs(found.trace - values.sum()) < 4 * found.trace_error
    low = spectrum(*quadratic(values), k=2, end="smallest", tolerance=1e-8)
    np.testing.assert_allclose(low.eigenvalues, [1, 2], rtol=1e-6)


def test_sharpness_is_within_its_tolerance() -> None:
    model, loss_fn, data = quadratic(
        np.linspace(1, 80, 80)
    )  # clustered eigenvalues, where the gap is most misleading
    for tolerance in (1e-3, 1e-4, 1e-8):
        assert sharpness(model, loss_fn, data, tolerance=tolerance) == pytest.approx(80, rel=tolerance)
    assert sharpness(model, loss_fn, data) == pytest.approx(80, rel=1e-4)
    concave = sharpness(model, lambda o, t: -o.square().sum(), data)
    assert concave == pytest.approx(-1, abs=80 * 1e-4)


def test_the_second_largest_is_not_taken_for_the_largest() -> None:
    """A start with a small component of the largest one's vector finds it first: some of so many seeds."""
    values = torch.cat(
        [0.05 * torch.randn(400, generator=torch.Generator().manual_seed(0)), Tensor([0.9, 1])]
    )
    for seed in range(60):
        found = largest_eigenvalue(
            lambda v: v * values, values, 1e-3, MAX_PRODUCTS, generator=torch.Generator().manual_seed(seed)
        )
        assert found == pytest.approx(1, rel=1e-4), seed


def test_small_hessians_are_exact() -> None:
    found = spectrum(*quadratic(np.array([4.0, 4.0, 1.0])), k=3)
    np.testing.assert_allclose(found.eigenvalues, [4, 4, 1])
    assert found.trace == pytest.approx(9)
    assert found.trace_error == 0


def test_a_repeated_eigenvalue_is_found_with_its_multiplicity() -> None:
    values = np.concatenate([[9.0, 9.0, 9.0], np.ones(60)])
    np.testing.assert_allclose(spectrum(*quadratic(values), k=4).eigenvalues, [9, 9, 9, 1], rtol=1e-6)


def _full_hessian(model: nn.Module, data: tuple[Tensor, Tensor]) -> np.ndarray:
    model = model.eval()
    names = [name for name, _ in model.named_parameters()]
    weights = [p.detach() for p in model.parameters()]
    flat = torch.cat([w.reshape(-1) for w in weights])

    def loss(vector: Tensor) -> Tensor:
        split = vector.split([w.numel() for w in weights])
        parts = [p.view(w.shape) for p, w in zip(split, weights, strict=True)]
        return CE(torch.func.functional_call(model, dict(zip(names, parts, strict=True)), data[0]), data[1])

    return torch.autograd.functional.hessian(loss, flat).numpy()


@pytest.mark.parametrize("name", ["mlp", "gru"])
def test_eigenvalues_and_trace_equal_those_of_the_full_hessian(name: str) -> None:
    model, (x, y) = make(name, examples=12)
    model, x = model.double(), x.double()
    matrix = _full_hessian(model, (x, y))
    expected = np.linalg.eigvalsh(matrix)
    found = spectrum(model, CE, (x, y), k=3, samples=40)
    np.testing.assert_allclose(found.eigenvalues, expected[::-1][:3], rtol=1e-6)
    assert abs(found.trace - matrix.trace()) < 4 * found.trace_error
    hessian = hessian_operator(model, CE, (x, y))
    low = eigenpairs_of(hessian, 2, "smallest").values
    np.testing.assert_allclose(low, expected[:2], rtol=1e-6)
    pairs = eigenpairs_of(hessian, 2, "magnitude")
    values, vectors = pairs.values, pairs.vectors
    np.testing.assert_allclose(vectors @ matrix, values[:, None] * vectors, atol=2e-4 * abs(values[0]))
    found_density = density(model, CE, (x, y), steps=40, probes=12)
    assert np.trapezoid(found_density.density, found_density.eigenvalue) == pytest.approx(1, rel=1e-3)
    assert abs(found_density.negative_share - (expected < -0.01 * abs(expected).max()).mean()) < 0.05


@pytest.mark.parametrize("name", ["cnn", "attention", "residual"])
def test_products_equal_a_finite_difference_of_the_gradient(name: str) -> None:
    model, (x, y) = make(name, examples=20)
    model, x = model.double().eval(), x.double()
    hessian = AutogradHessian(model, CE, (x, y))
    v = torch.from_numpy(np.random.default_rng(0).normal(size=hessian.like.numel()))
    v /= v.norm()
    found = hessian @ v
    weights = list(model.parameters())
    start, gradients = torch.nn.utils.parameters_to_vector(weights).detach(), []
    for step in (1e-7, -1e-7):
        torch.nn.utils.vector_to_parameters(start + step * v, weights)
        gradients.append(torch.cat([g.reshape(-1) for g in torch.autograd.grad(CE(model(x), y), weights)]))
    np.testing.assert_allclose(found, (gradients[0] - gradients[1]) / 2e-7, atol=1e-5)


def test_batches_are_averaged_by_examples() -> None:
    model, (x, y) = make("mlp", examples=30)
    expected = sharpness(model, CE, (x, y))
    assert sharpness(model, CE, [(x[:8], y[:8]), (x[8:], y[8:])]) == pytest.approx(expected, rel=1e-4)


def test_the_model_is_unchanged_to_the_bit() -> None:
    model, data = make("cnn", examples=10)
    before = state(model)
    sharpness(model, CE, data)
    density(model, CE, data, steps=5, probes=1)
    assert state(model) == before


def test_a_loss_that_is_linear_in_the_weights_has_no_curvature() -> None:
    model = mlp(40, 1)
    found = spectrum(model, lambda o, t: o.mean(), (torch.randn(5, 40), torch.zeros(5, 1)), k=2)
    np.testing.assert_array_equal(found.eigenvalues, 0)
    assert (found.trace, found.trace_error) == (0, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, d: spectrum(m, CE, d, k=0), "k must"),
        (lambda m, d: spectrum(m, CE, d, k=10**6), "from 1 to"),
        (lambda m, d: spectrum(m, CE, d, end="left"), "'left'"),
        (lambda m, d: sharpness(m, CE, d, tolerance=-1), "tolerance"),
        (lambda m, d: sharpness(m, None, d), "loss_fn must be a function"),
        (lambda m, d: sharpness(nn.ReLU(), CE, d), "no parameters"),
        (lambda m, d: sharpness(m, lambda o, t: o.detach().mean(), d), "does not depend"),
        (lambda m, d: sharpness(m, lambda o, t: 1.0, d), "does not depend"),
        (lambda m, d: sharpness(m, lambda o, t: o, d), "one real number"),
        (lambda m, d: sharpness(m, lambda o, t: (o / 0).square().mean(), d), "finite"),
    ],
)
def test_invalid_arguments_are_named(call, message: str) -> None:
    model, data = make("mlp", examples=30)
    with pytest.raises(ValueError, match=message):
        call(model, data)
