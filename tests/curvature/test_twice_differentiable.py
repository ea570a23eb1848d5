"""What torch cannot differentiate twice is done otherwise: the same values, and second derivatives."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossviz.curvature.twice_differentiable import TwiceDifferentiable, run_on_cpu


def rows(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


HIDDEN = torch.ones(5, 5).tril().bool()
ASKED: dict[str, dict[str, Any]] = {
    "plain": {},
    "mask of truths": {"attn_mask": HIDDEN},
    "mask of numbers": {"attn_mask": rows(5, 5), "scale": 0.3},
    "causal": {"is_causal": True},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_attention_has_second_derivatives(asked: dict[str, Any]) -> None:
    given = [rows(2, heads, 5, 4).requires_grad_() for heads in (1, 1, 1)]

    def attention(*given: Tensor) -> Tensor:
        with TwiceDifferentiable():
            return F.scaled_dot_product_attention(*given, **asked)

    torch.testing.assert_close(attention(*given), F.scaled_dot_product_attention(*given, **asked))
    assert torch.autograd.gradgradcheck(attention, given)


def test_attention_of_fewer_keys_than_queries() -> None:
    query, key = rows(1, 4, 3, 2), rows(1, 2, 3, 2)
    with TwiceDifferentiable():
        found = F.scaled_dot_product_attention(query, key, key, enable_gqa=True)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(query, key, key, enable_gqa=True))


@pytest.mark.parametrize("wanted", [True, False])
def test_multi_head_attention_gives_what_was_asked_for(wanted: bool) -> None:
    layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)
    x = rows(2, 5, 4).requires_grad_()
    asked = {"need_weights": wanted, "attn_mask": HIDDEN.logical_not()}
    plain, weights = layer(x, x, x, **asked)
    with TwiceDifferentiable():
        found, others = layer(x, x, x, **asked)
    torch.testing.assert_close(found, plain)
    assert (others is None) == (weights is None) == (not wanted)
    (slope,) = torch.autograd.grad(found.square().sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x)
    assert bool(bend.any())


def test_a_recurrent_network_on_another_device_passes_the_cpu() -> None:
    layer, x = nn.LSTM(4, 3, dtype=torch.float64), rows(5, 2, 4)
    asked = ([rows(1, 2, 3), rows(1, 2, 3)], [*layer.parameters()], True, 1, 0.0, False, False, False)
    plain = torch.lstm(x, *asked)
    found = run_on_cpu(torch.lstm, x, *asked)
    assert all(torch.equal(one, other) for one, other in zip(found, plain, strict=True))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_networks_have_second_derivatives(kind: type[nn.Module]) -> None:
    layer, x = kind(2, 3, dtype=torch.float64), rows(3, 1, 2).requires_grad_()
    with TwiceDifferentiable():
        (slope,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
    assert bool(torch.autograd.grad(slope.sum(), x)[0].any())
