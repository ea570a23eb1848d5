"""Which unions of classes one straight line can part from the rest: by linear programming, and by counting.

A neuron of the last layer is a half-space of the features below it. What it is asked to learn is a union of
classes, and the labels decide which. Whether some half-space does it is a linear program, and is decided,
not guessed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from lossviz.checks import count_in
from lossviz.code_words import Code
from lossviz.codes import as_code
from lossviz.meter import Say, silent

Floats = NDArray[np.float64]
ALL = 400_000  # labellings up to which all are counted: those of nine classes
SAMPLE = 1_000
MOST = 62  # classes


@dataclass(frozen=True, eq=False)
class HalfSpace:
    """Where weights @ x + bias is positive, a neuron fires."""

    weights: Floats  # (d,)
    bias: float

    def side(self, points: ArrayLike) -> Floats:
        """(n,) for points (n, d): positive where it fires."""
        side: Floats = np.asarray(points, dtype=np.float64) @ self.weights + self.bias
        return side


@dataclass(frozen=True, eq=False)
class SeparableLabelings:
    """Of all ways to give the words of a code to the points: how many let a half-space solve every bit."""

    solvable: int
    total: int
    exact: bool  # all labellings were looked at, not a sample of them
    labels: NDArray[np.int8]  # (total, classes) whose word each point gets, in lexicographic order if exact
    by_unit: NDArray[np.bool_]  # (total, bits) whether that bit can be solved

    @property
    def each(self) -> NDArray[np.bool_]:
        """(total,) whether all bits can be solved."""
        every: NDArray[np.bool_] = np.all(self.by_unit, axis=1)
        return every

    @property
    def share(self) -> float:
        return self.solvable / self.total


def separate(points: ArrayLike, fires: ArrayLike) -> HalfSpace | None:
    """The half-space of largest margin that has exactly these points; None if there is none.

    points (n, d), fires (n,) of 0 and 1. It is the linear program: largest t with s (w x + b) >= t for all
    points and |w_j| <= 1. A positive answer is checked in exact rational arithmetic.
    Raises ValueError for points that are not finite or not (n, d), or for another number of labels.
    """
    x, s = _points(points), np.asarray(fires)
    if s.shape != (len(x),) or not np.isin(s, (0, 1)).all():
        raise ValueError(f"fires must be {len(x)} zeros and ones; got {s.tolist()}")
    middle, scale = x.mean(axis=0), float(np.abs(x - x.mean(axis=0)).max()) or 1.0
    signs = np.where(s.astype(bool), 1.0, -1.0)
    if abs(signs.sum()) == len(x):  # all or none: no line is needed
        return HalfSpace(np.zeros(x.shape[1]), float(signs[0]))
    rows = np.column_stack([-signs[:, None] * (x - middle) / scale, -signs, np.ones(len(x))])
    d = x.shape[1]
    bounds = [(-1, 1)] * d + [(None, None), (None, None)]
    solved = linprog(
        np.r_[np.zeros(d + 1), -1], A_ub=rows, b_ub=np.zeros(len(x)), bounds=bounds, method="highs"
    )
    if solved.status != 0 or solved.x[-1] <= 1e-9:
        return None
    weights = solved.x[:d] / scale
    half = HalfSpace(weights, float(solved.x[d] - weights @ middle))
    return half if _strictly(half, x, signs) else None


def _strictly(half: HalfSpace, x: Floats, signs: Floats) -> bool:
    """Whether every point lies strictly on its side, in rational arithmetic: floats are rational numbers."""
    w, b = [Fraction(float(part)) for part in half.weights], Fraction(half.bias)
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


def separable_labelings(code: Code | str | ArrayLike, points: ArrayLike, seed: int = 0) -> SeparableLabelings:
    """Of all assignments of labels to the points, how many can every unit of the code solve linearly?

    code: a `Code`, a matrix of bits, or the name of a row of `CODES`.
    points (classes, d): one a class, such as its centre. A class of several points is (classes, m, d).

    Up to nine classes all classes! labellings are counted; beyond, a sample drawn from `seed`, and `exact`
    is False. Each way to part the points in two is decided once, by `separate`.
    Raises ValueError for points that do not fit the code, KeyError for an unknown name.
    """
    return separable_labelings_of([code], points, seed)[0]


def separable_labelings_of(
    codes: Sequence[Code | str | ArrayLike], points: ArrayLike, seed: int = 0, progress: Say = silent
) -> list[SeparableLabelings]:
    """`separable_labelings` of several codes, which share one array of labels."""
    clouds = np.asarray(points, dtype=np.float64)
    if clouds.ndim not in (2, 3) or not clouds.size:
        raise ValueError(f"points must be (classes, d) or (classes, m, d); got shape {clouds.shape}")
    clouds = clouds.reshape(len(clouds), -1, clouds.shape[-1])
    made = [as_code(code, len(clouds)) for code in codes]
    count_in("classes whose labellings are counted", len(clouds), 2, MOST)
    labels, exact = _labelings(len(clouds), seed)
    known: dict[int, bool] = {}
    found = []
    bits = sum(code.length for code in made)
    done = 0.0

    def decided(share: float) -> None:
        progress((done + share) / bits)

    for code in made:
        by_unit = np.empty((len(labels), code.length), dtype=np.bool_)
        for unit in range(code.length):  # one at a time: all together are hundreds of megabytes
            by_unit[:, unit] = _solvable(clouds, code.bits[:, unit], labels, known, decided)
            done += 1
        solvable = int(by_unit.all(axis=1).sum())
        found.append(SeparableLabelings(solvable, len(labels), exact, labels, by_unit))
    return found


def _solvable(
    clouds: Floats, bit: NDArray[np.int8], labels: NDArray[np.int8], known: dict[int, bool], progress: Say
) -> NDArray[np.bool_]:
    """(total,) whether a half-space solves a bit (classes,) of the words; ``known`` are ways already decided.

    A way to part the points is the number that is spelled by who fires otherwise than the first point: a
    half-space and its opposite do the same.
    """
    first = bit[labels[:, 0]]
    number = np.zeros(len(labels), dtype=np.int64)
    for point in range(1, len(clouds)):
        number = (number << 1) | (bit[labels[:, point]] ^ first)
    parted = np.unique(number)
    for k, way in enumerate(parted.tolist()):
        if way not in known:
            progress(k / len(parted))
            fires = way >> np.arange(len(clouds) - 1, -1, -1) & 1
            known[way] = _can(clouds, fires)
    can: NDArray[np.bool_] = np.array([known[way] for way in parted.tolist()])
    return can[np.searchsorted(parted, number)]


def _can(clouds: Floats, fires: NDArray[np.int64]) -> bool:
    _, size, d = clouds.shape
    return separate(clouds.reshape(-1, d), np.repeat(fires, size)) is not None


def _labelings(classes: int, seed: int) -> tuple[NDArray[np.int8], bool]:
    total = math.factorial(classes)
    if total <= ALL:
        flat = chain.from_iterable(permutations(range(classes)))
        return np.fromiter(flat, np.int8, total * classes).reshape(total, classes), True
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(classes) for _ in range(SAMPLE)], dtype=np.int8), False


def regions(units: int, features: int) -> int:
    """Into how many cells so many hyperplanes in general position cut a space of so many features.

    The sum of the first features + 1 binomial coefficients: no network whose last hidden layer has so many
    neurons can put out more different words by thresholding.
    """
    count_in("units", units, 0)
    count_in("features", features, 1)
    return sum(math.comb(units, i) for i in range(features + 1))


def best_line(points: ArrayLike, fires: ArrayLike) -> tuple[HalfSpace, int]:
    """The line in the plane with the most points (n, 2) on their right side, and how many these are.

    No line does better: the best can be moved until it touches two points without changing any other's
    side, so all pairs are tried, and each pair can then fall on either side. That needs points of which no
    three lie in line, as noise makes them. ValueError as for `separate`, or for points not in a plane.
    """
    return best_lines(points, [fires])[0]


def best_lines(points: ArrayLike, fires: Sequence[ArrayLike]) -> list[tuple[HalfSpace, int]]:
    """`best_line` for several ways to part the same points: who lies where is asked once for them all."""
    x, many = _points(points), [np.asarray(one).astype(bool) for one in fires]
    for s in many:
        if x.shape[1] != 2 or s.shape != (len(x),):
            raise ValueError(f"best_line needs points (n, 2) and n labels; got {x.shape} and {s.shape}")
    wanted = np.where(np.stack(many), 1.0, -1.0)
    ones = wanted.sum(axis=1)
    best = ((len(x) + np.abs(ones)) / 2).astype(int)
    sides = np.where(ones >= 0, 1.0, -1.0)[:, None].repeat(len(x), axis=1)
    for i in range(len(x) - 1):
        along = x[i + 1 :] - x[i]
        across = np.sign(along[:, 1:] * (x[:, 0] - x[i, 0]) - along[:, :1] * (x[:, 1] - x[i, 1]))
        rows = np.arange(len(along))
        across[:, i], across[rows, i + 1 + rows] = 0, 0
        agree = across @ wanted.T / 2
        strongest = np.abs(agree).argmax(axis=0)
        for k, row in enumerate(strongest.tolist()):
            right = round(abs(float(agree[row, k])) + (len(x) - 2) / 2) + 2
            if right > best[k]:
                best[k] = right
                sides[k] = across[row] * np.sign(agree[row, k])
                sides[k, [i, i + 1 + row]] = wanted[k, [i, i + 1 + row]]
    found = []
    for side, right in zip(sides, best.tolist(), strict=True):
        half = separate(x, (side > 0).astype(int))
        if half is None:
            raise ValueError("best_line needs points of which no three lie in line")
        found.append((half, right))
    return found
