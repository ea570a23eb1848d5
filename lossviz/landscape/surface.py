"""The loss over a plane through a model's weights.

`surface` evaluates it on a grid, `surface_stream` the same from coarse to fine, `profile` along a line.
All of them work on a private copy of the model, so that the user's own is never changed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from os import PathLike
from typing import IO, Any

import numpy as np
import torch
from torch import nn

from lossviz.common.progress import Meter, Progress
from lossviz.common.validation import count_in, same_fields
from lossviz.engine.batches import read_batches
from lossviz.engine.dispatch import EvaluatorChoice, choose_evaluator, evaluate
from lossviz.engine.parameters import matching_parameters, private_copy
from lossviz.engine.reference import Task
from lossviz.engine.user_loss import loss_function, loss_name, refuse_captured_model
from lossviz.landscape import io
from lossviz.landscape.checkpoint import Checkpoint, expect_place, fingerprint
from lossviz.landscape.grid import Span, axis_of, coarse, interval_of, window_of
from lossviz.landscape.io import MOST_POINTS, Facts
from lossviz.landscape.planes import Direction, Plane, Window, line_plane, random_plane

STRIDES = (8, 4, 2, 1)  # of the coarse pictures; the last index is always among the points


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss on a grid. ``facts.stride`` above 1 says that it is a coarse first picture of a finer grid."""

    a: np.ndarray  # (k,) coordinates along the plane's first direction
    b: np.ndarray  # (k,) along its second
    loss: np.ndarray  # (k, k), loss[i, j] at (a[j], b[i]); NaN and infinity stay what they are
    facts: Facts

    @property
    def finite(self) -> np.ndarray:
        """The losses that are numbers, in one row; the rest are holes."""
        kept: np.ndarray = self.loss[np.isfinite(self.loss)]
        return kept

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Surface):
            return NotImplemented
        return same_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.facts, self.loss.tobytes()))

    def save(self, file: "str | PathLike[str] | IO[bytes]") -> None:
        """Writes an .npz file that `load` reads back to an equal surface; no pickle is in it."""
        io.write(file, self.a, self.b, self.loss, self.facts)

    @classmethod
    def load(cls, file: "str | PathLike[str] | IO[bytes]", most: int | None = None) -> "Surface":
        """Reads what `save` wrote. Raises ValueError for anything but a whole surface file.

        With ``most`` (at least 2), of a grid that has more points along an axis every 2nd, or 3rd ... is
        kept, the last among them, without the rest ever being in memory; ``facts.stride`` says which.
        """
        most = most if most is None else count_in("most", most, 2)
        return cls(*io.read(file, most))


@dataclass(frozen=True, eq=False)
class Profile:
    """A loss along a line: ``loss[i]`` at ``origin + a[i] direction``."""

    a: np.ndarray  # (k,)
    loss: np.ndarray  # (k,)
    facts: Facts

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Profile) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.facts, self.loss.tobytes()))


def surface(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane | None = None,
    span: Span = None,
    points: int = 51,
    *,
    max_batches: int | None = None,
    executor: Executor | None = None,
    progress: Progress = True,
    resume: "str | PathLike[str] | IO[bytes] | None" = None,
) -> Surface:
    """The loss at points x points places of a plane.

    loss_fn(outputs, targets) returns a scalar; a parameter called ``model`` or ``inputs`` is given the
    moved model or the batch's inputs. data: (inputs, targets), or an iterable of such batches, which is
    read once and averaged by the number of examples. plane: filter-normalized random, seed 0, if None.
    span: a number s for [-s, s] on both axes, ((low, high), (low, high)), or None for the plane's own
    window. executor: any `concurrent.futures.Executor`; the model travels once a worker. progress: a bar
    for what takes longer than a second, or a function of (done, total). resume: a file to go on from, and
    to keep what is done in; a path, or a file open for reading and writing. It is tried before the work
    begins and written at least every 30 seconds of it, so that a process that is killed loses no more. If it
    cannot be written later, that is a RuntimeWarning, and the surface is returned all the same.

    The model is evaluated in eval mode, at the plane's origin plus the two directions, and never changed.
    Raises ValueError in one sentence for a model, loss, data or argument that cannot be used.
    """
    points = count_in("points", points, 1, MOST_POINTS)
    plane = _check(model, plane, executor, resume, points)
    job = _prepare(model, loss_fn, data, plane, window_of(span, plane), max_batches)
    (whole,) = _pictures(job, points, (1,), executor, progress, resume)
    return whole


def surface_stream(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane | None = None,
    span: Span = None,
    points: int = 51,
    *,
    max_batches: int | None = None,
    executor: Executor | None = None,
    progress: Progress = False,
    resume: "str | PathLike[str] | IO[bytes] | None" = None,
) -> Iterator[Surface]:
    """As `surface`, from coarse to fine: every 8th point of the grid first, at last all of them.

    A coarse picture holds exact losses at fewer points and says so in ``facts.stride``. The last equals
    `surface`, but for the last bit of a few points: a product of another size may round otherwise.
    """
    points = count_in("points", points, 1, MOST_POINTS)
    plane = _check(model, plane, executor, resume, points)
    job = _prepare(model, loss_fn, data, plane, window_of(span, plane), max_batches)
    return _pictures(job, points, STRIDES, executor, progress, resume)


