"""Errors name the argument, what is allowed, and what was given."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossviz.common.validation import as_tensor, count_in, number_in


@given(st.floats(-5, 5))
def test_number_in_range_is_returned(value: float) -> None:
    assert number_in("a", value, -5, 5) == value


@pytest.mark.parametrize("value", [2, np.float32(2), np.int64(2), Decimal(2), Fraction(2), torch.tensor(2.0)])
def test_every_type_of_number_becomes_a_float(value: float) -> None:
    number = number_in("a", value, 0, 3)
    assert type(number) is float
    assert number == 2.0


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, "1", "", None, [1, 2], 1j, object(), 10**400, np.array([1.0, 2.0])],
)
def test_not_a_finite_number_raises(value: object) -> None:
    with pytest.raises(ValueError, match="a must be a finite number; got "):
        number_in("a", value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "limits", "sentence"),
    [
        (-1, {"low": 0.0}, "a must be a finite number of at least 0; got -1"),
        (0, {"low": 0.0, "open_low": True}, "a must be a finite number above 0; got 0"),
        (2.5, {"low": 0.0, "high": 1.0}, r"a must be a number in \[0, 1\]; got 2.5"),
        (0.0, {"low": 0.0, "high": 1.0, "open_low": True}, r"a must be a number in \(0, 1\]; got 0.0"),
        ("x", {"low": 0.0, "high": 1.0}, r"a must be a number in \[0, 1\]; got 'x'"),
    ],
)
def test_error_names_argument_range_and_value(value: float, limits: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        number_in("a", value, **limits)  # type: ignore[arg-type]


def test_range_is_closed() -> None:
    assert number_in("a", 0, 0, 1) == 0
    assert number_in("a", 1, 0, 1, open_low=True) == 1


@given(st.integers(1, 9))
def test_integer_in_range_is_returned(value: int) -> None:
    assert count_in("n", value, 1, 9) == value
    assert count_in("n", np.int32(value), 1) == value


@pytest.mark.parametrize("value", [0, 10, -3, 2.0, "2", None, True, math.nan, 10**400, [2]])
def test_not_an_integer_in_range_raises(value: object) -> None:
    with pytest.raises(ValueError, match="n must be a whole number from 1 to 9; got "):
        count_in("n", value, 1, 9)


def test_integer_without_an_upper_limit() -> None:
    assert count_in("n", 10**30, 1) == 10**30
    with pytest.raises(ValueError, match="n must be a whole number of at least 1; got 0"):
        count_in("n", 0, 1)


def test_tensors_keep_their_dtype_and_python_numbers_are_64_bit() -> None:
    assert as_tensor(1.5).dtype == torch.float64
    assert as_tensor([1, 2]).dtype == torch.int64
    assert as_tensor(np.float32(1)).dtype == torch.float32
    tensor = torch.ones(2, requires_grad=True)
    assert not as_tensor(tensor).requires_grad


def test_array_is_copied() -> None:
    array = np.zeros(3)
    as_tensor(array)[0] = 1
    assert array[0] == 0
