"""The algorithms for a convolution, each as what it makes of the filters and what it does then; max-pooling.

The filters are prepared once for each point of the plane, the rest runs at every block of images.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.engine.buffers import Buffer
from lossviz.engine.convolution.winograd import Pair, WinogradConv, images_at_once, is_faster
from lossviz.engine.trace import Op, argument

MAX_UNFOLDED = 64  # numbers under a filter up to which the first convolution is done as a matrix product


@dataclass(frozen=True)
class ConvSpec:
    """Shapes and options of a two-dimensional convolution."""

    filters: tuple[int, ...]  # (O, C / groups, height, width)
    inputs: tuple[int, ...]  # (n, C, height, width)
    outputs: tuple[int, ...]  # (n, O, height, width)
    stride: Any
    padding: Any
    dilation: Any
    groups: int

    @property
    def channels(self) -> Pair:
        """Numbers of input and output channels."""
        return self.inputs[1], self.filters[0]

    @property
    def output_size(self) -> Pair:
        """Height and width of the outputs."""
        return self.outputs[2], self.outputs[3]

    @property
    def multiplications(self) -> int:
        """Multiplications of the direct algorithm for one image."""
        return math.prod(self.filters) * math.prod(self.output_size)

    @property
    def is_small(self) -> bool:
        """Whether a matrix product is as fast, on images that are unfolded once for all points."""
        numbers = self.filters[1] * self.filters[2] * self.filters[3]
        return self.groups == 1 and not isinstance(self.padding, str) and numbers <= MAX_UNFOLDED

    def prefers_winograd(self, like: Tensor) -> bool:
        """Whether Winograd's algorithm applies, and is faster."""
        padding = pair(1 if self.padding == "same" else 0 if self.padding == "valid" else self.padding)
        plain = pair(self.stride) == pair(self.dilation) == (1, 1) and self.groups == 1
        return (
            plain
            and self.filters[2:] == (3, 3)
            and self.output_size
            == tuple(s + 2 * p - 2 for s, p in zip(self.inputs[2:], padding, strict=True))
            and is_faster(like, self.channels, self.output_size)
        )


def conv_spec(op: Op) -> ConvSpec | None:
    """Shapes and options of an operation, if it is a convolution of images."""
    if op.name != "conv2d" or len(op.shape) != 4:
        return None
    shapes = [shape for shape in op.input_shapes if len(shape) == 4]
    return ConvSpec(
        shapes[1],
        shapes[0],
        op.shape,
        argument(op, 3, "stride", 1),
        argument(op, 4, "padding", 0),
        argument(op, 5, "dilation", 1),
        argument(op, 6, "groups", 1),
    )


def max_images(spec: ConvSpec | None, like: Tensor) -> int | None:
    """How many images a block may have for this convolution; None if it does not matter."""
    return images_at_once(spec.channels, spec.output_size) if spec and spec.prefers_winograd(like) else None


Prepared = tuple[Tensor, Tensor | None]  # the prepared filters, and the bias
Prepare = Callable[[Tensor], Tensor]  # of filters (O, C, height, width)
Convolve = Callable[[Tensor, Prepared], Tensor]


def direct_conv(spec: ConvSpec) -> tuple[Prepare, Convolve]:
    """PyTorch's own convolution."""

    def convolve(x: Tensor, prepared: Prepared) -> Tensor:
        return F.conv2d(standard_format(x), *prepared, spec.stride, spec.padding, spec.dilation, spec.groups)

    return lambda filters: filters, convolve


def winograd_conv(spec: ConvSpec, like: Tensor, new_buffer: Callable[[], Buffer]) -> tuple[Prepare, Convolve]:
    """Winograd's minimal filtering, see `lossviz.engine.convolution.winograd`."""
    height, width = spec.inputs[2:]
    padding = ((spec.output_size[0] + 2 - height) // 2, (spec.output_size[1] + 2 - width) // 2)
    conv = WinogradConv(like, (height, width), padding, new_buffer)
    return conv.transformed, lambda x, prepared: conv(x, *prepared)


def unfolded_conv(spec: ConvSpec, pixels_first: bool) -> tuple[Callable[[Tensor], Tensor], Prepare, Convolve]:
    """A matrix product on images that are unfolded once: (unfold, prepare, convolve)."""
    o, c, height, width = spec.filters
    order = (1, 0, 2) if pixels_first else (0, 1, 2)

    def unfold(x: Tensor) -> Tensor:  # rows (images x pixels), or (pixels x images) if pixels_first
        rows = F.unfold(x, (height, width), spec.dilation, spec.padding, spec.stride).mT
        taps_first = rows.reshape(*rows.shape[:2], c, height * width).mT.flatten(2)
        return taps_first.permute(order).reshape(-1, c * height * width)

    def convolve(x: Tensor, prepared: Prepared) -> Tensor:
        matrix, bias = prepared
        rows = torch.mm(x, matrix) if bias is None else torch.addmm(bias, x, matrix)
        size = spec.output_size
        if pixels_first:
            return rows.view(*size, -1, o).permute(2, 3, 0, 1)
        return rows.view(-1, *size, o).permute(0, 3, 1, 2)

    return unfold, lambda filters: filters.permute(0, 2, 3, 1).reshape(o, -1).t(), convolve


def max_pool(op: Op) -> Callable[[Tensor], Tensor] | None:
    """Non-overlapping max-pooling as maxima of slices; None for any other operation."""
    if op.name != "max_pool2d":
        return None
    size = pair(argument(op, 1, "kernel_size", 0))
    stride = argument(op, 2, "stride", None)
    stride = size if stride is None or stride == () else pair(stride)
    padding, dilation = pair(argument(op, 3, "padding", 0)), pair(argument(op, 4, "dilation", 1))
    shape = op.input_shapes[0]
    if padding != (0, 0) or dilation != (1, 1) or size != stride or len(shape) != 4:
        return None
    if shape[2] % size[0] or shape[3] % size[1]:
        return None

    def pool(h: Tensor) -> Tensor:
        rows = h[:, :, 0 :: size[0]]
        for k in range(1, size[0]):
            rows = torch.maximum(rows, h[:, :, k :: size[0]])
        highest = rows[..., 0 :: size[1]]
        for k in range(1, size[1]):
            highest = torch.maximum(highest, rows[..., k :: size[1]])
        return highest

    return pool


def standard_format(value: Tensor) -> Tensor:
    """The value in a memory format that PyTorch's own operations support, not with pixels outermost."""
    if value.ndim != 4 or value.is_contiguous():
        return value
    return value.contiguous(memory_format=torch.channels_last)


def channels_last(value: Tensor) -> Tensor:
    """Images in the memory format that convolutions are fastest on; other values unchanged."""
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value


def filters_last(directions: Tensor, shapes: dict[str, tuple[int, ...]]) -> Tensor:
    """The directions (3, n) with every filter's numbers in the order (height, width, channel)."""
    parts, offset = [], 0
    for shape in shapes.values():
        size = int(torch.Size(shape).numel())
        part = directions[:, offset : offset + size]
        if len(shape) == 4:
            part = part.reshape(3, *shape).permute(0, 1, 3, 4, 2).reshape(3, -1)
        parts.append(part)
        offset += size
    return torch.cat(parts, dim=1)


def pair(value: Any) -> Pair:
    """A size as (height, width), from one number or two."""
    return (int(value[0]), int(value[-1])) if isinstance(value, (tuple, list)) else (int(value), int(value))
