"""Both evaluators equal a plain float64 loop; the vectorized one is chosen only where it is right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import MODELS, make, mlp, plain_loop
from torch import Tensor, nn

from lossviz.engine import forward_program
from lossviz.engine.dispatch import choose_evaluator
from lossviz.engine.reference import ReferenceEvaluator
from lossviz.landscape.planes import random_plane
from lossviz.landscape.surface import surface
from lossviz.losses.base import MeanLoss
from lossviz.losses.table import LOSSES

CE = nn.CrossEntropyLoss()


@pytest.mark.parametrize("include_bias", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_every_model_equals_a_float64_loop(name: str, include_bias: bool) -> None:
    model, data = make(name)
    plane = random_plane(model, seed=1, include_bias=include_bias)
    found = surface(model, CE, data, plane, points=5)
    assert found.facts.evaluator == MODELS[name][2], found.facts.reason
    expected = plain_loop(model, CE, data, plane, found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["mlp", "residual", "cnn"])
def test_float64_is_exact(name: str) -> None:
    model, (x, y) = make(name)
    model, x = model.double(), x.double()
    plane = random_plane(model)
    found = surface(model, CE, (x, y), plane, points=4)
    assert (found.facts.evaluator, found.facts.dtype) == ("vectorized", "float64")
    np.testing.assert_allclose(found.loss, plain_loop(model, CE, (x, y), plane, found.a, found.b), rtol=1e-12)


def _binary(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z.squeeze(-1), y[:, 0])


LOSS_FUNCTIONS = {
    "bce": nn.BCEWithLogitsLoss(),
    "bce squeezed": _binary,
    "mse": F.mse_loss,
    "sigmoid then mse": lambda z, y: F.mse_loss(torch.sigmoid(z), y),
    "by hand": lambda z, y: ((z - y) ** 2).sum(1).mean(),
    "huber, summed": nn.HuberLoss(reduction="sum", delta=0.3),
    "summed by hand": lambda z, y: ((z - y) ** 2).sum(),
    "affine function of a sum": lambda z, y: ((z - y) ** 2).sum() / 7 + 1,
    "centered over the data": lambda z, y: ((z - y - (z - y).mean()) ** 2).mean(),
    "weighted by example": lambda z, y: ((z - y) ** 2 * torch.arange(50.0)[:, None]).mean(),
    "first output": lambda z, y: (1 - y[:, 0] * z[:, 0]).clamp(min=0).mean(),
    "no forward rule": lambda z, y: torch.logsumexp(z * y, 0).sum(),
    "a Python number": lambda z, y: float((z - y).abs().max()),
} | {
    name: (lambda z, y, row=LOSSES[name]: row(z, y).mean())
    for name in ("sigmoid-mse", "sigmoid-ce", "tanh-mse")
}


@pytest.fixture(params=[False, True], ids=["one block", "blocks"])
def in_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty examples in three blocks of 16 and a rest of 2, as thousands would be."""
    if request.param:
        monkeypatch.setattr(forward_program, "MIN_EXAMPLES", 16)
        monkeypatch.setattr(forward_program, "LAYER_SIZE", 0)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
