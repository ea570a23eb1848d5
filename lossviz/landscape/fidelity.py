"""A map of a loss landscape together with what it hides: how far the training that it shows left it.

Drawn over the steps, the loss that the network had and the loss that the map shows under its projected
path are two different curves; they meet where the training lies in the plane.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in
from lossviz.curvature.products import AutogradHessian
from lossviz.landscape.planes import Normalize, Plane, Window, hessian_plane, random_plane
from lossviz.landscape.projection import Path, coordinates, interpolation_plane, pca_plane, project
from lossviz.landscape.recorded_training import RecordedTraining, with_seed
from lossviz.landscape.surface import Surface, losses_at, surface, surface_stream

PLANES = ("Random", "Its path", "Curvature", "Three minima", "A random walk")
CLIMB = 4.0  # levels that a parabola climbs along the sharpest direction, to the rim of its map
WALKS = 20  # random walks whose mean is the baseline of a path's own plane


@dataclass(frozen=True, eq=False)
class PlaneFidelity:
    """A surface through the end of a path, and the losses and distances along that path at m records.

    In the plane of a random walk the path is the walk's: it starts as far from the end as the training.
    """

    kind: str  # one of PLANES
    loss_name: str
    surface: Surface
    path: Path
    guess: float  # the loss of always guessing alike; a level is a loss divided by it
    steps: NDArray[np.int64]  # (m,)
    had: Floats  # (m,) the loss of the weights themselves
    says: Floats  # (m,) the loss at their nearest points of the plane: what the map shows under the path
    way: Floats  # (m,) distance of the weights from the end
    chance: float | None  # the share of the path that a plane of this kind holds by chance; None for a walk
    minima: Floats  # (k, 2) the ends of other seeds that span the plane; mostly none

    @property
    def weights(self) -> int:
        """How many the network has."""
        return self.surface.facts.weights

    @property
    def level(self) -> Floats:
        """The surface in units of always guessing alike, (k, k)."""
        level: Floats = self.surface.loss / self.guess
        return level


def plane_fidelity(
    study: RecordedTraining,
    plane: str = "Random",
    normalize: Normalize = "filter",
    seed: int = 0,
    points: int = 41,
    progress: Callable[[int, int], object] | bool = False,
) -> PlaneFidelity:
    """The loss around a trained network on a plane of one kind, with the training's own path.

    ``normalize`` and ``seed`` shape a "Random" plane; ``seed`` also draws "A random walk". The losses
    under the path are evaluated there, not read off the grid. Raises ValueError for an unknown plane.
    """

    def whole(chosen: Plane) -> Iterable[Surface]:
        yield surface(*_of(study), chosen, points=points, progress=progress)

    (look,) = _looks(study, plane, normalize, seed, whole)
    return look


def plane_fidelity_stream(
    study: RecordedTraining,
    plane: str = "Random",
    normalize: Normalize = "filter",
    seed: int = 0,
    points: int = 41,
    progress: Callable[[int, int], object] | bool = False,
    resume: IO[bytes] | None = None,
) -> Iterator[PlaneFidelity]:
    """As `landscape`, from coarse to fine: all but the surface is whole from the first on.

    The last equals `landscape`, but for the last bit of a few losses; ``resume`` and why are those of
    `surface_stream`.
    """

    def pictures(chosen: Plane) -> Iterable[Surface]:
        return surface_stream(*_of(study), chosen, points=points, progress=progress, resume=resume)

    return _looks(study, plane, normalize, seed, pictures)


def _of(study: RecordedTraining) -> tuple[nn.Module, Callable[..., Tensor], tuple[Tensor, Tensor]]:
    return study.model, study.loss_fn, study.data


def _looks(
    study: RecordedTraining,
    plane: str,
    normalize: Normalize,
    seed: int,
    draw: Callable[[Plane], Iterable[Surface]],
) -> Iterator[PlaneFidelity]:
    if plane not in PLANES:
        raise ValueError(f"plane must be one of {', '.join(PLANES)}; got {plane!r}")
    weights, had = study.weights, study.loss
    if plane == "A random walk":
        weights = random_walk(study.weights, seed)
        had = _losses(study, weights)
    chosen, minima = _plane(study, plane, normalize, seed, weights)
    path = project(replace(study, weights=weights), chosen)
    says = losses_at(*_of(study), chosen, path.a, path.b)
    away = weights.astype(np.float64) - weights[-1]
    chance: float | None = 2 / weights.shape[1]
    if plane == "Its path":
        chance = walk_share(*weights.shape)
    elif plane == "A random walk":
        chance = None
    way: Floats = np.linalg.norm(away, axis=1)
    name, guess, steps = study.settings.loss, study.guess, study.steps
    return (
        PlaneFidelity(plane, name, found, path, guess, steps, had, says, way, chance, minima)
        for found in draw(chosen)
    )


def _plane(
    study: RecordedTraining, kind: str, normalize: Normalize, seed: int, weights: NDArray[np.float32]
) -> tuple[Plane, Floats]:
    """The plane, with a square window, and where other minima lie on it (k, 2)."""
    model = study.model
    if kind == "Random":
        return random_plane(model, seed, normalize), np.empty((0, 2))
    if kind == "Curvature":
        plane = hessian_plane(model, study.loss_fn, study.data)
        u = torch.from_numpy(plane.u)
        steepest = abs(float(u @ (AutogradHessian(model, study.loss_fn, study.data) @ u)))
        reach = float(np.sqrt(2 * CLIMB * study.guess / max(steepest, 1e-6)))
        return replace(plane, window=((-reach, reach), (-reach, reach))), np.empty((0, 2))
    if kind == "Three minima":
        others = [with_seed(study, study.settings.seed + k).weights[-1] for k in (1, 2)]
        plane = interpolation_plane(model, study.moved(others[0]), study.moved(others[1]))
        minima, _ = coordinates(np.stack(others), plane)
        return _square(plane), minima
    return _square(pca_plane(replace(study, weights=weights))), np.empty((0, 2))


def _square(plane: Plane) -> Plane:
    """The plane with a window that is as high as it is wide."""
    middle = [0.5 * (low + high) for low, high in plane.window]
    half = 0.5 * max(high - low for low, high in plane.window)
    window: Window = ((middle[0] - half, middle[0] + half), (middle[1] - half, middle[1] + half))
    return replace(plane, window=window)


def random_walk(weights: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Weights (m, n) of a walk with as many records as a path, to the same end from as far away."""
    drawn = np.random.default_rng(count_in("seed", seed, 0)).standard_normal(weights.shape)
    walk = np.cumsum(drawn, axis=0)
    walk -= walk[-1]
    wanted = np.linalg.norm(weights[0].astype(np.float64) - weights[-1])
    walk *= wanted / np.linalg.norm(walk[0])
    moved: NDArray[np.float32] = (walk + weights[-1]).astype(np.float32)
    return moved


def walk_share(records: int, weights: int, walks: int = WALKS) -> float:
    """The share of a random walk's variance that its own two principal components hold, in the mean.

    J. Antognini and J. Sohl-Dickstein (2018): for a long walk in many dimensions it is 6/pi^2 (1 + 1/4).
    """
    random = np.random.default_rng(0)
    shares = []
    for _ in range(walks):
        walk = np.cumsum(random.standard_normal((records, weights)), axis=0)
        walk -= walk.mean(axis=0)
        values = np.linalg.eigvalsh(walk @ walk.T)
        shares.append(float(values[-2:].sum() / values.sum()))
    return float(np.mean(shares))


def _losses(study: RecordedTraining, weights: NDArray[np.float32]) -> Floats:
    """Of the network with each of many weights (m, n): (m,)."""
    model, (x, y) = study.model, study.data
    losses = np.empty(len(weights))
    with torch.no_grad():
        for k, row in enumerate(torch.from_numpy(weights)):
            nn.utils.vector_to_parameters(row, model.parameters())
            losses[k] = float(study.loss_fn(model(x), y))
    return losses
