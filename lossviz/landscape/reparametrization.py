"""Which way a trained network's loss bends: all curvatures at once, and what a rescaling does to them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.curvature.lanczos import largest_eigenvalue
from lossviz.landscape.fidelity import PlaneFidelity, plane_fidelity
from lossviz.landscape.planes import Normalize, direction_plane, random_plane
from lossviz.landscape.recorded_training import RecordedTraining
from lossviz.landscape.surface import losses_at

Say = Callable[[float], object]  # is told how much is done, 0 to 1

MOST_WEIGHTS = 2000  # of a Hessian that is formed
ROWS = 32  # of it that are found at once
TRIED = 200  # random directions at a time
DOWN = -1e-6  # eigenvalues of dead units are 0 but for rounding: only what is below this bends down


def _silent(share: float) -> None:
    """For who does not want to be told."""


def hessian_matrix(study: RecordedTraining, progress: Say = _silent) -> Floats:
    """The Hessian (n, n) at the end of a training, in float64. ValueError above 2000 weights."""
    n = study.weights.shape[1]
    if n > MOST_WEIGHTS:
        raise ValueError(f"a whole Hessian needs at most {MOST_WEIGHTS} weights; the network has {n}")
    x, y = study.data
    model = study.model.double()
    loss = study.loss_fn(model(x.double()), y.double() if y.is_floating_point() else y)
    weights = list(model.parameters())
    slopes = torch.autograd.grad(loss, weights, create_graph=True)
    gradient = torch.cat([part.reshape(-1) for part in slopes])
    matrix = np.empty((n, n))  # of 2000 weights 32 MB: there is no second one, but for a moment
    for first in range(0, n, ROWS):
        units = torch.zeros(min(ROWS, n - first), n, dtype=torch.float64)
        units[:, first:].fill_diagonal_(1.0)
        parts = torch.autograd.grad(
            gradient, weights, units, retain_graph=True, is_grads_batched=True, materialize_grads=True
        )
        matrix[first : first + ROWS] = torch.cat([part.reshape(len(units), -1) for part in parts], dim=1)
        progress(min(1.0, (first + ROWS) / n))
    matrix += matrix.T.copy()
    matrix *= 0.5
    return matrix


@dataclass(frozen=True, eq=False)
class EightPlanes:
    """Eight random planes through the end of a training, and all the curvatures there."""

    landscapes: tuple[PlaneFidelity, ...]  # seeds 0 to 7
    eigenvalues: Floats  # (n,) of the Hessian, rising
    random: Floats  # (2000,) curvatures along Gaussian directions; their mean is near trace / n
    drawn: Floats  # (16,) curvatures along the directions that span the planes

    @property
    def down(self) -> int:
        """How many eigenvalues are negative."""
        return int((self.eigenvalues < DOWN).sum())

    @property
    def mean(self) -> float:
        """trace / n: the mean curvature along a Gaussian direction."""
        return float(self.eigenvalues.mean())


def eight_planes(
    study: RecordedTraining, normalize: Normalize = "filter", points: int = 25, progress: Say = _silent
) -> EightPlanes:
    """The same minimum on the random planes of seeds 0 to 7, with what all of them hide."""
    maps = []
    for seed in range(8):
        maps.append(plane_fidelity(study, "Random", normalize, seed, points))
        progress(0.4 * (seed + 1) / 8)
    matrix = hessian_matrix(study, lambda share: progress(0.4 + 0.5 * share))
    n = len(matrix)
    planes = [random_plane(study.model, seed, normalize) for seed in range(8)]
    drawn: Floats = np.stack([d for plane in planes for d in (plane.u, plane.v)]).astype(np.float64)
    rng = np.random.default_rng(0)
    random = np.concatenate([_along(matrix, rng.standard_normal((TRIED, n))) for _ in range(2000 // TRIED)])
    eigenvalues: Floats = np.linalg.eigvalsh(matrix).astype(np.float64)
    return EightPlanes(tuple(maps), eigenvalues, random, _along(matrix, drawn))


def _along(matrix: Floats, directions: Floats) -> Floats:
    """d H d / |d|^2 for each row d (m, n)."""
    bent: Floats = np.einsum("mn,mn->m", directions @ matrix, directions)
    bent /= np.square(directions).sum(axis=1)
    return bent


@dataclass(frozen=True, eq=False)
class Rescaled:
    """One function of a ReLU network under k ways to write it: its first layer times c, its second / c."""

    loss_name: str
    guess: float  # the loss of always guessing alike
    c: Floats  # (k,) rising, 1 among them
    sharpness: Floats  # (k,) largest eigenvalue of the Hessian
    t: Floats  # (p,) how far along a direction, -1 to 1
    plain: Floats  # (k, p) loss along one Gaussian direction, the same for every c
    filtered: Floats  # (k, p) loss along the filter-normalized direction of the same seed

    @property
    def unchanged(self) -> int:
        """Which c is 1."""
        return int(np.abs(np.log(self.c)).argmin())


def rescale(model: nn.Sequential, c: float) -> NDArray[np.float64]:
    """Factors (n,) that leave a ReLU network's function as it is: first layer times c, second divided by c.

    The bias of the second layer stays. Raises ValueError for c that is not above 0, or for a network that
    does not begin Linear, ReLU, Linear.
    """
    number_in("c", c, 0.0, open_low=True)
    kinds = [type(module) for module in list(model)[:3]]
    if kinds != [nn.Linear, nn.ReLU, nn.Linear]:
        found = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"only a network that begins Linear, ReLU, Linear can be rescaled; got {found}")
    factors = [torch.ones_like(p, dtype=torch.float64) for p in model.parameters()]
    for which, factor in ((0, c), (1, c), (2, 1 / c)):
        factors[which] *= factor
    return torch.cat([f.reshape(-1) for f in factors]).numpy()


def rescaled(
    study: RecordedTraining,
    most: float = 20.0,
    ways: int = 41,
    points: int = 61,
    seed: int = 0,
    progress: Say = _silent,
) -> Rescaled:
    """A ReLU network rescaled by factors from 1 / most to most: as sharp as one likes, and the same function.

    The plain direction is Gaussian, as long as the filter-normalized one is at c = 1; neither moves a
    bias. With H the Hessian at c = 1 and D the factors, the Hessian at c is H divided by D on both sides.
    """
    number_in("most", most, 1.0, open_low=True)
    half = count_in("ways", ways, 3) // 2
    base = study.weights[-1].astype(np.float64)
    model = study.model
    c = most ** (np.arange(-half, half + 1) / half)
    factors = [rescale(model, float(value)) for value in c]
    matrix = torch.from_numpy(hessian_matrix(study, lambda share: progress(0.5 * share)))
    plain = random_plane(model, seed, "none").u
    plain = plain * (np.linalg.norm(random_plane(model, seed).u) / np.linalg.norm(plain))
    t = np.linspace(-1, 1, points)
    places = np.concatenate([t, np.zeros(points)]), np.concatenate([np.zeros(points), t])
    sharp, slices = [], []
    for k, factor in enumerate(factors):
        scaled = torch.from_numpy(1 / factor)
        generator = torch.Generator().manual_seed(0)
        matrix_at_c = (scaled[:, None] * matrix).mul_(scaled)
        sharp.append(largest_eigenvalue(matrix_at_c.__matmul__, scaled, 1e-5, 150, generator))
        other = study.moved(base * factor)
        plane = direction_plane(other, plain, random_plane(other, seed).u)
        slices.append(losses_at(other, study.loss_fn, study.data, plane, *places))
        progress(0.5 + 0.5 * (k + 1) / len(c))
    both = np.stack(slices)
    return Rescaled(
        study.settings.loss, study.guess, c, np.array(sharp), t, both[:, :points], both[:, points:]
    )
