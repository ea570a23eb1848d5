"""The fidelity of a picture of a loss surface: the true loss of a training against the loss on the plane.

Over the steps, the true loss of the network and the loss at its projection onto the plane are two different
curves. They meet where the path lies in the plane.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.common.progress import Progress
from lossviz.common.typing import Floats
from lossviz.curvature.compiled import hessian_operator
from lossviz.landscape.checkpoint_planes import interpolation_plane, pca_plane
from lossviz.landscape.evaluation import losses_at
from lossviz.landscape.planes import Normalize, Plane, Window, hessian_plane, random_plane
from lossviz.landscape.projection import Path, coordinates, project
from lossviz.landscape.random_walk import random_walk, random_walk_explained
from lossviz.landscape.recorded_training import RecordedTraining, with_seed
from lossviz.landscape.surface import Surface, surface, surface_stream

PLANES = ("random", "path", "curvature", "minima", "random-walk")
# In the Hessian's plane the window ends where a parabola along the sharpest direction has risen by this many
# chance losses.
RISE = 4.0


@dataclass(frozen=True, eq=False)
class PlaneFidelity:
    """A surface through the end of a path, and the true loss and the plane loss along it, at m records.

    On the plane "random-walk" the path is that of the random walk, which starts as far from the end as the
    training did.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=4)
        >>> fidelity = lv.landscape.plane_fidelity(training, "path", points=3)
        >>> fidelity.steps, fidelity.true_loss.shape, fidelity.plane_loss.shape
        (array([0, 2, 4]), (3,), (3,))
    """

    plane: str  # how the plane was chosen, one of PLANES
    normalize: Normalize | None  # how a random plane was normalized; None for other planes
    loss_name: str
    surface: Surface
    path: Path
    chance_loss: float  # loss of a model whose logits are all 0
    steps: NDArray[np.int64]  # (m,) gradient steps
    true_loss: Floats  # (m,) loss of the weights themselves
    plane_loss: Floats  # (m,) loss of their projections onto the plane, evaluated there
    distance: Floats  # (m,) Euclidean distance of the weights from the end of the path
    expected_explained: float | None  # share of the path explained by chance; None for a random walk
    minima: Floats  # (k, 2) coordinates of the other two minima that span the plane "minima"; k is 0 or 2

    @property
    def weights(self) -> int:
        """Number of weights of the network."""
        return self.surface.facts.weights

    @property
    def relative_loss(self) -> Floats:
        """(k, k) the surface in units of the chance loss."""
        relative: Floats = self.surface.loss / self.chance_loss
        return relative


def plane_fidelity(
    training: RecordedTraining,
    plane: str = "random",
    normalize: Normalize = "filter",
    seed: int = 0,
    points: int = 41,
    progress: Progress = False,
) -> PlaneFidelity:
    """Compute the loss on a plane through a trained network, and what that plane shows of its training.

    Args:
        training: A training with its weights at every record.
        plane: "random": two Gaussian directions; "path": the two leading principal components of the path;
            "curvature": the two leading eigenvectors of the Hessian; "minima": through the ends of two more
            trainings with the next two seeds; "random-walk": the two leading principal components of a
            random walk instead of the path.
        normalize: Scale of a random plane, as in `random_plane`.
        seed: Seed of a random plane or of the random walk.
        points: Points along each axis of the surface.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) points.

    Returns:
        The surface, the projected path and, at every record, the true loss and the loss on the plane.

    Raises:
        ValueError: If ``plane`` is unknown or another argument is not allowed.

    References:
        H. Li et al., Visualizing the Loss Landscape of Neural Nets (2018); J. Antognini and J.
        Sohl-Dickstein, PCA of high dimensional random walks (2018).

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=4)
        >>> fidelity = lv.landscape.plane_fidelity(training, "random", points=3)
        >>> round(fidelity.expected_explained, 4)  # two of 65 directions
        0.0308
    """

    def whole(chosen: Plane) -> Iterable[Surface]:
        yield surface(*_arguments(training), chosen, points=points, progress=progress)

    (fidelity,) = _fidelities(training, plane, normalize, seed, whole)
    return fidelity


def plane_fidelity_stream(
    training: RecordedTraining,
    plane: str = "random",
    normalize: Normalize = "filter",
    seed: int = 0,
    points: int = 41,
    progress: Progress = False,
    resume: IO[bytes] | None = None,
) -> Iterator[PlaneFidelity]:
    """Compute `plane_fidelity` with its surface from coarse to fine; all else is complete from the first on.

    Args:
        training: As in `plane_fidelity`.
        plane: As in `plane_fidelity`.
        normalize: As in `plane_fidelity`.
        seed: As in `plane_fidelity`.
        points: As in `plane_fidelity`.
        progress: As in `plane_fidelity`.
        resume: A file to resume from, as in `surface_stream`.

    Returns:
        An iterator; the last result equals that of `plane_fidelity` but for the last bit of a few losses, as
        `surface_stream` explains.

    Raises:
        ValueError: If ``plane`` is unknown or another argument is not allowed.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=4)
        >>> stream = lv.landscape.plane_fidelity_stream(training, points=17)
        >>> [fidelity.surface.facts.stride for fidelity in stream]
        [8, 4, 2, 1]
    """

    def stream(chosen: Plane) -> Iterable[Surface]:
        return surface_stream(*_arguments(training), chosen, points=points, progress=progress, resume=resume)

    return _fidelities(training, plane, normalize, seed, stream)


def _arguments(training: RecordedTraining) -> tuple[nn.Module, Callable[..., Tensor], tuple[Tensor, Tensor]]:
    """Model, loss_fn and data, as functions of the landscape take them."""
    return training.model, training.loss_fn, training.data


def _fidelities(
    training: RecordedTraining,
    plane: str,
    normalize: Normalize,
    seed: int,
    surfaces: Callable[[Plane], Iterable[Surface]],
) -> Iterator[PlaneFidelity]:
    """A result for each of the surfaces on the chosen plane."""
    if plane not in PLANES:
        raise ValueError(f"plane must be one of {', '.join(PLANES)}; got {plane!r}")
    weights, true_loss = training.weights, training.loss
    if plane == "random-walk":
        weights = random_walk(training.weights, seed)
        true_loss = _losses(training, weights)
    chosen, minima = _plane(training, plane, normalize, seed, weights)
    path = project(replace(training, weights=weights), chosen)
    shared: dict[str, Any] = {
        "plane": plane,
        "normalize": normalize if plane == "random" else None,
        "loss_name": training.settings.loss,
        "path": path,
        "chance_loss": training.chance_loss,
        "steps": training.steps,
        "true_loss": true_loss,
        "plane_loss": losses_at(*_arguments(training), chosen, path.a, path.b),
        "distance": np.linalg.norm(weights.astype(np.float64) - weights[-1], axis=1),
        "expected_explained": _expected_explained(plane, *weights.shape),
        "minima": minima,
    }
    return (PlaneFidelity(surface=found, **shared) for found in surfaces(chosen))


def _expected_explained(plane: str, records: int, weights: int) -> float | None:
    """The share of a path's variance that a plane of this kind explains by chance."""
    if plane == "random-walk":
        return None
    return random_walk_explained(records, weights) if plane == "path" else 2 / weights


