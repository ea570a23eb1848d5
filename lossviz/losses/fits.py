"""The constant, and the line, that makes the mean of a loss smallest: exactly, for many data sets at once.

Which number a loss picks is what it punishes, in one word: the mean for squared error, the median for
absolute error, a quantile for the quantile loss, the most crowded place for hit or miss.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss
from lossviz.losses.nondifferentiable import any_loss

_HALVINGS = 70  # of a bracket: enough to leave two neighbouring floats
_ROUNDING = 1e-12  # a slope this small, relative to its parts, is zero
_ROUNDS = 5_000  # of reweighting, at most
_FARTHEST = 40.0  # a logit, or the logarithm of a rate, that says certainty


def best_constant(loss: str | Loss, y: ArrayLike) -> float:
    """The z, the same for all examples, with the smallest mean loss for the targets y (n,).

    Where a whole interval is best (the median of an even number of points), its middle. For losses of a
    logit or of the logarithm of a rate it is that logit or logarithm, at most 40 to either side.

    Raises ValueError for y that is empty, not finite or not allowed by the loss, and for a loss of
    several logits; KeyError for an unknown name.
    """
    return float(best_constants(loss, np.asarray(y, dtype=np.float64)[None])[0])


def best_constants(loss: str | Loss, y: Floats) -> Floats:
    """`best_constant` of each row of y (k, n): (k,)."""
    row, y = any_loss(loss), _numbers("y", y)
    if row.task == "multiclass" or row.name == "zero-one":
        raise ValueError(f"a best constant needs one output and a slope; got {row.name!r}")
    if row.name == "hit-or-miss":
        width = dict(row.chosen).get("width", row.settings["width"].default)
        return np.array([_most_crowded(points, width) for points in y])
    low, high = _bracket(row, y)
    lower, upper = _ends(row, y, low, high)
    middle: Floats = 0.5 * (lower + upper)
    return middle


def best_line(loss: str | Loss, x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """(slope, intercept) of the line through the points x (n,), y (n,) with the smallest mean loss.

    Losses made of straight pieces (absolute, quantile) have a best line through two of the points: all
    pairs are tried. The others are fitted by reweighted least squares, to convergence. Where several
    lines are equally good, one of them.

    Raises ValueError for points that are not finite, of unequal number or all at one x, and for a loss
    of anything but a prediction's miss; KeyError for an unknown name.
    """
    found = best_lines(loss, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)[None])
    return float(found[0, 0]), float(found[0, 1])


def best_lines(loss: str | Loss, x: Floats, y: Floats) -> Floats:
    """`best_line` through x (n,) and each row of y (k, n): (k, 2), slope then intercept."""
    row, x, y = any_loss(loss), _numbers("x", x[None])[0], _numbers("y", y)
    if row.task != "regression" or row.link != "identity" or row.name == "hit-or-miss":
        raise ValueError(f"a line needs a loss of the miss z − y; got {row.name!r}")
    if x.shape != y.shape[1:]:
        raise ValueError(f"x and y must be equally many; got {len(x)} and {y.shape[1]}")
    if x.min() == x.max():
        raise ValueError(f"x must have two different values; all are {x[0]:g}")
    bent = row.curvature(np.linspace(-9.7, 9.7, 98), 0.0).any()
    return _reweighted(row, x, y) if bent else _through_two(row, x, y)


def _numbers(name: str, values: Floats) -> Floats:
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name} must be a list of at least one number; got shape {values.shape[1:]}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite numbers; got {values[~np.isfinite(values)][0]}")
    return values


# --- one number -----------------------------------------------------------------------------------------


def _bracket(row: Loss, y: Floats) -> tuple[Floats, Floats]:
    low, high = y.min(axis=1), y.max(axis=1)
    if row.task == "binary":
        return np.full(len(y), -_FARTHEST), np.full(len(y), _FARTHEST)
    if row.link == "exp":
        with np.errstate(divide="ignore"):
            low, high = np.log(low), np.log(high)
        return np.clip(low, -_FARTHEST, _FARTHEST), np.clip(high, -_FARTHEST, _FARTHEST)
    return low, high


def _ends(row: Loss, y: Floats, low: Floats, high: Floats) -> Floats:
    """Both ends (2, k) of the interval of the best constants, by halving on the sign of the total slope."""
    low, high = np.stack([low, low]), np.stack([high, high])
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        slopes = row.gradient(middle[..., None], y[None]).numpy()  # (2, k, n)
        total, zero = slopes.sum(axis=-1), _ROUNDING * np.abs(slopes).sum(axis=-1)
        right = np.stack([total[0] < -zero[0], total[1] <= zero[1]])  # the end is right of the middle
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return np.stack([high[0], low[1]])


def _most_crowded(points: Floats, width: float) -> float:
    """The middle of the tightest group among those with most points within 2 width of each other."""
    ordered = np.sort(points)
    last = np.searchsorted(ordered, ordered + 2 * width, side="right") - 1
    count = last - np.arange(len(ordered))
    groups = np.flatnonzero(count == count.max())
    first = groups[np.argmin(ordered[last[groups]] - ordered[groups])]
    return float(0.5 * (ordered[first] + ordered[last[first]]))


# --- a line ---------------------------------------------------------------------------------------------


def _through_two(row: Loss, x: Floats, y: Floats) -> Floats:
    i, j = np.triu_indices(len(x), 1)
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    slope = (y[:, j] - y[:, i]) / (x[j] - x[i])  # (k, pairs)
    intercept = y[:, i] - slope * x[i]
    guess = slope[..., None] * x + intercept[..., None]
    mean = row.value(torch.from_numpy(guess), torch.from_numpy(y[:, None, :])).numpy().mean(axis=-1)
    best = mean.argmin(axis=1)[:, None]
    lines: Floats = np.hstack([np.take_along_axis(part, best, axis=1) for part in (slope, intercept)])
    return lines


def _reweighted(row: Loss, x: Floats, y: Floats) -> Floats:
    """Each point weighs as much as it pulls for its distance: slope of the loss / miss.

    That never makes the loss larger, but can be slow. So Newton's step is tried too, and the better of
    the two is taken, until neither moves a line.
    """
    at_home = float(row.curvature(0.0, 0.0))
    lines = _least_squares(x, y, np.ones_like(y))
    for _ in range(_ROUNDS):
        miss = lines[:, :1] * x + lines[:, 1:] - y
        slope, bend = row.gradient(miss, 0.0).numpy(), row.curvature(miss, 0.0).numpy()
        near = np.abs(miss) < 1e-9
        weight = np.where(near, at_home, slope / np.where(near, 1.0, miss))
        new, newton = _least_squares(x, y, weight), _newton(x, lines, slope, bend)
        better = _mean_loss(row, x, y, newton) < _mean_loss(row, x, y, new)
        new = np.where(better[:, None], newton, new)
        still = np.abs(new - lines).max() <= 1e-12 * max(1.0, float(np.abs(new).max()))
        lines = new
        if still:
            break
    return lines


def _least_squares(x: Floats, y: Floats, weight: Floats) -> Floats:
    total = weight.sum(axis=1)
    mean_x, mean_y = (weight @ x) / total, (weight * y).sum(axis=1) / total
    away = x - mean_x[:, None]
    slope = (weight * away * (y - mean_y[:, None])).sum(axis=1) / (weight * away**2).sum(axis=1)
    return np.stack([slope, mean_y - slope * mean_x], axis=1)


def _newton(x: Floats, lines: Floats, slope: Floats, bend: Floats) -> Floats:
    """One step from each line (k, 2); none where the curvature says nothing."""
    g0, g1 = slope @ x, slope.sum(axis=1)
    h00, h01, h11 = bend @ x**2, bend @ x, bend.sum(axis=1)
    det = h00 * h11 - h01**2
    known = det > 1e-9 * h00 * h11
    det = np.where(known, det, 1.0)
    step = np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0], axis=1) / det[:, None]
    return np.where(known[:, None], lines - step, lines)


def _mean_loss(row: Loss, x: Floats, y: Floats, lines: Floats) -> Floats:
    mean: Floats = row.value(lines[:, :1] * x + lines[:, 1:], y).numpy().mean(axis=1)
    return mean
