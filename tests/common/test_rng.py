"""Isolated random numbers equal those after torch.manual_seed, and the global generator is not advanced."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make
from torch import Tensor, nn
from torch.distributions import Binomial, Dirichlet, Normal
from torch.utils import _python_dispatch
from torch.utils.data import DataLoader, IterableDataset

from lossviz.common import rng
from lossviz.common.errors import InvalidInputError
from lossviz.common.rng import IsolatedRNG
from lossviz.curvature.eigenvalues import sharpness, spectrum
from lossviz.landscape.profile import profile
from lossviz.landscape.surface import surface

X = torch.linspace(-1, 1, 24).reshape(2, 3, 4)


def dropout_in_inference_mode() -> Tensor:
    with torch.inference_mode():
        return F.dropout(X)


DRAWS: dict[str, Callable[[], Tensor]] = {
    "rand": lambda: torch.rand(3),
    "randn": lambda: torch.randn(3, dtype=torch.float64),
    "randint": lambda: torch.randint(9, (4,)),
    "randint low": lambda: torch.randint(2, 9, (4,)),
    "randperm": lambda: torch.randperm(9),
    "rand_like": lambda: torch.rand_like(X),
    "randn_like": lambda: torch.randn_like(X, dtype=torch.float64),
    "randint_like": lambda: torch.randint_like(X, 9),
    "normal": lambda: torch.normal(X, 1.0),
    "bernoulli": lambda: torch.bernoulli(X.abs()),
    "poisson": lambda: torch.poisson(X.abs()),
    "multinomial": lambda: torch.multinomial(X[0].abs(), 2),
    "uniform_": lambda: torch.empty(3).uniform_(2, 3),
    "exponential_": lambda: torch.empty(3).exponential_(),
    "global": lambda: torch.randn(3, generator=torch.default_generator),
    "dropout": lambda: F.dropout(X),
    "dropout with autograd": lambda: F.dropout(X.clone().requires_grad_()),
    "dropout without autograd": dropout_in_inference_mode,
    "dropout2d": lambda: F.dropout2d(X[None]),
    "alpha_dropout": lambda: F.alpha_dropout(X, training=True),
    "rrelu": lambda: F.rrelu(X, training=True),
    "gumbel_softmax": lambda: F.gumbel_softmax(X),
    "attention": lambda: F.scaled_dot_product_attention(X[None], X[None], X[None], dropout_p=0.5),
    "pooling": lambda: F.fractional_max_pool2d(X[None].expand(1, 2, 3, 4), 2, output_size=(2, 2)),
    "layer": lambda: nn.Linear(4, 2).weight,
    "lstm": lambda: nn.LSTM(4, 4, 2, dropout=0.5)(X)[0],
    "Normal": lambda: Normal(0.0, 1.0).sample((3,)),
    "Dirichlet": lambda: Dirichlet(torch.ones(3)).sample(),
    "Binomial": lambda: Binomial(4, torch.tensor([0.4, 0.5])).sample(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_equals_that_after_manual_seed_and_leaves_the_global_generator(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = DRAWS[name]()
    before = torch.get_rng_state()
    with IsolatedRNG(3) as rng_context:
        found = DRAWS[name]()
    assert torch.equal(found, expected)
    assert rng_context.used
    assert torch.equal(torch.get_rng_state(), before)


def test_operations_without_a_generator_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_rng_state()
    with IsolatedRNG(1):  # what dropout calls on a GPU
        (y, kept), again = torch.native_dropout(X + 2, 0.25, True), torch.native_dropout(X + 2, 1.0, True)[0]
    assert torch.equal(y, (X + 2) * kept / 0.75)
    assert 0 < int(kept.sum()) < kept.numel()
    assert not again.any()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = torch.randn_like(X), torch.rand_like(X)
    monkeypatch.setattr(rng, "_overload_with_generator", lambda func: None)  # as in older versions of torch
    with IsolatedRNG(3):
        found = torch.randn_like(X), torch.rand_like(X)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def attention_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    plain = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    rows = outputs[None, None].contiguous()
    return F.cross_entropy(plain(rows, rows, rows, 0.5)[0][0, 0], targets)


def test_an_operation_that_takes_no_generator_is_refused_by_name() -> None:
    model, data = make("mlp", examples=6)
    sentence = "draw random numbers by _scaled_dot_product_flash_attention_for_cpu, which takes no generator"
    for call in (partial(surface, points=2), sharpness):
        with pytest.raises(ValueError, match=sentence):
            call(model, attention_loss, data)
    assert issubclass(InvalidInputError, ValueError)


def test_operations_that_do_not_draw_are_not_counted() -> None:
    rows, lstm = X[None].clone(), nn.LSTM(4, 4, 2, dropout=0.5).eval()
    with IsolatedRNG() as rng_context:
        F.scaled_dot_product_attention(rows, rows, rows)
        F.dropout(X, training=False)
        lstm(X)
        F.rrelu(X)
        nn.Linear(4, 4, device="meta")
    assert not rng_context.used


def test_a_generator_of_the_user_is_copied_and_may_be_seeded_again() -> None:
    own = torch.Generator().manual_seed(5)
    with IsolatedRNG() as rng_context:
        first, second = torch.rand(2, generator=own), torch.rand(2, generator=own)
        own.manual_seed(6)
        third = torch.rand(2, generator=own)
    assert rng_context.used
    plain = torch.Generator().manual_seed(5)
    assert torch.equal(first, torch.rand(2, generator=plain))
    assert torch.equal(second, torch.rand(2, generator=plain))
    assert torch.equal(third, torch.rand(2, generator=plain.manual_seed(6)))
    assert torch.equal(own.get_state(), torch.Generator().manual_seed(6).get_state())


class RandomStream(IterableDataset):  # type: ignore[type-arg]
    def __iter__(self):
        return iter([(torch.rand(1), torch.zeros(1)) for _ in range(2)])


def test_the_worker_processes_of_a_loader_draw_different_numbers() -> None:
    before = torch.get_rng_state()
    with IsolatedRNG():
        rows = [float(x) for x, _ in DataLoader(RandomStream(), num_workers=2)]
    assert len(set(rows)) == 4
    assert torch.equal(torch.get_rng_state(), before)


# --- losses that draw -------------------------------------------------------------------------------------


def dropout_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.mse_loss(F.dropout(outputs, 0.5), targets)


def masked_loss(outputs: Tensor, targets: Tensor, masks: dict[int, Tensor]) -> Tensor:
    return F.mse_loss(outputs * masks[len(outputs)], targets)


def test_a_random_loss_is_the_same_function_for_surfaces_and_hessians() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    data = [(torch.randn(n, 2).double(), torch.randn(n, 3).double()) for n in (7, 4)]
    masks = {}
    for seed, (_, y) in enumerate(data):  # a batch's numbers are those of its place
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            masks[len(y)] = F.dropout(torch.ones(len(y), 3).double())
    plain = partial(masked_loss, masks=masks)
    for rows in (data, data[0]):
        one, other = (surface(model, loss_fn, rows, points=3).loss for loss_fn in (dropout_loss, plain))
        np.testing.assert_allclose(one, other, rtol=1e-12)
        one, other = (
            spectrum(model, loss_fn, rows, k=2, end="magnitude").eigenvalues
            for loss_fn in (dropout_loss, plain)
        )
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_random_numbers_do_not_depend_on_threads() -> None:
    model, data = make("mlp", examples=12)
    expected = surface(model, dropout_loss, (data[0], torch.zeros(12, 3)), points=5)
    assert expected.facts.reason == "the model or the loss draws random numbers"
    with ThreadPoolExecutor(4) as pool:
        found = surface(model, dropout_loss, (data[0], torch.zeros(12, 3)), points=5, executor=pool)
    assert found == expected


def test_only_the_first_pass_and_random_losses_are_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = make("attention", examples=6)
    entered: list[int] = []
    enter = IsolatedRNG.__enter__
    monkeypatch.setattr(IsolatedRNG, "__enter__", lambda self: (entered.append(1), enter(self))[1])
    profile(model, F.cross_entropy, data, points=20)
    assert len(entered) == 2, "one pass of the copy, and one of a copy that was not called before"
    entered.clear()
    sharpness(model, F.cross_entropy, data)
    assert len(entered) <= 2, "the compiled Hessian, which fails, and autograd's"


def test_no_process_wide_flag_is_set() -> None:
    with IsolatedRNG():
        assert not _python_dispatch.is_in_torch_dispatch_mode()
    assert not hasattr(IsolatedRNG.__torch_dispatch__, "__wrapped__"), "would import torch._dynamo"
