"""Split the images of a convolutional network into blocks, and run points of the plane in threads."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

from torch import Tensor

from lossviz.common.one_thread import one_thread
from lossviz.engine.convolution.convolutions import conv_spec, max_images
from lossviz.engine.trace import Trace

MAX_IMAGES = 200  # in a block
Item = TypeVar("Item")
Result = TypeVar("Result")


def image_blocks(trace: Trace, n: int) -> list[slice]:
    """n images in equal blocks that fit into the CPU's caches."""
    like, size = trace.ops[-1].value, MAX_IMAGES
    if uses_winograd(trace, like):
        size = min([MAX_IMAGES, *filter(None, (max_images(conv_spec(op), like) for op in trace.ops))])
    count = math.ceil(n / size)
    edges = [round(k * n / count) for k in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(edges)]


def uses_winograd(trace: Trace, like: Tensor) -> bool:
    """Whether Winograd's algorithm can do half of the multiplications.

    With less, converting the values to its memory layout and back costs what it saves.
    """
    specs = [spec for op in trace.ops if (spec := conv_spec(op))]
    done = sum(spec.multiplications for spec in specs if spec.prefers_winograd(like))
    return done > 0 and 2 * done >= sum(spec.multiplications for spec in specs)


def map_in_threads(count: int, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``function`` of each item, in order, in ``count`` threads that run torch with one thread each.

    These never wait for each other, whereas torch's own threads synchronize at every operation.
    """

    def single_threaded(item: Item) -> Result:
        with one_thread():
            return function(item)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(single_threaded, items))
