"""Surfaces: exact on a quadratic, with all kinds of data and executors, and without changing the model."""

import contextlib
import io
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from distributed import Client
from support.models import MODELS, Attention, make, plain_loop, state
from torch import Tensor, nn

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


def test_span_may_be_an_array() -> None:
    model, (x, y) = make("mlp")
    window = np.array([[-1.0, 0.0], [0.0, 2.0]])
    assert surface(model, CE, (x, y), points=2, span=window).b.tolist() == [0.0, 2.0]
    assert profile(model, CE, (x, y), points=2, span=window[0]).a.tolist() == [-1.0, 0.0]


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


def test_threads_and_processes_give_the_same_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = make("mlp", examples=40)
    wanted = surface(model, CE, data, points=9).loss
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_allclose(surface(model, CE, data, points=9, executor=pool).loss, wanted, rtol=1e-6)
        slow, batch = Attention(), (torch.randn(6, 5, 3), torch.randint(0, 3, (6,)))
        found = surface(slow, CE, batch, points=9, executor=pool)
        np.testing.assert_allclose(found.loss, surface(slow, CE, batch, points=9).loss, rtol=1e-6)
    # A new process runs the main file again, which after a test of a page is that page.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
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


def test_checkpoint_of_another_loss_is_refused(tmp_path) -> None:
    model, data = make("mlp")
    file = tmp_path / "one.npz"
    first = surface(model, lambda o, t: CE(o, t), data, points=5, resume=file)
    with pytest.raises(ValueError, match="other numbers"):  # of the same name: <lambda>
        surface(model, lambda o, t: 2 * CE(o, t), data, points=5, resume=file)
    assert Surface.load(file) == first
