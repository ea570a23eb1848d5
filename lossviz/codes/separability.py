"""Linear separability of the dichotomies that a code asks for, by linear programming.

A neuron of the output layer is a half-space of the features below it. Its bit divides the classes in two, and
the assignment of codewords to classes (a labeling) decides how. Whether a half-space separates the two parts
is a linear program, which is solved exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from lossviz.codes.code import OutputCode
from lossviz.codes.table import as_code
from lossviz.common.progress import ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in

MAX_ENUMERATED = 400_000  # labelings up to which all are tested: those of nine classes
SAMPLE_SIZE = 1_000
MAX_CLASSES = 62


@dataclass(frozen=True, eq=False)
class HalfSpace:
    """The half-space where weights @ x + bias is positive: there a neuron outputs 1."""

    weights: Floats  # (d,)
    bias: float

    def decision_function(self, points: ArrayLike) -> Floats:
        """weights @ x + bias at points (n, d): (n,), positive inside."""
        value: Floats = np.asarray(points, dtype=np.float64) @ self.weights + self.bias
        return value


@dataclass(frozen=True, eq=False)
class SeparableLabelings:
    """Which assignments of a code's codewords to points let half-spaces separate every bit."""

    solvable: int  # labelings whose bits are all separable
    total: int
    exact: bool  # whether all labelings were tested, not a sample of them
    labels: NDArray[np.int8]  # (total, classes) the class of each point, in lexicographic order if exact
    by_bit: NDArray[np.bool_]  # (total, bits) whether that bit is separable

    @property
    def all_bits(self) -> NDArray[np.bool_]:
        """Whether all bits are separable: (total,)."""
        separable: NDArray[np.bool_] = np.all(self.by_bit, axis=1)
        return separable

    @property
    def fraction(self) -> float:
        """The share of the labelings that are solvable."""
        return self.solvable / self.total


def separate(points: ArrayLike, targets: ArrayLike) -> HalfSpace | None:
    """Find the half-space of largest margin that contains exactly the points with target 1.

    The linear program is: largest t with s (w x + b) >= t for all points and |w_j| <= 1, where s is 1 for
    target 1 and -1 for target 0. A positive answer is verified in exact rational arithmetic.

    Args:
        points: (n, d), finite.
        targets: Zeros and ones, (n,).

    Returns:
        The half-space, or None if there is none.

    Raises:
        ValueError: For points that are not finite or not (n, d), or for another number of targets.

    Example:
        >>> import lossviz as lv
        >>> lv.codes.separate([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]) is None
        True
        >>> lv.codes.separate([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]).decision_function([[2, 2]]) > 0
        array([ True])
    """
    x, y = _points(points), np.asarray(targets)
    if y.shape != (len(x),) or not np.isin(y, (0, 1)).all():
        raise ValueError(f"targets must be {len(x)} zeros and ones; got {y.tolist()}")
    mean, scale = x.mean(axis=0), float(np.abs(x - x.mean(axis=0)).max()) or 1.0
    signs = np.where(y.astype(bool), 1.0, -1.0)
    if abs(signs.sum()) == len(x):  # all targets are equal: a constant output does it
        return HalfSpace(np.zeros(x.shape[1]), float(signs[0]))
    rows = np.column_stack([-signs[:, None] * (x - mean) / scale, -signs, np.ones(len(x))])
    d = x.shape[1]
    bounds = [(-1, 1)] * d + [(None, None), (None, None)]
    solution = linprog(
        np.r_[np.zeros(d + 1), -1], A_ub=rows, b_ub=np.zeros(len(x)), bounds=bounds, method="highs"
    )
    if solution.status != 0 or solution.x[-1] <= 1e-9:
        return None
    weights = solution.x[:d] / scale
    half_space = HalfSpace(weights, float(solution.x[d] - weights @ mean))
    return half_space if _strictly_separates(half_space, x, signs) else None


