"""Lanczos' method for a symmetric matrix of which only products with a vector are known.

C. Lanczos (1950), with full reorthogonalisation, so that no eigenvalue appears twice for want of
precision; error bounds as in B. Parlett, The Symmetric Eigenvalue Problem (1998), chapter 13.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

End = Literal["largest", "smallest", "magnitude"]
Product = Callable[[Tensor], Tensor]  # (n,) -> (n,)

SETTLED = 10  # steps after a break in which a copy of an eigenvalue shows itself
DENSE = 32  # rows up to which the whole matrix is found and solved
SURE = 1e-3  # residual, relative, at which the largest eigenvalue found is taken to be the largest there is


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
        self._rows = torch.empty(
            min(steps, start.numel()) + 1, start.numel(), dtype=exact, device=start.device
        )
        torch.div(start.to(exact), torch.linalg.vector_norm(start.to(exact)), out=self._rows[0])
        self._basis = _lean(self._rows)
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self.since_break: int | None = None  # steps since then, if there was one
        self._scale = 0.0

    @property
    def full(self) -> bool:
        return len(self.alpha) + 1 >= len(self._basis)

    @property
    def settled(self) -> bool:
        """Whether a copy of an eigenvalue would have shown itself since a break."""
        return self.since_break is None or self.since_break > SETTLED

    def grow(self) -> None:
        """One more product."""
        m = len(self.alpha)
        self.since_break = None if self.since_break is None else self.since_break + 1
        w = _lean(self._product(self._rows[m].to(self._dtype)).to(self._rows.dtype))
        known = self._basis[: m + 1]
        shares = known @ w
        self.alpha.append(float(shares[m]))
        w = w - shares @ known
        w -= (known @ w) @ known  # once loses digits, twice is enough (Parlett, section 6.9)
        beta = math.sqrt(w @ w)
        self._scale = max(self._scale, abs(self.alpha[-1]), beta)
        if not math.isfinite(beta):
            raise ValueError("the Hessian at these weights is not finite, so it has no eigenvalues")
        noise = 8 * torch.finfo(self._dtype).eps * self._scale
        if beta <= noise and self._generator is not None and m + 1 < self._basis.shape[1]:
            self.since_break = 0
            beta = 0.0
            w = _lean(_random(self._rows[0], self._generator))
            for _ in range(2):
                w = w - (known @ w) @ known
            self._basis[m + 1] = w / math.sqrt(w @ w)
        elif beta > noise:
            self._basis[m + 1] = w / beta
        else:
            beta = 0.0
            self._basis[m + 1] = 0.0
        self.beta.append(beta)

    def solve(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (m,), rising, and eigenvectors (m, m) of the tridiagonal matrix, in columns."""
        m = len(self.alpha)
        lower = np.zeros((m, m))
        lower.flat[:: m + 1], lower.flat[m :: m + 1] = self.alpha, self.beta[:-1]
        return np.linalg.eigh(lower, UPLO="L")

    def vectors(self, small: np.ndarray) -> np.ndarray:
        """(k, n) from columns (m, k) of `solve`."""
        mix = torch.from_numpy(np.ascontiguousarray(small.T)).to(self._rows)
        return np.asarray((mix @ self._rows[: len(self.alpha)]).cpu().numpy())


def eigenpairs(
    product: Product,
    like: Tensor,
    k: int,
    end: End,
    tolerance: float,
    most: int,
    generator: torch.Generator,
) -> Eigen:
    """The k eigenpairs at one end. ``like`` (n,) gives dtype and device.

    Stops when every residual is below ``tolerance`` times the largest magnitude found, or after ``most``
    products; the residuals say how far it came.
    """
    n = like.numel()
    if n <= max(DENSE, 2 * k):
        return _dense(product, like, k, end)
    run = Tridiagonal(product, _random(like, generator), most, generator)
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
        converged = (bounds <= tolerance * max(np.abs(values).max(), np.finfo(float).tiny)).all()
        if run.full or (converged and run.settled):
            return Eigen(values[chosen], run.vectors(small[:, chosen]), bounds, m)


def largest(product: Product, like: Tensor, tolerance: float, most: int, generator: torch.Generator) -> float:
    """The largest eigenvalue alone: without its vector, fewer products do.

    Stops when `value_error` is below ``tolerance`` times the largest magnitude found and the residual below
    `SURE` times it, or after ``most`` products. What is returned is nearer than that error: the direction
    that would come next counts in without its product. How it goes with the vector found is known (the
    residual); how the matrix curves along it is taken to be as along the random start.

    The residual is there for an eigenvalue that hides: where the start has little of its vector, the second
    largest is found first, and to many digits. What is larger by d has at most residual / d times the share
    in the start that the vector found has; at `SURE` and a hundredth that is a tenth, which is rare.
    """
    if like.numel() <= DENSE:
        return float(_dense(product, like, 1, "largest").values[0])
    run = Tridiagonal(product, _random(like, generator), most, generator)
    while True:
        run.grow()
        if len(run.alpha) < 3 or (len(run.alpha) > 16 and len(run.alpha) % 4 and not run.full):
            continue
        values, small = run.solve()
        top, residual = float(values[-1]), abs(run.beta[-1] * float(small[-1, -1]))
        scale = max(float(np.abs(values).max()), np.finfo(float).tiny)
        near = value_error(residual, values) <= tolerance * scale and residual <= SURE * scale
        if run.full or (near and run.settled):
            return 0.5 * (top + run.alpha[0]) + math.hypot(0.5 * (top - run.alpha[0]), residual)


def value_error(residual: float, values: np.ndarray) -> float:
    """About how far the largest of ``values`` (m,), rising, is off, given its vector's residual.

    Once the residual is small, its square over the gap to the next value (Parlett, section 11.7). An estimate
    and no bound: where eigenvalues crowd at the end, those not found yet make the true gap smaller.
    """
    gap = float(values[-1] - values[-2]) if len(values) > 1 else 0.0
    if gap <= 0 or residual >= 0.1 * float(np.abs(values).max()):
        return residual
    return min(residual, residual**2 / gap)


def _lean(tensor: Tensor) -> Any:
    """The same numbers, where numpy is at hand: on small vectors its calls take a third of torch's time."""
    return tensor.numpy() if tensor.device.type == "cpu" else tensor


def _random(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.numel(), generator=generator, dtype=torch.float32).to(like)


def _dense(product: Product, like: Tensor, k: int, end: End) -> Eigen:
    units = torch.eye(like.numel(), dtype=like.dtype, device=like.device)
    rows = [product(row).double().cpu().numpy() for row in units]
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
