"""At the same time equals alone: calls in many threads are bit-equal to the same calls one by one.

Meanwhile a neighbour draws from the global generators, reseeds them and changes the default dtype, as a
user's own code in the same process may; and nothing that is the whole process's is touched by us.
"""

import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import lossviz as lv
from lossviz.codes.heads import HeadTraining

Call = Callable[[], Any]


def bits(value: Any) -> Any:
    """All numbers of a result, to the bit."""
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return [bits(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, (list, tuple)):
        return [bits(inner) for inner in value]
    return value if isinstance(value, (str, int, float, type(None))) else repr(type(value))


def everyones() -> dict[str, Any]:
    """What is the whole process's and not the neighbour's to change."""
    return {
        "warnings": [id(row) for row in warnings.filters],
        "show": id(warnings.showwarning),
        "flash": torch.backends.cuda.flash_sdp_enabled(),
        "efficient": torch.backends.cuda.mem_efficient_sdp_enabled(),
        "math": torch.backends.cuda.math_sdp_enabled(),
        "cudnn": torch.backends.cudnn.enabled,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def generators() -> tuple[Any, ...]:
    state = np.random.get_state()  # noqa: NPY002  # the legacy global state is what is watched here
    return torch.get_rng_state().numpy().tobytes(), state[1].tobytes(), state[2], random.getstate()


@contextmanager
def neighbour() -> Iterator[list[str]]:
    """A thread that draws, reseeds and changes the default dtype, and notes what others have changed."""
    faults: list[str] = []
    over, usual, threads = threading.Event(), everyones(), torch.get_num_threads()

    def run() -> None:
        turn = 0
        while not over.is_set():
            torch.manual_seed(turn)
            np.random.seed(turn)  # noqa: NPY002
            random.seed(turn)
            torch.rand(turn % 7)
            before = generators()
            torch.set_default_dtype((torch.float64, torch.float32)[turn % 4 == 0])
            over.wait(0.003)
            after = generators()
            faults.extend(
                name
                for name, one, other in zip(("torch", "numpy", "numpy", "python"), before, after, strict=True)
                if one != other
            )
            faults.extend(name for name, value in everyones().items() if value != usual[name])
            fresh = ThreadPoolExecutor(1)
            if fresh.submit(torch.get_num_threads).result() != threads:
                faults.append("threads")
            fresh.shutdown()
            turn += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield faults
    finally:
        over.set()
        thread.join()
        torch.set_default_dtype(torch.float32)


def with_dropout(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(F.dropout(outputs, 0.5), targets)


def noisy(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs + 0.1 * torch.randn_like(outputs), targets)


def calls() -> dict[str, Call]:
    """32 calls of many kinds; each gives the same whenever it is made."""
    found: dict[str, Call] = {}
    pair = ["sigmoid-mse", "sigmoid-ce"]
    for seed in range(4):
        found[f"train {seed}"] = partial(
            lv.train, "moons", "mlp-16-16", pair, lr=0.5, seeds=4, steps=20, data_seed=seed
        )
    found["train adam"] = partial(lv.train, "circles", "mlp-16", ["hinge"], 0.01, "adam", steps=15, batch=16)
    found["train classes"] = partial(lv.train, "iris", "linear", ["softmax-ce"], 0.1, seeds=3, steps=15)
    found["train cnn"] = partial(lv.train, "digits", "cnn", ["softmax-ce"], 0.1, steps=2, batch=32)
    found["train regression"] = partial(lv.train, "line", "mlp-16", ["mse", "huber"], 0.05, steps=15)

    x, y = lv.DATASETS["blobs"].load().x, lv.DATASETS["blobs"].load().y.astype(int)
    code = lv.codes.output_code(np.eye(len(np.unique(y)), dtype=int))

    def head(name: str, seeds: tuple[int, ...]) -> list[Tensor]:
        training = HeadTraining(x, y, code, name, hidden=8, seeds=seeds, gains=(1.0, 5.0), batch=16)
        training.advance(10)
        return training._weights

    for name, seeds in (("softmax-ce", (0, 1)), ("softmax-mse", (2,)), ("sigmoid-ce", (3, 4))):
        found[f"head {name}"] = partial(head, name, seeds)

    ce, quiet = F.cross_entropy, {"points": 5, "progress": False}
    models = {name: make(name, examples=24) for name in ("mlp", "cnn", "attention", "gru", "batch-norm")}
    for name, (model, data) in models.items():
        found[f"surface {name}"] = partial(lv.surface, model, ce, data, **quiet)
    (model, data), attention = models["mlp"], models["attention"]
    for seed, loss_fn in enumerate((with_dropout, noisy)):
        found[f"surface {loss_fn.__name__}"] = partial(lv.surface, model, loss_fn, data, **quiet)
        found[f"sharpness {loss_fn.__name__}"] = partial(lv.sharpness, model, loss_fn, data, seed=seed)
    found["spectrum"] = partial(lv.spectrum, model, ce, data, k=2, samples=4)
    found["sharpness attention"] = partial(lv.sharpness, attention[0], ce, attention[1])
    found["spectrum small"] = partial(lv.spectrum, nn.Linear(2, 3).eval(), ce, data, k=1)
    found["density"] = partial(lv.density, model, ce, data, steps=5, probes=2, points=9)
    found["study"] = partial(lv.landscape.record_training, "moons", "mlp-16", steps=10)
    found["edge"] = partial(lv.edge_run, model, ce, data, 0.5, steps=8)
    found["loader"] = lambda: lv.surface(
        model, ce, DataLoader(TensorDataset(*data), batch_size=8, shuffle=True), max_batches=2, **quiet
    )
    found["plane"] = partial(lv.random_plane, model, seed=3)
    found["hessian plane"] = partial(lv.hessian_plane, model, ce, data)
    found["two weights"] = partial(lv.neuron.loss_grid, "neuron-step", "sigmoid-ce", points=9)
    found["whole logits"] = lambda: lv.LOSSES["sigmoid-ce"].gradient([0, 1, -3], [0, 1, 1])
    found["tutorial"] = lv.metrics.categorical_as_written
    return found


def test_calls_in_many_threads_equal_the_same_calls_alone() -> None:
    made = calls()
    assert len(made) == 32
    alone = {name: bits(call()) for name, call in made.items()}
    with neighbour() as faults, ThreadPoolExecutor(8) as pool:
        waiting = {name: pool.submit(call) for name, call in made.items()}
        found = {name: bits(future.result()) for name, future in waiting.items()}
    assert sorted(set(faults)) == []
    assert [name for name in made if found[name] != alone[name]] == []


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Threads take turns fifty times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def test_one_training_in_eight_threads_equals_it_alone(quick_turns: None) -> None:
    def result(seed: int) -> Any:
        settings = {"lr": 0.5, "seeds": 4, "steps": 40, "data_seed": seed}
        return bits(lv.train("moons", "mlp-16-16", ["sigmoid-mse", "sigmoid-ce"], **settings))

    seeds = range(8)
    alone = [result(seed) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(result, seeds))
    assert [k for k, one in enumerate(together) if one != alone[k]] == []


@pytest.mark.parametrize("name", ["mlp", "attention"])
def test_the_users_generator_is_left_alone(name: str) -> None:
    model, data = make(name, examples=12)
    generator = torch.Generator().manual_seed(5)
    before = generators(), generator.get_state().tolist()

    def loss_fn(outputs: Tensor, targets: Tensor) -> Tensor:
        noise = torch.randn(outputs.shape, generator=generator)
        return F.cross_entropy(outputs + noise, targets)

    wanted = lv.surface(model, loss_fn, data, points=3).loss
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(lv.surface(model, loss_fn, data, points=3, executor=pool).loss, wanted)
    lv.sharpness(model, loss_fn, data)
    assert (generators(), generator.get_state().tolist()) == before
    with torch.no_grad():
        own = float(loss_fn(model.eval()(data[0]), data[1]))
    assert wanted[1, 1] == pytest.approx(own, rel=1e-5)
