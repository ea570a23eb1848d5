"""Replacements for what torch cannot differentiate twice: equal values, and second derivatives."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossviz.curvature.twice_differentiable import TwiceDifferentiable, run_on_cpu


def rows(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


CAUSAL_MASK = torch.ones(5, 5).tril().bool()
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bool mask": {"attn_mask": CAUSAL_MASK},
    "float mask": {"attn_mask": rows(5, 5), "scale": 0.3},
    "causal": {"is_causal": True},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_attention_has_second_derivatives(options: dict[str, Any]) -> None:
    inputs = [rows(2, heads, 5, 4).requires_grad_() for heads in (1, 1, 1)]

    def attention(*inputs: Tensor) -> Tensor:
        with TwiceDifferentiable():
            return F.scaled_dot_product_attention(*inputs, **options)

    torch.testing.assert_close(attention(*inputs), F.scaled_dot_product_attention(*inputs, **options))
    assert torch.autograd.gradgradcheck(attention, inputs)


def test_grouped_query_attention() -> None:
    query, key = rows(1, 4, 3, 2), rows(1, 2, 3, 2)
    with TwiceDifferentiable():
        found = F.scaled_dot_product_attention(query, key, key, enable_gqa=True)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(query, key, key, enable_gqa=True))


@pytest.mark.parametrize("need_weights", [True, False])
def test_multi_head_attention_returns_weights_only_on_request(need_weights: bool) -> None:
    layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)
    x = rows(2, 5, 4).requires_grad_()
    options = {"need_weights": need_weights, "attn_mask": CAUSAL_MASK.logical_not()}
    plain, weights = layer(x, x, x, **options)
    with TwiceDifferentiable():
        found, others = layer(x, x, x, **options)
    torch.testing.assert_close(found, plain)
    assert (others is None) == (weights is None) == (not need_weights)
    (first,) = torch.autograd.grad(found.square().sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert bool(second.any())


def test_a_recurrent_network_on_another_device_runs_on_the_cpu() -> None:
    layer, x = nn.LSTM(4, 3, dtype=torch.float64), rows(5, 2, 4)
    arguments = ([rows(1, 2, 3), rows(1, 2, 3)], [*layer.parameters()], True, 1, 0.0, False, False, False)
    plain = torch.lstm(x, *arguments)
    found = run_on_cpu(torch.lstm, x, *arguments)
    assert all(torch.equal(one, other) for one, other in zip(found, plain, strict=True))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_networks_have_second_derivatives(kind: type[nn.Module]) -> None:
    layer, x = kind(2, 3, dtype=torch.float64), rows(3, 1, 2).requires_grad_()
    with TwiceDifferentiable():
        (first,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
    assert bool(torch.autograd.grad(first.sum(), x)[0].any())
