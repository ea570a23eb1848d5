"""Who is ahead in a race, and whether it is more than luck: an exact paired test over the seeds.

Under the null hypothesis that two contestants are alike, each seed's difference could as well have had the
other sign. So all 2^S ways to swap the two seed by seed are equally likely, and the p-value is the share of
them whose mean difference is at least as large as the one seen (R. Fisher, The Design of Experiments (1935),
section 21). No distribution is assumed.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lossviz.common.typing import Floats
from lossviz.training.history import History

EXACT = 16  # seeds: 65,536 swaps; with more, as many drawn at random
ALPHA = 0.05
FEWEST = 6  # seeds: with five, even five of five happens by chance once in 16 races
TINY = 0.01  # of accuracy: a point


def swaps(differences: Floats) -> Floats:
    """The mean difference (2^S,) under every way to swap the two, seed by seed; the one seen comes first.

    For more than 16 seeds, 65,536 of them by a fixed draw.
    """
    means: Floats = _signs(len(differences)) @ differences / len(differences)
    return means


@lru_cache(maxsize=8)
def _signs(count: int) -> Floats:
    """(2^S, S) of 1 and -1, the first row all 1."""
    if count <= EXACT:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, (2**EXACT, count))
        bits[0] = 0
    signs = (1 - 2 * bits).astype(np.float64)
    signs.flags.writeable = False
    return signs


def sign_flip_test(differences: Floats) -> float:
    """The two-sided p-value of the mean of paired differences (S,)."""
    means = np.abs(swaps(np.asarray(differences, dtype=np.float64)))
    return float((means >= means[0] * (1 - 1e-12)).mean())


@dataclass(frozen=True)
class PairedTest:
    """Who is ahead by one measure at one record, seed by seed.

    With three contestants or more, the field is split at its widest gap (by medians); the seeds are counted
    in which the worst of the upper beats the best of the lower, and p is multiplied by the number of pairs.
    """

    step: int
    upper: tuple[int, ...]  # contestants that are ahead, in the order of the race; empty for nobody
    lower: tuple[int, ...]
    ahead: int  # seeds in which all of the upper beat all of the lower
    behind: int  # seeds in which none of the upper beats any of the lower
    seeds: int  # that can be compared: both known
    gap: float  # the mean difference, in the measure's own unit, counted upwards for better; NaN if unknown
    p: float  # NaN if unknown
    differences: tuple[float, ...]  # a seed: the worst of the upper less the best of the lower, up for better
    kind: str  # "more than luck", "could be luck", "real but tiny", "nobody", "too few seeds", "unknown"

    @property
    def once_in(self) -> int:
        """Chance makes such a gap about once in so many races."""
        return max(1, round(1 / self.p)) if self.p > 0 else 0


@dataclass(frozen=True)
class _Split:
    """The field at one record, cut in two at its widest gap, counting upwards for better."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    spread: float  # between the first's median and the last's
    differences: Floats  # a seed: the worst of the upper less the best of the lower


def _split(race: History, measure: str, record: int) -> _Split | None:
    """None if fewer than two are known."""
    values = getattr(race, measure)[:, :, record]  # (contestants, seeds)
    scores = values if measure == "accuracy" else -values
    lost = ~np.isfinite(scores)
    known = ~lost.all(axis=1)
    if known.sum() < 2:
        return None
    worst = np.nanmin(np.where(lost, np.nan, scores))
    last = worst - 1e-9 * max(1.0, abs(worst))  # who has diverged is behind, by as little as can be said
    filled = np.where(lost, last, scores)[known]
    places = np.flatnonzero(known)
    medians = np.median(filled, axis=1)
    order = np.argsort(-medians, kind="stable")
    if len(order) == 2 and (filled[order[0]] - filled[order[1]]).mean() < 0:
        order = order[::-1]  # two are told apart by what the test is of, the mean difference
    cut = 1 + int(np.argmax(-np.diff(medians[order])))
    upper, lower = (tuple(sorted(int(places[k]) for k in part)) for part in (order[:cut], order[cut:]))
    best_lower, worst_upper = filled[order[cut:]].max(axis=0), filled[order[:cut]].min(axis=0)
    spread = float(medians[order[0]] - medians[order[-1]])
    return _Split(upper, lower, spread, worst_upper - best_lower)


def paired_differences(race: History, measure: str, record: int) -> Floats:
    """What the verdict is of (S,), without judging it: see `Verdict.differences`; empty if unknown."""
    split = _split(race, measure, record)
    return np.zeros(0) if split is None else split.differences


def paired_test(race: History, measure: str = "accuracy", record: int = -1) -> PairedTest:
    """Who is ahead at a record; ``measure`` is a field of `Race`. Accuracy counts upwards, the rest down."""
    step, split = int(race.steps[record]), _split(race, measure, record)
    if split is None:
        return PairedTest(step, (), (), 0, 0, 0, np.nan, np.nan, (), "unknown")
    differences, count = split.differences, len(split.upper) + len(split.lower)
    ahead, behind = int((differences > 0).sum()), int((differences < 0).sum())
    p = min(1.0, sign_flip_test(differences) * (count * (count - 1) // 2))
    seeds, gap = len(differences), float(differences.mean())
    if ahead == behind and (not gap or not split.spread):
        kind = "nobody"
    elif seeds < FEWEST:
        kind = "too few seeds"
    elif p > ALPHA:
        kind = "could be luck"
    else:
        kind = "real but tiny" if measure == "accuracy" and abs(gap) < TINY else "more than luck"
    each = tuple(map(float, differences))
    return PairedTest(step, split.upper, split.lower, ahead, behind, seeds, gap, p, each, kind)
