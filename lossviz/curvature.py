"""How the loss curves at a model's weights: eigenvalues, trace and density of its Hessian.

The Hessian is never formed. Its products with vectors come from differentiating twice, over a graph that
is built once; `lanczos` and random probes do the rest. As with surfaces, a private copy in eval mode is
differentiated, and only trainable parameters count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from lossviz.batches import Batch, Watched, read_batches
from lossviz.checks import count_in, number_in
from lossviz.lanczos import DENSE, Eigen, End, Tridiagonal, eigenpairs, largest
from lossviz.loop import first_line
from lossviz.loss_functions import (
    OnlyTheCopy,
    Refused,
    batch_loss,
    loss_extras,
    loss_function,
    refuse_captured_model,
)
from lossviz.randomness import same_random_numbers
from lossviz.weights import movable, private_copy

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


class Hessian:
    """Products of a loss's Hessian with vectors (n,), n the number of trainable weights.

    With one batch the graph of the gradient is kept and each product is one backward pass; with several
    it is built anew for each, so that memory holds one batch's graph.
    """

    def __init__(
        self, model: nn.Module, loss_fn: Callable[..., Any], data: Any, max_batches: int | None = None
    ) -> None:
        free = movable(model)
        loss_fn = loss_function(loss_fn)
        refuse_captured_model(model, loss_fn)
        self._batches = read_batches(data, next(iter(free.values())), max_batches)
        self._model, self._loss_fn, self._extras = private_copy(model), loss_fn, loss_extras(loss_fn)
        self.weights = list(movable(self._model).values())  # the copy's: who moves them says `renew`
        self.like = torch.cat([w.detach().reshape(-1) for w in self.weights])
        self.loss = 0.0  # of the batch that was last looked at
        self._kept: Tensor | None = None
        self._guard: OnlyTheCopy | None = OnlyTheCopy(model)  # of the first pass
        self.writes = False  # whether model or loss write into their data: then they are given copies
        self.renew()

    def renew(self) -> None:
        """Begin anew at the copy's weights as they are now."""
        rows = self._batches.rows
        self._kept = self._gradient(rows[0]) if len(rows) == 1 else None

    @property
    def gradient(self) -> Tensor:
        """The loss's gradient (n,), if the data are one batch; ValueError if they are several."""
        if self._kept is None:
            raise ValueError(f"the data must be one batch; got {len(self._batches.rows)}")
        return self._kept.detach()

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v, (n,)."""
        if self._kept is not None:
            return self._differentiate(self._kept, vector)
        total = torch.zeros_like(self.like)
        for batch in self._batches.rows:
            total += self._differentiate(self._gradient(batch), vector) * (
                batch.examples / self._batches.examples
            )
        return total

    def _loss_of(self, batch: Batch) -> Tensor | float:
        guard, self._guard = self._guard, None
        if guard is None:
            given = batch.copy() if self.writes else batch
            return batch_loss(self._model, self._loss_fn, given, self._extras)
        with guard, Watched(batch) as watched:
            loss = batch_loss(self._model, self._loss_fn, batch, self._extras)
        self.writes = watched.written
        return self._loss_of(batch) if self.writes else loss

    def _gradient(self, batch: Batch) -> Tensor:
        """The flat gradient (n,) with its graph."""
        # Fused attention and cuDNN's recurrent nets cannot be differentiated twice.
        with same_random_numbers(), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH), _plain_cudnn():
            try:
                loss = self._loss_of(batch)
                if not isinstance(loss, Tensor) or not loss.requires_grad:
                    raise Refused(
                        "the loss does not depend on the model's weights in a way that can be differentiated"
                    )
                self.loss = float(loss.detach())
                parts = torch.autograd.grad(loss, self.weights, create_graph=True, materialize_grads=True)
            except Refused:
                raise
            except Exception as error:
                raise ValueError(f"the loss cannot be differentiated here: {first_line(error)}") from error
            return torch.cat([part.reshape(-1) for part in parts])

    def _differentiate(self, gradient: Tensor, vector: Tensor) -> Tensor:
        if not gradient.requires_grad:  # a loss that is linear in the weights
            return torch.zeros_like(self.like)
        try:
            parts = torch.autograd.grad(
                gradient, self.weights, vector, retain_graph=self._kept is not None, materialize_grads=True
            )
        except RuntimeError as error:
            raise ValueError(f"the loss cannot be differentiated twice: {first_line(error)}") from error
        return torch.cat([part.reshape(-1) for part in parts])


def _plain_cudnn() -> Any:
    return torch.backends.cudnn.flags(enabled=False)


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
    hessian = Hessian(model, loss_fn, data, max_batches)
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
    hessian = Hessian(model, loss_fn, data, max_batches)
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
    hessian = Hessian(model, loss_fn, data, max_batches)
    found = _eigenpairs(hessian, k, end, tolerance, seed)
    n = hessian.like.numel()
    if n <= DENSE:
        each = np.array([float((hessian @ row) @ row) for row in torch.eye(n).to(hessian.like)])
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
    hessian = Hessian(model, loss_fn, data, max_batches)
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


def _eigenpairs(hessian: Hessian, k: int, end: End, tolerance: float, seed: int) -> Eigen:
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
