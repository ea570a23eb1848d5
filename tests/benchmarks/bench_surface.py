"""Time of surfaces, compared with other packages on PyPI and with a plain loop.

    python tests/benchmarks/bench_surface.py [--workloads a b c d e] [--rounds 5] [--threads 1] [--full]

The workloads are typical: a small MLP (a), digits (b), a small CNN (c), tiny ones (d) and large ones (e). All
methods get the same weights and data and run in turn, one complete call each; medians and their ratios are
printed. Packages that are not installed are left out: pip install loss-landscapes landscaper pyhessian. On a
machine that does other work too, use --threads 1, which measures the processor's time of one thread instead
of the clock's. Without --full, workload c has 11 x 11 points instead of 25 x 25, and the first of e 13 x 13.
"""

import argparse
import contextlib
import copy
import io
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits, make_moons
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from lossviz.curvature.eigenvalues import sharpness
from lossviz.landscape.planes import random_plane
from lossviz.landscape.surface import surface, surface_stream

Workload = tuple[nn.Module, Callable[..., Any], tuple[Tensor, Tensor], int]


def mlp(*widths: int, activation: type[nn.Module] = nn.Tanh) -> nn.Module:
    layers: list[nn.Module] = []
    for i, (n, m) in enumerate(pairwise(widths)):
        layers += [activation()] if i else []
        layers.append(nn.Linear(n, m))
    return nn.Sequential(*layers)


def cnn() -> nn.Module:
    layers: list[nn.Module] = []
    for n, m, pool in ((1, 32, False), (32, 64, True), (64, 64, True)):
        layers += [nn.Conv2d(n, m, 3, padding=1), nn.BatchNorm2d(m), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pool else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4, 10))


def moons(count: int) -> tuple[Tensor, Tensor]:
    x, y = make_moons(count, noise=0.15, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]


def digits(image: bool) -> tuple[Tensor, Tensor]:
    x, y = load_digits(return_X_y=True)
    values = torch.tensor(x / 16, dtype=torch.float32)
    return values.view(-1, 1, 8, 8) if image else values, torch.tensor(y)


def trained(
    model: nn.Module, loss_fn: Callable[..., Any], data: tuple[Tensor, Tensor], steps: int
) -> nn.Module:
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_fn(model(data[0]), data[1]).backward()
        optimizer.step()
    return model.eval()


def workloads(full: bool) -> dict[str, Workload]:
    torch.manual_seed(0)
    bce, ce = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
    table: dict[str, tuple[nn.Module, Any, tuple[Tensor, Tensor], int]] = {
        "a": (mlp(2, 64, 64, 1), bce, moons(1000), 51),
        "b": (mlp(64, 128, 10, activation=nn.ReLU), ce, digits(False), 41),
        "c": (cnn(), ce, digits(True), 25 if full else 11),
        "d, 200 points": (mlp(2, 64, 64, 1), bce, moons(200), 25),
        "d, 16 wide": (mlp(2, 16, 16, 1), bce, moons(1000), 25),
        "e, 20,000 points": (mlp(2, 64, 64, 1), bce, moons(20_000), 25 if full else 13),
        "e, 256 wide": (mlp(2, 256, 256, 1), bce, moons(1000), 25),
    }
    return {
        name: (trained(model, loss_fn, data, 10 if name == "c" else 40), loss_fn, data, points)
        for name, (model, loss_fn, data, points) in table.items()
    }


def lossviz_(model: nn.Module, loss_fn: Any, data: Any, points: int) -> np.ndarray:
    return surface(model, loss_fn, data, points=points, progress=False).loss


def first_coarse_surface(model: nn.Module, loss_fn: Any, data: Any) -> Any:
    return next(surface_stream(model, loss_fn, data, progress=False))


def plain_loop(model: nn.Module, loss_fn: Any, data: Any, points: int) -> np.ndarray:
    plane = random_plane(model)
    start = [p.detach().clone() for p in model.parameters()]
    u, v = (nn.utils.parameters_to_vector(start).new_tensor(d) for d in (plane.u, plane.v))
    axis, loss = np.linspace(-1, 1, points), np.empty((points, points))
    origin = nn.utils.parameters_to_vector(start)
    with torch.no_grad():
        for i, b in enumerate(axis):
            for j, a in enumerate(axis):
                nn.utils.vector_to_parameters(origin + a * u + b * v, model.parameters())
                loss[i, j] = loss_fn(model(data[0]), data[1]).item()
        for parameter, value in zip(model.parameters(), start, strict=True):
            parameter.copy_(value)
    return loss


def loss_landscapes_(model: nn.Module, loss_fn: Any, data: Any, points: int) -> Any:
    import loss_landscapes
    from loss_landscapes.metrics import Loss

    metric = Loss(loss_fn, *data)
    return loss_landscapes.random_plane(model, metric, distance=1, steps=points, normalization="filter")


