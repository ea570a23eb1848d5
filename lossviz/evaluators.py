"""Which evaluator does a task, and how a task is spread over an executor's workers.

The stacked evaluator is taken only if it agrees with the loop at two random points of the window;
whatever it raises, the loop does the work.
"""

import os
import pickle
import threading
import uuid
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from lossviz.loop import Loop, Task
from lossviz.one_thread import one_thread
from lossviz.stacked import Stacked
from lossviz.tape import Untraceable
from lossviz.weights import private_copy

Evaluator = Loop | Stacked

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
    loop = Loop(task, original)
    if loop.special:
        return Choice(loop, loop.special)
    try:
        stacked = Stacked(task)
        agree = _agree(stacked, loop, task, window)
    except Untraceable as reason:
        return Choice(loop, f"the model or the loss uses {reason}")
    except Exception as error:  # the loop ran, so whatever this is, it is not the user's fault
        return Choice(loop, f"the stacked evaluator failed with {type(error).__name__}")
    if not agree:
        return Choice(loop, "the stacked evaluator did not agree with the model at two random points")
    return Choice(stacked, "agrees with the model at two random points")


def _agree(stacked: Stacked, loop: Loop, task: Task, window: Sequence[tuple[float, float]]) -> bool:
    unit = np.random.default_rng(0).random((2, 2))
    low, high = np.array(window, dtype=float).T
    points = low + unit * (high - low)
    fast, slow = stacked(points), loop(points)
    dtype = next(p.dtype for p in task.model.parameters() if p.requires_grad)
    return bool(
        np.isfinite(slow).any() and np.allclose(fast, slow, rtol=AGREE[dtype], atol=0, equal_nan=True)
    )


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
    # A few pieces a worker, so that all end together, in whole blocks, so that none is half empty.
    blocks = max(1, round(len(points) / (evaluator.block * workers * 8)))
    size = blocks * evaluator.block
    pieces = [slice(k, min(k + size, len(points))) for k in range(0, len(points), size)]
    threads = isinstance(executor, ThreadPoolExecutor)
    parcel: Any = task if threads else _pickled(task)
    token, name = uuid.uuid4().hex, evaluator.name
    waiting: dict[Future[Any], slice] = {}

    def send(where: slice, with_task: bool) -> None:
        waiting[executor.submit(_work, token, name, parcel if with_task else None, points[where])] = where

    try:
        sent = 0
        while waiting or sent < len(pieces):
            while sent < len(pieces) and len(waiting) < 2 * workers:
                send(pieces[sent], with_task=sent < workers or threads)
                sent += 1
            done, _ = wait(list(waiting), return_when=FIRST_COMPLETED)
            for future in done:
                where = waiting.pop(future)
                losses = future.result()
                if losses is None:  # this worker has not seen the task yet
                    send(where, with_task=True)
                else:
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
            _held.evaluator = Stacked(task) if name == Stacked.name else Loop(task)
            _held.token = token
        losses: np.ndarray = _held.evaluator(points)
    return losses
