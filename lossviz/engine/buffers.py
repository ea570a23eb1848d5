"""Memory that the values of a pass take turns in.

To ask the system for megabytes anew at every block takes longer than most operations on them.
"""

import math
import threading
from collections.abc import Callable

from torch import Tensor

Room = Callable[[Tensor, tuple[int, ...]], Tensor]  # (a tensor like the wanted one, shape) -> the tensor


class BufferPool:
    """Rooms by number, each thread's own. Which step takes which is settled before the first run."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._free_from: list[int] = []  # the step from which on a room may be taken again
        self.sizes: list[int] = []  # of the largest value that each has taken in

    def book(self, index: int, until: int, size: int = 0) -> Room:
        """A room from step ``index`` to step ``until`` for values of ``size`` numbers a network; the
        function gives it in a shape, like a tensor."""
        free = (k for k, free_from in enumerate(self._free_from) if free_from < index)
        number = next(free, len(self._free_from))
        if number == len(self._free_from):
            self._free_from.append(0)
            self.sizes.append(0)
        self._free_from[number] = until
        self.sizes[number] = max(self.sizes[number], size)

        def enter(like: Tensor, shape: tuple[int, ...]) -> Tensor:
            mine = self._mine()
            flat, views = mine.get(number) or (like.new_empty(0), {})
            view = views.get(shape)  # the same shapes come at every block
            if view is None:
                size = math.prod(shape)
                if flat.numel() < size:
                    flat, views = mine[number] = like.new_empty(size), {}
                view = views[shape] = flat[:size].view(shape)
            return view

        return enter

    def _mine(self) -> dict[int, tuple[Tensor, dict[tuple[int, ...], Tensor]]]:
        """This thread's rooms by number, each with its views by shape."""
        if not hasattr(self._here, "rooms"):
            self._here.rooms = {}
        found: dict[int, tuple[Tensor, dict[tuple[int, ...], Tensor]]] = self._here.rooms
        return found
