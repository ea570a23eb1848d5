"""Eight random planes through one trained network, beside all the curvatures that they cannot show."""

from dataclasses import dataclass

import numpy as np

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.landscape.fidelity import PlaneFidelity, plane_fidelity
from lossviz.landscape.full_hessian import hessian_matrix, hessian_rounds
from lossviz.landscape.planes import Normalize, random_plane
from lossviz.landscape.recorded_training import RecordedTraining

PLANES = 8
RANDOM_DIRECTIONS = 2000
BLOCK = 200  # random directions at a time
# Eigenvalues of units that are never active are 0 up to rounding, so that only those below this are negative.
NEGATIVE = -1e-6


@dataclass(frozen=True, eq=False)
class EightPlanes:
    """Eight random planes through the end of a training, and the curvatures of the loss at that end.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-4", steps=2)
        >>> eight = lv.landscape.eight_planes(training, points=3)
        >>> len(eight.planes), len(eight.eigenvalues)
        (8, 17)
    """

    planes: tuple[PlaneFidelity, ...]  # on the random planes of seeds 0 to 7
    eigenvalues: Floats  # (n,) of the Hessian, rising
    random_curvatures: Floats  # (2000,) along Gaussian directions; their mean estimates trace / n
    plane_curvatures: Floats  # (16,) along the directions that span the planes

    @property
    def negative(self) -> int:
        """Number of negative eigenvalues."""
        return int((self.eigenvalues < NEGATIVE).sum())

    @property
    def mean_curvature(self) -> float:
        """trace / n: the expected curvature along a Gaussian direction."""
        return float(self.eigenvalues.mean())


def eight_planes(
    training: RecordedTraining,
    normalize: Normalize = "filter",
    points: int = 25,
    progress: Progress = False,
) -> EightPlanes:
    """Compute the loss on eight random planes through one trained network, and its whole Hessian.

    Args:
        training: A recorded training of a network with at most 2000 weights.
        normalize: Scale of the planes, as in `random_plane`.
        points: Points along each axis of each surface.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) rounds of
            work.

    Returns:
        The planes of seeds 0 to 7, all eigenvalues of the Hessian, and curvatures along random directions.

    Raises:
        ValueError: If the network has more than 2000 weights, or another argument is not allowed.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-4", steps=2)
        >>> eight = lv.landscape.eight_planes(training, points=3)
        >>> eight.negative < len(eight.eigenvalues)
        True
    """
    fidelities = []
    with ProgressBar(progress, PLANES + hessian_rounds(training) + 1, "eight planes") as meter:
        for seed in range(PLANES):
            fidelities.append(plane_fidelity(training, "random", normalize, seed, points))
            meter.update(1)
        matrix = hessian_matrix(training, lambda done, total: meter.update(1))
        n = len(matrix)
        planes = [random_plane(training.model, seed, normalize) for seed in range(PLANES)]
        directions: Floats = np.stack([d for plane in planes for d in (plane.u, plane.v)]).astype(np.float64)
        rng = np.random.default_rng(0)
        random = np.concatenate(
            [curvatures(matrix, rng.standard_normal((BLOCK, n))) for _ in range(RANDOM_DIRECTIONS // BLOCK)]
        )
        eigenvalues: Floats = np.linalg.eigvalsh(matrix).astype(np.float64)
        meter.update(1)
    return EightPlanes(tuple(fidelities), eigenvalues, random, curvatures(matrix, directions))


def curvatures(matrix: Floats, directions: Floats) -> Floats:
    """d H d / |d|^2 for each row d of ``directions`` (m, n)."""
    values: Floats = np.einsum("mn,mn->m", directions @ matrix, directions)
    values /= np.square(directions).sum(axis=1)
    return values
