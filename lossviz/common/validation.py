"""Checks of arguments: each is checked once, and what is wrong is named in one sentence."""

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
    """Convert to a detached tensor of the same dtype; plain Python numbers become float64 or int64."""
    if isinstance(values, Tensor):
        return values.detach()
    array = np.array(values)  # a copy, because torch warns about arrays that cannot be written to
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def as_int64(values: Tensor) -> Tensor:
    """Convert integers of any width to int64; return other dtypes, bool included, unchanged.

    int64 is the only integer dtype that all torch operations accept: some losses take no other class numbers,
    comparisons are not implemented for uint16 to uint64, and ``2 * y - 1`` of a uint8 is 255 for y = 0.

    Args:
        values: A tensor of any dtype and shape.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: If a number does not fit into int64.
    """
    if values.is_floating_point() or values.is_complex() or values.dtype in (torch.bool, torch.int64):
        return values
    wide = values.to(torch.int64)
    if values.dtype == torch.uint64 and bool((wide < 0).any()):
        raise ValueError(f"whole numbers must be below 2^63; got {int(wide[wide < 0][0]) % 2**64}")
    return wide


def same_fields(one: Any, other: Any) -> bool:
    """Whether two dataclass instances of one type are equal: arrays bit by bit, with NaN equal to NaN."""
    pairs = ((getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return all(_equal(x, y) for x, y in pairs)


def _equal(x: Any, y: Any) -> bool:
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind in "fc")
    if isinstance(x, tuple) and isinstance(y, tuple):
        return len(x) == len(y) and all(map(_equal, x, y))
    return bool(x == y)


def number_in(
    name: str, value: SupportsFloat, low: float = -math.inf, high: float = math.inf, open_low: bool = False
) -> float:
    """Return ``value`` as a float if it is finite and in range.

    Args:
        name: Name of the argument, for the error message.
        value: A number of any type; strings are not numbers.
        low: Smallest allowed value.
        high: Largest allowed value.
        open_low: Whether ``low`` itself is excluded.

    Returns:
        The number.

    Raises:
        ValueError: If it is not a finite number in [low, high], or in (low, high] with ``open_low``.
    """
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
    """Return ``value`` as an int if it is an integer in range; a bool or a float is none.

    Args:
        name: Name of the argument, for the error message.
        value: An integer of Python, numpy or torch.
        low: Smallest allowed value.
        high: Largest allowed value; None for no limit.

    Returns:
        The integer.

    Raises:
        ValueError: If it is not an integer in [low, high].
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # raises TypeError
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
