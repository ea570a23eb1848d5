"""Every float and integer can be formatted: short, as plain text, and close to the number."""

import importlib
import inspect
import math
import pkgutil
import unicodedata
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from lossviz import figures
from lossviz.figures.base.number_format import every, number, percent, whole

LONGEST = 24  # characters of a formatted number
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
FLOATS = some.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
WHOLES = some.integers() | some.integers(-(10**400), 10**400)
NARROW = some.floats(width=32).map(np.float32) | some.floats(width=16).map(np.float16)


def is_plain(text: str) -> bool:
    """Whether it is short, without Markdown, HTML or Python's own notation."""
    kinds = {unicodedata.category(letter) for letter in text}
    return (
        0 < len(text) <= LONGEST
        and not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and not set(text) & set("<>&$[]*_`-")
        and not any(word in text for word in ("nan", "inf", "e+", "e-"))
    )


def read(text: str) -> Decimal:
    """The number that a text stands for."""
    lead, _, power = text.replace("∞", "Infinity").replace("\u2009", "").partition(" × 10")
    return Decimal(f"{lead.translate(RAISED)}{f'e{power.translate(RAISED)}' if power else ''}")


def agrees(text: str, value: float) -> bool:
    """Whether a text stands for the number, to three digits, or to two before a power of ten."""
    exact = Decimal(value)
    if exact.is_infinite():
        return read(text) == exact
    return abs(read(text) - exact) <= abs(exact) * Decimal("0.051" if "×" in text else "0.00501")


@given(FLOATS | NARROW)
@example(5e-324)
@example(1.7976931348623157e308)
@example(-0.0)
def test_number_is_equal_when_read_back(value: float) -> None:
    text = number(value)
    assert is_plain(text)
    assert (text == "–") if math.isnan(value) else agrees(text, float(value))


@given(WHOLES)
@example(10**5000)
def test_every_integer_can_be_formatted(value: int) -> None:
    for text in (number(value), whole(value)):
        assert is_plain(text)
        assert agrees(text, value)
    assert number(value).startswith("−") == whole(value).startswith("−") == (value < 0)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64, np.float16, np.float32, np.float64])
def test_numpy_numbers_are_formatted_as_python_numbers(kind: Callable[[int], float]) -> None:
    for write in (number, percent, whole):
        assert write(kind(3)) == write(3)


@given(FLOATS | WHOLES | NARROW)
@example(np.float16(0.0))
@example(1e308)
@example(-0.001)
def test_every_proportion_can_be_formatted(share: float) -> None:
    text = percent(share)
    assert is_plain(text)
    exact = Decimal(share if isinstance(share, int) else float(share))
    if exact.is_finite() and text != "under 1 %":
        off = abs(read(text.removesuffix(" %")) - 100 * exact)
        assert off <= max(abs(exact) * Decimal("5.1"), Decimal("0.5000001"))
    assert not text.startswith("−0 ")


@given(FLOATS)
def test_float_count_is_rounded(count: float) -> None:
    assert is_plain(whole(count))
    if math.isfinite(count):
        assert whole(count) == whole(round(count))


@given(some.integers(1, 10**6))
def test_every_stride_has_its_ordinal(stride: int) -> None:
    ends = {"1": "st", "2": "nd", "3": "rd"}
    teen = stride // 10 % 10 == 1
    ending = "th" if teen else ends.get(str(stride)[-1], "th")
    assert every(stride) == f"every {whole(stride)}{ending} point"


def formatters() -> dict[str, Callable[[float], object]]:
    """All functions of the figures that format one number, public or not."""
    found: dict[str, Callable[[float], object]] = {}
    for module in pkgutil.walk_packages(figures.__path__, "lossviz.figures."):
        if module.ispkg:
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            if not inspect.isfunction(function) or function.__module__ != module.name:
                continue
            signature = inspect.signature(function)
            takes = [parameter.annotation for parameter in signature.parameters.values()]
            if takes == [float] and signature.return_annotation in (str, float, float | None):
                found[f"{module.name.removeprefix('lossviz.figures.')}.{name}"] = function
    return found


FORMATTERS = formatters()
PROBABILITIES = (
    "probability_text",
    "relative_likelihood_text",
    "_round_down",
)  # how functions are called that format one
OF_A_PROBABILITY = [name for name in FORMATTERS if name.endswith(PROBABILITIES)]


def test_formatters_are_found() -> None:
    assert len(FORMATTERS) >= 19
    assert len(OF_A_PROBABILITY) == 3
    assert "base.number_format.number" in FORMATTERS


@pytest.mark.parametrize("name", [name for name in FORMATTERS if name not in OF_A_PROBABILITY])
@settings(max_examples=50)
@given(FLOATS)
def test_formatter_of_a_figure_takes_any_float(name: str, value: float) -> None:
    text = FORMATTERS[name](value)
    assert text is None or len(str(text)) < 2 * LONGEST
    if isinstance(text, str):
        assert text
        assert not any(word in text for word in ("nan", "inf"))


@pytest.mark.parametrize("name", OF_A_PROBABILITY)
@settings(max_examples=50)
@given(some.floats(0, 1))
def test_formatter_of_a_figure_takes_any_probability(name: str, value: float) -> None:
    assert len(str(FORMATTERS[name](value))) < 2 * LONGEST
