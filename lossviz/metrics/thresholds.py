"""Binary decisions from probabilities: the confusion matrix at every threshold, and calibration."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in

THRESHOLDS = np.arange(-38, 39) / 5  # as log-odds: probabilities from 0.05 % to 99.95 %


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """The confusion matrix at each of k thresholds. Loss, Brier score and AUC do not depend on one."""

    classes: tuple[str, ...]  # names of the negative and the positive class
    y: NDArray[np.int64]  # (n,) 0 or 1
    log_odds: Floats  # (n,) of the positive class
    thresholds: Floats  # (k,) log-odds from which on the prediction is positive
    false_negatives: NDArray[np.int64]  # (k,)
    true_positives: NDArray[np.int64]  # (k,)
    false_positives: NDArray[np.int64]  # (k,)
    true_negatives: NDArray[np.int64]  # (k,)
    loss: float  # mean cross-entropy, in nats
    brier: float  # mean of (p - y)^2 of the positive class, 0 to 1
    auc: float  # area under the ROC curve; NaN if all y are equal

    @property
    def accuracy(self) -> Floats:
        """Share of correct predictions, (k,)."""
        return np.asarray((self.true_positives + self.true_negatives) / len(self.y))

    @property
    def precision(self) -> Floats:
        """Share of the predicted positives that are positive, (k,); NaN if there are none."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Floats:
        """Share of the positives that are predicted positive, (k,); NaN if there are none."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and recall, (k,); 0 where there are no true positives."""
        denominator = 2 * self.true_positives + self.false_positives + self.false_negatives
        return np.where(denominator > 0, 2 * self.true_positives / np.maximum(denominator, 1), 0.0)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted probabilities against observed frequencies, in bins. NaN in an empty bin."""

    edges: Floats  # (bins + 1,)
    mean_predicted: Floats  # (bins,) mean predicted probability in the bin
    fraction_of_positives: Floats  # (bins,) share of positives in the bin
    low: Floats  # (bins,) 95 % interval of that share, by Wilson
    high: Floats  # (bins,)
    count: NDArray[np.int64]  # (bins,)
    error: float  # expected calibration error: mean |mean_predicted - fraction_of_positives| over examples


def threshold_curve(
    p: ArrayLike | None = None,
    y: ArrayLike = (),
    classes: tuple[str, ...] = ("no", "yes"),
    log_odds: ArrayLike | None = None,
    thresholds: ArrayLike = THRESHOLDS,
) -> ThresholdCurve:
    """Compute the confusion matrix of a binary classifier at every threshold.

    Args:
        p: Probabilities of the positive class, (n,), strictly between 0 and 1.
        y: True classes, 0 or 1, (n,).
        classes: Names of the negative and the positive class.
        log_odds: ln(p / (1 - p)), (n,), in place of ``p``: for probabilities too close to 1 for a float.
        thresholds: Log-odds from which on the prediction is positive, (k,).

    Returns:
        The four counts at each threshold, with the loss and scores that do not depend on one.

    Raises:
        ValueError: Unless ``y`` are zeros and ones, as many as ``p``, and each p lies between 0 and 1.

    Example:
        >>> import lossviz as lv
        >>> curve = lv.metrics.threshold_curve([0.2, 0.6, 0.9], [0, 0, 1], thresholds=[0.0, 2.0])
        >>> curve.false_positives.tolist(), curve.recall.tolist()
        ([1, 0], [1.0, 1.0])
    """
    target = np.asarray(y)
    if log_odds is None:
        predicted = np.asarray(p, dtype=np.float64)
        outside = ~((predicted > 0) & (predicted < 1))
        if outside.any():
            place = int(np.argmax(outside))
            raise ValueError(f"p must lie between 0 and 1; number {place + 1} is {predicted[place]:g}")
        odds = np.log(predicted) - np.log1p(-predicted)
    else:
        odds = np.asarray(log_odds, dtype=np.float64)
    if target.shape != odds.shape or target.ndim != 1 or not len(target):
        raise ValueError(
            f"y must have one target for each p, at least one; got {target.size} for {odds.size}"
        )
    if not np.isin(target, (0, 1)).all():
        raise ValueError(f"y must be 0 or 1; got {target[~np.isin(target, (0, 1))][0]!s}")
    if not np.isfinite(odds).all():
        raise ValueError("log-odds must be finite numbers")
    target = target.astype(np.int64)
    cut = np.asarray(thresholds, dtype=np.float64)
    positive, negative = np.sort(odds[target == 1]), np.sort(odds[target == 0])
    false_negatives, true_negatives = np.searchsorted(positive, cut), np.searchsorted(negative, cut)
    losses = np.where(target == 1, np.logaddexp(0, -odds), np.logaddexp(0, odds))
    both_classes = len(positive) > 0 and len(negative) > 0
    return ThresholdCurve(
        classes,
        target,
        odds,
        cut,
        false_negatives,
        len(positive) - false_negatives,
        len(negative) - true_negatives,
        true_negatives,
        float(losses.mean()),
        float(((1 / (1 + np.exp(-np.clip(odds, -700, 700))) - target) ** 2).mean()),
        float(metrics.roc_auc_score(target, odds)) if both_classes else float("nan"),
    )


def calibration(p: ArrayLike, y: ArrayLike, bins: int = 10, low: float = 0.0) -> Calibration:
    """Compare predicted probabilities with observed frequencies, in equal bins from ``low`` to 1.

    Args:
        p: Predicted probabilities, (n,).
        y: Whether the event occurred, 0 or 1, (n,).
        bins: Number of bins, from 1 to 1,000.
        low: Lower end of the first bin: 1 / K if ``p`` is that of the likeliest of K classes.

    Returns:
        The reliability diagram: mean prediction, frequency and its interval for each bin.

    Raises:
        ValueError: For p outside [low, 1], unequal lengths or no number at all.

    Source:
        C. Guo et al., On Calibration of Modern Neural Networks (2017), equation 3; intervals: E. Wilson,
        Probable Inference, the Law of Succession, and Statistical Inference (1927).

    Example:
        >>> import lossviz as lv
        >>> facts = lv.metrics.calibration([0.8, 0.9, 0.9, 0.6], [1, 1, 1, 0], bins=2)
        >>> facts.mean_predicted.tolist(), facts.fraction_of_positives.tolist()
        ([nan, 0.8], [nan, 0.75])
    """
    predicted, target = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    count_in("bins", bins, 1, 1000)
    if predicted.shape != target.shape or not predicted.size:
        raise ValueError(
            f"p and y must be equally many, at least one; got {predicted.size} and {target.size}"
        )
    if not ((predicted >= low - 1e-6) & (predicted <= 1 + 1e-6)).all():
        outside = predicted[~((predicted >= low) & (predicted <= 1))]
        raise ValueError(f"p must lie in [{low:g}, 1]; got {outside[0]:g}")
    edges = np.linspace(low, 1, bins + 1)
    place = np.clip(np.searchsorted(edges[1:-1], predicted), 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    mean_predicted = _share(np.bincount(place, predicted, bins), count)
    fraction = _share(np.bincount(place, target, bins), count)
    half_width, middle = _wilson(fraction, count)
    error = float(np.nansum(np.abs(mean_predicted - fraction) * count) / predicted.size)
    return Calibration(
        edges, mean_predicted, fraction, middle - half_width, middle + half_width, count, error
    )


def _share(part: ArrayLike, whole: NDArray[np.int64]) -> Floats:
    """part / whole, NaN where the whole is 0."""
    shares: Floats = np.where(whole > 0, np.asarray(part) / np.maximum(whole, 1), np.nan)
    return shares


def _wilson(share: Floats, count: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Half the width and the middle of Wilson's score interval at 1.96 standard deviations."""
    n, z2 = np.maximum(count, 1), 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half_width = 1.96 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return half_width, middle
