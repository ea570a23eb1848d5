"""Choose the evaluator for a task, and distribute a task over an executor's workers.

The vectorized evaluator is chosen only if it agrees with the reference evaluator at two random points of the
window. What it does not support is left to the reference evaluator; an unexpected failure is warned of.
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
from lossviz.common.typing import Floats
from lossviz.engine.fallback import warn_fallback
from lossviz.engine.parameters import private_copy
from lossviz.engine.reference import ReferenceEvaluator, Task
from lossviz.engine.trace import UntraceableError
from lossviz.engine.vectorized import VectorizedEvaluator

Evaluator = ReferenceEvaluator | VectorizedEvaluator

SHORT_TIME = 5.0  # seconds from submitting a piece to its result: below, the next piece may be twice as large
TOLERANCE = {torch.float32: 3e-5, torch.float64: 1e-9}  # relative difference between two right evaluations


@dataclass(frozen=True, eq=False)
class EvaluatorChoice:
    """An evaluator and why it was chosen, in a few words."""

    evaluator: Evaluator
    reason: str


def choose_evaluator(
    task: Task, window: Sequence[tuple[float, float]], original: nn.Module | None = None
) -> EvaluatorChoice:
    """The vectorized evaluator if it can do the task and agrees with the reference, else the reference.

    Args:
        task: What to evaluate.
        window: ((low, high), (low, high)) of the two coordinates.
        original: The user's model, of which the task's model is a copy.

    Returns:
        The evaluator and the reason for it.

    Raises:
        ValueError: If the model and the loss do not run on the data at all, or use ``original`` instead of
            its copy.
    """
    reference = ReferenceEvaluator(task, original)
    if reference.exclusive_reason:
        return EvaluatorChoice(reference, reference.exclusive_reason)
    try:
        vectorized = VectorizedEvaluator(task)
        disagreement = _disagreement(vectorized, reference, task, window)
    except UntraceableError as reason:
        return EvaluatorChoice(reference, f"the model or the loss uses {reason}")
    except Exception as error:  # the reference evaluator ran, so this is not the user's error
        return EvaluatorChoice(reference, warn_fallback("the vectorized evaluator", error))
    if disagreement:
        return EvaluatorChoice(reference, disagreement)
    return EvaluatorChoice(vectorized, "agrees with the model at two random points")


def _disagreement(
    vectorized: VectorizedEvaluator,
    reference: ReferenceEvaluator,
    task: Task,
    window: Sequence[tuple[float, float]],
) -> str:
    """Why the vectorized evaluator cannot be used in this window; '' if it can."""
    points = random_points(window)
    found, expected = vectorized(points), reference(points)
    dtype = next(p.dtype for p in task.model.parameters() if p.requires_grad)
    if not np.isfinite(expected).any():
        return "the loss is not finite at two random points, so that nothing can be compared"
    agree = np.allclose(found, expected, rtol=TOLERANCE[dtype], atol=0, equal_nan=True)
    return "" if agree else "the vectorized evaluator did not agree with the model at two random points"


def random_points(window: Sequence[tuple[float, float]]) -> Floats:
    """Two points (2, 2) of a window, at which evaluators are compared: always the same."""
    low, high = np.array(window, dtype=float).T
    points: Floats = low + np.random.default_rng(0).random((2, 2)) * (high - low)
    return points


def evaluate(
    task: Task, choice: EvaluatorChoice, points: Floats, executor: Executor | None
) -> Generator[tuple[slice, Floats], None, None]:
    """Evaluate a task in pieces.

    Args:
        task: What to evaluate.
        choice: The evaluator, by `choose_evaluator`.
        points: (m, 2).
        executor: Where to evaluate; None for the calling thread.

    Yields:
        Slices of the points and their losses, in the order in which the executor completes them.
    """
    evaluator = choice.evaluator
    if executor is None:
        for start in range(0, len(points), evaluator.block_size):
            where = slice(start, min(start + evaluator.block_size, len(points)))
            yield where, evaluator(points[where])
        return
    yield from _evaluate_on_executor(task, evaluator, points, executor)


def _evaluate_on_executor(
    task: Task, evaluator: Evaluator, points: Floats, executor: Executor
) -> Generator[tuple[slice, Floats], None, None]:
    workers = int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    # A few pieces for each worker, so that all end at about the same time, in multiples of the block size;
    # small ones as long as each takes long, so that the first results come early.
    block_size = evaluator.block_size
    max_size = block_size * max(1, round(len(points) / (block_size * workers * 8)))
    size = block_size
    threads = isinstance(executor, ThreadPoolExecutor)
    payload: Any = task if threads else _pickled(task)
    token, name = uuid.uuid4().hex, evaluator.name
    pending: dict[Future[Any], tuple[slice, float]] = {}

    def send(where: slice, with_task: bool) -> None:
        future = executor.submit(_work, token, name, payload if with_task else None, points[where])
        pending[future] = where, time.monotonic()

    try:
        sent = start = 0
        while pending or start < len(points):
            while start < len(points) and len(pending) < 2 * workers:
                send(slice(start, min(start + size, len(points))), with_task=sent < workers or threads)
                sent, start = sent + 1, start + size
            done, _ = wait(list(pending), return_when=FIRST_COMPLETED)
            for future in done:
                where, since = pending.pop(future)
                losses = future.result()
                if losses is None:  # this worker does not have the task yet
                    send(where, with_task=True)
                else:
                    fast = time.monotonic() - since < SHORT_TIME
                    size = min(2 * size, max_size) if fast else block_size
                    yield where, losses
    finally:
        for future in pending:
            future.cancel()
        if threads:
            wait(list(pending))  # running pieces must end before the caller continues


def _pickled(task: Task) -> bytes:
    """The task as bytes, by cloudpickle if it is installed and plain pickle fails."""
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


# One task for each worker thread, so that a model is sent once and not with every piece: the only state that
# this package keeps between calls; the next task replaces it.
_worker = threading.local()


def _work(token: str, name: str, payload: Any, points: Floats) -> Floats | None:
    """Evaluate a piece, in the worker. None means that it must be sent again with the task."""
    with one_thread():  # the workers share the cores
        if getattr(_worker, "token", None) != token:
            if payload is None:
                return None
            if isinstance(payload, bytes):
                task = pickle.loads(payload)  # made by `_pickled`, in the process that submitted the work
            else:
                task = replace(payload, model=private_copy(payload.model))
            _worker.evaluator = (
                VectorizedEvaluator(task) if name == VectorizedEvaluator.name else ReferenceEvaluator(task)
            )
            _worker.token = token
        losses: Floats = _worker.evaluator(points)
    return losses
