"""How much faster runs and seeds train in one stack than one after another.

    python tests/benchmarks/bench_training.py [--rounds 5] [--threads 1]

The peer is a plain PyTorch loop: an nn.Sequential, torch's own loss from logits and optimizer, the batches
as tensors. Both take the same steps on the same data, interleaved in one run, and what counts is the ratio
of the medians. Then what a step costs with more models, and how much memory a history takes with more steps.
"""

import argparse
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parents[2]))

from lossviz import NETWORKS, OPTIMIZERS, Training, TrainingSettings, train


@dataclass(frozen=True)
class Work:
    name: str
    network: str
    optimizer: str
    batch: int
    steps: int
    goal: str
    models: int = 16
    examples: int = 1000


WORKS = (
    Work("small, all examples", "mlp-16-16", "adam", 0, 500, "at least 5.5, better 8"),
    Work("small, gradient descent", "mlp-16-16", "sgd", 0, 500, ""),
    Work("large, batches of 32", "mlp-64-64", "adam", 32, 500, "at least 7"),
    Work("large, all examples", "mlp-64-64", "adam", 0, 60, ""),
)


def settings(work: Work) -> TrainingSettings:
    # three quarters of the data are trained on
    return TrainingSettings(
        "moons", work.network, ("sigmoid-ce",), (0.01,), work.optimizer, work.models, work.steps, work.batch,
        n=work.examples * 4 // 3,
    )  # fmt: skip


def stacked(work: Work) -> Callable[[], None]:
    return lambda: Training(settings(work)).advance(work.steps)


def sequential(work: Work) -> Callable[[], None]:
    """The plain loop; its batches are slices, which are cheaper than shuffled rows."""

    def run() -> None:
        data, _ = settings(work).data()
        x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y, dtype=torch.float32)
        size = work.batch or len(x)
        parts = [(x[k : k + size], y[k : k + size]) for k in range(0, len(x) - size + 1, size)]
        for seed in range(work.models):
            model = NETWORKS[work.network].build(2, 1, seed=seed)
            optimizer = OPTIMIZERS[work.optimizer].build(model.parameters(), 0.01)
            for step in range(work.steps):
                inputs, targets = parts[step % len(parts)]
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(inputs)[:, 0], targets).backward()
                optimizer.step()

    return run


def timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(work: Work, rounds: int) -> tuple[float, float]:
    """Median seconds of both, in turns."""
    pairs = [(timed(sequential(work)), timed(stacked(work))) for _ in range(rounds)]
    plain, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    return plain, ours


def memory(steps: int) -> tuple[float, int]:
    """Megabytes that a history holds, and how many records it has."""
    tracemalloc.start()
    history = train(
        "moons", "linear", ["sigmoid-mse", "sigmoid-ce"], 0.1, seeds=2, steps=steps, record_every=1
    )
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / 1e6, len(history.steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shorter", type=int, default=1, help="divides the number of steps")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    works = [replace(work, steps=work.steps // given.shorter) for work in WORKS]
    for run in (sequential, stacked):  # imports at the first use are not timed
        run(replace(works[0], steps=2))()

    print(f"{'':26}{'network':>12}{'plain s':>10}{'ours s':>9}{'ratio':>8}")
    for work in works:
        plain, ours = ratio(work, given.rounds)
        print(
            f"{work.name:26}{work.network:>12}{plain:10.2f}{ours:9.2f}{plain / ours:8.1f}  "
            + (f"({work.goal})" if work.goal else "")
        )

    print("\nmodels    ms a step    ms a step and model")
    for models in (1, 2, 4, 8, 16, 32, 64):
        work = replace(works[0], models=models, steps=100)
        seconds = min(timed(stacked(work)) for _ in range(2)) / work.steps
        print(f"{models:6}{1e3 * seconds:13.2f}{1e3 * seconds / models:23.3f}")

    print("\n steps  records  MB held")
    for steps in (100, 1000, 3000, 10_000):
        megabytes, records = memory(steps)
        print(f"{steps:6}{records:9}{megabytes:9.2f}")


if __name__ == "__main__":
    main()
