"""The constant, and the line, that minimizes the mean of a loss; for many data sets at once.

The best constant characterizes a loss: the mean for squared error, the median for absolute error, a
quantile for the quantile loss, the mode for a 0-1 loss with a small tolerance.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss
from lossviz.losses.lookup import resolve_loss

_BISECTIONS = 70  # enough to leave two neighbouring floats
_ZERO_GRADIENT = 1e-12  # a sum of gradients this small, relative to their absolute sum, is zero
_MAX_ITERATIONS = 5_000  # of reweighted least squares
_LARGEST_LOGIT = 40.0  # a logit, or the logarithm of a rate, that stands for certainty


def best_constant(loss: str | Loss, y: ArrayLike) -> float:
    """The constant prediction with the smallest mean loss.

    It is found by bisection on the sign of the total gradient. Where a whole interval is optimal, as for
    the median of an even number of points, it is the middle of the interval.

    Args:
        loss: A row of `LOSSES` or `NONDIFFERENTIABLE`, or its name; of one output.
        y: Targets (n,).

    Returns:
        The constant z. With a sigmoid or tanh in the loss it is a logit, with an exponential a logarithm of a
        rate, both in [-40, 40].

    Raises:
        ValueError: If y is empty, not finite or not possible for the loss, if the loss takes several
            logits, or if no method is known for it.
        KeyError: If the name is unknown.

    Example:
        >>> import lossviz as lv
        >>> lv.losses.best_constant("mse", [1, 2, 9]), round(lv.losses.best_constant("mae", [1, 2, 9]), 9)
        (4.0, 2.0)
    """
    return float(best_constants(loss, np.asarray(y, dtype=np.float64)[None])[0])


def best_constants(loss: str | Loss, y: Floats) -> Floats:
    """`best_constant` (k,) of each row of y (k, n)."""
    row, y = resolve_loss(loss), _checked("y", y)
    if row.constant_minimizer is not None:
        return row.best_constants(y)
    if row.task == "multiclass" or not row.differentiable:
        raise ValueError(f"a best constant needs one output and a slope; got {row.name!r}")
    lower, upper = _optimal_interval(row, y, *_bracket(row, y))
    middle: Floats = 0.5 * (lower + upper)
    return middle


def best_line(loss: str | Loss, x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """The line with the smallest mean loss.

    A piecewise linear loss (absolute, quantile) has a best line through two of the points: all pairs are
    tried. For other losses the line is found by iteratively reweighted least squares, combined with Newton
    steps. Where several lines are optimal, it is one of them.

    Args:
        loss: A row of `LOSSES`, or its name; a regression loss of the residual.
        x: Inputs (n,).
        y: Targets (n,).

    Returns:
        Slope and intercept.

    Raises:
        ValueError: If a point is not finite, x and y differ in length, all x are equal, or the loss is not a
            differentiable function of the residual.
        KeyError: If the name is unknown.

    Example:
        >>> import lossviz as lv
        >>> slope, intercept = lv.losses.best_line("mae", [0, 1, 2, 3], [1, 3, 5, 90])
        >>> round(slope, 6), round(intercept, 6)
        (2.0, 1.0)
    """
    found = best_lines(loss, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)[None])
    return float(found[0, 0]), float(found[0, 1])


def best_lines(loss: str | Loss, x: Floats, y: Floats) -> Floats:
    """`best_line` (k, 2) through x (n,) and each row of y (k, n): slope and intercept."""
    row, x, y = resolve_loss(loss), _checked("x", x[None])[0], _checked("y", y)
    if row.task != "regression" or row.activation != "identity" or not row.differentiable:
        raise ValueError(f"a line needs a loss of the miss z − y; got {row.name!r}")
    if x.shape != y.shape[1:]:
        raise ValueError(f"x and y must be equally many; got {len(x)} and {y.shape[1]}")
    if x.min() == x.max():
        raise ValueError(f"x must have two different values; all are {x[0]:g}")
    piecewise_linear = not row.curvature(np.linspace(-9.7, 9.7, 98), 0.0).any()
    return _through_two_points(row, x, y) if piecewise_linear else _reweighted_least_squares(row, x, y)


def _checked(name: str, values: Floats) -> Floats:
    """Finite values (k, n), n at least 1."""
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name} must be a list of at least one number; got shape {values.shape[1:]}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite numbers; got {values[~np.isfinite(values)][0]}")
    return values


# --- constants ------------------------------------------------------------------------------------------


def _bracket(row: Loss, y: Floats) -> tuple[Floats, Floats]:
    """Bounds (k,) of the best constant for each row of y (k, n)."""
    low, high = y.min(axis=1), y.max(axis=1)
    if row.task == "binary":
        return np.full(len(y), -_LARGEST_LOGIT), np.full(len(y), _LARGEST_LOGIT)
    if row.activation == "exp":
        with np.errstate(divide="ignore"):
            low, high = np.log(low), np.log(high)
        return np.clip(low, -_LARGEST_LOGIT, _LARGEST_LOGIT), np.clip(high, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    return low, high


def _optimal_interval(row: Loss, y: Floats, low: Floats, high: Floats) -> Floats:
    """Both ends (2, k) of the interval of best constants, by bisection on the sign of the total gradient."""
    low, high = np.stack([low, low]), np.stack([high, high])
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        gradients = row.gradient(middle[..., None], y[None]).numpy()  # (2, k, n)
        total, zero = gradients.sum(axis=-1), _ZERO_GRADIENT * np.abs(gradients).sum(axis=-1)
        # The lower end is where the total stops being negative, the upper end where it becomes positive.
        right = np.stack([total[0] < -zero[0], total[1] <= zero[1]])
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return np.stack([high[0], low[1]])


# --- lines ----------------------------------------------------------------------------------------------


def _through_two_points(row: Loss, x: Floats, y: Floats) -> Floats:
    """The best of the lines (k, 2) through two of the points."""
    i, j = np.triu_indices(len(x), 1)
    distinct = x[i] != x[j]
    i, j = i[distinct], j[distinct]
    slope = (y[:, j] - y[:, i]) / (x[j] - x[i])  # (k, pairs)
    intercept = y[:, i] - slope * x[i]
    prediction = slope[..., None] * x + intercept[..., None]
    loss = row.value(torch.from_numpy(prediction), torch.from_numpy(y[:, None, :])).numpy().mean(axis=-1)
    best = loss.argmin(axis=1)[:, None]
    lines: Floats = np.hstack([np.take_along_axis(part, best, axis=1) for part in (slope, intercept)])
    return lines


def _reweighted_least_squares(row: Loss, x: Floats, y: Floats) -> Floats:
    """Lines (k, 2) by least squares with the weights gradient / residual, repeated until they converge.

    This never increases the loss, but can be slow. So a Newton step is tried, too, and the better of the
    two is taken.
    """
    weight_at_zero = float(row.curvature(0.0, 0.0))
    lines = _least_squares(x, y, np.ones_like(y))
    for _ in range(_MAX_ITERATIONS):
        residual = lines[:, :1] * x + lines[:, 1:] - y
        gradient, curvature = row.gradient(residual, 0.0).numpy(), row.curvature(residual, 0.0).numpy()
        small = np.abs(residual) < 1e-9
        weight = np.where(small, weight_at_zero, gradient / np.where(small, 1.0, residual))
        new, newton = _least_squares(x, y, weight), _newton(x, lines, gradient, curvature)
        better = _mean_loss(row, x, y, newton) < _mean_loss(row, x, y, new)
        new = np.where(better[:, None], newton, new)
        converged = np.abs(new - lines).max() <= 1e-12 * max(1.0, float(np.abs(new).max()))
        lines = new
        if converged:
            break
    return lines


def _least_squares(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Lines (k, 2) through x (n,) and y (k, n) by least squares with weights (k, n)."""
    total = weight.sum(axis=1)
    mean_x, mean_y = (weight @ x) / total, (weight * y).sum(axis=1) / total
    centred = x - mean_x[:, None]
    slope = (weight * centred * (y - mean_y[:, None])).sum(axis=1) / (weight * centred**2).sum(axis=1)
    return np.stack([slope, mean_y - slope * mean_x], axis=1)


def _newton(x: Floats, lines: Floats, gradient: Floats, curvature: Floats) -> Floats:
    """One Newton step from each line (k, 2); none where the Hessian is singular."""
    g0, g1 = gradient @ x, gradient.sum(axis=1)
    h00, h01, h11 = curvature @ x**2, curvature @ x, curvature.sum(axis=1)
    det = h00 * h11 - h01**2
    regular = det > 1e-9 * h00 * h11
    det = np.where(regular, det, 1.0)
    step = np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0], axis=1) / det[:, None]
    return np.where(regular[:, None], lines - step, lines)


def _mean_loss(row: Loss, x: Floats, y: Floats, lines: Floats) -> Floats:
    mean: Floats = row.value(lines[:, :1] * x + lines[:, 1:], y).numpy().mean(axis=1)
    return mean
