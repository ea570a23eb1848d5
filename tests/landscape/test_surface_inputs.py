"""Surfaces of all kinds of data, inputs and losses, and the arguments that are refused."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, mlp, plain_loop, state
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lossviz.landscape.planes import random_plane
from lossviz.landscape.surface import surface

CE = nn.CrossEntropyLoss()


def test_all_kinds_of_data_give_the_same_surface() -> None:
    model, (x, y) = make("mlp", examples=70)
    wanted = surface(model, CE, (x, y), points=4)
    forms = {
        "numpy": (x.numpy().astype(np.float64), y.numpy()),
        "list": [x, y],
        "batches": [(x[:40], y[:40]), (x[40:], y[40:])],
        "generator": ((x[k : k + 16], y[k : k + 16]) for k in range(0, 70, 16)),
        "loader": DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True),
    }
    for name, data in forms.items():
        found = surface(model, CE, data, points=4)
        np.testing.assert_allclose(found.loss, wanted.loss, rtol=2e-6, err_msg=name)
        assert (found.facts.examples, found.facts.evaluator, found.facts.subset) == (
            70,
            "vectorized",
            False,
        )
    part = surface(model, CE, forms["batches"], points=4, max_batches=1)
    assert (part.facts.examples, part.facts.batches, part.facts.subset) == (40, 1, True)
    np.testing.assert_allclose(part.loss, surface(model, CE, (x[:40], y[:40]), points=4).loss, rtol=2e-6)


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(2, 3), nn.Linear(4, 3)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return torch.tanh(self.one(left) + self.two(right))


def test_several_inputs_by_position_and_by_name() -> None:
    torch.manual_seed(0)
    model, left, right, y = TwoInputs(), torch.randn(8, 2), torch.randn(8, 4), torch.randint(0, 3, (8,))
    forms = [
        (left, right, y),
        ((left, right), y),
        {"left": left, "right": right, "labels": y},
        ({"left": left, "right": right}, y),
        [{"left": left[part], "right": right[part], "y": y[part]} for part in (slice(5), slice(5, 8))],
    ]
    found = [surface(model, CE, data, points=3).loss for data in forms]
    for loss in found[1:]:
        np.testing.assert_allclose(loss, found[0], rtol=2e-6)


def test_batches_are_weighted_by_their_examples() -> None:
    model, (x, y) = make("attention", examples=30)
    whole = surface(model, CE, (x, y), points=3)
    parts = surface(model, CE, [(x[:7], y[:7]), (x[7:], y[7:])], points=3)
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-5)


def test_loss_that_differentiates_inside() -> None:
    """A physics-informed one: u' = u on the data."""
    torch.manual_seed(0)
    model = mlp(1, 8, 1).double()
    x = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None].requires_grad_()

    def residual(u: Tensor, target: Tensor, inputs: Tensor) -> Tensor:
        (slope,) = torch.autograd.grad(u.sum(), inputs, create_graph=True)
        return (slope - u).square().mean()

    found = surface(model, residual, (x, torch.zeros(9, 1)), points=3)
    assert found.facts.reason == "the loss differentiates inside"
    assert found.loss[1, 1] == pytest.approx(float(residual(model(x), None, x).detach()))
    assert x.grad is None


