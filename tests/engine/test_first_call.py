"""Models that keep something made of their weights at their first call are evaluated as if they did not."""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossviz as lv

CE = nn.CrossEntropyLoss()


class Keeping(nn.Module):
    """Divides by a norm of its weights that it computes once."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.layer, self.kind = nn.Linear(4, 3), kind
        self.norm: Tensor | float | None = None
        self.norms: dict[str, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        norm = self.layer.weight.norm().detach()
        if self.kind == "dict":
            norm = self.norms.setdefault("norm", norm)
        else:
            if self.norm is None:
                self.norm = float(norm) if self.kind == "number" else norm
            norm = self.norm
        return 3 * self.layer(x) / norm


def forgotten(model: nn.Module) -> nn.Module:
    twin = copy.deepcopy(model)
    twin.norm, twin.norms = None, {}
    return twin


@pytest.mark.parametrize(
    ("kind", "called"), [("tensor", False), ("tensor", True), ("dict", True), ("number", False)]
)
def test_every_point_has_a_norm_of_its_own(kind: str, called: bool) -> None:
    torch.manual_seed(0)
    model, data = Keeping(kind), (torch.randn(20, 4), torch.randint(0, 3, (20,)))
    if called:
        model(data[0])
    before = copy.deepcopy(model)
    plane = lv.random_plane(model)
    found = lv.surface(model, CE, data, plane, points=3, progress=False)
    for i, b in enumerate(found.b):
        for j, a in enumerate(found.a):
            twin = forgotten(model)
            nn.utils.vector_to_parameters(
                torch.from_numpy(plane.origin + a * plane.u + b * plane.v).float(), twin.parameters()
            )
            assert found.loss[i, j] == pytest.approx(float(CE(twin(data[0]), data[1]).detach()), rel=1e-5)
    assert "a new copy of it" in found.facts.reason
    assert (model.norm, model.norms) == (before.norm, before.norms)
    with ThreadPoolExecutor(2) as pool:
        again = lv.surface(model, CE, data, plane, points=3, executor=pool, progress=False)
    np.testing.assert_array_equal(again.loss, found.loss)


class Constant(nn.Module):
    """A constant that is no buffer, and may be left out: not what a call has made."""

    def __init__(self, offset: Tensor | None) -> None:
        super().__init__()
        self.layer, self.offset = nn.Linear(4, 3), offset

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + (0 if self.offset is None else self.offset)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Constant(torch.tensor([0.0, 3.0, 0.0])),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 3)),
        lambda: nn.Sequential(nn.LSTM(4, 3), Last()),
    ],
)
def test_a_model_that_keeps_nothing_is_copied_once(build: Callable[[], nn.Module]) -> None:
    data = (torch.randn(20, 4), torch.randint(0, 3, (20,)))
    facts = lv.surface(build(), CE, data, points=3, progress=False).facts
    assert "copy" not in facts.reason


class Last(nn.Module):
    def forward(self, outputs: tuple[Tensor, Tensor]) -> Tensor:
        return outputs[0]