def _strictly_separates(half_space: HalfSpace, x: Floats, signs: Floats) -> bool:
    """Whether every point lies strictly on its side, in rational arithmetic: floats are rational numbers."""
    w, b = [Fraction(float(part)) for part in half_space.weights], Fraction(half_space.bias)
    return all(
        sign * (sum(p * Fraction(float(v)) for p, v in zip(w, point, strict=True)) + b) > 0
        for point, sign in zip(x, signs.astype(int).tolist(), strict=True)
    )


def _points(points: ArrayLike) -> Floats:
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"points must be (n, d): n points with d coordinates each; got shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"points must be finite; got {x[~np.isfinite(x)].flat[0]}")
    return x


def separable_labelings(
    code: OutputCode | str | ArrayLike, points: ArrayLike, seed: int = 0
) -> SeparableLabelings:
    """Count the assignments of a code's codewords to points for which every bit is linearly separable.

    Up to nine classes all classes! labelings are tested; beyond that a sample drawn from ``seed``, and
    ``exact`` is False. Each dichotomy of the points is decided once, by `separate`.

    Args:
        code: An `OutputCode`, a matrix of bits (classes, bits), or the name of a row of `CODES`.
        points: (classes, d), one point a class, such as its centre; or (classes, m, d) for m points a class.
        seed: Seed of the sample.

    Returns:
        The labelings and which bits of each are separable.

    Raises:
        KeyError: For an unknown code.
        ValueError: For points that do not fit the code.

    Source:
        T. Cover, Geometrical and Statistical Properties of Systems of Linear Inequalities (1965).

    Example:
        >>> import lossviz as lv
        >>> square = [[-1, 1], [1, 1], [-1, -1], [1, -1]]
        >>> found = lv.codes.separable_labelings("binary", square)
        >>> found.solvable, found.total
        (8, 24)
    """
    return separable_labelings_of([code], points, seed)[0]


def separable_labelings_of(
    codes: Sequence[OutputCode | str | ArrayLike],
    points: ArrayLike,
    seed: int = 0,
    meter: ProgressBar | None = None,
) -> list[SeparableLabelings]:
    """`separable_labelings` of several codes, which share the labels; the meter counts their bits."""
    clusters = np.asarray(points, dtype=np.float64)
    if clusters.ndim not in (2, 3) or not clusters.size:
        raise ValueError(f"points must be (classes, d) or (classes, m, d); got shape {clusters.shape}")
    clusters = clusters.reshape(len(clusters), -1, clusters.shape[-1])
    made = [as_code(code, len(clusters)) for code in codes]
    count_in("classes whose labelings are tested", len(clusters), 2, MAX_CLASSES)
    labels, exact = _labelings(len(clusters), seed)
    decided: dict[int, bool] = {}
    results = []
    for code in made:
        by_bit = np.empty((len(labels), code.length), dtype=np.bool_)
        for j in range(code.length):  # one at a time: all together are hundreds of megabytes
            by_bit[:, j] = _separable(clusters, code.bits[:, j], labels, decided, meter)
            if meter is not None:
                meter.update(1)
        solvable = int(by_bit.all(axis=1).sum())
        results.append(SeparableLabelings(solvable, len(labels), exact, labels, by_bit))
    return results


def _separable(
    clusters: Floats,
    bit: NDArray[np.int8],
    labels: NDArray[np.int8],
    decided: dict[int, bool],
    meter: ProgressBar | None,
) -> NDArray[np.bool_]:
    """Whether a half-space separates one bit (classes,) of the codewords, (total,).

    ``decided`` holds the dichotomies that are known. A dichotomy is numbered by which points differ from the
    first one, since a half-space and its complement separate the same. Progress is reported before
    each linear program, so that the work can be stopped there.
    """
    first = bit[labels[:, 0]]
    number = np.zeros(len(labels), dtype=np.int64)
    for point in range(1, len(clusters)):
        number = (number << 1) | (bit[labels[:, point]] ^ first)
    distinct = np.unique(number)
    _, size, d = clusters.shape
    for dichotomy in distinct.tolist():
        if dichotomy not in decided:
            if meter is not None:
                meter.update(0)
            targets = dichotomy >> np.arange(len(clusters) - 1, -1, -1) & 1
            half_space = separate(clusters.reshape(-1, d), np.repeat(targets, size))
            decided[dichotomy] = half_space is not None
    separable: NDArray[np.bool_] = np.array([decided[dichotomy] for dichotomy in distinct.tolist()])
    return separable[np.searchsorted(distinct, number)]


