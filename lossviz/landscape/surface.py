"""The loss over a plane through a model's weights, at once or from coarse to fine."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from os import PathLike
from typing import IO, Any

import numpy as np
from torch import nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, same_fields
from lossviz.engine.averaging.shares import BatchWeight
from lossviz.engine.dispatch import evaluate as evaluate_pieces
from lossviz.landscape import io
from lossviz.landscape.buffer_modes import BatchNormMode
from lossviz.landscape.evaluation import Evaluation, check_executor, prepare
from lossviz.landscape.grid import Span, axis_coordinates, coarse_indices, window_from_span
from lossviz.landscape.io import MAX_POINTS, SurfaceFacts
from lossviz.landscape.planes import Plane, random_plane
from lossviz.landscape.surface_checkpoint import SurfaceCheckpoint, check_resume, fingerprint

STRIDES = (8, 4, 2, 1)  # of the grids of `surface_stream`


@dataclass(frozen=True, eq=False)
class Surface:
    """The loss on a grid over a plane: ``loss[i, j]`` is the loss at (``a[j]``, ``b[i]``).

    Rows go along the plane's second direction and columns along its first, as Plotly draws them.
    ``facts.stride`` above 1 says that only every stride-th point of a finer grid is included.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> surface = lv.surface(model, torch.nn.MSELoss(), data, points=5)
        >>> surface.loss.shape, surface.facts.examples
        ((5, 5), 4)
    """

    a: Floats  # (k,) coordinates along the plane's first direction
    b: Floats  # (k,) coordinates along its second
    loss: Floats  # (k, k), loss[i, j] at (a[j], b[i]); NaN and infinity stay what they are
    facts: SurfaceFacts

    @property
    def finite(self) -> Floats:
        """(m,) the losses that are neither NaN nor infinite."""
        return self.loss[np.isfinite(self.loss)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Surface):
            return NotImplemented
        return same_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.facts, self.loss.tobytes()))

    def save(self, file: "str | PathLike[str] | IO[bytes]") -> None:
        """Write an .npz file, without pickle, that `load` reads back to an equal surface.

        Args:
            file: A path, whose old file is replaced at once or not at all, or a file open for writing.

        Raises:
            OSError: If the file cannot be written.
        """
        io.write(file, self.a, self.b, self.loss, self.facts)

    @classmethod
    def load(cls, file: "str | PathLike[str] | IO[bytes]", max_points: int | None = None) -> "Surface":
        """Read what `save` wrote; the file may come from anyone.

        Args:
            file: A path, or a file open for reading.
            max_points: At least 2. Of a grid with more points along an axis only every 2nd, 3rd ... is read,
                the last point among them, so that the rest is never in memory.

        Returns:
            The surface; its ``facts.stride`` says whether it was thinned.

        Raises:
            ValueError: If the file is not a finished surface.
        """
        max_points = max_points if max_points is None else count_in("max_points", max_points, 2)
        return cls(*io.read(file, max_points))


def surface(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane | None = None,
    span: Span = None,
    points: int = 51,
    *,
    batchnorm: BatchNormMode = "interpolate",
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    executor: Executor | None = None,
    progress: Progress = True,
    resume: "str | PathLike[str] | IO[bytes] | None" = None,
) -> Surface:
    """Compute the loss on a grid of points x points over a plane through a model's weights.

    Args:
        model: The model. A private copy is evaluated in eval mode; the model itself is not changed.
        loss_fn: loss_fn(outputs, targets) -> scalar. Parameters called ``model`` and ``inputs`` are given the
            moved model and the batch's inputs.
        data: (inputs, targets), or an iterable of such batches, which is read once; the loss is that of all
            of them at once, and ``facts.averaging`` says how it is made of the batches.
        plane: The plane; by default a filter-normalized random one with seed 0.
        span: s for [-s, s] on both axes, ((a low, a high), (b low, b high)), or None for the plane's window.
        points: Points along each axis, from 1 to 4001.
        batchnorm: What buffers are away from (0, 0). "interpolate": between models that the plane was made
            of they move linearly with the weights, so that each of these points is its model; "eval": they
            stay as at (0, 0); "recompute": BatchNorm's running statistics are estimated anew from the data at
            each point, as by `torch.optim.swa_utils.update_bn`.
        max_batches: Use only so many batches.
        batch_weight: How much each of several batches counts: a function of a batch's targets, a number for
            each batch, "examples", or "sum" to add their losses. By default so that the result is the loss of
            all the data at once.
        executor: A `concurrent.futures.Executor` to share the work; the model travels once a worker.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) points.
        resume: A path, or a file open for reading and writing. Losses that are in it are not computed again,
            and it is written at least every 30 seconds, so that a killed process loses no more. It is tried
            before the work begins; if it cannot be written later, that is a RuntimeWarning.

    The global generator of torch is neither used nor changed. Random numbers that the data draw come from a
    private generator with seed 0; those that the model or the loss draw, the same at every point, from one
    whose seed is the index of the batch.

    Returns:
        The surface: ``loss[i, j]`` at (``a[j]``, ``b[i]``).

    Raises:
        ValueError: If the model, loss, data or another argument cannot be used.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1)
        >>> x, y = torch.ones(4, 2), torch.zeros(4, 1)
        >>> surface = lv.surface(model, torch.nn.MSELoss(), (x, y), points=5)
        >>> loss = torch.nn.MSELoss()(model(x), y).item()
        >>> bool(abs(surface.loss[2, 2] - loss) < 1e-5)  # the middle is the model itself
        True
    """
    points, plane = _check(model, plane, executor, resume, points)
    window = window_from_span(span, plane)
    evaluation = prepare(model, loss_fn, data, plane, window, max_batches, batchnorm, batch_weight)
    (whole,) = _stream(evaluation, points, (1,), executor, progress, resume)
    return whole


def surface_stream(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    plane: Plane | None = None,
    span: Span = None,
    points: int = 51,
    *,
    batchnorm: BatchNormMode = "interpolate",
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    executor: Executor | None = None,
    progress: Progress = False,
    resume: "str | PathLike[str] | IO[bytes] | None" = None,
) -> Iterator[Surface]:
    """Compute a surface from coarse to fine: every 8th point of the grid first, at last all of them.

    Each coarse surface holds exact losses at fewer points and says so in ``facts.stride``. The last equals
    that of `surface` but for the last bit of a few losses, since matrix products of another size may round
    otherwise.

    Args:
        model: As in `surface`.
        loss_fn: As in `surface`.
        data: As in `surface`.
        plane: As in `surface`.
        span: As in `surface`.
        points: As in `surface`.
        batchnorm: As in `surface`.
        max_batches: As in `surface`.
        batch_weight: As in `surface`.
        executor: As in `surface`.
        progress: As in `surface`, but without a bar by default.
        resume: As in `surface`; it is also written before each surface is yielded.

    Returns:
        An iterator of surfaces; arguments are checked before it is returned.

    Raises:
        ValueError: If the model, loss, data or another argument cannot be used.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model, data = torch.nn.Linear(2, 1), (torch.ones(4, 2), torch.zeros(4, 1))
        >>> stream = lv.surface_stream(model, torch.nn.MSELoss(), data, points=17)
        >>> [surface.loss.shape for surface in stream]
        [(3, 3), (5, 5), (9, 9), (17, 17)]
    """
    points, plane = _check(model, plane, executor, resume, points)
    window = window_from_span(span, plane)
    evaluation = prepare(model, loss_fn, data, plane, window, max_batches, batchnorm, batch_weight)
    return _stream(evaluation, points, STRIDES, executor, progress, resume)


def _check(model: nn.Module, plane: Any, executor: Any, resume: Any, points: Any) -> tuple[int, Plane]:
    """Points and plane, the default one for None; ValueError for what cannot be used, before the work."""
    points = count_in("points", points, 1, MAX_POINTS)
    check_executor(executor)
    check_resume(resume, points)
    if plane is None:
        return points, random_plane(model)
    if not isinstance(plane, Plane):
        raise ValueError(
            f"plane must be a Plane, as random_plane(model) makes one, or None; got {plane!r:.100}"
        )
    return points, plane


def _stream(
    evaluation: Evaluation,
    points: int,
    strides: tuple[int, ...],
    executor: Executor | None,
    progress: Progress,
    resume: Any,
) -> Iterator[Surface]:
    """A surface for each stride that adds enough points, the last one whole."""
    a, b = (axis_coordinates(interval, points) for interval in evaluation.window)
    key = "" if resume is None else fingerprint(a, b, evaluation.task, evaluation.facts)
    checkpoint = SurfaceCheckpoint(resume, a, b, evaluation.facts, key)
    checkpoint.restore(evaluation.choice.evaluator)
    try:
        with ProgressBar(progress, points * points, "surface", done=int(checkpoint.done.sum())) as meter:
            for stride in strides:
                indices = coarse_indices(points, stride)
                if stride > 1 and len(indices) ** 2 > 0.5 * points**2:
                    continue  # hardly coarser than the whole
                wanted = np.zeros_like(checkpoint.done)
                wanted[np.ix_(indices, indices)] = True
                rows, columns = np.nonzero(wanted & ~checkpoint.done)
                coordinates = np.stack([a[columns], b[rows]], axis=1)
                pieces = evaluate_pieces(evaluation.task, evaluation.choice, coordinates, executor)
                with closing(pieces):
                    for where, losses in pieces:
                        checkpoint.add(rows[where], columns[where], losses)
                        meter.update(len(losses))
                checkpoint.write()
                facts = replace(evaluation.facts, stride=stride)
                loss = checkpoint.loss[np.ix_(indices, indices)]
                yield Surface(a[indices], b[indices], loss, facts)
    finally:  # also after an error, Ctrl-C, or when the iterator is closed
        checkpoint.write()
