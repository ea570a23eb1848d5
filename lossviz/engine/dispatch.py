"""Which evaluator does a task, and how a task is spread over an executor's workers.

The stacked evaluator is taken only if it agrees with the loop at two random points of the window;
what it cannot do, the loop does, and what it should have done and did not is warned of.
"""

import os
import pickle
import threading
import time
import uuid
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from lossviz.common.one_thread import one_thread
from lossviz.engine.fallback import fell_back
from lossviz.engine.parameters import private_copy
from lossviz.engine.reference import ReferenceEvaluator, Task
from lossviz.engine.trace import Untraceable
from lossviz.engine.vectorized import VectorizedEvaluator

Evaluator = ReferenceEvaluator | VectorizedEvaluator

SOON = 5.0  # seconds from sending a piece to having it: then the next may be twice as large
AGREE = {torch.float32: 3e-5, torch.float64: 1e-9}  # relative difference of two honest evaluations


@dataclass(frozen=True, eq=False)
class Choice:
    """An evaluator and why it was chosen, in a few words."""

    evaluator: Evaluator
    reason: str


def choose(task: Task, window: Sequence[tuple[float, float]], original: nn.Module | None = None) -> Choice:
    """The stacked evaluator if it can do the task and agrees with the loop, else the loop.

    Raises ValueError if the model and the loss do not run on the data at all, or use the user's ``original``
    model instead of its copy.
    """
    loop = ReferenceEvaluator(task, original)
    if loop.special:
        return Choice(loop, loop.special)
    try:
        stacked = VectorizedEvaluator(task)
        wrong = _disagreement(stacked, loop, task, window)
    except Untraceable as reason:
        return Choice(loop, f"the model or the loss uses {reason}")
    except Exception as error:  # the loop ran, so whatever this is, it is not the user's fault
        return Choice(loop, fell_back("the stacked evaluator", error))
    return Choice(loop, wrong) if wrong else Choice(stacked, "agrees with the model at two random points")


def _disagreement(
    stacked: VectorizedEvaluator, loop: ReferenceEvaluator, task: Task, window: Sequence[tuple[float, float]]
) -> str:
    """Why the stacked evaluator is not trusted in this window, or nothing."""
    unit = np.random.default_rng(0).random((2, 2))
    low, high = np.array(window, dtype=float).T
    points = low + unit * (high - low)
    fast, slow = stacked(points), loop(points)
    dtype = next(p.dtype for p in task.model.parameters() if p.requires_grad)
    if not np.isfinite(slow).any():
        return "the loss is not finite at two random points, so that nothing can be compared"
    agree = np.allclose(fast, slow, rtol=AGREE[dtype], atol=0, equal_nan=True)
    return "" if agree else "the stacked evaluator did not agree with the model at two random points"


def evaluate(
    task: Task, choice: Choice, points: np.ndarray, executor: Executor | None
) -> Generator[tuple[slice, np.ndarray], None, None]:
    """Losses of points (m, 2) in pieces, as (where, losses); the order of pieces is the executor's."""
    evaluator = choice.evaluator
    if executor is None:
        for start in range(0, len(points), evaluator.block):
            where = slice(start, min(start + evaluator.block, len(points)))
            yield where, evaluator(points[where])
        return
    yield from _spread(task, evaluator, points, executor)


def _spread(
    task: Task, evaluator: Evaluator, points: np.ndarray, executor: Executor
) -> Generator[tuple[slice, np.ndarray], None, None]:
    workers = int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    # A few pieces a worker, so that all end together, in whole blocks, so that none is half empty; small ones
    # as long as each takes long, so that what is found is handed over soon.
    most = evaluator.block * max(1, round(len(points) / (evaluator.block * workers * 8)))
    size = evaluator.block
    threads = isinstance(executor, ThreadPoolExecutor)
    parcel: Any = task if threads else _pickled(task)
    token, name = uuid.uuid4().hex, evaluator.name
    waiting: dict[Future[Any], tuple[slice, float]] = {}

    def send(where: slice, with_task: bool) -> None:
        future = executor.submit(_work, token, name, parcel if with_task else None, points[where])
        waiting[future] = where, time.monotonic()

    try:
        sent = start = 0
        while waiting or start < len(points):
            while start < len(points) and len(waiting) < 2 * workers:
                send(slice(start, min(start + size, len(points))), with_task=sent < workers or threads)
                sent, start = sent + 1, start + size
            done, _ = wait(list(waiting), return_when=FIRST_COMPLETED)
            for future in done:
                where, since = waiting.pop(future)
                losses = future.result()
                if losses is None:  # this worker has not seen the task yet
                    send(where, with_task=True)
                else:
                    size = min(2 * size, most) if time.monotonic() - since < SOON else evaluator.block
                    yield where, losses
    finally:
        for future in waiting:
            future.cancel()
        if threads:
            wait(list(waiting))  # what is running ends before the caller goes on


def _pickled(task: Task) -> bytes:
    """The task as bytes, by cloudpickle where it is installed and plain pickle does not do."""
    try:
        return pickle.dumps(task)
    except Exception as error:
        try:
            import cloudpickle

            return bytes(cloudpickle.dumps(task))
        except Exception:
            raise ValueError(
                "the model or loss_fn cannot be sent to another process; define both at the top level of a "
                f"module, install cloudpickle, or use a ThreadPoolExecutor ({error})"
            ) from error


# One task a worker thread, so that a model travels once and not with every piece: the only state that
# this package keeps between calls, and the next task replaces it.
_held = threading.local()


def _work(token: str, name: str, parcel: Any, points: np.ndarray) -> np.ndarray | None:
    """Runs in the worker. None means: send it again, with the task."""
    with one_thread():  # the workers share the cores
        if getattr(_held, "token", None) != token:
            if parcel is None:
                return None
            if isinstance(parcel, bytes):
                task = pickle.loads(parcel)  # bytes that `_pickled` made, on their way to a worker of ours
            else:
                task = replace(parcel, model=private_copy(parcel.model))
            _held.evaluator = (
                VectorizedEvaluator(task) if name == VectorizedEvaluator.name else ReferenceEvaluator(task)
            )
            _held.token = token
        losses: np.ndarray = _held.evaluator(points)
    return losses