def _labelings(classes: int, seed: int) -> tuple[NDArray[np.int8], bool]:
    """All permutations of the classes or a sample of them, and whether they are all."""
    total = math.factorial(classes)
    if total <= MAX_ENUMERATED:
        flat = chain.from_iterable(permutations(range(classes)))
        return np.fromiter(flat, np.int8, total * classes).reshape(total, classes), True
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(classes) for _ in range(SAMPLE_SIZE)], dtype=np.int8), False


def max_regions(hyperplanes: int, dimensions: int) -> int:
    """Count the regions into which hyperplanes in general position divide a space.

    No network whose last hidden layer has so many neurons as there are dimensions can output more different
    words by thresholding.

    Args:
        hyperplanes: Number of hyperplanes: of output neurons.
        dimensions: Dimension of the space: of the last hidden layer.

    Returns:
        The sum of the first dimensions + 1 binomial coefficients of ``hyperplanes``.

    Raises:
        ValueError: If a number is out of range.

    Source:
        L. Schläfli, Theorie der vielfachen Kontinuität (1901).

    Example:
        >>> import lossviz as lv
        >>> lv.codes.max_regions(3, 2)
        7
    """
    count_in("hyperplanes", hyperplanes, 0)
    count_in("dimensions", dimensions, 1)
    return sum(math.comb(hyperplanes, i) for i in range(dimensions + 1))


def best_line(points: ArrayLike, targets: ArrayLike) -> tuple[HalfSpace, int]:
    """The line in the plane with the most points (n, 2) on the right side, and how many these are.

    An optimal line can be moved until it touches two points without changing the side of any other, so all
    pairs are tried, and each of the pair can then fall on either side. That needs points of which no three
    are collinear, as noise makes them. ValueError as for `separate`, or for points not in a plane.
    """
    return best_lines(points, [targets])[0]


def best_lines(points: ArrayLike, targets: Sequence[ArrayLike]) -> list[tuple[HalfSpace, int]]:
    """`best_line` for several targets of the same points: the sides are computed once for them all."""
    x, many = _points(points), [np.asarray(one).astype(bool) for one in targets]
    for y in many:
        if x.shape[1] != 2 or y.shape != (len(x),):
            raise ValueError(f"best_line needs points (n, 2) and n targets; got {x.shape} and {y.shape}")
    signs = np.where(np.stack(many), 1.0, -1.0)
    sums = signs.sum(axis=1)
    most = ((len(x) + np.abs(sums)) / 2).astype(int)
    sides = np.where(sums >= 0, 1.0, -1.0)[:, None].repeat(len(x), axis=1)
    for i in range(len(x) - 1):
        directions = x[i + 1 :] - x[i]
        side = np.sign(directions[:, 1:] * (x[:, 0] - x[i, 0]) - directions[:, :1] * (x[:, 1] - x[i, 1]))
        rows = np.arange(len(directions))
        side[:, i], side[rows, i + 1 + rows] = 0, 0
        agreement = side @ signs.T / 2
        strongest = np.abs(agreement).argmax(axis=0)
        for k, row in enumerate(strongest.tolist()):
            correct = round(abs(float(agreement[row, k])) + (len(x) - 2) / 2) + 2
            if correct > most[k]:
                most[k] = correct
                sides[k] = side[row] * np.sign(agreement[row, k])
                sides[k, [i, i + 1 + row]] = signs[k, [i, i + 1 + row]]
    results = []
    for best_side, correct in zip(sides, most.tolist(), strict=True):
        half_space = separate(x, (best_side > 0).astype(int))
        if half_space is None:
            raise ValueError("best_line needs points of which no three are collinear")
        results.append((half_space, correct))
    return results
