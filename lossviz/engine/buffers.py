"""Scratch buffers, assigned at compile time.

Allocating megabytes from the system at every block takes longer than most operations on them, so values whose
lifetimes do not overlap share a buffer.
"""

import math
import threading
from collections.abc import Callable

from torch import Tensor

Buffer = Callable[[Tensor, tuple[int, ...]], Tensor]  # (a tensor of the wanted dtype, shape) -> the tensor


class BufferPool:
    """Buffers by number, separate for each thread; assigned to operations before the first run."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._last_use: list[int] = []  # the last operation that each buffer is reserved for
        self.sizes: list[int] = []  # of the largest value that each holds

    def reuse(self) -> None:
        """Let the operations of the next program, which runs after the last, have the same memory."""
        self._last_use = [-1] * len(self._last_use)

    def reserve(self, first: int, last: int, size: int = 0) -> Buffer:
        """Reserve a buffer from operation ``first`` to operation ``last``.

        Args:
            first: Index of the operation that writes the value.
            last: Index of the last operation that reads it.
            size: Numbers in the value for one network; for the statistics in ``sizes`` only.

        Returns:
            A function of a tensor and a shape that returns the buffer in that shape, like the tensor.
        """
        free = (k for k, last_use in enumerate(self._last_use) if last_use < first)
        number = next(free, len(self._last_use))
        if number == len(self._last_use):
            self._last_use.append(0)
            self.sizes.append(0)
        self._last_use[number] = last
        self.sizes[number] = max(self.sizes[number], size)

        def get(like: Tensor, shape: tuple[int, ...]) -> Tensor:
            buffers = self._of_thread()
            flat, views = buffers.get(number) or (like.new_empty(0), {})
            view = views.get(shape)  # the same shapes come back at every block
            if view is None:
                size = math.prod(shape)
                if flat.numel() < size:
                    flat, views = buffers[number] = like.new_empty(size), {}
                view = views[shape] = flat[:size].view(shape)
            return view

        return get

    def _of_thread(self) -> dict[int, tuple[Tensor, dict[tuple[int, ...], Tensor]]]:
        """The calling thread's buffers by number, each with its views by shape."""
        if not hasattr(self._local, "buffers"):
            self._local.buffers = {}
        buffers: dict[int, tuple[Tensor, dict[tuple[int, ...], Tensor]]] = self._local.buffers
        return buffers
