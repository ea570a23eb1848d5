"""Lanczos' method for a symmetric matrix that is given by its products with vectors.

C. Lanczos (1950), with full reorthogonalization, so that rounding errors do not make an eigenvalue appear
twice; error bounds as in B. Parlett, The Symmetric Eigenvalue Problem (1998), chapter 13.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossviz.common.typing import AnyFloats, Floats

End = Literal["largest", "smallest", "magnitude"]
Product = Callable[[Tensor], Tensor]  # (n,) -> (n,)

RESTART_STEPS = 10  # steps after a breakdown in which another copy of an eigenvalue appears
MAX_DENSE = 32  # rows up to which the whole matrix is formed and solved
MAX_RESIDUAL = (
    1e-3  # relative, at which the largest eigenvalue found is taken to be the largest of the matrix
)
MAX_ASYMMETRY = 1e-2  # relative to the largest entry, far above rounding in float32


class NonFiniteHessianError(ValueError):
    """The matrix has NaN or infinite entries."""

    def __init__(self) -> None:
        super().__init__("the Hessian at these weights is not finite, so it has no eigenvalues")


class AsymmetricHessianError(ValueError):
    """Products with the matrix are not those of a symmetric one."""

    def __init__(self) -> None:
        super().__init__(
            "the Hessian products of this model and loss are not symmetric, so they are not second "
            "derivatives: something changes from one call to the next, or has a wrong backward pass"
        )


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """k eigenpairs, the requested end of the spectrum first."""

    values: Floats  # (k,)
    vectors: AnyFloats  # (k, n), of length 1
    residuals: Floats  # (k,) ||H v - value v||: there is an eigenvalue within this distance of each value
    products: int  # how many products it took


class LanczosIteration:
    """An orthonormal basis of the Krylov space, and the tridiagonal matrix of the operator in it.

    At a breakdown, when the basis spans an invariant subspace, it is continued with a random vector
    (``generator``), which is how a repeated eigenvalue is found more than once.

    Args:
        product: The matrix, as a function of vectors (n,).
        start: The first vector (n,); its dtype is that of the products.
        steps: Maximum number of steps.
        generator: For the vectors after a breakdown; None to stop there.
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
        self._basis = _as_numpy(self._rows)
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self.since_breakdown: int | None = None  # steps since the last breakdown
        self._scale = 0.0

    @property
    def exhausted(self) -> bool:
        """Whether the maximum number of steps is reached."""
        return len(self.alpha) + 1 >= len(self._basis)

    @property
    def restarted(self) -> bool:
        """Whether another copy of an eigenvalue would have appeared since the last breakdown."""
        return self.since_breakdown is None or self.since_breakdown > RESTART_STEPS

    def step(self) -> None:
        """Take one more step, with one product."""
        m = len(self.alpha)
        self.since_breakdown = None if self.since_breakdown is None else self.since_breakdown + 1
        w = _as_numpy(self._product(self._rows[m].to(self._dtype)).to(self._rows.dtype))
        known = self._basis[: m + 1]
        components = known @ w
        if m:
            # The part of H q along earlier vectors q', which is that of H q' along q if H is symmetric.
            previous, along = float(components[m - 1]), components[:m]
            skew = float(along @ along) - previous**2 + (previous - self.beta[-1]) ** 2
            if skew > (MAX_ASYMMETRY * self._scale) ** 2:
                raise AsymmetricHessianError
        self.alpha.append(float(components[m]))
        w = w - components @ known
        w -= (known @ w) @ known  # orthogonalizing once loses digits, twice is enough (Parlett, section 6.9)
        beta = math.sqrt(w @ w)
        self._scale = max(self._scale, abs(self.alpha[-1]), beta)
        if not math.isfinite(beta):
            raise NonFiniteHessianError
        rounding = 8 * torch.finfo(self._dtype).eps * self._scale
        if beta <= rounding and self._generator is not None and m + 1 < self._basis.shape[1]:
            self.since_breakdown = 0
            beta = 0.0
            w = _as_numpy(_random(self._rows[0], self._generator))
            for _ in range(2):
                w = w - (known @ w) @ known
            self._basis[m + 1] = w / math.sqrt(w @ w)
        elif beta > rounding:
            self._basis[m + 1] = w / beta
        else:
            beta = 0.0
            self._basis[m + 1] = 0.0
        self.beta.append(beta)

    def solve(self) -> tuple[Floats, Floats]:
        """Eigenvalues (m,), ascending, and eigenvectors (m, m) of the tridiagonal matrix, in columns."""
        m = len(self.alpha)
        lower = np.zeros((m, m))
        lower.flat[:: m + 1], lower.flat[m :: m + 1] = self.alpha, self.beta[:-1]
        return np.linalg.eigh(lower, UPLO="L")

    def ritz_vectors(self, columns: Floats) -> AnyFloats:
        """Approximate eigenvectors (k, n) of the operator, from columns (m, k) of `solve`."""
        coefficients = torch.from_numpy(np.ascontiguousarray(columns.T)).to(self._rows)
        return np.asarray((coefficients @ self._rows[: len(self.alpha)]).cpu().numpy())