def test_every_loss_function_equals_a_float64_loop(name: str) -> None:
    torch.manual_seed(0)
    model, loss_fn = mlp(2, 12, 12, 1), LOSS_FUNCTIONS[name]
    x = torch.randn(50, 2)
    data = (x, (x[:, :1] > 0).float())
    found = surface(model, loss_fn, data, points=5)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    expected = plain_loop(model, loss_fn, data, random_plane(model), found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("several", [False, True], ids=["one batch", "batches"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_row_equals_a_float64_loop_and_is_called_once_a_block(name: str, several: bool) -> None:
    row, calls = LOSSES[name], 0

    def counted(*args: Any, **settings: float) -> Tensor:
        nonlocal calls
        calls += 1
        return row.function(*args, **settings)

    torch.manual_seed(0)
    classes = row.task == "multiclass"
    model, x = mlp(2, 12, 3 if classes else 1), torch.randn(50, 2)
    y = torch.randint(0, 3, (50,)) if classes else (x[:, 0] > 0).float()
    data: Any = [(x[:20], y[:20]), (x[20:], y[20:])] if several else (x, y)
    found = surface(model, MeanLoss(replace(row, function=counted)), data, points=9)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    assert calls < 15, "not once for each of the 81 points"
    plane = random_plane(model)
    expected = plain_loop(model, MeanLoss(row), (x, y), plane, found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("kind", ["labels", "smoothed", "weighted", "ignored", "probabilities"])
def test_cross_entropy_in_every_form(kind: str) -> None:
    model, (x, y) = make("mlp")
    loss_fn = {
        "smoothed": nn.CrossEntropyLoss(label_smoothing=0.1),
        "weighted": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0])),
        "ignored": nn.CrossEntropyLoss(ignore_index=1),
    }.get(kind, CE)
    target = F.one_hot(y, 3).float() if kind == "probabilities" else y
    plane = random_plane(model)
    found = surface(model, loss_fn, (x, target), plane, points=3)
    if kind == "weighted":
        loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]).double())
    np.testing.assert_allclose(
        found.loss, plain_loop(model, loss_fn, (x, target), plane, found.a, found.b), rtol=1e-5
    )


@pytest.mark.parametrize("factor", [30.0, 1e4, 1e10])
def test_confidently_wrong_outputs_whose_exponentials_overflow(factor: float) -> None:
    model, (x, y) = make("mlp")
    with torch.no_grad():
        list(model.parameters())[-2].mul_(factor)
    plane = random_plane(model)
    found = surface(model, CE, (x, y), plane, points=3)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(found.loss, plain_loop(model, CE, (x, y), plane, found.a, found.b), rtol=1e-5)


def test_data_in_blocks_equals_data_at_once() -> None:
    torch.manual_seed(0)
    model, x = mlp(2, 64, 64, 1), torch.randn(5000, 2)
    data = (x, (x[:, :1] > 0).float())
    found = surface(model, F.binary_cross_entropy_with_logits, data, points=3)
    assert found.facts.evaluator == "vectorized"
    expected = plain_loop(
        model, F.binary_cross_entropy_with_logits, data, random_plane(model), found.a, found.b
    )
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


class Custom(nn.Module):
    """Parameters as factors and summands, a shared layer, inputs used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Linear(3, 3), nn.Linear(3, 1)
        self.scale, self.shift = nn.Parameter(torch.rand(3)), nn.Parameter(torch.tensor(0.3))

    def forward(self, x: Tensor) -> Tensor:
        h = x + self.layer(F.relu_(self.layer(x)))
        h = h * self.scale - self.shift
        return self.last(1 / (1 + h.square())).flatten()


def test_parameters_as_factors_and_shared_layers() -> None:
    torch.manual_seed(0)
    model, x = Custom(), torch.randn(30, 3)
    data = (x, torch.randn(30))
    plane = random_plane(model, include_bias=True)
    found = surface(model, F.mse_loss, data, plane, points=4)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(
        found.loss, plain_loop(model, F.mse_loss, data, plane, found.a, found.b), rtol=1e-5
    )


class ReadTwice(nn.Module):
    """The first ReLU is read by a pooling and by another operation, the second by a pooling alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.last = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.first(x))
        h = F.max_pool2d(h, 2) + F.avg_pool2d(h, 2)
        return self.last(F.max_pool2d(F.relu(self.second(h)), 2).flatten(1))


def test_a_relu_is_delayed_past_the_pooling_only_if_nothing_else_reads_it() -> None:
    torch.manual_seed(0)
    model, data = ReadTwice(), (torch.randn(40, 1, 8, 8), torch.randint(3, (40,)))
    plane = random_plane(model, include_bias=True)
    found = surface(model, CE, data, plane, points=4)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(found.loss, plain_loop(model, CE, data, plane, found.a, found.b), rtol=1e-5)


