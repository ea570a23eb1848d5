"""Full-batch training with the sharpness at every step, beside the edge of stability.

The sharpness, the largest eigenvalue of the loss's Hessian, rises until steps just about overshoot, and stays
there. It is found by Lanczos' method, started from the eigenvector of the step before. It is recorded at
every step, since at the edge the weights oscillate with a period of two, which any even stride would hide.

References:
    J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.curvature.compiled import HessianOperator, hessian_operator
from lossviz.curvature.lanczos import NonFiniteHessianError
from lossviz.curvature.tracking import TopEigenvalueTracker
from lossviz.engine.averaging.shares import BatchWeight
from lossviz.engine.user_loss import loss_name
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.stability.result import EdgeRun
from lossviz.stability.thresholds import is_adaptive, preconditioner, stability_edge

MAX_STEPS = 20_000
DIVERGED = 1e6  # a loss this many times that of the start does not come down again


def edge_run(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    lr: float,
    optimizer: str = "sgd",
    steps: int = 500,
    *,
    tolerance: float = 1e-5,
    batch_weight: BatchWeight = None,
    progress: Progress = False,
) -> EdgeRun:
    """Train a copy of a torch model on all its data at once, and measure the sharpness at every step.

    Args:
        model: The model; it is not changed. Its copy is in eval mode, so that every step sees one function.
        loss_fn: loss_fn(outputs, targets) -> scalar. Where autograd cannot differentiate it twice, the
            sharpness is computed by differences of gradients, and ``method`` of the result says so.
        data: (inputs, targets), or an iterable of such batches: each step is on all of them.
        lr: Learning rate, in (0, 10^6].
        optimizer: A name of `OPTIMIZERS` whose edge is known: sgd, momentum, nesterov, rmsprop, adam.
        steps: Number of steps, from 1 to 20000.
        tolerance: Relative tolerance of the sharpness.
        batch_weight: How much each of several batches counts: a function of a batch's targets, a number for
            each batch, "examples", or "sum" to add their losses. By default so that the result is the loss of
            all the data at once.
        progress: True for a bar if it takes longer than a second, or a function of (done, total) steps.

    Returns:
        Loss and sharpness at every step, and the edge.

    Raises:
        KeyError: If the optimizer is unknown.
        ValueError: If no edge is known for the optimizer, a number is out of range, the model, the loss or
            the data cannot be used, or autograd's gradient is not that of the loss.

    References:
        J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> x, y = torch.ones(4, 1), torch.zeros(4, 1)  # the Hessian of (w x)^2 is 2
        >>> run = lv.edge_run(torch.nn.Linear(1, 1, bias=False), torch.nn.MSELoss(), (x, y), lr=0.5, steps=3)
        >>> run.edge, run.sharpness.round(6)
        (4.0, array([2., 2., 2., 2.]))
    """
    edge = stability_edge(optimizer, lr)
    steps = count_in("steps", steps, 1, MAX_STEPS)
    tolerance = number_in("tolerance", tolerance, 1e-12, 0.1)
    hessian = hessian_operator(model, loss_fn, data, batch_weight=batch_weight)
    torch_optimizer = OPTIMIZERS[optimizer].build(hessian.weights, lr)
    loss, sharpness = np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    n = hessian.like.numel()
    largest_eigenvalue = TopEigenvalueTracker(n, tolerance)
    diverged_at = None
    with ProgressBar(progress, steps + 1, "steps") as meter:
        for step in range(steps + 1):
            if step:
                torch_optimizer.step()
                hessian.refresh()
            if not (step or math.isfinite(hessian.loss)):
                raise ValueError(f"the loss must be finite at the start; got {hessian.loss}")
            if not math.isfinite(hessian.loss) or (
                step and abs(hessian.loss) > DIVERGED * max(abs(loss[0]), 1e-6)
            ):
                diverged_at = step
                break
            gradients = _unflatten(hessian.gradient, hessian.weights)
            try:
                top = largest_eigenvalue(_product(hessian, preconditioner(torch_optimizer, gradients)))
            except NonFiniteHessianError:
                if step == 0:
                    raise
                diverged_at = step
                break
            loss[step], sharpness[step] = hessian.loss, top
            for weight, gradient in zip(hessian.weights, gradients, strict=True):
                weight.grad = gradient
            meter.update(1)
    return EdgeRun(
        loss_name=loss_name(loss_fn),
        optimizer=optimizer,
        lr=float(lr),
        edge=edge,
        preconditioned=is_adaptive(torch_optimizer),
        loss=loss,
        sharpness=sharpness,
        weights=n,
        diverged_at=diverged_at,
        method=hessian.method,
    )


def _unflatten(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Parts of a flat tensor in the shapes of ``like``."""
    parts = torch.split(flat, [weight.numel() for weight in like])
    return [part.view_as(weight) for part, weight in zip(parts, like, strict=True)]


def _product(hessian: HessianOperator, divisor: Tensor | None) -> Callable[[Floats], Floats]:
    """v -> H v, or v -> P^-1/2 H P^-1/2 v, which has the eigenvalues of P^-1 H and is symmetric."""
    scale = None if divisor is None else divisor.rsqrt()

    def product(vector: Floats) -> Floats:
        v = torch.from_numpy(vector).to(hessian.like)
        result = hessian @ v if scale is None else scale * (hessian @ (scale * v))
        return result.double().cpu().numpy()

    return product
