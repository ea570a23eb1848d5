"""Numbers out of text that was typed or pasted; what is no number is said with its place."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats

MOST = 10_000  # numbers in one text
_BETWEEN = re.compile(r"[\s,;|\[\](){}]+")


@dataclass(frozen=True)
class Table:
    """Numbers with the words that they were typed as."""

    values: Floats  # (n,) or (n, columns)
    words: tuple[tuple[str, ...], ...]  # row by row


def read_column(name: str, given: str | ArrayLike) -> Table:
    """One number after the other, whatever stands between them; an array is taken as it is.

    Raises ValueError, in one sentence with the place: for nothing at all, for what is no finite number,
    for more than 10 000.
    """
    if not isinstance(given, str):
        values = _array(name, given, 1)
        return Table(values, tuple((f"{v:g}",) for v in values))
    words = [word for word in _BETWEEN.split(given) if word]
    _count(name, len(words))
    numbers = [_number(name, f"item {i}", word) for i, word in enumerate(words, start=1)]
    return Table(np.array(numbers), tuple((word,) for word in words))


def read_rows(name: str, given: str | ArrayLike) -> Table:
    """One row a line, or parted by semicolons; all rows as long. Errors as `read_column`."""
    if not isinstance(given, str):
        values = _array(name, given, 2)
        return Table(values, tuple(tuple(f"{v:g}" for v in row) for row in values))
    lines = [line for line in re.split(r"[\n;]|\]\s*,", given) if line.strip(" \t\r,[]()")]
    rows = [[word for word in _BETWEEN.split(line) if word] for line in lines]
    _count(name, sum(map(len, rows)))
    for i, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"row {i} of {name} has {_many(len(row))} where row 1 has {len(rows[0])}; "
                "write one row a line, as many numbers in each"
            )
    numbers = [
        [_number(name, f"row {i}, column {j}", word) for j, word in enumerate(row, start=1)]
        for i, row in enumerate(rows, start=1)
    ]
    return Table(np.array(numbers), tuple(tuple(row) for row in rows))


def _number(name: str, place: str, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        short = word if len(word) <= 12 else f"{word[:12]}…"
        raise ValueError(f"{place} of {name} must be a finite number; got {short!r}")
    return number


def _count(name: str, count: int) -> None:
    if not count:
        raise ValueError(f"{name} is empty; write at least one number")
    if count > MOST:
        raise ValueError(f"{name} has {count:,} numbers; at most {MOST:,} can be taken")


def _many(count: int) -> str:
    return f"{count} number" if count == 1 else f"{count} numbers"


def _array(name: str, given: ArrayLike, axes: int) -> Floats:
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers; got {given!r:.60}") from None
    if values.ndim != axes:
        raise ValueError(f"{name} must have {axes} {'axis' if axes == 1 else 'axes'}; got {values.ndim}")
    _count(name, values.size)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        spot = f"item {place[0] + 1}" if axes == 1 else f"row {place[0] + 1}, column {place[1] + 1}"
        raise ValueError(f"{spot} of {name} must be a finite number; got {values[place]:g}")
    return values


def same_length(actual: Sequence[object], predicted: Sequence[object], rows: bool = False) -> None:
    """ValueError that says where the shorter one ends, unless both are as long."""
    if rows and len(predicted) == 1 < len(actual):
        raise ValueError(f"Actual has {len(actual)} labels and Predicted 1 row; write one row a line")
    if len(actual) != len(predicted):
        short = min(len(actual), len(predicted))
        longer = "Actual" if len(actual) > short else "Predicted"
        raise ValueError(
            f"Actual has {len(actual)} and Predicted {len(predicted)}: "
            f"item {short + 1} of {longer} has no partner"
        )
