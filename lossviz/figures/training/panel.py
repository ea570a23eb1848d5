"""What the views of `training_curves` share: where a view is placed, and what it draws there, as plain data.

Plotly validates all that is given to a figure, each time. A running training is drawn six times a second, so
its picture is put together from plain dicts and validated once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Parts = list[dict[str, Any]]
Changes = tuple[list[int], Parts, Parts]  # numbers of the traces that change, their new parts, and the texts


@dataclass(frozen=True)
class PanelLayout:
    """Where a view is placed, in shares of the paper from left to right and from bottom to top."""

    across: tuple[float, float]
    up: tuple[float, float]
    pixels: float  # its height
    narrow: bool
    running: bool


@dataclass(frozen=True)
class Panel:
    """One view of a training by one metric.

    ``axes`` are parts of the layout, ``texts`` and ``shapes`` are the same for all records, ``changes`` gives
    what differs at a record.
    """

    axes: dict[str, dict[str, Any]]
    traces: Parts
    texts: Parts
    changes: Callable[[int], Changes]
    shapes: Parts = field(default_factory=list)

    def at(self, record: int) -> Parts:
        """The traces at a record."""
        numbers, parts, _ = self.changes(record)
        traces = [dict(trace) for trace in self.traces]
        for number, part in zip(numbers, parts, strict=True):
            traces[number] |= part
        return traces
