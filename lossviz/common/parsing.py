"""Parse numbers from text that was typed or pasted; an error names the position of what is not a number."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats

MAX_NUMBERS = 10_000  # in one text
_SEPARATORS = re.compile(r"[\s,;|\[\](){}]+")


@dataclass(frozen=True)
class ParsedNumbers:
    """Numbers with the text of each."""

    values: Floats  # (n,), or (n, m) from rows
    tokens: tuple[tuple[str, ...], ...]  # n rows of 1 or m texts


def parse_column(name: str, given: str | ArrayLike) -> ParsedNumbers:
    """Parse a list of numbers separated by white space, commas, semicolons, bars or brackets.

    Args:
        name: What the numbers are, for the error message.
        given: The text, or an array (n,), which is only checked.

    Returns:
        The numbers (n,) and the text of each.

    Raises:
        ValueError: If there is no number, more than 10 000 of them, or one that is not finite; the message
            names its position.
    """
    if not isinstance(given, str):
        values = _array(name, given, 1)
        return ParsedNumbers(values, tuple((f"{v:g}",) for v in values))
    tokens = [token for token in _SEPARATORS.split(given) if token]
    _check_count(name, len(tokens))
    numbers = [_number(name, f"item {i}", token) for i, token in enumerate(tokens, start=1)]
    return ParsedNumbers(np.array(numbers), tuple((token,) for token in tokens))


def parse_rows(name: str, given: str | ArrayLike) -> ParsedNumbers:
    """Parse a matrix: one row per line, or rows separated by semicolons.

    Args:
        name: What the numbers are, for the error message.
        given: The text, or an array (n, m), which is only checked.

    Returns:
        The numbers (n, m) and the text of each.

    Raises:
        ValueError: As `parse_column`, and if the rows are not equally long.
    """
    if not isinstance(given, str):
        values = _array(name, given, 2)
        return ParsedNumbers(values, tuple(tuple(f"{v:g}" for v in row) for row in values))
    lines = [line for line in re.split(r"[\n;]|\]\s*,", given) if line.strip(" \t\r,[]()")]
    rows = [[token for token in _SEPARATORS.split(line) if token] for line in lines]
    _check_count(name, sum(map(len, rows)))
    for i, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"row {i} of {name} has {_counted(len(row))} where row 1 has {len(rows[0])}; "
                "write one row a line, as many numbers in each"
            )
    numbers = [
        [_number(name, f"row {i}, column {j}", token) for j, token in enumerate(row, start=1)]
        for i, row in enumerate(rows, start=1)
    ]
    return ParsedNumbers(np.array(numbers), tuple(tuple(row) for row in rows))


def _number(name: str, position: str, token: str) -> float:
    try:
        number = float(token)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        short = token if len(token) <= 12 else f"{token[:12]}…"
        raise ValueError(f"{position} of {name} must be a finite number; got {short!r}")
    return number


def _check_count(name: str, count: int) -> None:
    if not count:
        raise ValueError(f"{name} is empty; write at least one number")
    if count > MAX_NUMBERS:
        raise ValueError(f"{name} has {count:,} numbers; at most {MAX_NUMBERS:,} can be taken")


def _counted(count: int) -> str:
    return f"{count} number" if count == 1 else f"{count} numbers"


def _array(name: str, given: ArrayLike, axes: int) -> Floats:
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers; got {given!r:.60}") from None
    if values.ndim != axes:
        raise ValueError(f"{name} must have {axes} {'axis' if axes == 1 else 'axes'}; got {values.ndim}")
    _check_count(name, values.size)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        index = tuple(int(i) for i in wrong[0])
        position = f"item {index[0] + 1}" if axes == 1 else f"row {index[0] + 1}, column {index[1] + 1}"
        raise ValueError(f"{position} of {name} must be a finite number; got {values[index]:g}")
    return values


def check_same_length(actual: Sequence[object], predicted: Sequence[object], rows: bool = False) -> None:
    """Check that there is one prediction for each actual value.

    Args:
        actual: n items.
        predicted: n items.
        rows: Whether a prediction is a row of numbers, one for each class.

    Raises:
        ValueError: If the lengths differ; the message names the first item without a partner.
    """
    if rows and len(predicted) == 1 < len(actual):
        raise ValueError(f"Actual has {len(actual)} labels and Predicted 1 row; write one row a line")
    if len(actual) != len(predicted):
        short = min(len(actual), len(predicted))
        longer = "Actual" if len(actual) > short else "Predicted"
        raise ValueError(
            f"Actual has {len(actual)} and Predicted {len(predicted)}: "
            f"item {short + 1} of {longer} has no partner"
        )
