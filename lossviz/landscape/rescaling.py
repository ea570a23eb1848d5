"""The rescaling symmetry of ReLU networks: one function, written with weights of any sharpness.

L. Dinh et al., Sharp Minima Can Generalize For Deep Nets (2017).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.curvature.lanczos import largest_eigenvalue
from lossviz.landscape.directions import direction_plane
from lossviz.landscape.evaluation import losses_at
from lossviz.landscape.full_hessian import hessian_matrix, hessian_rounds
from lossviz.landscape.planes import random_plane
from lossviz.landscape.recorded_training import RecordedTraining


@dataclass(frozen=True, eq=False)
class RescaledNetwork:
    """One function of a ReLU network with k different weights: its first layer times c, its second / c.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=2)
        >>> result = lv.landscape.rescaled(training, max_factor=4.0, factors=3, points=5)
        >>> result.c
        array([0.25, 1.  , 4.  ])
    """

    loss_name: str
    chance_loss: float  # loss of a model whose logits are all 0
    c: Floats  # (k,) the factor, rising; 1 is among them
    sharpness: Floats  # (k,) largest eigenvalue of the Hessian
    t: Floats  # (p,) coordinates along a direction, -1 to 1
    plain_loss: Floats  # (k, p) along one Gaussian direction, the same for every c
    filter_normalized_loss: Floats  # (k, p) along the filter-normalized direction of the same seed

    @property
    def unscaled(self) -> int:
        """Index of c = 1."""
        return int(np.abs(np.log(self.c)).argmin())


def rescaling_factors(model: nn.Sequential, c: float) -> Floats:
    """Factors (n,) for the weights that leave a ReLU network's function unchanged.

    Args:
        model: A network that begins Linear, ReLU, Linear, with all parameters trainable.
        c: Factor of the first layer, above 0. The weights of the second layer are divided by it; its bias
            stays.

    Returns:
        (n,) factors, in the order of ``model.parameters()``, flattened and joined.

    Raises:
        ValueError: If c is not above 0 or the network begins otherwise.

    Example:
        >>> from torch import nn
        >>> from lossviz.landscape.rescaling import rescaling_factors
        >>> rescaling_factors(nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1)), 4.0)
        array([4.  , 4.  , 0.25, 1.  ])
    """
    number_in("c", c, 0.0, open_low=True)
    kinds = [type(module) for module in list(model)[:3]]
    if kinds != [nn.Linear, nn.ReLU, nn.Linear]:
        found = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"only a network that begins Linear, ReLU, Linear can be rescaled; got {found}")
    factors = [torch.ones_like(p, dtype=torch.float64) for p in model.parameters()]
    for index, factor in ((0, c), (1, c), (2, 1 / c)):
        factors[index] *= factor
    flat: Floats = torch.cat([f.reshape(-1) for f in factors]).numpy()
    return flat


def rescaled(
    training: RecordedTraining,
    max_factor: float = 20.0,
    factors: int = 41,
    points: int = 61,
    seed: int = 0,
    progress: Progress = False,
) -> RescaledNetwork:
    """Rescale a trained ReLU network without changing its function, and measure its sharpness each time.

    With H the Hessian at c = 1 and D the factors of the weights, the Hessian at c is H divided by D on both
    sides. The plain direction is Gaussian and as long as the filter-normalized one at c = 1; neither moves a
    bias.

    Args:
        training: A recorded training of a ReLU network with at most 2000 weights.
        max_factor: Largest factor c, above 1; the smallest is its inverse.
        factors: Number of factors, at least 3, evenly spaced in log c; an even number is rounded up.
        points: Points along each direction.
        seed: Seed of the direction.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) rounds of
            work.

    Returns:
        Sharpness and the loss along both directions, for every factor.

    Raises:
        ValueError: If the network does not begin Linear, ReLU, Linear, has too many weights, or another
            argument is not allowed.

    References:
        L. Dinh et al., Sharp Minima Can Generalize For Deep Nets (2017); H. Li et al., Visualizing the Loss
        Landscape of Neural Nets (2018).

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=2)
        >>> result = lv.landscape.rescaled(training, max_factor=4.0, factors=3, points=5)
        >>> bool(result.sharpness[0] > result.sharpness[1])
        True
    """
    number_in("max_factor", max_factor, 1.0, open_low=True)
    half = count_in("factors", factors, 3) // 2
    base = training.weights[-1].astype(np.float64)
    model = training.model
    c = max_factor ** (np.arange(-half, half + 1) / half)
    scales = [rescaling_factors(model, float(value)) for value in c]
    with ProgressBar(progress, hessian_rounds(training) + len(c), "rescaling") as meter:
        matrix = torch.from_numpy(hessian_matrix(training, lambda done, total: meter.update(1)))
        plain = random_plane(model, seed, "none").u
        plain = plain * (np.linalg.norm(random_plane(model, seed).u) / np.linalg.norm(plain))
        t = np.linspace(-1, 1, points)
        a, b = np.concatenate([t, np.zeros(points)]), np.concatenate([np.zeros(points), t])
        sharpness, losses = [], []
        for scale in scales:
            inverse = torch.from_numpy(1 / scale)
            generator = torch.Generator().manual_seed(0)
            matrix_at_c = (inverse[:, None] * matrix).mul_(inverse)
            sharpness.append(largest_eigenvalue(matrix_at_c.__matmul__, inverse, 1e-5, 150, generator))
            other = training.model_with(base * scale)
            plane = direction_plane(other, plain, random_plane(other, seed).u)
            losses.append(losses_at(other, training.loss_fn, training.data, plane, a, b))
            meter.update(1)
    both = np.stack(losses)
    return RescaledNetwork(
        loss_name=training.settings.loss,
        chance_loss=training.chance_loss,
        c=c,
        sharpness=np.array(sharpness),
        t=t,
        plain_loss=both[:, :points],
        filter_normalized_loss=both[:, points:],
    )
