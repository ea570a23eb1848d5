"""3 x 3 convolutions with a quarter of the multiplications.

Minimal filtering: a tile of 4 outputs of a filter with 3 taps is found by 6 multiplications instead of 12,
by way of the polynomials' values at the points 0, 1, -1, 2, -2 and infinity (S. Winograd, Arithmetic
Complexity of Computations, 1980). Along both sides of an image that makes 36 for 4 x 4 outputs instead of
144 (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308, section 4.3).
With so few points, so small, float32 keeps its digits (B. Barabasz et al., arXiv:1803.10986): one to seven
times the rounding of a direct convolution.

Here everything is a matrix product on contiguous memory: the pixels of an image lie outermost and the
images of a block within, (height, width, n, channels), so that a transformation along a side is one product
for all images and channels, and the multiplications proper are 36 products (n, C) @ (C, O). A value is still
(n, C, height, width) to whom it is handed: only its strides say how it lies.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.engine.buffers import Room

TILE, POINTS = 4, 6  # outputs of a tile along one side, and multiplications for them
INPUTS = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)  # (points, inputs)
FILTERS = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)  # (points, taps)
OUTPUTS = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)  # (outputs, points)
ONE = 1  # the place of the point 1: what is added there is added to all outputs of a tile

# From how many channels on it pays: the multiplications that it saves grow with their product, the
# transformations with their sum. oneDNN has no float64, whose convolutions are slow as they are.
WORTH = {torch.float32: 20.0, torch.float64: 6.0}
HELD = 3 * 2**19  # numbers of a row of tiles that are transformed at once

Pair = tuple[int, int]


def pays(like: Tensor, channels: Pair, outputs: Pair) -> bool:
    """Whether a convolution from and to so many channels is faster this way; outputs: (height, width)."""
    if like.device.type != "cpu" or like.dtype not in WORTH:
        return False
    rate, tiles = math.prod(channels) / sum(channels), [math.ceil(side / TILE) for side in outputs]
    used = math.prod(side / (TILE * count) for side, count in zip(outputs, tiles, strict=True))
    return rate * used >= WORTH[like.dtype] + tiles[1] / 4  # many small tiles cost more than few


def images_at_once(channels: Pair, outputs: Pair) -> int:
    """How many images a block may have, so that a row of their tiles stays in the caches."""
    return max(1, HELD // (POINTS**2 * math.ceil(outputs[1] / TILE) * sum(channels)))


@dataclass(frozen=True, eq=False)
class _Tile:
    """A stretch of one side: which inputs it reads, which outputs it makes, and the two matrices."""

    read: slice
    made: slice
    into: Tensor  # (POINTS, inputs), without those that lie in the padding
    back: Tensor  # (outputs, POINTS)


def _tiles(side: int, padding: int, like: Tensor) -> list[_Tile]:
    outputs, tiles = side + 2 * padding - 2, []
    into, back = like.new_tensor(INPUTS), like.new_tensor(OUTPUTS)
    for first in range(0, outputs, TILE):
        start, last = first - padding, min(first + TILE, outputs)
        low, high = max(start, 0), min(start + POINTS, side)
        tiles.append(
            _Tile(
                slice(low, high),
                slice(first, last),
                into[:, low - start : high - start].contiguous(),
                back[: last - first].contiguous(),
            )
        )
    return tiles


class Minimal:
    """A 3 x 3 convolution of stride 1 on images of one size."""

    def __init__(self, like: Tensor, sides: Pair, padding: Pair, rooms: Callable[[], Room]) -> None:
        """sides: of the images, (height, width). Each of the four rooms asked for is this step's alone."""
        self._rows, self._columns = (_tiles(s, p, like) for s, p in zip(sides, padding, strict=True))
        self._height, self._width = (s + 2 * p - 2 for s, p in zip(sides, padding, strict=True))
        self._rooms = [rooms() for _ in range(4)]
        both = like.new_tensor(FILTERS)
        self._both = torch.kron(both, both)  # (36, 9): points along the width first, as the taps

    def transformed(self, filters: Tensor) -> Tensor:
        """Filters (O, C, 3, 3) at all points, (36, C, O)."""
        o, c = filters.shape[:2]
        return torch.mm(self._both, filters.permute(3, 2, 1, 0).reshape(9, c * o)).view(-1, c, o)

    def __call__(self, x: Tensor, filters: Tensor, shift: Tensor | None) -> Tensor:
        """The convolution of x (n, C, height, width) with transformed filters, plus shift (O,)."""
        n, c, height, width = x.shape
        o, tiles = filters.shape[2], len(self._columns)
        pixels = x.permute(2, 3, 0, 1).contiguous().view(height, width * n * c)
        shapes = (
            (POINTS, width, n * c),
            (POINTS, POINTS, tiles, n * c),  # points along the width first
            (POINTS, POINTS, tiles, n * o),
            (POINTS, self._width, n * o),
        )
        half, values, products, back = (
            room(x, shape) for room, shape in zip(self._rooms, shapes, strict=True)
        )
        made = x.new_empty(self._height, self._width * n * o)
        for row in self._rows:
            torch.mm(row.into, pixels[row.read], out=half.view(POINTS, -1))
            for k, tile in enumerate(self._columns):
                into = tile.into.expand(POINTS, -1, -1)
                torch.bmm(into, half[:, tile.read], out=values[:, :, k].transpose(0, 1))
            flat = products.view(POINTS**2, tiles * n, o)
            torch.bmm(values.view(POINTS**2, tiles * n, c), filters, out=flat)
            if shift is not None:
                products[ONE, ONE].view(-1, o).add_(shift)
            for k, tile in enumerate(self._columns):
                torch.bmm(
                    tile.back.expand(POINTS, -1, -1),
                    products[:, :, k].transpose(0, 1),
                    out=back[:, tile.made],
                )
            torch.mm(row.back, back.view(POINTS, -1), out=made[row.made])
        return made.view(self._height, self._width, n, o).permute(2, 3, 0, 1)
