"""Scores of predictions on the test set, as scikit-learn computes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context, metrics

from lossviz.common.typing import Floats


@dataclass(frozen=True)
class Measure:
    """A score: its name on screen, whether higher is better, and what it is.

    Scores of which higher is better are at most 1.
    """

    label: str
    in_sentence: str  # the label within a sentence
    higher_is_better: bool
    convention: str
    percent: bool = False  # whether it is written in percent


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "accuracy": Measure(
            "Accuracy", "accuracy", True, "share of examples whose likeliest class is right", True
        ),
        "f1": Measure(
            "F1", "F1", True, "of the positive class; with more than two classes the mean over classes"
        ),
        "roc-auc": Measure("ROC AUC", "ROC AUC", True, "one against the rest, the mean over classes"),
        "brier": Measure(
            "Brier", "Brier", False, "squared error of the probabilities, summed over classes: 0 to 2"
        ),
        "rmse": Measure("RMSE", "RMSE", False, "in standard deviations of the target"),
        "mae": Measure("MAE", "MAE", False, "in standard deviations of the target"),
        "r2": Measure("R²", "R²", True, "share of the variance that is explained"),
    }
)


def classification_scores(y: NDArray[np.int64] | Floats, p: Floats) -> dict[str, float]:
    """Scores of probabilities p (n, K) for class numbers y (n,); NaN if these are not finite."""
    if not np.isfinite(p).all():
        return dict.fromkeys(("accuracy", "f1", "roc-auc", "brier"), np.nan)
    predicted, classes = p.argmax(axis=1), p.shape[1]
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return {
            "accuracy": float(metrics.accuracy_score(y, predicted)),
            "f1": float(metrics.f1_score(y, predicted, average="binary" if classes == 2 else "macro")),
            "roc-auc": float(metrics.roc_auc_score(y, p[:, 1] if classes == 2 else p, multi_class="ovr")),
            "brier": float(((p - np.eye(classes)[y.astype(int)]) ** 2).sum(axis=1).mean()),
        }


def regression_scores(y: NDArray[np.int64] | Floats, predicted: Floats) -> dict[str, float]:
    """Scores of predictions (n,) for targets y (n,); NaN if these are not finite."""
    if not np.isfinite(predicted).all():
        return dict.fromkeys(("rmse", "mae", "r2"), np.nan)
    return {
        "rmse": float(metrics.root_mean_squared_error(y, predicted)),
        "mae": float(metrics.mean_absolute_error(y, predicted)),
        "r2": float(metrics.r2_score(y, predicted)),
    }
