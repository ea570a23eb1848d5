"""Surfaces and the ends of profiles of models of ten kinds, on batches, against a plain float64 loop."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.curvature_kinds import OnceDifferentiable
from support.models import Attention, Recurrent, Residual, cnn, mlp, plain_loop
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import lossviz as lv

# Classes 0 and 1 weigh little, and some targets are ignored: no batch counts by its examples.
CE = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 9.0]))
CE_DOUBLE = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 9.0]).double())


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.second(torch.tanh(self.first(x)))))


class CustomFunction(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(OnceDifferentiable.apply(self.first(x)))


class LowRank(nn.Module):
    """An adapter in float32 over a frozen layer in bfloat16, whose numbers are exact in float64, too."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 3).bfloat16().requires_grad_(False)
        self.down, self.up = nn.Parameter(torch.randn(2, 6)), nn.Parameter(torch.randn(3, 2))

    def forward(self, x: Tensor) -> Tensor:
        base = F.linear(x, self.base.weight.to(x.dtype), self.base.bias.to(x.dtype))
        return base + F.linear(F.linear(x, self.down), self.up)


def _normed(parametrization: Any) -> nn.Module:
    model = mlp(6, 8, 3)
    parametrization(model[0])
    return model


MODELS = {
    "mlp": (lambda: mlp(6, 8, 3), (6,)),
    "cnn with batch norm": (cnn, (1, 8, 8)),
    "residual": (Residual, (6,)),
    "attention": (Attention, (5, 3)),
    "gru": (Recurrent, (5, 3)),
    "tied": (Tied, (6,)),
    "weight norm": (lambda: _normed(parametrizations.weight_norm), (6,)),
    "spectral norm": (lambda: _normed(parametrizations.spectral_norm), (6,)),
    "custom function": (CustomFunction, (6,)),
    "adapters over bfloat16": (LowRank, (6,)),
}


@pytest.mark.parametrize("name", MODELS)
def test_surface_and_profile_equal_a_loop_over_the_whole_data(name: str) -> None:
    build, shape = MODELS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, other = build().eval(), build().eval()
        x, y = torch.randn(20, *shape), torch.randint(0, 3, (20,))
    y[::4] = -100
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    other.load_state_dict(other.state_dict() | buffers)  # statistics and frozen weights are not moved here
    frozen = {name: p.detach() for name, p in model.named_parameters() if not p.requires_grad}
    other.load_state_dict(other.state_dict() | frozen)
    batches = [(x[:3], y[:3]), (x[3:14], y[3:14]), (x[14:], y[14:])]
    plane = lv.random_plane(model)
    found = lv.surface(model, CE, batches, plane, span=0.5, points=3, progress=False)
    expected = plain_loop(model, CE_DOUBLE, (x, y), plane, found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)
    line = lv.profile(model, CE, batches, other, span=(0.0, 1.0), points=3, progress=False)
    for end, at in ((model, 0), (other, 2)):
        loss = CE_DOUBLE(end.double()(x.double()), y)
        assert line.loss[at] == pytest.approx(float(loss.detach()), rel=1e-5)
