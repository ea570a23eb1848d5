"""What comes in from outside is checked once, and what is wrong is said in one sentence."""

import math
import operator
from dataclasses import fields
from typing import Any, SupportsFloat

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor


class Refused(ValueError):
    """Said by us, in a sentence of our own: what torch says of the same kind is quoted in one."""


def as_tensor(values: ArrayLike | Tensor) -> Tensor:
    """A detached tensor of the same dtype; plain Python numbers become float64 or int64."""
    if isinstance(values, Tensor):
        return values.detach()
    return torch.from_numpy(np.array(values))


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
    raise ValueError(f"{name} must be {allowed}; got {value!r}")


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
    raise ValueError(f"{name} must be a whole number {allowed}; got {value!r}")
