"""Winograd's algorithm equals torch's convolution, and models that use it equal a float64 loop."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models import plain_loop
from torch import Tensor, nn

from lossviz.engine.buffers import BufferPool
from lossviz.engine.convolution.conv_blocks import map_in_threads
from lossviz.engine.convolution.winograd import WinogradConv, images_at_once, is_faster
from lossviz.landscape.planes import random_plane
from lossviz.landscape.surface import surface

CE = nn.CrossEntropyLoss()
sides = st.tuples(st.integers(3, 13), st.integers(3, 13))
paddings = st.tuples(st.integers(0, 2), st.integers(0, 2))
counts = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))


def convolved(x: Tensor, filters: Tensor, shift: Tensor | None, padding: tuple[int, int]) -> Tensor:
    pool = BufferPool()
    conv = WinogradConv(x, (x.shape[2], x.shape[3]), padding, lambda: pool.reserve(0, 0))
    conv(torch.full_like(x, torch.nan), conv.transformed(filters), shift)  # leaves NaN in the buffers
    return conv(x, conv.transformed(filters), shift)


@settings(deadline=None, max_examples=60)
@given(sides, paddings, counts, st.booleans(), st.sampled_from([torch.float32, torch.float64]))
def test_it_equals_torchs_convolution(
    size: tuple[int, int],
    padding: tuple[int, int],
    count: tuple[int, int, int],
    shifted: bool,
    dtype: torch.dtype,
) -> None:
    n, c, o = count
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, c, *size, generator=generator, dtype=torch.float64)
    filters = torch.randn(o, c, 3, 3, generator=generator, dtype=torch.float64)
    shift = torch.randn(o, generator=generator, dtype=torch.float64) if shifted else None
    expected = F.conv2d(x, filters, shift, padding=padding)
    found = convolved(x.to(dtype), filters.to(dtype), None if shift is None else shift.to(dtype), padding)
    assert found.shape == expected.shape
    tolerance = 1e-12 if dtype == torch.float64 else 2e-5
    torch.testing.assert_close(
        found.double(), expected, rtol=0, atol=tolerance * float(expected.abs().max() + 1)
    )


def test_an_infinite_pixel_affects_its_own_image_only() -> None:
    torch.manual_seed(0)
    x, filters = torch.randn(3, 4, 8, 8), torch.randn(5, 4, 3, 3)
    x[1, 2, 3, 3] = torch.inf
    found, expected = convolved(x, filters, None, (1, 1)), F.conv2d(x, filters, padding=1)
    assert not found[1].isfinite().all()
    torch.testing.assert_close(found[::2], expected[::2], rtol=0, atol=1e-4)


def test_it_is_used_only_where_it_is_faster() -> None:
    single, double = torch.zeros(1), torch.zeros(1, dtype=torch.float64)
    assert is_faster(single, (64, 64), (8, 8))
    assert is_faster(single, (32, 64), (8, 8))
    assert not is_faster(single, (16, 16), (8, 8)), "too few channels for the transformations"
    assert not is_faster(single, (64, 64), (5, 5)), "three eighths of the tiles would be thrown away"
    assert is_faster(double, (16, 16), (8, 8)), "float64 convolutions are slow otherwise"
    assert not is_faster(single.half(), (64, 64), (8, 8))
    assert images_at_once((64, 64), (32, 32)) < images_at_once((64, 64), (8, 8))


class Mixed(nn.Module):
    """All operations on values with pixels outermost: sums, other convolutions, pools, norms, two readers."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.norm = nn.Conv2d(2, 48, 3, padding=1), nn.BatchNorm2d(48)
        self.first, self.second = nn.Conv2d(48, 48, 3, padding="same"), nn.Conv2d(48, 48, 3, padding=1)
        self.shortcut, self.separate_norm = nn.Conv2d(48, 48, 1), nn.BatchNorm2d(48)
        self.down, self.last = nn.Conv2d(48, 48, 3, stride=2, padding=1), nn.Linear(48 * 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm(self.enter(x)))
        h = F.gelu(self.first(h)) + self.shortcut(h)
        h = self.separate_norm(h) + F.max_pool2d(h, 3, stride=1, padding=1)
        h = F.relu(self.second(h))
        low = F.avg_pool2d(h, 2)
        h = self.down(h) + low
        h = torch.cat([h, low], 1)
        return self.last(torch.cat([h.mean((2, 3)), F.adaptive_max_pool2d(low, 1).flatten(1)], 1))


def chain() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(2), nn.Dropout(0.3), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 3),
    )  # fmt: skip


def blocks() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 48, 3, padding=1), nn.ReLU(), nn.Conv2d(48, 48, 3, padding=1), nn.BatchNorm2d(48),
        nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(48, 56, 3, padding=1), nn.GroupNorm(4, 56), nn.SiLU(),
        nn.Conv2d(56, 40, 3, stride=2, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(40, 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("build", "include_bias"), [(chain, False), (chain, True), (blocks, True), (Mixed, True)]
)
def test_models_equal_a_float64_loop(build: type[nn.Module], include_bias: bool) -> None:
    torch.manual_seed(0)
    model = build()
    x, y = torch.randn(230, 2 if build is Mixed else 1, 8, 8), torch.randint(3, (230,))
    with torch.no_grad():
        model(x * 2 + 1)
    plane = random_plane(model, seed=1, include_bias=include_bias)
    found = surface(model, CE, (x, y), plane, points=2)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    expected = plain_loop(model, CE, (x, y), plane, found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)
    exact = surface(model.double(), CE, (x.double(), y), plane, points=2)
    assert exact.facts.evaluator == "vectorized", exact.facts.reason
    np.testing.assert_allclose(exact.loss, expected, rtol=1e-11)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_threads_change_nothing_but_rounding(two_threads: None) -> None:
    torch.manual_seed(0)
    model, data = chain(), (torch.randn(450, 1, 8, 8), torch.randint(3, (450,)))
    several = surface(model, CE, data, points=3)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    # A sum that is shared between threads is taken in another order.
    np.testing.assert_allclose(surface(model, CE, data, points=3).loss, several.loss, rtol=1e-6)


def test_threads_that_start_during_the_work_have_the_default(two_threads: None) -> None:
    def counted() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    def inside(_: int) -> tuple[int, int]:
        return torch.get_num_threads(), counted()

    assert set(map_in_threads(2, inside, range(20))) == {(1, 2)}
    assert counted() == 2
    assert torch.get_num_threads() == 2