def landscaper_(model: nn.Module, loss_fn: Any, data: Any, points: int) -> Any:
    from landscaper import LossLandscape

    directions = [[torch.randn_like(p) for p in model.parameters()] for _ in range(2)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return LossLandscape.compute(
            model, data, directions, lambda m, d: loss_fn(m(d[0]), d[1]).item(), steps=points, distance=1.0,
            dim=2, device="cpu",
        )  # fmt: skip


def installed(name: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            __import__(name)
        return True
    except ImportError as error:
        print(f"{name} is left out: {error}")
        return False


def clock() -> float:
    """Seconds by the clock, or of the processor where one thread does all."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def interleaved(methods: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each method, one round of all after the other; the first round warms up and is dropped."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for number in range(rounds + 1):
        for name, method in methods.items():
            start = clock()
            method()
            if number:
                seconds[name].append(clock() - start)
    return seconds


def report(title: str, seconds: dict[str, list[float]], first: str) -> None:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    fastest = min(value for name, value in medians.items() if name != first)
    least = min(min(values) for name, values in seconds.items() if name != first) / min(seconds[first])
    parts = ", ".join(f"{name} {value * 1e3:.1f}" for name, value in medians.items())
    print(
        f"{title}: {fastest / medians[first]:.2f}x by medians, {least:.2f}x by minima   (ms: {parts})",
        flush=True,
    )


def surfaces(chosen: list[str], rounds: int, full: bool) -> None:
    peers = {"plain loop": plain_loop}
    peers |= {"loss-landscapes": loss_landscapes_} if installed("loss_landscapes") else {}
    peers |= {"landscaper": landscaper_} if installed("landscaper") else {}
    for name, (model, loss_fn, data, points) in workloads(full).items():
        if name[0] not in chosen:
            continue
        functions = {"lossviz": lossviz_, **peers}
        methods = {
            method: partial(function, copy.deepcopy(model), loss_fn, data, points)
            for method, function in functions.items()
        }
        if name == "a":
            methods["first surface"] = partial(first_coarse_surface, model, loss_fn, data)
        seconds = interleaved(methods, rounds)
        first = seconds.pop("first surface", None)
        report(f"{name}, {points} x {points}", seconds, "lossviz")
        if first:
            fastest = min(statistics.median(v) for method, v in seconds.items() if method != "lossviz")
            share = statistics.median(first) / fastest
            print(f"   first coarse surface after {share:.3f} of the fastest peer's time")


def curvature(rounds: int) -> None:
    if not installed("pyhessian"):
        return
    import pyhessian

    for name, (model, loss_fn, data, _) in workloads(False).items():
        if name not in ("a", "b"):
            continue
        twin = copy.deepcopy(model)

        def by_pyhessian(twin: nn.Module = twin, loss_fn: Any = loss_fn, data: Any = data) -> float:
            # It prints, and torch warns that it keeps its graph.
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                return float(pyhessian.hessian(twin, loss_fn, data=data, cuda=False).eigenvalues()[0][0])

        exact = copy.deepcopy(model).double()
        targets = data[1].double() if data[1].is_floating_point() else data[1]
        truth = sharpness(exact, loss_fn, (data[0].double(), targets), tolerance=1e-9)
        for tolerance in (1e-4, 1e-3):  # the default of lossviz, and that of PyHessian
            by_lossviz = partial(sharpness, model, loss_fn, data, tolerance=tolerance)
            seconds = interleaved({"lossviz": by_lossviz, "PyHessian": by_pyhessian}, rounds)
            report(f"sharpness of {name} to {tolerance:g}", seconds, "lossviz")
            errors = {
                "lossviz": [abs(by_lossviz(seed=seed) / truth - 1) for seed in range(15)],
                "PyHessian": [abs(by_pyhessian() / truth - 1) for _ in range(15)],
            }
            for name_of, statistic in (("median", statistics.median), ("worst", max)):
                each = ", ".join(f"{method} {statistic(values):.1e}" for method, values in errors.items())
                print(f"   relative error, {name_of} of 15 starts: {each}")


def scaling() -> None:
    """Time and memory for each point, at growing grids."""
    model, loss_fn, data, _ = workloads(False)["d, 16 wide"]
    lossviz_(model, loss_fn, data, 11)
    for points in (11, 51, 101, 201):
        start = clock()
        lossviz_(model, loss_fn, data, points)
        each = (clock() - start) / points**2
        tracemalloc.start()
        if points <= 101:
            lossviz_(model, loss_fn, data, points)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{points} x {points}: {each * 1e6:.1f} us a point; {_peak_mb():.0f} MB resident at most; "
              f"{peak / 1e6:.1f} MB of Python's own", flush=True)  # fmt: skip


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    everything = ["a", "b", "c", "d", "e", "curvature", "scaling"]
    parser.add_argument("--workloads", "--works", nargs="*", default=everything)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if "scaling" in options.workloads:
        scaling()
    if "curvature" in options.workloads:
        curvature(max(options.rounds, 41))  # quick, and PyHessian's number of products varies
    surfaces(options.workloads, options.rounds, options.full)


if __name__ == "__main__":
    main()
