"""What each neuron of a code must learn: a union of clouds, and the best line for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.checks import count_in
from lossviz.code_words import Code
from lossviz.codes import as_code
from lossviz.meter import Say, silent
from lossviz.named_plane import cloud_centres, clouds
from lossviz.separability import SeparableLabelings, best_lines, separable_labelings_of

Floats = NDArray[np.float64]
MOST_DRAWN = 7  # neurons


@dataclass(frozen=True, eq=False)
class Unions:
    """Labellings of clouds, with the line that gets the most points right for each of the first neurons."""

    code: Code
    counted: SeparableLabelings  # of the centres
    one_hot: SeparableLabelings  # of the centres, for one neuron a class
    x: Floats  # (n, 2)
    cloud: NDArray[np.int64]  # (n,)
    centres: Floats  # (classes, 2)
    labels: NDArray[np.int8]  # (shown, classes) which class each cloud is
    possible: NDArray[np.bool_]  # (shown,) whether lines solve all neurons, drawn or not
    solved: NDArray[np.bool_]  # (shown, units) whether a line parts the centres
    lines: Floats  # (shown, units, 3) a, b, c: fires where a x + b y + c > 0
    best: Floats  # (shown, units) the largest share of points that any line gets right

    @property
    def units(self) -> int:
        """Neurons that are drawn."""
        return int(self.best.shape[1])


def unions(
    code: Code | str | ArrayLike, classes: int = 4, shown: int = 24, n: int = 180, progress: Say = silent
) -> Unions:
    """Clouds round a circle, and up to ``shown`` labellings of them: all, or a sample from a fixed seed.

    The lines are exact: no line gets more of the n points right. ``progress`` is told how far it has come,
    0 to 1. Raises ValueError for a code that does not
    name so many classes, or for more than nine.
    """
    count_in("classes", classes, 2, 9)
    count_in("shown", shown, 1, 1000)
    found = as_code(code, classes)
    centres = cloud_centres(classes)
    counted, one_hot = separable_labelings_of(
        [found, "one-hot"], centres, progress=lambda share: progress(0.8 * share)
    )
    if counted.total <= shown:
        chosen = np.arange(counted.total)
    else:
        chosen = np.sort(np.random.default_rng(0).choice(counted.total, shown, replace=False))
    labels = counted.labels[chosen]
    x, cloud = clouds(classes, n)
    units = min(found.length, MOST_DRAWN)
    fires = found.bits[labels][:, :, :units].transpose(0, 2, 1)  # (shown, units, classes)
    patterns, which = np.unique(fires.reshape(-1, classes), axis=0, return_inverse=True)
    drawn = best_lines(x, list(patterns[:, cloud]))
    which = which.reshape(len(labels), units)
    lines = np.array([np.r_[half.weights, half.bias] for half, _ in drawn])[which]
    best = np.array([right / n for _, right in drawn])[which]
    return Unions(
        found,
        counted,
        one_hot,
        x,
        cloud,
        centres,
        labels,
        counted.each[chosen],
        counted.by_unit[chosen][:, :units],
        lines,
        best,
    )