def test_loss_with_a_model_parameter_is_given_the_moved_model() -> None:
    model, (x, y) = make("mlp")

    def decayed(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
        return F.cross_entropy(outputs, targets) + 0.1 * sum(p.square().sum() for p in model.parameters())

    found = surface(model, decayed, (x, y), points=3)
    plain = surface(model, CE, (x, y), points=3)
    extra = found.loss - plain.loss
    assert extra[0, 0] > 1.5 * extra[1, 1] > 0
    with pytest.raises(ValueError, match="called `model`"):
        surface(model, lambda o, t: model(x).sum(), (x, y), points=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": nn.ReLU()}, "no parameters"),
        ({"model": mlp(2, 3, 3).half()}, "float16"),
        ({"loss_fn": 3}, "loss_fn must be a function"),
        ({"loss_fn": nn.CrossEntropyLoss(reduction="none")}, r"shape \(9,\)"),
        ({"loss_fn": lambda o, t: "high"}, "got str"),
        ({"loss_fn": nn.CrossEntropyLoss}, r"write CrossEntropyLoss\(\)"),
        ({"data": (torch.ones(9, 2), torch.tensor(1))}, r"int64 \(\)\): ValueError: Expected input"),
        ({"loss_fn": lambda o, t: o.nonsense}, "nonsense"),
        ({"data": torch.ones(3)}, "Tensor"),
        ({"data": (torch.ones(0, 2), torch.ones(0).long())}, "empty"),
        ({"data": []}, "no batch"),
        (
            {"data": TensorDataset(torch.ones(9, 2), torch.zeros(9).long())},
            "TensorDataset; give it to a DataLoader",
        ),
        (
            {"data": (torch.ones(9, 2), torch.zeros(8).long())},
            r"\(9, 2\), int64 \(8,\)\): ValueError: Expected input batch_size",
        ),
        ({"data": (torch.ones(9, 2).double(), torch.zeros(9).long())}, "float64"),
        ({"data": (torch.ones(9, 5), torch.zeros(9).long())}, r"\(9, 5\)"),
        ({"data": (torch.ones(9, 2, device="meta"), torch.zeros(9).long())}, "meta"),
        ({"data": {"x": torch.ones(9, 2)}}, "one target"),
        ({"data": (np.array(["a"] * 9), torch.zeros(9).long())}, "numbers"),
        ({"points": 0}, "points"),
        ({"points": 2.5}, "2.5"),
        ({"points": 10**5}, "100000"),
        ({"span": 0}, r"span must be a number in \(0, 1e\+30\]; got 0"),
        ({"span": float("nan")}, "nan"),
        ({"span": (1, 2)}, r"\(1, 2\)"),
        ({"span": ((1, 0), (0, 1))}, "lower to a higher"),
        ({"max_batches": 0}, "max_batches"),
        ({"span": 1e300}, r"\(0, 1e\+30\]"),
        ({"span": np.array([[0, 1], [3, 2]])}, "lower to a higher"),
        ({"executor": "threads"}, "executor.*'threads'"),
        ({"resume": 5}, "resume.*int"),
        ({"resume": "no/such/folder/slice.npz"}, "folder that exists"),
        ({"plane": "filter"}, "plane must be a Plane.*'filter'"),
        ({"data": ([[1.0, 2.0]] * 9, [0] * 9)}, "got list"),
        ({"progress": 3}, "progress"),
        ({"plane": random_plane(mlp(2, 4, 3))}, "shape"),
        ({"plane": random_plane(nn.Linear(2, 3))}, "'weight'"),
    ],
)
def test_invalid_argument_is_named(change: dict, message: str) -> None:
    x, y = torch.ones(9, 2), torch.zeros(9).long()
    arguments = {"model": mlp(2, 3, 3), "loss_fn": CE, "data": (x, y), "points": 3} | change
    before = state(arguments["model"])
    with pytest.raises(ValueError, match=message) as found:
        surface(**arguments)
    assert len(str(found.value).splitlines()) == 1
    assert state(arguments["model"]) == before


class Ragged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.GRU(2, 4), nn.Linear(4, 3)

    def forward(self, x: Any) -> Tensor:
        return self.head(self.rnn(x)[1][0])


def test_packed_sequence_is_one_input() -> None:
    torch.manual_seed(0)
    model, y = Ragged(), torch.tensor([0, 2])
    packed = nn.utils.rnn.pack_sequence([torch.randn(4, 2), torch.randn(2, 2)])
    found = surface(model, CE, (packed, y), points=3)
    assert found.loss[1, 1] == pytest.approx(float(CE(model(packed), y).detach()), rel=1e-5)
    assert found.facts.examples == 2


class TimeFirst(nn.Module):
    """A recurrent network whose input has time as its first axis and the examples as its second."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.RNN(5, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.log_softmax(self.head(self.rnn(x)[1][0]), dim=1)


def test_input_with_time_as_its_first_axis() -> None:
    torch.manual_seed(0)
    model, data = TimeFirst(), (torch.randn(6, 10, 5), torch.randint(0, 3, (10,)))
    found = surface(model, F.nll_loss, data, points=3)
    plane = random_plane(model)
    np.testing.assert_allclose(
        found.loss, plain_loop(model, F.nll_loss, data, plane, found.a, found.b), rtol=1e-5
    )
    assert found.facts.examples == 10


def test_mismatched_batch_size_is_reported_by_the_loss() -> None:
    with pytest.raises(ValueError, match="size"):
        surface(mlp(8, 4, 3), CE, (torch.ones(9, 8), torch.zeros(8).long()), points=3)
