"""The two leading principal components of checkpoints, by their Gram matrix, in little memory.

The m x m Gram matrix of m checkpoints has the same leading eigenvalues as the n x n covariance of their n
weights, and m is small. Beside the two components and the last checkpoint, at most as much as one further
checkpoint is in memory at a time.
"""

from dataclasses import dataclass

import numpy as np

from lossviz.common.typing import AnyFloats, Floats
from lossviz.landscape.checkpoints import (
    PIECE,
    Checkpoints,
    differences,
    pieces,
    read_matrix,
    refuse_not_finite,
)

SMALLEST_PIECE = 2**12  # weights in a piece, however many checkpoints there are
LAZY_BYTES = 2**22  # of a lazy sequence at least so much is held at a time, as one block


@dataclass(frozen=True, eq=False)
class Components:
    """Directions of length 1 through the last of m checkpoints, and where the others lie along them."""

    origin: AnyFloats  # (n,) the weights of the last checkpoint
    u: AnyFloats  # (n,) first principal component
    v: AnyFloats  # (n,) second, at right angles to it
    points: Floats  # (m, 2) coordinates of the checkpoints, the last at (0, 0)
    explained: Floats  # (2,) share of the variance


def principal_components(checkpoints: Checkpoints) -> Components:
    """The two leading components. Raises ValueError if the checkpoints are all equal, or not finite."""
    origin = checkpoints.load(len(checkpoints) - 1).flat(checkpoints.dtype)
    if not checkpoints.cheap:
        refuse_not_finite(np.isfinite(origin), len(checkpoints) - 1)
    gram = _gram(checkpoints) if checkpoints.cheap else _lazy_gram(checkpoints, origin)
    gram -= gram.mean(axis=0)
    gram -= gram.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(gram)
    values, vectors = np.clip(values[::-1][:2], 0, None), vectors[:, ::-1][:, :2]
    total = float(np.trace(gram))
    if not (np.isfinite(total) and values[0] > 0):
        raise ValueError("the checkpoints are all equal, so they have no principal component")
    # The sign of an eigenvector is arbitrary; this one does not depend on the linear algebra library.
    vectors = vectors * np.where(vectors[0] < vectors[-1], -1.0, 1.0)
    has_second = bool(values[1] > 1e-24 * values[0])
    factors = vectors / np.sqrt(np.where(values > 0, values, 1.0))
    if not has_second:
        factors[:, 1] = 0.0
    u, v = (_directions if checkpoints.cheap else _lazy_directions)(checkpoints, origin, factors)
    if not has_second:  # any direction serves, and explains nothing
        rng = np.random.default_rng(0)
        for start, stop in pieces(len(v), PIECE):
            v[start:stop] = rng.normal(size=stop - start)
    v -= (v @ u) * u
    v /= np.linalg.norm(v) or 1.0
    points = (vectors - vectors[-1]) * np.sqrt(values)
    points[:, 1] *= has_second
    return Components(origin, u, v, points, values / total)


def _gram(checkpoints: Checkpoints) -> Floats:
    """Inner products (m, m) of the checkpoints' differences from their mean, piece by piece."""
    m = len(checkpoints)
    gram: Floats = np.zeros((m, m))
    for start, stop in pieces(checkpoints.size, _length(checkpoints)):
        matrix = read_matrix(checkpoints, start, stop)
        matrix -= matrix[-1].copy()  # before their mean, of which the last digits would be lost
        matrix -= matrix.mean(axis=0)
        gram += matrix @ matrix.T
    return gram


def _directions(checkpoints: Checkpoints, origin: AnyFloats, factors: Floats) -> tuple[AnyFloats, AnyFloats]:
    """The combinations (n,) of the checkpoints' differences from the last with two columns of factors."""
    u, v = np.empty_like(origin), np.empty_like(origin)
    for start, stop in pieces(checkpoints.size, _length(checkpoints)):
        matrix = read_matrix(checkpoints, start, stop)
        matrix -= matrix[-1].copy()
        u[start:stop], v[start:stop] = factors.T @ matrix
    return u, v


def _length(checkpoints: Checkpoints) -> int:
    """Weights in a piece, so that that of all checkpoints, in float64, takes half as much as one of them."""
    return max(SMALLEST_PIECE, checkpoints.size // (4 * len(checkpoints)))


def _lazy_gram(checkpoints: Checkpoints, origin: AnyFloats) -> Floats:
    """Inner products (m, m) of the checkpoints' differences from the last.

    As many checkpoints are held as fit into `LAZY_BYTES`, at least one; the others pass by, one at a time.
    """
    m, n = len(checkpoints), checkpoints.size
    held_at_once = max(1, LAZY_BYTES // max(1, origin.nbytes))
    gram: Floats = np.zeros((m, m))
    for first in range(0, m - 1, held_at_once):
        last = min(first + held_at_once, m - 1)
        held = np.empty((last - first, n), origin.dtype)
        for index in range(first, last):
            for start, row in differences(checkpoints, index, origin):
                held[index - first, start : start + len(row)] = row
        for start, stop in pieces(n, PIECE):
            part = held[:, start:stop].astype(np.float64)
            gram[first:last, first:last] += part @ part.T
        for index in range(last, m - 1):
            for start, row in differences(checkpoints, index, origin):
                gram[first:last, index] += held[:, start : start + len(row)].astype(np.float64) @ row
            gram[index, first:last] = gram[first:last, index]
    return gram


def _lazy_directions(
    checkpoints: Checkpoints, origin: AnyFloats, factors: Floats
) -> tuple[AnyFloats, AnyFloats]:
    """As `_directions`, with one checkpoint at a time."""
    u, v = np.zeros_like(origin), np.zeros_like(origin)
    for index in range(len(checkpoints) - 1):
        for start, row in differences(checkpoints, index, origin):
            for direction, factor in zip((u, v), factors[index], strict=True):
                direction[start : start + len(row)] += factor * row
    return u, v
