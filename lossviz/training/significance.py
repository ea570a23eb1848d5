"""Which run is better, and whether by more than chance: an exact paired permutation test over the seeds.

Under the null hypothesis that two runs are equal, each seed's difference could as well have the other sign.
So all 2^S ways to flip the signs of the differences of S seeds are equally likely, and the p-value is the
share of them whose mean is at least as far from 0 as the observed one (R. Fisher, The Design of Experiments
(1935), section 21). No distribution is assumed.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from lossviz.common.plain_text import quoted
from lossviz.common.typing import Floats
from lossviz.training.history import History
from lossviz.training.snapshot import LAYER_METRICS, METRICS

Significance = Literal["significant", "negligible", "not-significant", "tie", "too-few-seeds", "unknown"]
EXACT_SEEDS = 16  # 65,536 sign flips; for more seeds, as many are drawn at random
ALPHA = 0.05
MIN_SEEDS = 6  # with five, all five differences have one sign by chance once in 16 trainings
NEGLIGIBLE = 0.01  # of accuracy: one percentage point
HIGHER_IS_BETTER = ("accuracy", "train_accuracy")


@lru_cache(maxsize=8)
def _signs(count: int) -> Floats:
    """(2^S, S) of 1 and -1, the first row all 1."""
    if count <= EXACT_SEEDS:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, (2**EXACT_SEEDS, count))
        bits[0] = 0
    signs = (1 - 2 * bits).astype(np.float64)
    signs.flags.writeable = False
    return signs


def sign_flip_means(differences: Floats) -> Floats:
    """The means (2^S,) of paired differences (S,) under every flip of their signs, the observed one first.

    For more than 16 seeds, 65,536 flips of a fixed draw.
    """
    means: Floats = _signs(len(differences)) @ differences / len(differences)
    return means


def sign_flip_test(differences: Floats) -> float:
    """The two-sided p-value of the mean of paired differences (S,)."""
    means = np.abs(sign_flip_means(np.asarray(differences, dtype=np.float64)))
    return float((means >= means[0] * (1 - 1e-12)).mean())


@dataclass(frozen=True)
class PairedTest:
    """A paired test between the better and the worse runs, by one metric at one record.

    With three runs or more, the runs are split at the widest gap between their medians. The difference of a
    seed is then that between the worst of the better runs and the best of the worse ones, and the p-value is
    multiplied by the number of pairs (Bonferroni).

    Attributes:
        step: Optimizer steps taken.
        better: The runs that are better, in the order of the losses; empty if unknown.
        worse: The others.
        positive: Seeds with a positive difference.
        negative: Seeds with a negative difference.
        seeds: Seeds that are compared.
        mean_difference: In the metric's unit, positive where the better runs are better; NaN if unknown.
        p_value: Two-sided; NaN if unknown.
        differences: Of each seed.
        kind: "significant"; "negligible": significant, but below one percentage point of accuracy;
            "not-significant"; "tie": as many differences are positive as negative, and their mean or the gap
            between the medians is 0; "too-few-seeds"; or "unknown": fewer than two runs have this metric.
    """

    step: int
    better: tuple[int, ...]
    worse: tuple[int, ...]
    positive: int
    negative: int
    seeds: int
    mean_difference: float
    p_value: float
    differences: tuple[float, ...]
    kind: Significance

    @property
    def one_in(self) -> int:
        """Chance makes such a difference about once in so many trainings; 0 if unknown."""
        return max(1, round(1 / self.p_value)) if self.p_value > 0 else 0


@dataclass(frozen=True)
class _Split:
    """The runs at one record, split at their widest gap; scores are counted upwards for better."""

    better: tuple[int, ...]
    worse: tuple[int, ...]
    spread: float  # between the best median and the worst
    differences: Floats  # of each seed: the worst of the better runs minus the best of the worse ones


def _split(history: History, metric: str, record: int) -> _Split | None:
    """None if fewer than two runs have this metric."""
    values = getattr(history, metric)[:, :, record]  # (runs, seeds)
    scores = values if metric in HIGHER_IS_BETTER else -values
    missing = ~np.isfinite(scores)
    known = ~missing.all(axis=1)
    if known.sum() < 2:
        return None
    worst = np.nanmin(np.where(missing, np.nan, scores))
    last = worst - 1e-9 * max(1.0, abs(worst))  # a diverged seed is behind all others, by a negligible amount
    filled = np.where(missing, last, scores)[known]
    runs = np.flatnonzero(known)
    medians = np.median(filled, axis=1)
    order = np.argsort(-medians, kind="stable")
    if len(order) == 2 and (filled[order[0]] - filled[order[1]]).mean() < 0:
        order = order[::-1]  # two runs are ordered by what is tested, the mean difference
    cut = 1 + int(np.argmax(-np.diff(medians[order])))
    better, worse = (tuple(sorted(int(runs[k]) for k in part)) for part in (order[:cut], order[cut:]))
    differences = filled[order[:cut]].min(axis=0) - filled[order[cut:]].max(axis=0)
    spread = float(medians[order[0]] - medians[order[-1]])
    return _Split(better, worse, spread, differences)


def paired_differences(history: History, metric: str, record: int) -> Floats:
    """The differences (S,) that `paired_test` tests; empty if they are unknown."""
    split = _split(history, metric, record)
    return np.zeros(0) if split is None else split.differences


def paired_test(history: History, metric: str = "accuracy", record: int = -1) -> PairedTest:
    """Test whether some runs of a training are better than the others by more than chance.

    An exact paired permutation test over the seeds: see the source for its null hypothesis.

    Args:
        history: Of a training with at least two runs.
        metric: Name of a metric of `History` that has one value per record. A higher accuracy is better; of
            all other metrics a lower value is.
        record: Position of the record; -1 for the last.

    Returns:
        The better runs, the difference in each seed, the p-value, and what it amounts to.

    Raises:
        ValueError: For an unknown metric.
        IndexError: If there is no such record.

    Source:
        R. Fisher, The Design of Experiments (1935), section 21.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=8, steps=20)
        >>> test = lv.paired_test(history, "cross_entropy")
        >>> test.better, test.positive, test.p_value, test.kind
        ((1,), 8, 0.0078125, 'significant')
    """
    if metric not in METRICS or metric in LAYER_METRICS:
        known = ", ".join(name for name in METRICS if name not in LAYER_METRICS)
        raise ValueError(f"metric must be one of {known}; got {quoted(metric)}")
    step, split = int(history.steps[record]), _split(history, metric, record)
    if split is None:
        return PairedTest(step, (), (), 0, 0, 0, np.nan, np.nan, (), "unknown")
    differences, count = split.differences, len(split.better) + len(split.worse)
    positive, negative = int((differences > 0).sum()), int((differences < 0).sum())
    p_value = min(1.0, sign_flip_test(differences) * (count * (count - 1) // 2))
    seeds, mean = len(differences), float(differences.mean())
    kind: Significance = "significant"
    if positive == negative and (not mean or not split.spread):
        kind = "tie"
    elif seeds < MIN_SEEDS:
        kind = "too-few-seeds"
    elif p_value > ALPHA:
        kind = "not-significant"
    elif metric == "accuracy" and abs(mean) < NEGLIGIBLE:
        kind = "negligible"
    each = tuple(map(float, differences))
    return PairedTest(step, split.better, split.worse, positive, negative, seeds, mean, p_value, each, kind)