class Stateful(nn.Module):
    """Counts its calls, so that a recorded pass differs from the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.calls = nn.Linear(2, 1), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.layer(x) * (1 + self.calls % 2)


def test_a_model_that_disagrees_with_its_trace_is_left_to_the_reference_evaluator() -> None:
    torch.manual_seed(0)
    found = surface(Stateful(), F.mse_loss, (torch.randn(9, 2), torch.randn(9, 1)), points=3)
    assert found.facts.evaluator == "reference"
    assert "did not agree" in found.facts.reason


def test_a_trained_model_is_exact_at_its_minimum() -> None:
    torch.manual_seed(0)
    model = mlp(2, 32, 32, 1)
    x = torch.randn(400, 2)
    y = (x[:, :1] * x[:, 1:] > 0).float()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(300):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()
    found = surface(model, F.binary_cross_entropy_with_logits, (x, y), points=5)
    expected = plain_loop(
        model, F.binary_cross_entropy_with_logits, (x, y), random_plane(model), found.a, found.b
    )
    assert expected.min() < 0.05
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


def test_the_evaluators_are_interchangeable() -> None:
    from lossviz.engine.batches import read_batches
    from lossviz.engine.parameters import private_copy
    from lossviz.engine.reference import Task

    model, data = make("mlp")
    plane = random_plane(model)
    task = Task(
        private_copy(model),
        CE,
        read_batches(data, next(model.parameters())),
        np.stack([plane.origin, plane.u, plane.v]),
    )
    points = np.random.default_rng(0).normal(size=(7, 2))
    choice = choose_evaluator(task, plane.window)
    np.testing.assert_allclose(choice.evaluator(points), ReferenceEvaluator(task)(points), rtol=1e-5)


class Standardized(nn.Conv2d):
    """A convolution whose filters the pass itself computes."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, torch.tanh(self.weight), self.bias, 1, 1)


def test_filters_that_the_pass_computes_are_vectorized() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(Standardized(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    data = (torch.randn(20, 1, 6, 6), torch.randint(3, (20,)))
    plane = random_plane(model)
    found = surface(model, CE, data, plane, points=3)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(found.loss, plain_loop(model, CE, data, plane, found.a, found.b), rtol=1e-5)


def test_batches_with_ignored_examples_are_joined() -> None:
    model, (x, y) = make("mlp")
    rows = [(x[k : k + 7], y[k : k + 7]) for k in range(0, 35, 7)]
    loss_fn = nn.CrossEntropyLoss(ignore_index=0)
    found = surface(model, loss_fn, rows, points=3)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(
        found.loss, surface(model, loss_fn, (x[:35], y[:35]), points=3).loss, rtol=1e-6
    )


def test_autocast_does_not_reuse_weights_of_another_point() -> None:
    model, data = make("mlp")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = surface(model, CE, data, points=3)
    np.testing.assert_allclose(within.loss, surface(model, CE, data, points=3).loss, rtol=0.02)
    assert np.ptp(within.loss) > 0


@pytest.mark.parametrize("name", ["mlp", "cnn"])
@pytest.mark.parametrize("loss_fn", [CE, lambda z, y: (z - z.mean(0)).square().sum()], ids=["mean", "of all"])
def test_data_recorded_in_groups_are_evaluated_as_a_whole(
    name: str, loss_fn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = make(name, examples=70)
    recorded: list[int] = []
    record = forward_program.record

    def counted(function: Any, inputs: Any, *others: Any) -> Any:
        trace = record(function, inputs, *others)
        recorded.append(sum(op.value.numel() for op in trace.ops))
        return trace

    monkeypatch.setattr(forward_program, "record", counted)
    monkeypatch.setattr(forward_program, "MAX_RECORDED", limit := 8000 if name == "cnn" else 700)
    found = surface(model, loss_fn, data, points=4)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    assert len(recorded) > 3
    assert max(recorded[1:]) < 1.5 * limit
    expected = plain_loop(model, loss_fn, data, random_plane(model), found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)
