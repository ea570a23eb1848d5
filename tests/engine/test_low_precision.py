"""Frozen weights of low precision under adapters of float32, and weights of half precision themselves."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import mlp
from torch import Tensor, nn

import lossviz as lv
from lossviz.engine.parameters import private_copy

HALF = [torch.bfloat16, torch.float16]


class Adapter(nn.Module):
    """A low-rank adapter (LoRA) in float32 over a frozen layer of another type."""

    def __init__(self, base: nn.Module, inputs: int, outputs: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down, self.up = nn.Parameter(torch.randn(2, inputs)), nn.Parameter(torch.randn(outputs, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x).float() + F.linear(F.linear(x.float(), self.down), self.up)


class Quantized(nn.Module):
    """A linear layer with 8-bit integers as weights, which torch knows as a buffer or a frozen parameter."""

    def __init__(self, as_parameter: bool) -> None:
        super().__init__()
        weight = torch.randint(-127, 127, (3, 6), dtype=torch.int8)
        if as_parameter:
            self.weight = nn.Parameter(weight, requires_grad=False)
        else:
            self.register_buffer("weight", weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.float() / 64)


@pytest.mark.parametrize("dtype", HALF)
def test_adapters_over_a_frozen_base_equal_a_loop(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = Adapter(nn.Linear(6, 3).to(dtype), 6, 3)
    x, y = torch.randn(20, 6).to(dtype), torch.arange(20) % 3
    before = state_of(model)
    plane = lv.random_plane(model)
    found = lv.surface(model, F.cross_entropy, (x, y), plane, points=3, progress=False)
    twin = copy.deepcopy(model)
    free = [p for p in twin.parameters() if p.requires_grad]
    for i, b in enumerate(found.b):
        for j, a in enumerate(found.a):
            weights = torch.from_numpy(plane.origin + a * plane.u + b * plane.v).float()
            nn.utils.vector_to_parameters(weights, free)
            assert found.loss[i, j] == pytest.approx(float(F.cross_entropy(twin(x), y).detach()), rel=1e-5)
    assert (found.facts.dtype, found.facts.weights) == ("float32", 18)
    assert str(dtype).removeprefix("torch.") in found.facts.rounding
    numbers = lv.surface(model, F.cross_entropy, (x.float().numpy(), y), plane, points=3, progress=False)
    assert np.array_equal(numbers.loss, found.loss), "arrays take the type of the layers that see them"
    exact = copy.deepcopy(model).float()
    for name, parameter in exact.named_parameters():
        parameter.requires_grad_("base" not in name)
    expected = lv.sharpness(exact, F.cross_entropy, (x.float(), y))
    assert lv.sharpness(model, F.cross_entropy, (x, y)) == pytest.approx(expected, rel=0.02)
    assert state_of(model) == before


def state_of(model: nn.Module) -> list[tuple[int, bytes]]:
    """Where the weights lie, and their values, in a type that numpy knows."""
    return [(p.data_ptr(), p.detach().float().numpy().tobytes()) for p in model.parameters()]


@pytest.mark.parametrize("as_parameter", [False, True], ids=["buffer", "parameter"])
def test_quantized_layers_go_through_and_are_shared(as_parameter: bool) -> None:
    torch.manual_seed(0)
    model, x, y = Adapter(Quantized(as_parameter), 6, 3), torch.randn(20, 6), torch.arange(20) % 3
    found = lv.surface(model, F.cross_entropy, (x, y), points=3, progress=False)
    assert found.loss[1, 1] == pytest.approx(float(F.cross_entropy(model(x), y).detach()), rel=1e-5)
    assert np.isfinite(lv.sharpness(model, F.cross_entropy, (x, y)))
    twin = private_copy(model)
    assert twin.base.weight.data_ptr() == model.base.weight.data_ptr()
    assert twin.down.data_ptr() != model.down.data_ptr()


def test_a_copy_shares_frozen_weights_and_may_be_converted() -> None:
    model = mlp(3, 4, 2)
    model[0].requires_grad_(False)
    twin = private_copy(model)
    assert twin[0].weight.data_ptr() == model[0].weight.data_ptr()
    twin.double()
    assert model[0].weight.dtype == torch.float32


class Writing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale, self.head = nn.Parameter(torch.ones(3), requires_grad=False), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.scale.data.mul_(0.9)
        return self.head(x) * self.scale


@pytest.mark.parametrize("function", [lv.surface, lv.sharpness])
def test_a_model_that_writes_to_a_frozen_weight_is_refused_before_it_does(function: object) -> None:
    model = Writing()
    with pytest.raises(ValueError, match=r"writes to a frozen parameter when it is called \(mul_\)"):
        function(model, F.cross_entropy, (torch.ones(2, 4), torch.tensor([0, 1])))
    assert torch.equal(model.scale, torch.ones(3))


@pytest.mark.parametrize("dtype", HALF)
def test_weights_of_half_precision_are_rounded_once_and_the_facts_say_so(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model, x, y = mlp(4, 8, 3).to(dtype), torch.randn(20, 4).to(dtype), torch.arange(20) % 3
    plane = lv.random_plane(model)
    found = lv.surface(model, F.cross_entropy, (x, y), plane, points=3, progress=False)
    twin = copy.deepcopy(model)
    weights = torch.from_numpy(plane.origin + found.a[2] * plane.u + found.b[0] * plane.v).to(dtype)
    assert found.loss[1, 1] == float(F.cross_entropy(model(x), y).detach())
    nn.utils.vector_to_parameters(weights, list(twin.parameters()))
    assert found.loss[0, 2] == float(F.cross_entropy(twin(x), y).detach())
    assert "weights of every point are rounded" in found.facts.rounding
    assert found.facts.rounding in lv.figures.contour(found).layout.annotations[0].text
    with pytest.raises(ValueError, match=r"in which curvature is lost in rounding; call model.float\(\)"):
        lv.sharpness(model, F.cross_entropy, (x, y))
