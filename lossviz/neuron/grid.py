"""The exact loss of a model with two weights on a grid, with its gradient and Hessian.

Everything is float64; the loss is the mean over the examples.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.losses.base import Loss
from lossviz.neuron.descent import binary_loss
from lossviz.neuron.two_weights import TWO_WEIGHT_MODELS, TwoWeightModel

# Logits in one block of grid points: autograd holds some forty arrays of that size at once. With 4,000,000
# they took 1.3 GB and five times as long.
_BLOCK = 100_000
MAX_POINTS = 401
_ROUNDING = 1e-12  # an eigenvalue above minus this is 0 up to rounding


@dataclass(frozen=True)
class LossGrid:
    """The loss of a two-weight model on a square grid of weights around 0, with its derivatives.

    Attributes:
        model: Name of the `TwoWeightModel`.
        weight_names: What the two weights are called.
        loss_name: Name of the loss.
        baseline_loss: Loss of a model that always predicts 1/2, as the weights (0, 0) do.
        a: Values of the first weight, (k,), along x.
        b: Values of the second weight, (k,), along y.
        loss: Loss, (k, k); loss[i, j] is that at (a[j], b[i]).
        gradient: Derivatives with respect to the two weights, (k, k, 2).
        min_eigenvalue: The smaller eigenvalue of the Hessian, (k, k).
    """

    model: str
    weight_names: tuple[str, str]
    loss_name: str
    baseline_loss: float
    a: Floats
    b: Floats
    loss: Floats
    gradient: Floats
    min_eigenvalue: Floats

    @property
    def relative_loss(self) -> Floats:
        """Loss divided by the loss of always predicting 1/2, so that unlike losses share a scale: (k, k)."""
        return self.loss / self.baseline_loss

    @property
    def gradient_norm(self) -> Floats:
        """Euclidean norm of the gradient: (k, k)."""
        norm: Floats = np.linalg.norm(self.gradient, axis=-1)
        return norm

    def plateau(self, threshold: float = 0.01) -> NDArray[np.bool_]:
        """Where the gradient's norm is below the threshold: (k, k)."""
        return self.gradient_norm < threshold

    def plateau_share(self, threshold: float = 0.01) -> float:
        """Share of the grid where the gradient's norm is below the threshold."""
        return float(self.plateau(threshold).mean())

    @property
    def negative_curvature(self) -> NDArray[np.bool_]:
        """Where some direction has negative curvature, so that the loss is not convex there: (k, k)."""
        return self.min_eigenvalue < -_ROUNDING

    @property
    def negative_curvature_share(self) -> float:
        """Share of the grid where some direction has negative curvature."""
        return float(self.negative_curvature.mean())


def two_weight_model(model: str | TwoWeightModel) -> TwoWeightModel:
    """The row of a model that is given by name or as itself; KeyError for an unknown name."""
    return TWO_WEIGHT_MODELS[model] if isinstance(model, str) else model


def baseline_loss(loss: Loss, y: Floats) -> float:
    """The mean loss of a model that always predicts 1/2."""
    return float(loss.value(np.zeros_like(y), y).mean())


def loss_grid(
    model: str | TwoWeightModel, loss: str | Loss, span: float | None = None, points: int = 121
) -> LossGrid:
    """Compute the exact loss of a two-weight model on a square grid of weights.

    The gradient and the Hessian come from automatic differentiation, at every point of the grid.

    Args:
        model: A row of `TWO_WEIGHT_MODELS` or its name.
        loss: A row of `LOSSES` or its name; binary.
        span: The grid goes from -span to span along both weights; in (0, 1000]. By default the model's own.
        points: Points along each weight, from 3 to 401.

    Returns:
        Loss, gradient and smallest eigenvalue of the Hessian at each point.

    Raises:
        KeyError: If a name is unknown.
        ValueError: If the loss is not binary, or ``span`` or ``points`` is out of range.

    Example:
        >>> import lossviz as lv
        >>> grid = lv.neuron.loss_grid("noisy-step", "sigmoid-mse", points=21)
        >>> grid.loss.shape
        (21, 21)
        >>> print(f"{grid.plateau_share():.0%} of it is a plateau")
        55% of it is a plateau
    """
    chosen, row = two_weight_model(model), binary_loss(loss)
    span = number_in("span", chosen.span if span is None else span, 0.0, 1000.0, open_low=True)
    count_in("points", points, 3, MAX_POINTS)
    x, y = (torch.from_numpy(part) for part in chosen.data())
    axis = np.linspace(-span, span, points)
    grid = torch.from_numpy(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))
    blocks = torch.split(grid, max(1, _BLOCK // len(y)))
    values, gradients, eigenvalues = (
        torch.cat(parts).numpy()
        for parts in zip(*(_derivatives(chosen, row, w, x, y) for w in blocks), strict=True)
    )
    square = (points, points)
    return LossGrid(
        model=chosen.name,
        weight_names=chosen.weight_names,
        loss_name=row.name,
        baseline_loss=baseline_loss(row, y.numpy()),
        a=axis,
        b=axis,
        loss=values.reshape(square),
        gradient=gradients.reshape(*square, 2),
        min_eigenvalue=eigenvalues.reshape(square),
    )


def _derivatives(
    model: TwoWeightModel, loss: Loss, w: Tensor, x: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss (m,), gradient (m, 2) and the Hessian's smaller eigenvalue (m,) at the weights w (m, 2).

    The points of the grid are independent of each other, so that one backward pass serves them all.
    """
    w = w.clone().requires_grad_()
    value = loss(model.logits(w, x), y.expand(len(w), -1)).mean(dim=1)
    (gradient,) = torch.autograd.grad(value.sum(), w, create_graph=True)
    rows = [
        torch.autograd.grad(gradient[:, i].sum(), w, retain_graph=True, materialize_grads=True)[0]
        if gradient.requires_grad
        else torch.zeros_like(w)
        for i in range(2)
    ]
    aa, bb, ab = rows[0][:, 0], rows[1][:, 1], rows[0][:, 1]
    smaller = (aa + bb) / 2 - torch.hypot((aa - bb) / 2, ab)
    return value.detach(), gradient.detach(), smaller.detach()
