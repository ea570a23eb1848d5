"""The whole Hessian of a small trained network, as a matrix."""

import math

import numpy as np
import torch

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.curvature.lanczos import MAX_ASYMMETRY, AsymmetricHessianError
from lossviz.landscape.recorded_training import RecordedTraining

MAX_WEIGHTS = 2000  # the matrix then takes 32 MB
ROWS = 32  # rows that are computed at once


def hessian_rounds(training: RecordedTraining) -> int:
    """How many times `hessian_matrix` reports its progress."""
    n: int = training.weights.shape[1]
    return math.ceil(n / ROWS)


def hessian_matrix(training: RecordedTraining, progress: Progress = False) -> Floats:
    """The Hessian (n, n) of the loss at the end of a training, in float64.

    Args:
        training: A recorded training of a network with at most 2000 weights.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) blocks of
            rows.

    Returns:
        (n, n) the symmetric matrix of second derivatives.

    Raises:
        ValueError: If the network has more than 2000 weights.

    Example:
        >>> import lossviz as lv
        >>> from lossviz.landscape.full_hessian import hessian_matrix
        >>> hessian_matrix(lv.landscape.record_training("moons", "mlp-16", steps=2)).shape
        (65, 65)
    """
    n = training.weights.shape[1]
    if n > MAX_WEIGHTS:
        raise ValueError(f"a whole Hessian needs at most {MAX_WEIGHTS} weights; the network has {n}")
    x, y = training.data
    model = training.model.double()
    loss = training.loss_fn(model(x.double()), y.double() if y.is_floating_point() else y)
    weights = list(model.parameters())
    gradients = torch.autograd.grad(loss, weights, create_graph=True)
    gradient = torch.cat([part.reshape(-1) for part in gradients])
    matrix = np.empty((n, n))  # the only matrix of this size, except where it is transposed below
    with ProgressBar(progress, hessian_rounds(training), "Hessian") as meter:
        for first in range(0, n, ROWS):
            units = torch.zeros(min(ROWS, n - first), n, dtype=torch.float64)
            units[:, first:].fill_diagonal_(1.0)
            parts = torch.autograd.grad(
                gradient, weights, units, retain_graph=True, is_grads_batched=True, materialize_grads=True
            )
            matrix[first : first + ROWS] = torch.cat([part.reshape(len(units), -1) for part in parts], dim=1)
            meter.update(1)
    if np.linalg.norm(matrix - matrix.T) > MAX_ASYMMETRY * np.linalg.norm(matrix):
        raise AsymmetricHessianError
    matrix += matrix.T.copy()
    matrix *= 0.5
    return matrix
