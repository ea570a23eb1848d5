"""What one far point does to the number, and to the line, that a loss picks.

Nine people say how many minutes they need to work, and how far they live. Eight stay where they are; the
ninth is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.base import Family, Loss
from lossviz.losses.fits import best_constants, best_lines
from lossviz.losses.nondifferentiable import any_loss, named

MINUTES = (13.0, 15.0, 16.0, 18.0, 19.0, 21.0, 22.0, 24.0)  # of the eight who stay
KILOMETRES = (4.2, 5.8, 5.4, 7.2, 7.0, 8.4, 8.8, 9.6)
HOME = 25.0  # minutes of the ninth, when nothing is odd
FAR = tuple(range(10, 81))  # minutes to which the ninth can be moved


@dataclass(frozen=True)
class OutlierLocation:
    """The mean of each loss over every guess, for every place of the moved point."""

    names: tuple[str, ...]  # of the L losses
    labels: tuple[str, ...]
    families: tuple[Family, ...]
    points: Floats  # (n,) those that stay
    home: float
    far: Floats  # (k,) where the moved point is put
    guess: Floats  # (m,)
    loss: Floats  # (L, k, m) mean over the n + 1 points
    best: Floats  # (L, k) the guess at the bottom of each valley
    lowest: Floats  # (L, k) the mean loss there
    at_home: Floats  # (L,) the best guess with the moved point at home


@dataclass(frozen=True)
class OutlierLines:
    """The best line of each loss, for every height of the moved point."""

    names: tuple[str, ...]  # of the L losses
    labels: tuple[str, ...]
    families: tuple[Family, ...]
    x: Floats  # (n,) those that stay
    y: Floats  # (n,)
    x_far: float
    home: float
    far: Floats  # (k,)
    lines: Floats  # (L, k, 2) slope and intercept
    at_home: Floats  # (L, 2)


def outlier_location(
    losses: Sequence[str | Loss],
    points: ArrayLike = MINUTES,
    home: float = HOME,
    far: ArrayLike = FAR,
    guess: ArrayLike | None = None,
) -> OutlierLocation:
    """The mean loss of always guessing the same, while one point of n + 1 is moved through ``far`` (k,).

    ``guess`` are the guesses to draw; by default every half from the lowest to the highest point.
    Errors are those of `best_constant`; ValueError for no loss at all.
    """
    rows = _rows(losses)
    stay, places = np.asarray(points, dtype=np.float64), np.asarray(far, dtype=np.float64)
    y = _with(stay, places)
    best = np.stack([best_constants(row, y) for row in rows])
    lowest = np.stack([_mean(row, at[:, None], y)[:, 0] for row, at in zip(rows, best, strict=True)])
    low, high = min(y.min(), home), max(y.max(), home)
    at = np.arange(low, high + 0.25, 0.5) if guess is None else np.asarray(guess, dtype=np.float64)
    return OutlierLocation(
        tuple(row.name for row in rows),
        tuple(named(row) for row in rows),
        tuple(row.family for row in rows),
        stay,
        float(home),
        places,
        at,
        np.stack([_mean(row, np.broadcast_to(at, (len(y), len(at))), y) for row in rows]),
        best,
        lowest,
        np.array([best_constants(row, _with(stay, np.array([home])))[0] for row in rows]),
    )


def outlier_lines(
    losses: Sequence[str | Loss],
    x_far: float = 10.0,
    x: ArrayLike = KILOMETRES,
    y: ArrayLike = MINUTES,
    home: float = HOME,
    far: ArrayLike = FAR,
) -> OutlierLines:
    """The best line under each loss, while the point at ``x_far`` is moved through the heights ``far`` (k,).

    Errors are those of `best_line`; ValueError for no loss at all.
    """
    rows = _rows(losses)
    stay_x, stay_y, places = (np.asarray(part, dtype=np.float64) for part in (x, y, far))
    all_x = np.append(stay_x, float(x_far))
    heights = _with(stay_y, places)
    return OutlierLines(
        tuple(row.name for row in rows),
        tuple(named(row) for row in rows),
        tuple(row.family for row in rows),
        stay_x,
        stay_y,
        float(x_far),
        float(home),
        places,
        np.stack([best_lines(row, all_x, heights) for row in rows]),
        np.stack([best_lines(row, all_x, _with(stay_y, np.array([home])))[0] for row in rows]),
    )


def _rows(losses: Sequence[str | Loss]) -> list[Loss]:
    if not losses:
        raise ValueError("losses must name at least one loss; got none")
    return [any_loss(loss) for loss in losses]


def _with(stay: Floats, moved: Floats) -> Floats:
    """Rows (k, n + 1): those that stay, and one of the places of the moved point."""
    return np.hstack([np.broadcast_to(stay, (len(moved), len(stay))), moved[:, None]])


def _mean(row: Loss, guess: Floats, y: Floats) -> Floats:
    """The mean loss of each guess (k, m) over the points y (k, n): (k, m)."""
    mean: Floats = row.value(guess[:, :, None], y[:, None, :]).numpy().mean(axis=-1)
    return mean