def _plane(
    training: RecordedTraining, plane: str, normalize: Normalize, seed: int, weights: NDArray[np.float32]
) -> tuple[Plane, Floats]:
    """The plane, with a square window, and the coordinates (k, 2) of other minima on it."""
    model, no_minima = training.model, np.empty((0, 2))
    if plane == "random":
        return random_plane(model, seed, normalize), no_minima
    if plane == "curvature":
        chosen = hessian_plane(model, training.loss_fn, training.data)
        u = torch.from_numpy(chosen.u)
        curvature = abs(float(u @ (hessian_operator(model, training.loss_fn, training.data) @ u)))
        half = float(np.sqrt(2 * RISE * training.chance_loss / max(curvature, 1e-6)))
        return replace(chosen, window=((-half, half), (-half, half))), no_minima
    if plane == "minima":
        others = [with_seed(training, training.settings.seed + k).weights[-1] for k in (1, 2)]
        chosen = interpolation_plane(model, training.model_with(others[0]), training.model_with(others[1]))
        minima, _ = coordinates(np.stack(others), chosen)
        return _with_square_window(chosen), minima
    return _with_square_window(pca_plane(replace(training, weights=weights))), no_minima


def _with_square_window(plane: Plane) -> Plane:
    """The plane with a window that is as high as it is wide."""
    middle = [0.5 * (low + high) for low, high in plane.window]
    half = 0.5 * max(high - low for low, high in plane.window)
    window: Window = ((middle[0] - half, middle[0] + half), (middle[1] - half, middle[1] + half))
    return replace(plane, window=window)


def _losses(training: RecordedTraining, weights: NDArray[np.float32]) -> Floats:
    """The loss (m,) of the network with each row of weights (m, n)."""
    model, (x, y) = training.model, training.data
    losses = np.empty(len(weights))
    with torch.no_grad():
        for k, row in enumerate(torch.from_numpy(weights)):
            nn.utils.vector_to_parameters(row, model.parameters())
            losses[k] = float(training.loss_fn(model(x), y))
    return losses
