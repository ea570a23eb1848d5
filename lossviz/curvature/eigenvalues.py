"""Eigenvalues, trace and spectral density of a loss's Hessian at a model's weights.

The Hessian is never formed: Lanczos' method (`lossviz.curvature.lanczos`) and random probes use its
products with vectors (`lossviz.curvature.compiled`). As for surfaces, a private copy of the model in eval
mode is differentiated, and only trainable parameters count.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.validation import count_in, number_in
from lossviz.curvature.compiled import HessianOperator, hessian_operator
from lossviz.curvature.lanczos import (
    MAX_DENSE,
    Eigenpairs,
    End,
    LanczosIteration,
    eigenpairs,
    largest_eigenvalue,
)
from lossviz.curvature.result import Density, Sharpness, Spectrum
from lossviz.engine.averaging.shares import BatchWeight

MAX_PRODUCTS = 150  # whatever the tolerance


def sharpness(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    *,
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> Sharpness:
    """Compute the sharpness: the largest eigenvalue of the loss's Hessian, signed.

    Gradient descent on a quadratic is stable for lr x sharpness < 2.

    Args:
        model: Any torch module; it is not changed.
        loss_fn: ``loss_fn(outputs, targets)`` returns a scalar; or a row of `LOSSES`.
        data: (inputs, targets), or an iterable of such batches; the loss is that of all of them.
        max_batches: Use at most this many batches.
        batch_weight: How much each of several batches counts: a function of a batch's targets, a number for
            each batch, "examples", or "sum" to add their losses. By default so that the result is the loss of
            all the data at once.
        tolerance: Error at which it stops, relative to the largest magnitude, from 0 to 1, as Lanczos' method
            itself estimates it from residual and gap. It goes on until the residual is below a thousandth as
            well, so that the second largest eigenvalue is not taken for the largest. `spectrum` returns the
            residual, which is a bound.
        seed: Of the random start.

    Returns:
        The eigenvalue, a float in units of the loss per squared weight, whose ``method`` says how the Hessian
        was computed.

    Raises:
        ValueError: If the model, the loss or the data cannot be used, the Hessian is not finite, or the
            gradient by autograd is not that of the loss.

    Source:
        J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> x = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> round(lv.sharpness(model, torch.nn.MSELoss(), (x, torch.zeros(2, 1))), 3)  # of x'x
        9.0
    """
    hessian = hessian_operator(model, loss_fn, data, max_batches, batch_weight)
    tolerance = number_in("tolerance", tolerance, 0.0, 1.0)
    top = largest_eigenvalue(hessian.__matmul__, hessian.like, tolerance, MAX_PRODUCTS, _generator(seed))
    return Sharpness(top, hessian.method)


def spectrum(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    k: int = 5,
    *,
    end: End = "largest",
    samples: int = 30,
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> Spectrum:
    """Compute k eigenvalues of the loss's Hessian, and its trace.

    The trace is M. Hutchinson's estimate from random sign vectors; up to 32 weights it is exact.

    Args:
        model: Any torch module; it is not changed.
        loss_fn: ``loss_fn(outputs, targets)`` returns a scalar; or a row of `LOSSES`.
        data: (inputs, targets), or an iterable of such batches; the loss is that of all of them.
        k: How many eigenvalues, from 1 to the number of trainable weights.
        end: "largest", "smallest", or the largest in "magnitude".
        samples: Random vectors for the trace, at least 2.
        max_batches: Use at most this many batches.
        batch_weight: How much each of several batches counts: a function of a batch's targets, a number for
            each batch, "examples", or "sum" to add their losses. By default so that the result is the loss of
            all the data at once.
        tolerance: Residual at which it stops, relative to the largest magnitude, from 0 to 1.
        seed: Of the random vectors.

    Returns:
        Eigenvalues with residuals, and the trace with its standard error.

    Raises:
        ValueError: If the model, the loss, the data or an argument cannot be used, the Hessian is not
            finite, or the gradient by autograd is not that of the loss.

    Source:
        C. Lanczos (1950); M. Hutchinson, A Stochastic Estimator of the Trace of the Influence Matrix (1990).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> x = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> found = lv.spectrum(model, torch.nn.MSELoss(), (x, torch.zeros(2, 1)), k=2)  # of x'x
        >>> found.eigenvalues.round(3).tolist(), round(found.trace, 3)
        ([9.0, 1.0], 10.0)
    """
    samples = count_in("samples", samples, 2)
    hessian = hessian_operator(model, loss_fn, data, max_batches, batch_weight)
    found = eigenpairs_of(hessian, k, end, tolerance, seed)
    n = hessian.like.numel()
    if n <= MAX_DENSE:
        units = torch.eye(n, dtype=hessian.like.dtype, device=hessian.like.device)
        diagonal = np.array([float((hessian @ row) @ row) for row in units])
        return Spectrum(found.values, found.residuals, float(diagonal.sum()), 0.0, n, end, hessian.method)
    generator = torch.Generator().manual_seed(seed + 1)
    signs = (_signs(hessian.like, generator) for _ in range(samples))
    estimates = np.array([float((hessian @ sign).double() @ sign.double()) for sign in signs])
    error = float(estimates.std(ddof=1) / np.sqrt(samples))
    return Spectrum(found.values, found.residuals, float(estimates.mean()), error, n, end, hessian.method)


def density(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    *,
    steps: int = 60,
    probes: int = 6,
    points: int = 400,
    max_batches: int | None = None,
    batch_weight: BatchWeight = None,
    seed: int = 0,
) -> Density:
    """Estimate the spectral density of the loss's Hessian by stochastic Lanczos quadrature.

    Each random vector gives eigenvalues with weights, which are smoothed by a Gaussian whose width is a
    hundredth of their range.

    Args:
        model: Any torch module; it is not changed.
        loss_fn: ``loss_fn(outputs, targets)`` returns a scalar; or a row of `LOSSES`.
        data: (inputs, targets), or an iterable of such batches; the loss is that of all of them.
        steps: Lanczos steps for each random vector, at least 2.
        probes: Random vectors, at least 1.
        points: Eigenvalues at which the density is returned, at least 2.
        max_batches: Use at most this many batches.
        batch_weight: How much each of several batches counts: a function of a batch's targets, a number for
            each batch, "examples", or "sum" to add their losses. By default so that the result is the loss of
            all the data at once.
        seed: Of the random vectors.

    Returns:
        The density on a grid of eigenvalues, and the share of negative ones.

    Raises:
        ValueError: If the model, the loss, the data or an argument cannot be used, the Hessian is not
            finite, or the gradient by autograd is not that of the loss.

    Source:
        B. Ghorbani, S. Krishnan and Y. Xiao, An Investigation into Neural Net Optimization via Hessian
        Eigenvalue Density (2019).

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> x = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> found = lv.density(model, torch.nn.MSELoss(), (x, torch.zeros(2, 1)), points=100)
        >>> found.density.shape, found.negative_share
        ((100,), 0.0)
    """
    steps, probes = count_in("steps", steps, 2), count_in("probes", probes, 1)
    points = count_in("points", points, 2)
    hessian = hessian_operator(model, loss_fn, data, max_batches, batch_weight)
    generator = _generator(seed)
    nodes, weights = [], []
    for _ in range(probes):
        lanczos = LanczosIteration(hessian.__matmul__, _signs(hessian.like, generator), steps, None)
        lanczos.step()
        while not lanczos.exhausted and lanczos.beta[-1] > 0:
            lanczos.step()
        values, columns = lanczos.solve()
        nodes.append(values)
        weights.append(columns[0] ** 2 / probes)
    node, weight = np.concatenate(nodes), np.concatenate(weights)
    extent = max(float(np.ptp(node)), float(np.abs(node).max()), np.finfo(float).tiny)
    width = 0.01 * extent
    eigenvalue = np.linspace(node.min() - 5 * width, node.max() + 5 * width, points)
    kernels = np.exp(-0.5 * ((eigenvalue[:, None] - node) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    zero = 0.01 * float(np.abs(node).max())  # the method cannot resolve eigenvalues closer to 0
    return Density(eigenvalue, kernels @ weight, float(weight[node < -zero].sum()), hessian.method)


def eigenpairs_of(
    hessian: HessianOperator, k: int, end: End, tolerance: float = 1e-4, seed: int = 0
) -> Eigenpairs:
    """The k eigenpairs at one end of the spectrum of a Hessian; see `spectrum`."""
    n = hessian.like.numel()
    k = count_in("k", k, 1, n)
    ends: tuple[Literal["largest", "smallest", "magnitude"], ...] = ("largest", "smallest", "magnitude")
    if end not in ends:
        raise ValueError(f"end must be 'largest', 'smallest' or 'magnitude'; got {end!r}")
    tolerance = number_in("tolerance", tolerance, 0.0, 1.0)
    max_products = max(MAX_PRODUCTS, 6 * k)
    return eigenpairs(hessian.__matmul__, hessian.like, k, end, tolerance, max_products, _generator(seed))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(count_in("seed", seed, 0, 2**63 - 2))


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    """Random +1 and -1, (n,)."""
    return torch.randint(0, 2, (like.numel(),), generator=generator).mul_(2).sub_(1).to(like)
