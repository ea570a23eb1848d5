"""Types that several packages share."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]  # an array of doubles, of any shape
AnyFloats = NDArray[np.floating[Any]]  # of single or double precision
Unit = Literal["nats", "bits"]  # of information: logarithms to the base e or 2
