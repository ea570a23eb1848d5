"""Types that several packages share."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]  # double precision, any shape
AnyFloats = NDArray[np.floating[Any]]  # single or double precision
Unit = Literal["nats", "bits"]  # of information: logarithms to base e or 2
