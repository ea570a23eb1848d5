"""The ways in which a convolution can be done, each as what it makes of the filters and what it does then;
and max-pooling.

The filters are made ready once a point of the plane, the rest runs at every block of images.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.engine.buffers import Room
from lossviz.engine.trace import Step, argument
from lossviz.engine.winograd import Minimal, Pair, images_at_once, pays

UNFOLDED = 64  # numbers under a filter up to which the first convolution is done as a matrix product


@dataclass(frozen=True)
class Form:
    """What kind of convolution a step is."""

    filters: tuple[int, ...]  # (O, C / groups, height, width)
    before: tuple[int, ...]  # (n, C, height, width)
    after: tuple[int, ...]  # (n, O, height, width)
    stride: Any
    padding: Any
    dilation: Any
    groups: int

    @property
    def channels(self) -> Pair:
        return self.before[1], self.filters[0]

    @property
    def outputs(self) -> Pair:
        return self.after[2], self.after[3]

    @property
    def multiplications(self) -> int:
        """Of one image, done directly."""
        return math.prod(self.filters) * math.prod(self.outputs)

    @property
    def small(self) -> bool:
        """Whether a matrix product on unfolded images is as good, if they are unfolded once for all."""
        numbers = self.filters[1] * self.filters[2] * self.filters[3]
        return self.groups == 1 and not isinstance(self.padding, str) and numbers <= UNFOLDED

    def minimal(self, like: Tensor) -> bool:
        """Whether minimal filtering can do it, and is faster."""
        padding = pair(1 if self.padding == "same" else 0 if self.padding == "valid" else self.padding)
        plain = pair(self.stride) == pair(self.dilation) == (1, 1) and self.groups == 1
        return (
            plain
            and self.filters[2:] == (3, 3)
            and self.outputs == tuple(s + 2 * p - 2 for s, p in zip(self.before[2:], padding, strict=True))
            and pays(like, self.channels, self.outputs)
        )


def form_of(step: Step) -> Form | None:
    """The form of a step, if it is a convolution of images."""
    if step.op != "conv2d" or len(step.shape) != 4:
        return None
    shapes = [shape for shape in step.shapes if len(shape) == 4]
    return Form(
        shapes[1],
        shapes[0],
        step.shape,
        argument(step, 3, "stride", 1),
        argument(step, 4, "padding", 0),
        argument(step, 5, "dilation", 1),
        argument(step, 6, "groups", 1),
    )


def fitting(form: Form | None, like: Tensor) -> int | None:
    """How many images a block may have for this convolution's sake; None if it does not matter."""
    return images_at_once(form.channels, form.outputs) if form and form.minimal(like) else None


Ready = tuple[Tensor, Tensor | None]  # filters made ready, and the shift
Prepare = Callable[[Tensor], Tensor]  # of filters (O, C, height, width)
Convolve = Callable[[Tensor, Ready], Tensor]


def direct(form: Form) -> tuple[Prepare, Convolve]:
    def convolve(x: Tensor, ready: Ready) -> Tensor:
        return F.conv2d(usual(x), *ready, form.stride, form.padding, form.dilation, form.groups)

    return lambda filters: filters, convolve


def minimal(form: Form, like: Tensor, rooms: Callable[[], Room]) -> tuple[Prepare, Convolve]:
    height, width = form.before[2:]
    padding = ((form.outputs[0] + 2 - height) // 2, (form.outputs[1] + 2 - width) // 2)
    way = Minimal(like, (height, width), padding, rooms)
    return way.transformed, lambda x, ready: way(x, *ready)


def product(form: Form, pixels_first: bool) -> tuple[Callable[[Tensor], Tensor], Prepare, Convolve]:
    """How the images are unfolded, once, and what is done with that."""
    o, c, height, width = form.filters
    order = (1, 0, 2) if pixels_first else (0, 1, 2)

    def unfold(x: Tensor) -> Tensor:  # rows (images x pixels), or the other way round
        rows = F.unfold(x, (height, width), form.dilation, form.padding, form.stride).mT
        taps_first = rows.reshape(*rows.shape[:2], c, height * width).mT.flatten(2)
        return taps_first.permute(order).reshape(-1, c * height * width)

    def convolve(x: Tensor, ready: Ready) -> Tensor:
        matrix, shift = ready
        rows = torch.mm(x, matrix) if shift is None else torch.addmm(shift, x, matrix)
        sides = form.outputs
        if pixels_first:
            return rows.view(*sides, -1, o).permute(2, 3, 0, 1)
        return rows.view(-1, *sides, o).permute(0, 3, 1, 2)

    return unfold, lambda filters: filters.permute(0, 2, 3, 1).reshape(o, -1).t(), convolve


def max_pool(step: Step) -> Callable[[Tensor], Tensor] | None:
    """Non-overlapping max-pooling as maxima of slices; None where it is another kind."""
    if step.op != "max_pool2d":
        return None
    size = pair(argument(step, 1, "kernel_size", 0))
    stride = argument(step, 2, "stride", None)
    stride = size if stride is None or stride == () else pair(stride)
    padding, dilation = pair(argument(step, 3, "padding", 0)), pair(argument(step, 4, "dilation", 1))
    before = step.shapes[0]
    if padding != (0, 0) or dilation != (1, 1) or size != stride or len(before) != 4:
        return None
    if before[2] % size[0] or before[3] % size[1]:
        return None

    def pool(h: Tensor) -> Tensor:
        rows = h[:, :, 0 :: size[0]]
        for k in range(1, size[0]):
            rows = torch.maximum(rows, h[:, :, k :: size[0]])
        best = rows[..., 0 :: size[1]]
        for k in range(1, size[1]):
            best = torch.maximum(best, rows[..., k :: size[1]])
        return best

    return pool


def usual(value: Tensor) -> Tensor:
    """The value in an order of memory that PyTorch's own operations know: where pixels lie outermost, they
    do not."""
    if value.ndim != 4 or value.is_contiguous():
        return value
    return value.contiguous(memory_format=torch.channels_last)


def pair(value: Any) -> Pair:
    return (int(value[0]), int(value[-1])) if isinstance(value, (tuple, list)) else (int(value), int(value))
