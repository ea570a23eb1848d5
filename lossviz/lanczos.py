"""Lanczos' method for a symmetric matrix of which only products with a vector are known.

C. Lanczos (1950), with full reorthogonalisation, so that no eigenvalue appears twice for want of
precision; error bounds as in B. Parlett, The Symmetric Eigenvalue Problem (1998), chapter 13.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

End = Literal["largest", "smallest", "magnitude"]
Product = Callable[[Tensor], Tensor]  # (n,) -> (n,)

SETTLED = 10  # steps after a break in which a copy of an eigenvalue shows itself
DENSE = 32  # rows up to which the whole matrix is found and solved


@dataclass(frozen=True, eq=False)
class Eigen:
    """k eigenpairs, the wanted end first."""

    values: np.ndarray  # (k,)
    vectors: np.ndarray  # (k, n), of length 1
    residuals: np.ndarray  # (k,) ||H v - value v||: an eigenvalue lies within it of each value
    products: int  # how many products it took


class Tridiagonal:
    """A Lanczos run: an orthonormal basis, and the matrix in it, which is tridiagonal.

    Where the basis spans an invariant subspace it is continued with a random vector (``generator``),
    which is how a repeated eigenvalue is found more than once.
    """

    def __init__(
        self, product: Product, start: Tensor, steps: int, generator: torch.Generator | None
    ) -> None:
        exact = torch.float64 if start.device.type != "mps" else start.dtype
        self._product, self._generator, self._dtype = product, generator, start.dtype
        self._basis = torch.empty(
            min(steps, start.numel()) + 1, start.numel(), dtype=exact, device=start.device
        )
        self._basis[0] = start.to(exact) / torch.linalg.vector_norm(start.to(exact))
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self.since_break: int | None = None  # steps since then, if there was one
        self._scale = 0.0

    @property
    def full(self) -> bool:
        return len(self.alpha) + 1 >= len(self._basis)

    def grow(self) -> None:
        """One more product."""
        m = len(self.alpha)
        self.since_break = None if self.since_break is None else self.since_break + 1
        w = self._product(self._basis[m].to(self._dtype)).to(self._basis.dtype)
        self.alpha.append(float(self._basis[m] @ w))
        known = self._basis[: m + 1]
        for _ in range(2):  # once loses digits, twice is enough (Parlett, section 6.9)
            w = w - known.T @ (known @ w)
        beta = float(torch.linalg.vector_norm(w))
        self._scale = max(self._scale, abs(self.alpha[-1]), beta)
        if not np.isfinite(beta):
            raise ValueError("the Hessian at these weights is not finite, so it has no eigenvalues")
        noise = 8 * torch.finfo(self._dtype).eps * self._scale
        if beta <= noise and self._generator is not None and m + 1 < self._basis.shape[1]:
            self.since_break = 0
            beta = 0.0
            w = torch.randn(w.numel(), generator=self._generator, dtype=torch.float64).to(w)
            for _ in range(2):
                w = w - known.T @ (known @ w)
            self._basis[m + 1] = w / torch.linalg.vector_norm(w)
        elif beta > noise:
            self._basis[m + 1] = w / beta
        else:
            beta = 0.0
            self._basis[m + 1] = 0.0
        self.beta.append(beta)

    def solve(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (m,), rising, and eigenvectors (m, m) of the tridiagonal matrix, in columns."""
        off = self.beta[:-1]
        return np.linalg.eigh(np.diag(self.alpha) + np.diag(off, 1) + np.diag(off, -1))

    def vectors(self, small: np.ndarray) -> np.ndarray:
        """(k, n) from columns (m, k) of `solve`."""
        mix = torch.from_numpy(np.ascontiguousarray(small.T)).to(self._basis)
        return np.asarray((mix @ self._basis[: len(self.alpha)]).cpu().numpy())


def eigenpairs(
    product: Product,
    like: Tensor,
    k: int,
    end: End,
    tolerance: float,
    most: int,
    generator: torch.Generator,
    values_only: bool = False,
) -> Eigen:
    """The k eigenpairs at one end. ``like`` (n,) gives dtype and device.

    Stops when every residual is below ``tolerance`` times the largest magnitude found, or after ``most``
    products; the residuals say how far it came. With ``values_only`` the tolerance is of the values, whose
    error is about the residual's square over the gap to the next one (Parlett, section 11.7).
    """
    n = like.numel()
    if n <= max(DENSE, 2 * k):
        return _dense(product, like, k, end)
    start = torch.randn(n, generator=generator, dtype=torch.float64).to(like)
    run = Tridiagonal(product, start, most, generator)
    while True:
        run.grow()
        m = len(run.alpha)
        if m < k:
            continue
        if m > 16 and m % 4 and not run.full:
            continue  # the small problem is not worth solving at every step
        values, small = run.solve()
        chosen = _order(values, end)[:k]
        bounds = abs(run.beta[-1] * small[-1, chosen])
        errors = _value_errors(bounds, values, chosen) if values_only else bounds
        converged = (errors <= tolerance * max(np.abs(values).max(), np.finfo(float).tiny)).all()
        if run.full or (converged and (run.since_break is None or run.since_break > SETTLED)):
            return Eigen(values[chosen], run.vectors(small[:, chosen]), bounds, m)


def _value_errors(bounds: np.ndarray, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    apart = np.abs(values[chosen][:, None] - values[None, :])
    apart[np.arange(len(chosen)), chosen] = np.inf
    gap = np.maximum(apart.min(axis=1), np.finfo(float).tiny)
    # Far from the end, the gaps are not yet the matrix's own.
    near = (bounds < 0.1 * np.abs(values).max()) & np.isfinite(gap)
    return np.where(near, np.minimum(bounds, bounds**2 / gap), bounds)


def _dense(product: Product, like: Tensor, k: int, end: End) -> Eigen:
    rows = [product(row).double().cpu().numpy() for row in torch.eye(like.numel()).to(like)]
    matrix = np.stack(rows)
    if not np.isfinite(matrix).all():
        raise ValueError("the Hessian at these weights is not finite, so it has no eigenvalues")
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    chosen = _order(values, end)[:k]
    residuals = np.linalg.norm(matrix @ vectors[:, chosen] - values[chosen] * vectors[:, chosen], axis=0)
    return Eigen(values[chosen], vectors[:, chosen].T.copy(), residuals, len(rows))


def _order(values: np.ndarray, end: End) -> np.ndarray:
    key = {"largest": -values, "smallest": values, "magnitude": -np.abs(values)}[end]
    order: np.ndarray = np.argsort(key, kind="stable")
    return order
