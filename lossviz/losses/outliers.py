"""How one outlier changes the constant, or the line, that minimizes a loss.

By default the data are nine people: how many minutes they need to work, and how far away they live. Eight are
fixed, and the ninth is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss
from lossviz.losses.fits import best_constants, best_lines
from lossviz.losses.lookup import LossDescription, describe, resolve_losses

MINUTES = (13.0, 15.0, 16.0, 18.0, 19.0, 21.0, 22.0, 24.0)  # of the eight fixed people
KILOMETRES = (4.2, 5.8, 5.4, 7.2, 7.0, 8.4, 8.8, 9.6)
INLIER = 25.0  # minutes of the ninth, if they are in line with the others
OUTLIER = tuple(range(10, 81))  # minutes to which the ninth is moved


@dataclass(frozen=True)
class OutlierLocation:
    """The mean of L losses over n + 1 points, for m constant predictions and k values of the last point."""

    losses: tuple[LossDescription, ...]
    y: Floats  # (n,) fixed points
    inlier_y: float  # value of the last point in line with the others
    outlier_y: Floats  # (k,) values of the last point
    constants: Floats  # (m,) predictions
    loss: Floats  # (L, k, m)
    best: Floats  # (L, k) the prediction with the smallest mean loss
    best_loss: Floats  # (L, k) that mean loss
    inlier_best: Floats  # (L,) the best prediction with the last point at ``inlier_y``


@dataclass(frozen=True)
class OutlierLines:
    """The line that minimizes each of L losses over n + 1 points, for k heights of the last point."""

    losses: tuple[LossDescription, ...]
    x: Floats  # (n,) fixed points
    y: Floats  # (n,)
    outlier_x: float
    inlier_y: float  # height of the last point in line with the others
    outlier_y: Floats  # (k,) heights of the last point
    lines: Floats  # (L, k, 2) slope and intercept
    inlier_lines: Floats  # (L, 2) with the last point at ``inlier_y``


def outlier_location(
    losses: Sequence[str | Loss],
    y: ArrayLike = MINUTES,
    inlier_y: float = INLIER,
    outlier_y: ArrayLike = OUTLIER,
    constants: ArrayLike | None = None,
) -> OutlierLocation:
    """Move one of n + 1 points, and compute the mean loss of constant predictions, and the best one.

    Args:
        losses: Rows of `LOSSES` or `NONDIFFERENTIABLE`, or their names; of one output.
        y: The fixed points (n,).
        inlier_y: Value of the last point in line with the others.
        outlier_y: Values (k,) of the last point.
        constants: Predictions (m,); by default in steps of 0.5 from the lowest to the highest point.

    Returns:
        The mean losses (L, k, m), and the best constants (L, k).

    Raises:
        ValueError: If there is no loss; and as `best_constant`.
        KeyError: If a loss is unknown.

    Example:
        >>> import lossviz as lv
        >>> result = lv.losses.outlier_location(["mse", "mae"], y=[1, 2, 3, 4], inlier_y=5, outlier_y=[5, 50])
        >>> result.best.round(6)
        array([[ 3., 12.],
               [ 3.,  3.]])
    """
    rows = resolve_losses(losses)
    fixed, moved = np.asarray(y, dtype=np.float64), np.asarray(outlier_y, dtype=np.float64)
    points = _with_last(fixed, moved)
    best = np.stack([best_constants(row, points) for row in rows])
    pairs = zip(rows, best, strict=True)
    best_loss = np.stack([_mean_loss(row, at[:, None], points)[:, 0] for row, at in pairs])
    low, high = min(points.min(), inlier_y), max(points.max(), inlier_y)
    grid = np.arange(low, high + 0.25, 0.5) if constants is None else np.asarray(constants, dtype=np.float64)
    predictions = np.broadcast_to(grid, (len(points), len(grid)))
    return OutlierLocation(
        losses=tuple(describe(row) for row in rows),
        y=fixed,
        inlier_y=float(inlier_y),
        outlier_y=moved,
        constants=grid,
        loss=np.stack([_mean_loss(row, predictions, points) for row in rows]),
        best=best,
        best_loss=best_loss,
        inlier_best=np.array(
            [best_constants(row, _with_last(fixed, np.array([inlier_y])))[0] for row in rows]
        ),
    )


def outlier_lines(
    losses: Sequence[str | Loss],
    outlier_x: float = 10.0,
    x: ArrayLike = KILOMETRES,
    y: ArrayLike = MINUTES,
    inlier_y: float = INLIER,
    outlier_y: ArrayLike = OUTLIER,
) -> OutlierLines:
    """Move one of n + 1 points up and down, and fit a line by each loss.

    Args:
        losses: Rows of `LOSSES`, or their names; regression losses of the residual.
        outlier_x: Position of the last point.
        x: Positions (n,) of the fixed points.
        y: Heights (n,) of the fixed points.
        inlier_y: Height of the last point in line with the others.
        outlier_y: Heights (k,) of the last point.

    Returns:
        Slopes and intercepts (L, k, 2).

    Raises:
        ValueError: If there is no loss; and as `best_line`.
        KeyError: If a loss is unknown.

    Example:
        >>> import lossviz as lv
        >>> result = lv.losses.outlier_lines(
        ...     ["mse", "mae"], outlier_x=3, x=[0, 1, 2], y=[0, 1, 2], inlier_y=3, outlier_y=[3, 23]
        ... )
        >>> result.lines[:, :, 0].round(6)
        array([[1., 7.],
               [1., 1.]])
    """
    rows = resolve_losses(losses)
    fixed_x, fixed_y, moved = (np.asarray(part, dtype=np.float64) for part in (x, y, outlier_y))
    all_x = np.append(fixed_x, float(outlier_x))
    points, inlier = _with_last(fixed_y, moved), _with_last(fixed_y, np.array([inlier_y]))
    return OutlierLines(
        losses=tuple(describe(row) for row in rows),
        x=fixed_x,
        y=fixed_y,
        outlier_x=float(outlier_x),
        inlier_y=float(inlier_y),
        outlier_y=moved,
        lines=np.stack([best_lines(row, all_x, points) for row in rows]),
        inlier_lines=np.stack([best_lines(row, all_x, inlier)[0] for row in rows]),
    )


def _with_last(fixed: Floats, last: Floats) -> Floats:
    """Data sets (k, n + 1): the fixed points (n,), and one of the values (k,) of the last point."""
    return np.hstack([np.broadcast_to(fixed, (len(last), len(fixed))), last[:, None]])


def _mean_loss(row: Loss, constants: Floats, y: Floats) -> Floats:
    """The mean loss (k, m) of constant predictions (k, m) over points y (k, n)."""
    mean: Floats = row.value(constants[:, :, None], y[:, None, :]).numpy().mean(axis=-1)
    return mean