def eigenpairs(
    product: Product,
    like: Tensor,
    k: int,
    end: End,
    tolerance: float,
    max_products: int,
    generator: torch.Generator,
) -> Eigenpairs:
    """The k eigenpairs at one end of the spectrum.

    Args:
        product: The matrix, as a function of vectors (n,).
        like: A vector (n,) with the dtype and device of the products.
        k: How many eigenpairs.
        end: "largest", "smallest", or the largest in "magnitude".
        tolerance: It stops when every residual is below this times the largest magnitude found.
        max_products: It stops after so many products; the residuals tell how accurate the pairs are.
        generator: For the start.
    """
    n = like.numel()
    if n <= max(MAX_DENSE, 2 * k):
        return _dense(product, like, k, end)
    lanczos = LanczosIteration(product, _random(like, generator), max_products, generator)
    while True:
        lanczos.step()
        m = len(lanczos.alpha)
        if m < k:
            continue
        if m > 16 and m % 4 and not lanczos.exhausted:
            continue  # solving the tridiagonal problem at every step would cost more than a few more steps
        values, columns = lanczos.solve()
        chosen = _order(values, end)[:k]
        bounds = abs(lanczos.beta[-1] * columns[-1, chosen])
        converged = (bounds <= tolerance * max(np.abs(values).max(), np.finfo(float).tiny)).all()
        if lanczos.exhausted or (converged and lanczos.restarted):
            return Eigenpairs(values[chosen], lanczos.ritz_vectors(columns[:, chosen]), bounds, m)


def largest_eigenvalue(
    product: Product, like: Tensor, tolerance: float, max_products: int, generator: torch.Generator
) -> float:
    """The largest eigenvalue alone: without its vector, fewer products are enough.

    It stops when `eigenvalue_error` is below ``tolerance`` times the largest magnitude found and the residual
    below `MAX_RESIDUAL` times it, or after ``max_products`` products. The result is more accurate than that
    error, since it uses the next Lanczos vector without its product: its coupling with the vector found is
    known (the residual), and its own diagonal entry is assumed to be that of the random start.

    The bound on the residual is for an eigenvalue that is not found yet: if the start has a small component
    of its vector, the second largest is found first, and to many digits. For an eigenvalue that is larger by
    d, that component is at most residual / d times the start's component of the vector found; at
    `MAX_RESIDUAL` and a d of a hundredth that is a tenth, which is rare.

    Args:
        product: The matrix, as a function of vectors (n,).
        like: A vector (n,) with the dtype and device of the products.
        tolerance: Relative to the largest magnitude.
        max_products: Maximum number of products.
        generator: For the start.
    """
    if like.numel() <= MAX_DENSE:
        return float(_dense(product, like, 1, "largest").values[0])
    lanczos = LanczosIteration(product, _random(like, generator), max_products, generator)
    while True:
        lanczos.step()
        m = len(lanczos.alpha)
        if m < 3 or (m > 16 and m % 4 and not lanczos.exhausted):
            continue
        values, columns = lanczos.solve()
        top, residual = float(values[-1]), abs(lanczos.beta[-1] * float(columns[-1, -1]))
        scale = max(float(np.abs(values).max()), np.finfo(float).tiny)
        converged = (
            eigenvalue_error(residual, values) <= tolerance * scale and residual <= MAX_RESIDUAL * scale
        )
        if lanczos.exhausted or (converged and lanczos.restarted):
            return 0.5 * (top + lanczos.alpha[0]) + math.hypot(0.5 * (top - lanczos.alpha[0]), residual)


def eigenvalue_error(residual: float, values: Floats) -> float:
    """Estimate the error of the largest of ``values`` (m,), ascending, from its vector's residual.

    Once the residual is small, its square over the gap to the next value (Parlett, section 11.7). An estimate
    and no bound: where eigenvalues cluster at the end, those not found yet make the true gap smaller.
    """
    gap = float(values[-1] - values[-2]) if len(values) > 1 else 0.0
    if gap <= 0 or residual >= 0.1 * float(np.abs(values).max()):
        return residual
    return min(residual, residual**2 / gap)


def _as_numpy(tensor: Tensor) -> Any:
    """A view as a numpy array on the CPU: on small vectors numpy's calls take a third of torch's time."""
    return tensor.numpy() if tensor.device.type == "cpu" else tensor


def _random(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.numel(), generator=generator, dtype=torch.float32).to(like)


def _dense(product: Product, like: Tensor, k: int, end: End) -> Eigenpairs:
    """Form the whole matrix, and solve it with LAPACK."""
    units = torch.eye(like.numel(), dtype=like.dtype, device=like.device)
    rows = [product(row).double().cpu().numpy() for row in units]
    matrix = np.stack(rows)
    if not np.isfinite(matrix).all():
        raise NonFiniteHessianError
    if np.linalg.norm(matrix - matrix.T) > MAX_ASYMMETRY * np.linalg.norm(matrix):
        raise AsymmetricHessianError
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    chosen = _order(values, end)[:k]
    residuals = np.linalg.norm(matrix @ vectors[:, chosen] - values[chosen] * vectors[:, chosen], axis=0)
    return Eigenpairs(values[chosen], vectors[:, chosen].T.copy(), residuals, len(rows))


def _order(values: Floats, end: End) -> NDArray[np.intp]:
    """Indices of the values, the requested end first."""
    key = {"largest": -values, "smallest": values, "magnitude": -np.abs(values)}[end]
    order: NDArray[np.intp] = np.argsort(key, kind="stable")
    return order