def profile(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    direction: "Direction | nn.Module | Plane | None" = None,
    span: "float | tuple[float, float] | None" = None,
    points: int = 201,
    *,
    max_batches: int | None = None,
    executor: Executor | None = None,
    progress: Progress = True,
) -> Profile:
    """The loss along a line through the model's weights.

    direction: a dict by parameter name, a list of tensors or a flat array; a plane, for its first
    direction; another model, at a = 1; or None for a filter-normalized random one, seed 0. span: a number
    s for [-s, s], (low, high), or None for [-1, 1], or [-0.5, 1.5] toward another model.
    """
    toward = isinstance(direction, nn.Module)
    interval = interval_of("span", span, (-0.5, 1.5) if toward else (-1.0, 1.0))
    _check(model, None, executor)
    count = count_in("points", points, 1, MOST_POINTS**2)
    job = _prepare(model, loss_fn, data, line_plane(model, direction), (interval, (0.0, 0.0)), max_batches)
    a = axis_of(interval, count)
    places = np.stack([a, np.zeros_like(a)], axis=1)
    loss = np.empty(count)
    pieces = evaluate(job.task, job.choice, places, executor)
    with Meter(progress, count, "profile") as meter, closing(pieces):
        for where, values in pieces:
            loss[where] = values
            meter.add(len(values))
    return Profile(a, loss, job.facts)


def losses_at(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane,
    a: Any,
    b: Any,
    *,
    max_batches: int | None = None,
) -> np.ndarray:
    """The loss (m,) at m places of a plane: what a surface says exactly there, not between its points."""
    places = np.stack([np.asarray(a, dtype=float), np.asarray(b, dtype=float)], axis=1)
    low, high = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    window = ((low[0], high[0]), (low[1], high[1]))
    job = _prepare(model, loss_fn, data, plane, window, max_batches)
    losses = np.empty(len(places))
    with closing(evaluate(job.task, job.choice, places, None)) as pieces:
        for where, values in pieces:
            losses[where] = values
    return losses


# --- what all of them share -------------------------------------------------------------------------------


def _check(model: nn.Module, plane: Any, executor: Any, resume: Any = None, points: int = 1) -> Plane:
    """The plane, or the usual one for None. ValueError for what is no plane, no executor, or no place for a
    file: before the work, and not after it."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ValueError(f"executor must be a concurrent.futures.Executor or None; got {executor!r:.100}")
    expect_place(resume, points)
    if plane is None:
        return random_plane(model)
    if not isinstance(plane, Plane):
        raise ValueError(
            f"plane must be a Plane, as random_plane(model) makes one, or None; got {plane!r:.100}"
        )
    return plane


@dataclass(frozen=True, eq=False)
class _Job:
    task: Task
    choice: EvaluatorChoice
    facts: Facts
    window: Window


def _prepare(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane,
    window: Window,
    max_batches: int | None,
) -> _Job:
    free = matching_parameters(plane.names, plane.shapes, model)
    for name, array in (("origin", plane.origin), ("u", plane.u), ("v", plane.v)):
        wanted = (sum(p.numel() for p in free.values()),)
        if array.shape != wanted:
            raise ValueError(f"{name} of the plane must have shape {wanted}; got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of the plane must be finite; it has NaN or infinity")
    loss_fn = loss_function(loss_fn)
    refuse_captured_model(model, loss_fn)
    like = next(iter(free.values()))
    batches = read_batches(data, like, max_batches)
    directions = np.stack([plane.origin, plane.u, plane.v])
    task = Task(private_copy(model), loss_fn, batches, directions)
    choice = choose_evaluator(task, window, model)
    facts = Facts(
        method=plane.method,
        axes=plane.axes,
        explained=None if plane.explained is None else (float(plane.explained[0]), float(plane.explained[1])),
        lengths=plane.lengths,
        cosine=plane.cosine,
        weights=plane.origin.size,
        loss_name=loss_name(loss_fn),
        examples=batches.examples,
        batches=len(batches.items),
        subset=batches.subset,
        was_training=model.training,
        dtype=str(like.dtype).removeprefix("torch."),
        device=str(like.device),
        evaluator=choice.evaluator.name,
        reason=choice.reason,
        torch=str(torch.__version__),
    )
    return _Job(task, choice, facts, window)


def _pictures(
    job: _Job,
    points: int,
    strides: tuple[int, ...],
    executor: Executor | None,
    progress: Progress,
    resume: Any,
) -> Iterator[Surface]:
    """A picture after each stride that brings something new, the last one whole."""
    a, b = axis_of(job.window[0], points), axis_of(job.window[1], points)
    key = "" if resume is None else fingerprint(a, b, job.task, job.facts)
    kept = Checkpoint(resume, a, b, job.facts, key)
    kept.take_up(job.choice.evaluator)
    try:
        with Meter(progress, points * points, "surface", done=int(kept.done.sum())) as meter:
            for stride in strides:
                shown = coarse(points, stride)
                if stride > 1 and len(shown) ** 2 > 0.5 * points**2:
                    continue  # not much coarser than the whole
                wanted = np.zeros_like(kept.done)
                wanted[np.ix_(shown, shown)] = True
                rows, columns = np.nonzero(wanted & ~kept.done)
                pieces = evaluate(job.task, job.choice, np.stack([a[columns], b[rows]], axis=1), executor)
                with closing(pieces):
                    for where, losses in pieces:
                        kept.add(rows[where], columns[where], losses)
                        meter.add(len(losses))
                kept.write()
                facts = replace(job.facts, stride=stride)
                yield Surface(a[shown], b[shown], kept.loss[np.ix_(shown, shown)], facts)
    finally:  # also upon an error, Ctrl-C, or a page that was left
        kept.write()
