"""What the views of a race share: where one stands in the figure, and what it draws there, as plain data.

Plotly checks all that is given to a figure, each time; a race that trains is drawn six times a second, and so
its picture is put together first and checked once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Parts = list[dict[str, Any]]
Record = tuple[list[int], Parts, Parts]  # the traces that change, their parts, and the texts that go along


@dataclass(frozen=True)
class Place:
    """Where a view stands, in shares of the paper from left to right and from bottom to top."""

    across: tuple[float, float]
    up: tuple[float, float]
    narrow: bool
    running: bool


@dataclass(frozen=True)
class Panel:
    """One view of a race by one measure. ``axes`` are parts of the layout; ``texts`` and ``shapes`` stay as
    they are; ``moving`` says of a record what changes with it.
    """

    axes: dict[str, dict[str, Any]]
    traces: Parts
    texts: Parts
    moving: Callable[[int], Record]
    shapes: Parts = field(default_factory=list)

    def at(self, record: int) -> Parts:
        """The traces as they are at a record."""
        numbers, parts, _ = self.moving(record)
        traces = [dict(trace) for trace in self.traces]
        for number, part in zip(numbers, parts, strict=True):
            traces[number] |= part
        return traces
