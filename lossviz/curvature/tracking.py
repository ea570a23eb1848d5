"""The largest eigenvalue of a symmetric matrix that changes little from one look to the next.

Lanczos' method, started from what was found at the look before: two to five products instead of dozens. For
small matrices that are cheap to multiply with numpy's own calls are what costs, so this is spare of them;
`lossviz.curvature.lanczos` is for one look, and for more than one eigenvalue.
"""

from collections.abc import Callable

import numpy as np

from lossviz.common.typing import Floats
from lossviz.curvature.lanczos import NotFinite, value_error

MOST_PRODUCTS = 60
LEAN = np.array([1.0, 0.3, 0.1])  # towards those behind the largest, so that a change of places is seen


class TopEigenvalueTracker:
    """Call it at each look with the matrix's product, (n,) -> (n,).

    ``tolerance`` is the error, relative, at which it stops, by the estimate of `lossviz.curvature.lanczos.value_error`.
    """

    def __init__(self, size: int, tolerance: float) -> None:
        self._tolerance = tolerance
        self._basis = np.zeros((min(MOST_PRODUCTS, size) + 1, size))
        self._small = np.zeros(2 * self._basis.shape[:1])  # its lower half: the matrix in the basis
        self._start: Floats = np.random.default_rng(0).standard_normal(size)

    def __call__(self, product: Callable[[Floats], Floats]) -> float:
        """The largest eigenvalue, signed; `NotFinite`, a ValueError, if the matrix is not."""
        basis, small, scale = self._basis, self._small, 0.0
        basis[0] = self._start / np.sqrt(self._start @ self._start)
        for m in range(1, len(basis)):
            w = product(basis[m - 1])
            known = basis[:m]
            shares = known @ w
            w = w - shares @ known
            w -= (known @ w) @ known  # once loses digits, twice is enough (Parlett, section 6.9)
            beta = float(np.sqrt(w @ w))
            if not np.isfinite(beta):
                raise NotFinite
            small[m - 1, m - 1] = alpha = shares[-1]
            scale = max(scale, abs(alpha), beta)
            values, vectors = np.linalg.eigh(small[:m, :m])
            error = value_error(abs(beta * vectors[-1, -1]), values)
            near = m > 1 and error <= self._tolerance * max(abs(values[-1]), 1e-12)
            if near or beta <= 8 * np.finfo(float).eps * scale:
                break
            small[m, m - 1] = beta
            np.divide(w, beta, out=basis[m])
        self._start = (vectors[:, ::-1][:, : len(LEAN)] @ LEAN[:m]) @ basis[:m]
        return float(values[-1])
