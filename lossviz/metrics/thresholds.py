"""From probabilities to yes and no: what every threshold makes of them, and whether they can be believed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in

CUTS = np.arange(-38, 39) / 5  # log-odds from which on one says yes: 0.05 % to 99.95 %
TIMID, BOLD = (0.51, 0.51, 0.51), (0.99, 0.99, 0.49)  # what two predictors say of three that are all yes


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """The confusion matrix at each of k thresholds. Loss, Brier score and AUC do not depend on one."""

    classes: tuple[str, ...]  # no, yes
    y: NDArray[np.int64]  # (n,) 0 or 1
    log_odds: Floats  # (n,)
    cut: Floats  # (k,) yes from these log-odds on
    missed: NDArray[np.int64]  # (k,) yes, and no was said
    found: NDArray[np.int64]  # (k,)
    alarms: NDArray[np.int64]  # (k,) no, and yes was said
    left: NDArray[np.int64]  # (k,)
    loss: float  # cross-entropy, the mean in nats
    brier: float  # mean of (p - y)^2: of yes alone, 0 to 1
    auc: float  # NaN if all are yes or all are no

    @property
    def accuracy(self) -> Floats:
        """(k,)"""
        return np.asarray((self.found + self.left) / len(self.y))

    @property
    def precision(self) -> Floats:
        """(k,) of those called yes, the share that is; NaN where nobody is called."""
        return _share(self.found, self.found + self.alarms)

    @property
    def recall(self) -> Floats:
        """(k,) of those that are yes, the share that is found; NaN without any."""
        return _share(self.found, self.found + self.missed)

    @property
    def f1(self) -> Floats:
        """(k,) the harmonic mean of the two; 0 where nothing is found."""
        both = 2 * self.found + self.alarms + self.missed
        return np.where(both > 0, 2 * self.found / np.maximum(both, 1), 0.0)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was said against what was so, in bins. NaN in a bin where nothing was said."""

    edges: Floats  # (b + 1,)
    said: Floats  # (b,) mean probability in the bin
    so: Floats  # (b,) share that came true
    low: Floats  # (b,) a 95 % interval for that share, by Wilson
    high: Floats  # (b,)
    count: NDArray[np.int64]  # (b,)
    error: float  # expected calibration error: |said - so|, weighed by the counts


def threshold_curve(
    p: ArrayLike | None = None,
    y: ArrayLike = (),
    classes: tuple[str, ...] = ("no", "yes"),
    log_odds: ArrayLike | None = None,
    cut: ArrayLike = CUTS,
) -> ThresholdCurve:
    """What each threshold makes of probabilities p (n,) of yes, or of their log-odds, for truths y (n,).

    Raises ValueError unless y are zeros and ones, as many as p, and each p lies between 0 and 1, both
    left out (give log-odds for what is surer than a float can say).
    """
    truth = np.asarray(y)
    if log_odds is None:
        said = np.asarray(p, dtype=np.float64)
        outside = ~((said > 0) & (said < 1))
        if outside.any():
            place = int(np.argmax(outside))
            raise ValueError(f"p must lie between 0 and 1; number {place + 1} is {said[place]:g}")
        odds = np.log(said) - np.log1p(-said)
    else:
        odds = np.asarray(log_odds, dtype=np.float64)
    if truth.shape != odds.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(f"y must have one truth for each p, at least one; got {truth.size} for {odds.size}")
    if not np.isin(truth, (0, 1)).all():
        raise ValueError(f"y must be 0 or 1; got {truth[~np.isin(truth, (0, 1))][0]!s}")
    if not np.isfinite(odds).all():
        raise ValueError("log-odds must be finite numbers")
    truth = truth.astype(np.int64)
    cuts = np.asarray(cut, dtype=np.float64)
    yes, no = np.sort(odds[truth == 1]), np.sort(odds[truth == 0])
    missed, left = np.searchsorted(yes, cuts), np.searchsorted(no, cuts)
    each = np.where(truth == 1, np.logaddexp(0, -odds), np.logaddexp(0, odds))
    both = len(yes) > 0 and len(no) > 0
    return ThresholdCurve(
        classes,
        truth,
        odds,
        cuts,
        missed,
        len(yes) - missed,
        len(no) - left,
        left,
        float(each.mean()),
        float(((1 / (1 + np.exp(-np.clip(odds, -700, 700))) - truth) ** 2).mean()),
        float(metrics.roc_auc_score(truth, odds)) if both else float("nan"),
    )


def calibration(p: ArrayLike, came_true: ArrayLike, bins: int = 10, low: float = 0.0) -> Calibration:
    """Said against so, in equal bins of the probability from ``low`` to 1.

    ``p`` (n,) is what was said, ``came_true`` (n,) whether it was so. Raises ValueError for p outside
    [low, 1], unequal numbers or no number at all.
    """
    said, so = np.asarray(p, dtype=np.float64), np.asarray(came_true, dtype=np.float64)
    count_in("bins", bins, 1, 1000)
    if said.shape != so.shape or not said.size:
        raise ValueError(f"p and came_true must be equally many, at least one; got {said.size} and {so.size}")
    if not ((said >= low - 1e-6) & (said <= 1 + 1e-6)).all():
        raise ValueError(f"p must lie in [{low:g}, 1]; got {said[~((said >= low) & (said <= 1))][0]:g}")
    edges = np.linspace(low, 1, bins + 1)
    place = np.clip(np.searchsorted(edges[1:-1], said), 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    mean_said = _share(np.bincount(place, said, bins), count)
    mean_so = _share(np.bincount(place, so, bins), count)
    half, middle = _wilson(mean_so, count)
    error = float(np.nansum(np.abs(mean_said - mean_so) * count) / said.size)
    return Calibration(edges, mean_said, mean_so, middle - half, middle + half, count, error)


def _share(part: ArrayLike, whole: NDArray[np.int64]) -> Floats:
    shares: Floats = np.where(whole > 0, np.asarray(part) / np.maximum(whole, 1), np.nan)
    return shares


def _wilson(share: Floats, count: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Half the width and the middle of E. Wilson's interval (1927) at 1.96 standard deviations."""
    n, z2 = np.maximum(count, 1), 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return half, middle
