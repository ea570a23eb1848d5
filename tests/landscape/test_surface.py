"""Surfaces: exact on a quadratic, with all kinds of data and executors, and without changing the model."""

import contextlib
import io
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from distributed import Client
from support.models import MODELS, Attention, make, mlp, plain_loop, state
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lossviz.landscape.directions import direction_plane
from lossviz.landscape.planes import random_plane
from lossviz.landscape.profile import profile
from lossviz.landscape.surface import Surface, surface, surface_stream

CE = nn.CrossEntropyLoss()


class Quadratic(nn.Module):
    """Its loss is w1^2 + 3 w2^2 + w1 w2, whatever the data."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([0.5, -1.0], dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        return self.w[0] ** 2 + 3 * self.w[1] ** 2 + self.w[0] * self.w[1] + 0 * x.sum()


def _identity(outputs: Tensor, targets: Tensor) -> Tensor:
    return outputs


DATA = (torch.zeros(1), torch.zeros(1))


def test_quadratic_loss_is_exact_and_axes_are_in_order() -> None:
    model = Quadratic()
    plane = direction_plane(model, np.array([1.0, 0.0]), np.array([0.0, 2.0]))
    found = surface(model, _identity, DATA, plane, span=((-1.0, 2.0), (-3.0, 1.0)), points=4)
    w1, w2 = 0.5 + found.a[None, :], -1 + 2 * found.b[:, None]
    np.testing.assert_allclose(found.loss, w1**2 + 3 * w2**2 + w1 * w2, rtol=1e-14)
    np.testing.assert_allclose(found.a, [-1, 0, 1, 2])
    np.testing.assert_allclose(found.b, [-3, -5 / 3, -1 / 3, 1])


@pytest.mark.parametrize("name", MODELS)
def test_loss_at_the_origin_is_the_models(name: str) -> None:
    model, (x, y) = make(name)
    found = surface(model, CE, (x, y), points=3)
    with torch.no_grad():
        own = float(CE(model.eval()(x), y))
    assert found.a[1] == found.b[1] == 0
    assert found.loss[1, 1] == pytest.approx(own, rel=2e-6)
    assert found.facts.was_training


@pytest.mark.parametrize("name", ["cnn", "gru"])
@pytest.mark.parametrize("outcome", ["success", "error", "interruption", "executor"])
def test_model_is_bit_equal_afterwards(name: str, outcome: str) -> None:
    model, data = make(name, examples=20)
    next(model.parameters()).requires_grad_(False)
    before, threads = state(model), torch.get_num_threads()
    copies = [v.clone() for v in data]

    def progress(done: int, total: int) -> None:
        if outcome == "interruption" and done > 3:
            raise KeyboardInterrupt

    def loss_fn(outputs: Tensor, targets: Tensor) -> Tensor:
        if outcome == "error":
            raise RuntimeError("the user's own mistake")
        return F.cross_entropy(outputs, targets)

    expected = {"error": ValueError, "interruption": KeyboardInterrupt}.get(outcome)
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2)) if outcome == "executor" else None
        if expected:
            stack.enter_context(pytest.raises(expected))
        surface(model, loss_fn, data, points=5, progress=progress, executor=pool)
    assert state(model) == before
    assert torch.get_num_threads() == threads
    assert all(torch.equal(a, b) for a, b in zip(data, copies, strict=True))


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


def test_span_may_be_an_array() -> None:
    model, (x, y) = make("mlp")
    window = np.array([[-1.0, 0.0], [0.0, 2.0]])
    assert surface(model, CE, (x, y), points=2, span=window).b.tolist() == [0.0, 2.0]
    assert profile(model, CE, (x, y), points=2, span=window[0]).a.tolist() == [-1.0, 0.0]


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


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + torch.randn(len(x), 1)


def test_random_model_draws_the_same_numbers_at_every_point() -> None:
    torch.manual_seed(0)
    model, data = Noisy(), (torch.randn(5, 2), torch.randn(5, 1))
    before = state(model)
    found = surface(model, F.mse_loss, data, points=5)
    assert state(model) == before
    middle = found.loss[:, 2]  # a parabola, if the noise is one and the same
    np.testing.assert_allclose(np.diff(middle, 3), 0, atol=1e-4)
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(surface(model, F.mse_loss, data, points=5, executor=pool).loss, found.loss)


@pytest.mark.parametrize("name", ["mlp", "cnn", "attention"])
def test_stream_ends_in_the_whole_surface(name: str) -> None:
    model, data = make(name, examples=20)
    surfaces = list(surface_stream(model, CE, data, points=11))
    assert [s.facts.stride for s in surfaces] == [8, 4, 2, 1]
    assert surfaces[0].loss.shape == (3, 3)
    whole, last = surface(model, CE, data, points=11), surfaces[-1]
    if whole.facts.evaluator == "reference":  # it evaluates one point at a time
        assert last == whole
    assert replace(last, loss=whole.loss) == whole
    np.testing.assert_allclose(last.loss, whole.loss, rtol=2e-6)  # other points share a matrix product
    for coarse in surfaces:
        rows, columns = np.isin(whole.b, coarse.b), np.isin(whole.a, coarse.a)
        assert np.array_equal(coarse.loss, last.loss[np.ix_(rows, columns)]), "a point is computed once"
        assert (coarse.a[0], coarse.a[-1]) == (whole.a[0], whole.a[-1])


def test_threads_and_processes_give_the_same_surface() -> None:
    model, data = make("mlp", examples=40)
    wanted = surface(model, CE, data, points=9).loss
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_allclose(surface(model, CE, data, points=9, executor=pool).loss, wanted, rtol=1e-6)
        slow, batch = Attention(), (torch.randn(6, 5, 3), torch.randint(0, 3, (6,)))
        found = surface(slow, CE, batch, points=9, executor=pool)
        np.testing.assert_allclose(found.loss, surface(slow, CE, batch, points=9).loss, rtol=1e-6)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # each has torch to import
        np.testing.assert_allclose(surface(model, CE, data, points=9, executor=pool).loss, wanted, rtol=1e-6)


def test_dask_gives_the_same_surface() -> None:
    model, data = make("mlp", examples=40)
    wanted = surface(model, CE, data, points=9).loss
    with (
        Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as client,
        client.get_executor() as pool,
    ):
        np.testing.assert_allclose(surface(model, CE, data, points=9, executor=pool).loss, wanted, rtol=1e-6)


def test_nan_and_infinite_losses_are_kept() -> None:
    model = Quadratic()
    plane = direction_plane(model, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    found = surface(model, lambda o, t: torch.log(o - 4), DATA, plane, points=5)
    assert np.isnan(found.loss).any()
    assert np.isfinite(found.loss).any()
    infinite = surface(model, lambda o, t: 1 / (0 * o), DATA, plane, points=3)
    assert np.isposinf(infinite.loss).all()


def test_overflow_is_where_a_plain_loop_overflows() -> None:
    model, (x, y) = make("mlp")
    plane = random_plane(model)
    found = surface(model, lambda o, t: torch.exp(o).square().mean(), (x, y), plane, span=200.0, points=5)
    with np.errstate(over="ignore"):
        wanted = plain_loop(model, lambda o, t: torch.exp(o).square().mean(), (x, y), plane, found.a, found.b)
        wanted = wanted.astype(np.float32).astype(float)
    assert np.array_equal(np.isfinite(found.loss), np.isfinite(wanted))


def test_progress_is_reported_and_short_work_shows_no_bar(capsys) -> None:
    model, data = make("mlp")
    reported: list[tuple[int, int]] = []
    surface(model, CE, data, points=9, progress=lambda done, total: reported.append((done, total)))
    assert reported[-1] == (81, 81)
    assert reported == sorted(reported)
    surface(model, CE, data, points=3, progress=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("is_path", [True, False], ids=["path", "memory"])
def test_interrupted_surface_is_resumed(tmp_path, is_path: bool) -> None:
    model, data = make("gru", examples=10)
    file = tmp_path / "half.npz" if is_path else io.BytesIO()
    wanted = surface(model, CE, data, points=7)

    def stop(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        surface(model, CE, data, points=7, progress=stop, resume=file)
    with pytest.raises(ValueError, match="unfinished, 20 of 49"):
        Surface.load(file)
    with pytest.raises(ValueError, match="another surface"):
        surface(model, CE, data, points=7, span=2.0, resume=file)
    reported: list[int] = []
    found = surface(
        model, CE, data, points=7, progress=lambda done, total: reported.append(done), resume=file
    )
    assert reported[0] == 21
    assert found == wanted == Surface.load(file)
    assert surface(model, CE, data, points=7, resume=file) == wanted


def test_profiles_are_equal_if_their_fields_are() -> None:
    model, data = make("mlp")
    one, same = profile(model, CE, data, points=3), profile(model, CE, data, points=3)
    assert one == same
    assert len({one, same}) == 1
    assert one != profile(model, CE, data, points=3, span=2.0)
    assert one != profile(model, lambda o, t: CE(o, t) * np.nan, data, points=3)


def test_checkpoint_of_another_loss_is_refused(tmp_path) -> None:
    model, data = make("mlp")
    file = tmp_path / "one.npz"
    first = surface(model, lambda o, t: CE(o, t), data, points=5, resume=file)
    with pytest.raises(ValueError, match="other numbers"):  # of the same name: <lambda>
        surface(model, lambda o, t: 2 * CE(o, t), data, points=5, resume=file)
    assert Surface.load(file) == first


def test_profiles_along_all_kinds_of_directions() -> None:
    model, data = make("mlp")
    other, _ = make("mlp", seed=1)
    line = profile(model, CE, data, points=5)
    plane_surface = surface(model, CE, data, points=5)
    np.testing.assert_allclose(line.loss, plane_surface.loss[2], rtol=1e-6)
    toward = profile(model, CE, data, other, points=5)
    np.testing.assert_allclose(toward.a, [-0.5, 0, 0.5, 1, 1.5])
    assert toward.loss[3] == pytest.approx(float(CE(other(data[0]), data[1]).detach()), rel=1e-4)
    ones = [torch.ones_like(p) for p in model.parameters()]
    assert profile(model, CE, data, ones, span=(0.0, 1.0), points=3).loss[0] == pytest.approx(line.loss[2])


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
        ({"data": (torch.ones(9, 2), torch.zeros(8).long())}, "9 inputs but 8 targets"),
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
