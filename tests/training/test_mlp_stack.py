"""The stack of fully connected networks: its gradient is autograd's, its rows are in parameter order."""

import pytest
import torch
from torch import nn

import lossviz as lv
from lossviz.training.mlp_stack import MLPStack, can_stack


def models(activation: str, outputs: int = 3) -> list[nn.Sequential]:
    return [lv.NETWORKS["mlp-7-4"].build(2, outputs, activation, seed=seed) for seed in range(5)]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("shared", [True, False])
def test_forward_and_backward_are_those_of_autograd(activation: str, shared: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    members = models(activation)
    x = torch.randn(1 if shared else 5, 9, 2, generator=generator).expand(5, 9, 2)
    gradient = torch.randn(5, 3, 9, generator=generator)
    stack = MLPStack(members)
    inputs = x[0].T.contiguous() if shared else x.transpose(1, 2).contiguous()
    values = stack.forward(inputs)
    for g, member in enumerate(members):
        z = member(x[g])
        torch.testing.assert_close(values[-1][g].T, z, rtol=1e-5, atol=1e-6)
        (z.T * gradient[g]).sum().backward()
    stack.backward(inputs, values, gradient.clone())
    flat = torch.stack([torch.cat([p.grad.flatten() for p in m.parameters()]) for m in members])
    torch.testing.assert_close(stack.gradient, flat, rtol=1e-5, atol=1e-6)
    if shared:
        torch.testing.assert_close(stack.logits(x[0])[2], members[2](x[0]), rtol=1e-5, atol=1e-6)


def test_a_row_is_in_the_order_of_the_parameters() -> None:
    members = models("tanh")
    stack = MLPStack(members)
    for row, member in zip(stack.weights, members, strict=True):
        assert torch.equal(row, nn.utils.parameters_to_vector(member.parameters()))
    assert stack.shapes == [tuple(p.shape) for p in members[0].parameters()]


def test_only_fully_connected_networks_are_stacked() -> None:
    assert can_stack(nn.Sequential(nn.Linear(2, 1)))
    assert can_stack(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    for other in (
        nn.Sequential(nn.Linear(2, 3), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1)),
        lv.NETWORKS["cnn"].build(64, 10),
    ):
        assert not can_stack(other)
