"""The largest eigenvalue of a symmetric matrix that changes little from one call to the next.

Lanczos' method, started from the vectors found at the previous call: two to five products instead of dozens.
For small matrices that are cheap to multiply, numpy's own calls dominate the time, so there are few of them;
`lossviz.curvature.lanczos` is for a single matrix, and for more than one eigenvalue.
"""

from collections.abc import Callable

import numpy as np

from lossviz.common.typing import Floats
from lossviz.curvature.lanczos import NonFiniteHessianError, eigenvalue_error

MAX_PRODUCTS = 60
# Weights of the leading eigenvectors in the next start: those behind the first may become the largest.
START_WEIGHTS = np.array([1.0, 0.3, 0.1])


class TopEigenvalueTracker:
    """A function of a matrix that is called again and again as the matrix changes.

    Args:
        size: n, the number of rows.
        tolerance: Relative error at which it stops, by `lossviz.curvature.lanczos.eigenvalue_error`.
    """

    def __init__(self, size: int, tolerance: float) -> None:
        self._tolerance = tolerance
        self._basis = np.zeros((min(MAX_PRODUCTS, size) + 1, size))
        self._tridiagonal = np.zeros(2 * self._basis.shape[:1])  # the matrix in the basis; its lower half
        self._start: Floats = np.random.default_rng(0).standard_normal(size)

    def __call__(self, product: Callable[[Floats], Floats]) -> float:
        """The largest eigenvalue, signed.

        Args:
            product: The matrix, as a function of vectors (n,).

        Raises:
            NonFiniteHessianError: If a product is not finite.
        """
        basis, tridiagonal, scale = self._basis, self._tridiagonal, 0.0
        basis[0] = self._start / np.sqrt(self._start @ self._start)
        for m in range(1, len(basis)):
            w = product(basis[m - 1])
            known = basis[:m]
            components = known @ w
            w = w - components @ known
            w -= (
                known @ w
            ) @ known  # orthogonalizing once loses digits, twice is enough (Parlett, section 6.9)
            beta = float(np.sqrt(w @ w))
            if not np.isfinite(beta):
                raise NonFiniteHessianError
            tridiagonal[m - 1, m - 1] = alpha = components[-1]
            scale = max(scale, abs(alpha), beta)
            values, vectors = np.linalg.eigh(tridiagonal[:m, :m])
            error = eigenvalue_error(abs(beta * vectors[-1, -1]), values)
            converged = m > 1 and error <= self._tolerance * max(abs(values[-1]), 1e-12)
            if converged or beta <= 8 * np.finfo(float).eps * scale:
                break
            tridiagonal[m, m - 1] = beta
            np.divide(w, beta, out=basis[m])
        leading = vectors[:, ::-1][:, : len(START_WEIGHTS)]
        self._start = (leading @ START_WEIGHTS[:m]) @ basis[:m]
        return float(values[-1])
