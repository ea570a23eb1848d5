"""Random walks in weight space: the baseline for the path of a training.

The path of a random walk also looks smooth in the plane of its own two leading principal components: J.
Antognini and J. Sohl-Dickstein, PCA of high dimensional random walks with comparison to neural network
training (2018).
"""

import numpy as np
from numpy.typing import NDArray

from lossviz.common.validation import count_in

WALKS = 20  # random walks over which the baseline is averaged


def random_walk(weights: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """A Gaussian random walk (m, n) to the end of the path ``weights`` (m, n), from as far away."""
    noise = np.random.default_rng(count_in("seed", seed, 0)).standard_normal(weights.shape)
    walk = np.cumsum(noise, axis=0)
    walk -= walk[-1]
    distance = np.linalg.norm(weights[0].astype(np.float64) - weights[-1])
    walk *= distance / np.linalg.norm(walk[0])
    shifted: NDArray[np.float32] = (walk + weights[-1]).astype(np.float32)
    return shifted


def random_walk_explained(records: int, weights: int, walks: int = WALKS) -> float:
    """Mean share of a random walk's variance that its own two leading principal components explain.

    For a long walk in many dimensions it is 6 / pi^2 (1 + 1/4), by the paper above.
    """
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(walks):
        walk = np.cumsum(rng.standard_normal((records, weights)), axis=0)
        walk -= walk.mean(axis=0)
        values = np.linalg.eigvalsh(walk @ walk.T)
        shares.append(float(values[-2:].sum() / values.sum()))
    return float(np.mean(shares))
