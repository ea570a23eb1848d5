"""What the functions of `lossviz.curvature.eigenvalues` return, and how it was computed."""

from dataclasses import dataclass
from typing import Self

from lossviz.common.typing import Floats
from lossviz.curvature.lanczos import End
from lossviz.curvature.products import AUTOMATIC


class Sharpness(float):
    """The largest eigenvalue of a Hessian: a float that knows how it was computed.

    ``method`` says how the Hessian's products were computed: "automatic differentiation", or, where that is
    wrong for a model or a loss, in float64 or by differences of gradients, and why.

    Example:
        >>> import torch
        >>> import lossviz as lv
        >>> x, y = torch.ones(4, 1), torch.zeros(4, 1)
        >>> found = lv.sharpness(torch.nn.Linear(1, 1, bias=False), torch.nn.MSELoss(), (x, y))
        >>> found, found.method
        (2.0, 'automatic differentiation')
    """

    method: str

    def __new__(cls, value: float, method: str = AUTOMATIC) -> Self:
        """The value with its method."""
        found = super().__new__(cls, value)
        found.method = method
        return found

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        """For copies and pickles."""
        return float(self), self.method

    def __repr__(self) -> str:
        """The number, and the method if it is an unusual one."""
        return float.__repr__(self) + ("" if self.method == AUTOMATIC else f" (by {self.method})")

    __str__ = __repr__


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Leading eigenvalues of the Hessian and an estimate of its trace, by `spectrum`.

    Attributes:
        eigenvalues: (k,), the requested end of the spectrum first.
        residuals: (k,), ||H v - eigenvalue v||: a bound on each eigenvalue's error.
        trace: The sum of all eigenvalues.
        trace_error: Standard error of ``trace``; 0 if it is exact.
        num_parameters: n, the number of trainable weights; trace / n is the mean eigenvalue.
        end: The end of the spectrum that was asked for.
        method: How the Hessian's products were computed, as in `Sharpness`.
    """

    eigenvalues: Floats
    residuals: Floats
    trace: float
    trace_error: float
    num_parameters: int
    end: End
    method: str = AUTOMATIC


@dataclass(frozen=True, eq=False)
class Density:
    """Smoothed density of the Hessian's n eigenvalues, by `density`; the area under it is 1.

    Attributes:
        eigenvalue: (p,), ascending.
        density: (p,), at each ``eigenvalue``.
        negative_share: Estimated share of eigenvalues below minus a hundredth of the largest magnitude.
        method: How the Hessian's products were computed, as in `Sharpness`.
    """

    eigenvalue: Floats
    density: Floats
    negative_share: float
    method: str = AUTOMATIC
