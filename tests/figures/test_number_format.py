"""Any number can be written: every float and every integer, short, as plain text, and read as what it is."""

import importlib
import math
import unicodedata
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from lossviz.figures.base.number_format import every, number, percent, whole

LONGEST = 24  # letters of a number as it is written
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
FLOATS = some.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
WHOLES = some.integers() | some.integers(-(10**400), 10**400)
NARROW = some.floats(width=32).map(np.float32) | some.floats(width=16).map(np.float16)


def is_plain(text: str) -> bool:
    """Short, of letters that neither Markdown nor Plotly reads, with nothing that Python alone says."""
    kinds = {unicodedata.category(letter) for letter in text}
    return (
        0 < len(text) <= LONGEST
        and not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and not set(text) & set("<>&$[]*_`-")
        and not any(word in text for word in ("nan", "inf", "e+", "e-"))
    )


def read(text: str) -> Decimal:
    """What a reader takes a written number for."""
    lead, _, power = text.replace("∞", "Infinity").replace("\u2009", "").partition(" × 10")
    return Decimal(f"{lead.translate(RAISED)}{f'e{power.translate(RAISED)}' if power else ''}")


def agrees(text: str, value: float) -> bool:
    """Read back it is the number: to three digits, or to two before a power of ten."""
    exact = Decimal(value)
    if exact.is_infinite():
        return read(text) == exact
    return abs(read(text) - exact) <= abs(exact) * Decimal("0.051" if "×" in text else "0.00501")


@given(FLOATS | NARROW)
@example(5e-324)
@example(1.7976931348623157e308)
@example(-0.0)
def test_every_float_can_be_written_and_read_again(value: float) -> None:
    text = number(value)
    assert is_plain(text)
    assert (text == "–") if math.isnan(value) else agrees(text, float(value))


@given(WHOLES)
@example(10**5000)
def test_every_integer_can_be_written(value: int) -> None:
    for text in (number(value), whole(value)):
        assert is_plain(text)
        assert agrees(text, value)
    assert number(value).startswith("−") == whole(value).startswith("−") == (value < 0)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64, np.float16, np.float32, np.float64])
def test_numpys_own_numbers_are_written_as_pythons(kind: Callable[[int], float]) -> None:
    for write in (number, percent, whole):
        assert write(kind(3)) == write(3)


@given(FLOATS | WHOLES | NARROW)
@example(np.float16(0.0))
@example(1e308)
@example(-0.001)
def test_every_share_can_be_written(share: float) -> None:
    text = percent(share)
    assert is_plain(text)
    exact = Decimal(share if isinstance(share, int) else float(share))
    if exact.is_finite() and text != "under 1 %":
        off = abs(read(text.removesuffix(" %")) - 100 * exact)
        assert off <= max(abs(exact) * Decimal("5.1"), Decimal("0.5000001"))
    assert not text.startswith("−0 ")


@given(FLOATS)
def test_a_count_that_is_a_float_is_rounded(count: float) -> None:
    assert is_plain(whole(count))
    if math.isfinite(count):
        assert whole(count) == whole(round(count))


@given(some.integers(1, 10**6))
def test_every_stride_has_its_ordinal(stride: int) -> None:
    ends = {"1": "st", "2": "nd", "3": "rd"}
    teen = stride // 10 % 10 == 1
    ending = "th" if teen else ends.get(str(stride)[-1], "th")
    assert every(stride) == f"every {whole(stride)}{ending} point"


OF_ONE_NUMBER = (
    "metrics.as_written._value", "stability.edge._short", "codes.head_scores._points",
    "gallery.outlier_lines._slope", "race.rug._tick", "metrics.score_curves._change",
    "metrics.score_curves._points", "gallery.curve_words._short", "neuron.slopes._short",
    "metrics.terms.signed", "metrics.threshold._percent", "landscape.two_losses._short",
    "gallery.outlier_location.signed",
)  # fmt: skip
OF_A_PROBABILITY = (
    "likelihood.sample_words.share_of_best", "metrics.threshold.share", "race.seeds._round_down",
)  # fmt: skip


def said_by(name: str, value: float) -> object:
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"lossviz.figures.{module}"), function)(value)


@pytest.mark.parametrize("name", OF_ONE_NUMBER)
@settings(max_examples=50)
@given(FLOATS)
def test_no_figures_own_way_to_write_a_number_fails(name: str, value: float) -> None:
    said = said_by(name, value)
    assert said is None or len(str(said)) < 2 * LONGEST
    if isinstance(said, str):
        assert said
        assert not any(word in said for word in ("nan", "inf"))


@pytest.mark.parametrize("name", OF_A_PROBABILITY)
@settings(max_examples=50)
@given(some.floats(0, 1))
def test_no_figures_own_way_to_write_a_probability_fails(name: str, value: float) -> None:
    assert len(str(said_by(name, value))) < 2 * LONGEST
