"""Sigmoid, softmax and softplus against scipy, and where scipy would lose digits."""

import math

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from scipy.special import softmax as scipy_softmax

from lossviz.losses.activations import residual, sigmoid, softmax, softmax_cross_entropy, softplus

Z = torch.linspace(-700, 700, 1401, dtype=torch.float64)


def test_sigmoid_and_its_complement_are_both_exact() -> None:
    p, complement = sigmoid(Z)
    np.testing.assert_allclose(p, expit(Z.numpy()), rtol=1e-13)
    np.testing.assert_allclose(complement, expit(-Z.numpy()), rtol=1e-13)


def test_softplus_is_the_integral_of_the_sigmoid() -> None:
    np.testing.assert_allclose(softplus(Z), np.logaddexp(0, Z.numpy()), rtol=1e-13)
    z = Z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(softplus(z).sum(), z)
    np.testing.assert_allclose(slope, expit(Z.numpy()), rtol=1e-13)


def test_derivatives_at_zero_are_those_of_the_whole_curve() -> None:
    z = torch.zeros((), dtype=torch.float64, requires_grad=True)
    for f, first_expected, second_expected in ((softplus, 0.5, 0.25), (lambda at: sigmoid(at)[0], 0.25, 0.0)):
        (first,) = torch.autograd.grad(f(z), z, create_graph=True)
        (second,) = torch.autograd.grad(first, z)
        assert first.item() == first_expected
        assert float(second) == pytest.approx(second_expected, abs=1e-16)


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])
def test_softmax_and_its_complement_are_both_exact(scale: float) -> None:
    z = scale * np.random.default_rng(0).standard_normal((200, 7))
    p, complement = softmax(torch.from_numpy(z))
    expected = scipy_softmax(z, axis=-1)
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-300)
    others = np.stack([np.delete(expected, k, axis=-1).sum(axis=-1) for k in range(7)], axis=-1)
    np.testing.assert_allclose(complement, others, rtol=1e-12, atol=1e-300)


def test_softmax_of_two_logits_is_the_sigmoid_of_their_difference() -> None:
    p, complement = softmax(torch.stack([Z, torch.zeros_like(Z)], dim=-1))
    np.testing.assert_allclose(p[:, 0], expit(Z.numpy()), rtol=1e-13)
    np.testing.assert_allclose(complement[:, 0], expit(-Z.numpy()), rtol=1e-13)


def test_softmax_cross_entropy_of_soft_targets() -> None:
    rng = np.random.default_rng(1)
    z, target = 5 * rng.standard_normal((100, 5)), rng.dirichlet(np.ones(5), 100)
    ours = softmax_cross_entropy(torch.from_numpy(z), torch.from_numpy(target))
    np.testing.assert_allclose(ours, -(target * log_softmax(z, axis=-1)).sum(axis=-1), rtol=1e-12)


def test_confidently_right_still_has_a_gradient_for_the_right_class() -> None:
    z = torch.tensor([20.0, 0.0, -20.0], requires_grad=True)
    softmax_cross_entropy(z, torch.tensor([1.0, 0.0, 0.0])).backward()
    assert z.grad is not None
    assert float(z.grad[0]) == pytest.approx(-math.exp(-20), rel=1e-6)


def test_residual_at_one_is_the_complement_without_subtracting() -> None:
    p, complement = sigmoid(torch.tensor([50.0, 80.0]))
    assert torch.equal(residual(p, complement, torch.ones(2)), -complement)
    assert torch.equal(residual(p, complement, torch.zeros(2)), p)
    np.testing.assert_allclose(residual(p, complement, torch.full((2,), 0.25)), [0.75, 0.75])
