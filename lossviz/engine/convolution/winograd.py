"""3 x 3 convolutions with a quarter of the multiplications.

Winograd's minimal filtering: a tile of 4 outputs of a filter with 3 taps takes 6 multiplications instead of
12, by way of the polynomials' values at the points 0, 1, -1, 2, -2 and infinity (S. Winograd, Arithmetic
Complexity of Computations, 1980). Along both sides of an image that makes 36 for 4 x 4 outputs instead of
144 (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308, section 4.3).
With so few and so small points, float32 keeps its precision (B. Barabasz et al., arXiv:1803.10986): one to
seven times the rounding error of a direct convolution.

Here everything is a matrix product on contiguous memory: the pixels of an image are outermost and the images
of a block inside, (height, width, n, channels), so that a transformation along a side is one product for all
images and channels, and the multiplications proper are 36 products (n, C) @ (C, O). A value still has the
shape (n, C, height, width) for its readers: only its strides tell the memory layout.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.engine.buffers import Buffer

TILE, POINTS = 4, 6  # outputs of a tile along one side, and multiplications for them
INPUT_TRANSFORM = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)  # (points, inputs)
FILTER_TRANSFORM = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)  # (points, taps)
OUTPUT_TRANSFORM = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)  # (outputs, points)
ONE = 1  # index of the point 1: what is added there is added to all outputs of a tile

# From which gain on it is faster: the multiplications that it saves grow with the product of the channels,
# the transformations with their sum. oneDNN has no float64, whose direct convolutions are slow.
MIN_GAIN = {torch.float32: 20.0, torch.float64: 6.0}
CACHE_SIZE = 3 * 2**19  # numbers of a row of tiles that are transformed at once

Pair = tuple[int, int]


def is_faster(like: Tensor, channels: Pair, output_size: Pair) -> bool:
    """Whether Winograd's algorithm is faster than the direct one.

    Args:
        like: A tensor with the dtype and device of the convolution.
        channels: Numbers of input and output channels.
        output_size: Height and width of the outputs.
    """
    if like.device.type != "cpu" or like.dtype not in MIN_GAIN:
        return False
    gain = math.prod(channels) / sum(channels)
    tiles = [math.ceil(side / TILE) for side in output_size]
    used = math.prod(side / (TILE * count) for side, count in zip(output_size, tiles, strict=True))
    return gain * used >= MIN_GAIN[like.dtype] + tiles[1] / 4  # many small tiles cost more than few


def images_at_once(channels: Pair, output_size: Pair) -> int:
    """How many images a block may have, so that a row of their tiles stays in the CPU's caches."""
    return max(1, CACHE_SIZE // (POINTS**2 * math.ceil(output_size[1] / TILE) * sum(channels)))


@dataclass(frozen=True, eq=False)
class _Tile:
    """A stretch of one side: the inputs that it reads, the outputs that it computes, and the two matrices."""

    inputs: slice
    outputs: slice
    input_transform: Tensor  # (POINTS, inputs), without those in the padding
    output_transform: Tensor  # (outputs, POINTS)


def _tiles(side: int, padding: int, like: Tensor) -> list[_Tile]:
    num_outputs, tiles = side + 2 * padding - 2, []
    input_transform, output_transform = like.new_tensor(INPUT_TRANSFORM), like.new_tensor(OUTPUT_TRANSFORM)
    for first in range(0, num_outputs, TILE):
        start, last = first - padding, min(first + TILE, num_outputs)
        low, high = max(start, 0), min(start + POINTS, side)
        tiles.append(
            _Tile(
                slice(low, high),
                slice(first, last),
                input_transform[:, low - start : high - start].contiguous(),
                output_transform[: last - first].contiguous(),
            )
        )
    return tiles


class WinogradConv:
    """A 3 x 3 convolution of stride 1 on images of one size."""

    def __init__(self, like: Tensor, size: Pair, padding: Pair, new_buffer: Callable[[], Buffer]) -> None:
        """Precompute the tiles.

        Args:
            like: A tensor with the dtype of the convolution.
            size: Height and width of the images.
            padding: Zeros on either side, along the height and the width.
            new_buffer: Reserves a scratch buffer for this operation alone; called four times.
        """
        self._rows, self._columns = (_tiles(s, p, like) for s, p in zip(size, padding, strict=True))
        self._height, self._width = (s + 2 * p - 2 for s, p in zip(size, padding, strict=True))
        self._buffers = [new_buffer() for _ in range(4)]
        transform = like.new_tensor(FILTER_TRANSFORM)
        self._filter_transform = torch.kron(
            transform, transform
        )  # (36, 9): along the width first, as the taps

    def transformed(self, filters: Tensor) -> Tensor:
        """Filters (O, C, 3, 3) at all points, (36, C, O)."""
        o, c = filters.shape[:2]
        return torch.mm(self._filter_transform, filters.permute(3, 2, 1, 0).reshape(9, c * o)).view(-1, c, o)

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
        half, values, products, half_outputs = (
            buffer(x, shape) for buffer, shape in zip(self._buffers, shapes, strict=True)
        )
        outputs = x.new_empty(self._height, self._width * n * o)
        for row in self._rows:
            torch.mm(row.input_transform, pixels[row.inputs], out=half.view(POINTS, -1))
            for k, tile in enumerate(self._columns):
                transform = tile.input_transform.expand(POINTS, -1, -1)
                torch.bmm(transform, half[:, tile.inputs], out=values[:, :, k].transpose(0, 1))
            flat = products.view(POINTS**2, tiles * n, o)
            torch.bmm(values.view(POINTS**2, tiles * n, c), filters, out=flat)
            if shift is not None:
                products[ONE, ONE].view(-1, o).add_(shift)
            for k, tile in enumerate(self._columns):
                torch.bmm(
                    tile.output_transform.expand(POINTS, -1, -1),
                    products[:, :, k].transpose(0, 1),
                    out=half_outputs[:, tile.outputs],
                )
            torch.mm(row.output_transform, half_outputs.view(POINTS, -1), out=outputs[row.outputs])
        return outputs.view(self._height, self._width, n, o).permute(2, 3, 0, 1)
