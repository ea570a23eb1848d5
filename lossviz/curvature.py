"""How the loss curves at a model's weights: eigenvalues, trace and density of its Hessian.

The Hessian is never formed. Its products with vectors are written out for networks that are made of known
steps (`pearlmutter`) and left to autograd for all others (`hessians`); `lanczos` and random probes do the
rest. As with surfaces, a private copy in eval mode is differentiated, and only trainable parameters count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.checks import count_in, number_in
from lossviz.hessians import Hessian
from lossviz.lanczos import DENSE, Eigen, End, Tridiagonal, eigenpairs, largest
from lossviz.pearlmutter import Pearlmutter, hessian_of

MOST = 150  # products, whatever the tolerance


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Leading eigenvalues of the Hessian and an estimate of its trace."""

    eigenvalues: np.ndarray  # (k,), the wanted end first
    residuals: np.ndarray  # (k,) ||H v - eigenvalue v||: how far each may be off, at most
    trace: float
    trace_error: float  # standard error of the estimate; 0 where the trace is exact
    weights: int  # n; trace / n is the mean curvature along random directions
    end: End


@dataclass(frozen=True, eq=False)
class Density:
    """How the Hessian's n eigenvalues are spread, smoothed; the area is 1."""

    value: np.ndarray  # (p,) eigenvalues, rising
    density: np.ndarray  # (p,)
    negative: float  # estimated share of eigenvalues below minus a hundredth of the largest magnitude


def sharpness(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    *,
    max_batches: int | None = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> float:
    """The largest eigenvalue of the Hessian, signed. Gradient descent on a quadratic is stable for
    lr x sharpness < 2.

    ``tolerance``: the error at which it stops, relative to the largest magnitude, as Lanczos' method itself
    estimates it from residual and gap; it goes on until the residual, too, is below a thousandth, lest the
    second largest be taken for the largest. `spectrum` gives the residual, which is a bound.
    """
    hessian = hessian_of(model, loss_fn, data, max_batches)
    tolerance = number_in("tolerance", tolerance, 0.0, 1.0)
    return largest(hessian.__matmul__, hessian.like, tolerance, MOST, _generator(seed))


def leading(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    k: int = 2,
    end: End = "magnitude",
    *,
    max_batches: int | None = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (k,) and eigenvectors (k, n), of length 1 and in the model's dtype."""
    hessian = hessian_of(model, loss_fn, data, max_batches)
    found = _eigenpairs(hessian, k, end, tolerance, seed)
    return found.values, found.vectors.astype(hessian.like.cpu().numpy().dtype)


def spectrum(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    k: int = 5,
    *,
    end: End = "largest",
    samples: int = 30,
    max_batches: int | None = None,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> Spectrum:
    """k eigenvalues of one end ("largest", "smallest", or the largest in "magnitude") and the trace.

    The trace is M. Hutchinson's (1990) estimate from ``samples`` random sign vectors, with its standard
    error; up to 32 weights it is exact.
    """
    samples = count_in("samples", samples, 2)
    hessian = hessian_of(model, loss_fn, data, max_batches)
    found = _eigenpairs(hessian, k, end, tolerance, seed)
    n = hessian.like.numel()
    if n <= DENSE:
        units = torch.eye(n, dtype=hessian.like.dtype, device=hessian.like.device)
        each = np.array([float((hessian @ row) @ row) for row in units])
        return Spectrum(found.values, found.residuals, float(each.sum()), 0.0, n, end)
    generator = torch.Generator().manual_seed(seed + 1)
    signs = (_signs(hessian.like, generator) for _ in range(samples))
    each = np.array([float((hessian @ sign).double() @ sign.double()) for sign in signs])
    error = float(each.std(ddof=1) / np.sqrt(samples))
    return Spectrum(found.values, found.residuals, float(each.mean()), error, n, end)


def density(
    model: nn.Module,
    loss_fn: Callable[..., Any],
    data: Any,
    *,
    steps: int = 60,
    probes: int = 6,
    points: int = 400,
    max_batches: int | None = None,
    seed: int = 0,
) -> Density:
    """The Hessian's spectral density by stochastic Lanczos quadrature (B. Ghorbani et al. 2019).

    Each of ``probes`` random vectors gives ``steps`` eigenvalues with weights, which a Gaussian of a
    hundredth of their range smooths.
    """
    steps, probes = count_in("steps", steps, 2), count_in("probes", probes, 1)
    points = count_in("points", points, 2)
    hessian = hessian_of(model, loss_fn, data, max_batches)
    generator = _generator(seed)
    nodes, shares = [], []
    for _ in range(probes):
        run = Tridiagonal(hessian.__matmul__, _signs(hessian.like, generator), steps, None)
        run.grow()
        while not run.full and run.beta[-1] > 0:
            run.grow()
        values, small = run.solve()
        nodes.append(values)
        shares.append(small[0] ** 2 / probes)
    node, share = np.concatenate(nodes), np.concatenate(shares)
    reach = max(float(np.ptp(node)), float(np.abs(node).max()), np.finfo(float).tiny)
    width = 0.01 * reach
    value = np.linspace(node.min() - 5 * width, node.max() + 5 * width, points)
    bells = np.exp(-0.5 * ((value[:, None] - node) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    zero = 0.01 * float(np.abs(node).max())  # nearer to 0 the method cannot tell
    return Density(value, bells @ share, float(share[node < -zero].sum()))


def _eigenpairs(hessian: Hessian | Pearlmutter, k: int, end: End, tolerance: float, seed: int) -> Eigen:
    n = hessian.like.numel()
    k = count_in("k", k, 1, n)
    ends: tuple[Literal["largest", "smallest", "magnitude"], ...] = ("largest", "smallest", "magnitude")
    if end not in ends:
        raise ValueError(f"end must be 'largest', 'smallest' or 'magnitude'; got {end!r}")
    tolerance = number_in("tolerance", tolerance, 0.0, 1.0)
    return eigenpairs(hessian.__matmul__, hessian.like, k, end, tolerance, max(MOST, 6 * k), _generator(seed))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(count_in("seed", seed, 0, 2**63 - 2))


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    """Random +1 and -1, (n,)."""
    return torch.randint(0, 2, (like.numel(),), generator=generator).mul_(2).sub_(1).to(like)
