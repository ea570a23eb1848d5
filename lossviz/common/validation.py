"""What comes in from outside is checked once, and what is wrong is said in one sentence."""

import math
import operator
from dataclasses import fields
from typing import Any, SupportsFloat

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.common.plain_text import quoted


def as_tensor(values: ArrayLike | Tensor) -> Tensor:
    """A detached tensor of the same dtype; plain Python numbers become float64 or int64."""
    if isinstance(values, Tensor):
        return values.detach()
    array = np.array(values)  # a copy: torch must be allowed to write to it
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def as_int64(values: Tensor) -> Tensor:
    """Whole numbers of any width and signedness as int64; anything else, bool too, as it is.

    int64 is the one integer dtype that all of torch's operations take: some losses take no other classes,
    comparisons do not know uint16 to uint64, and ``2 * y - 1`` of a uint8 is 255 for y = 0. Raises ValueError
    for a number that int64 does not hold.
    """
    if values.is_floating_point() or values.is_complex() or values.dtype in (torch.bool, torch.int64):
        return values
    wide = values.to(torch.int64)
    if values.dtype == torch.uint64 and bool((wide < 0).any()):
        raise ValueError(f"whole numbers must be below 2^63; got {int(wide[wide < 0][0]) % 2**64}")
    return wide


def same_fields(one: Any, other: Any) -> bool:
    """Whether two dataclasses of one kind hold the same, arrays to the bit (NaN counts as NaN)."""
    pairs = ((getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return all(_same(x, y) for x, y in pairs)


def _same(x: Any, y: Any) -> bool:
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind in "fc")
    if isinstance(x, tuple) and isinstance(y, tuple):
        return len(x) == len(y) and all(map(_same, x, y))
    return bool(x == y)


def number_in(
    name: str, value: SupportsFloat, low: float = -math.inf, high: float = math.inf, open_low: bool = False
) -> float:
    """value as a float if it is finite and in [low, high] ((low, high] with open_low), else ValueError."""
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and low <= number <= high and not (open_low and number == low):
        return number
    if math.isinf(low) and math.isinf(high):
        allowed = "a finite number"
    elif math.isinf(high):
        allowed = f"a finite number {'above' if open_low else 'of at least'} {low:g}"
    else:
        allowed = f"a number in {'(' if open_low else '['}{low:g}, {high:g}]"
    raise ValueError(f"{name} must be {allowed}; got {quoted(value)}")


def count_in(name: str, value: object, low: int, high: int | None = None) -> int:
    """value as an int if it is a whole number in [low, high], else ValueError."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # a TypeError is the answer
    except TypeError:
        number = None
    if (
        number is not None
        and not isinstance(value, bool)
        and low <= number <= (number if high is None else high)
    ):
        return number
    allowed = f"from {low} to {high}" if high is not None else f"of at least {low}"
    raise ValueError(f"{name} must be a whole number {allowed}; got {quoted(value)}")
