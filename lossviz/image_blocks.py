"""How the images of a convolutional network are parted into blocks, and who works at a point."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

from torch import Tensor

from lossviz.convolutions import fitting, form_of
from lossviz.one_thread import one_thread
from lossviz.tape import Tape

IMAGES = 200  # images at a time
Item = TypeVar("Item")
Result = TypeVar("Result")


def image_blocks(tape: Tape, n: int) -> list[slice]:
    """n images in equal blocks that the caches hold."""
    like, size = tape.steps[-1].value, IMAGES
    if filtering(tape, like):
        size = min([IMAGES, *filter(None, (fitting(form_of(step), like) for step in tape.steps))])
    count = math.ceil(n / size)
    edges = [round(k * n / count) for k in range(count + 1)]
    return [slice(low, high) for low, high in pairwise(edges)]


def filtering(tape: Tape, like: Tensor) -> bool:
    """Whether minimal filtering can do half of the multiplications; with less, to lay the values pixels
    first and back costs what it saves."""
    forms = [form for step in tape.steps if (form := form_of(step))]
    done = sum(form.multiplications for form in forms if form.minimal(like))
    return done > 0 and 2 * done >= sum(form.multiplications for form in forms)


def in_threads(count: int, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``function`` of each item, in order, in threads with one of PyTorch's own each.

    They never wait for each other, where PyTorch's threads would at every operation.
    """

    def alone(item: Item) -> Result:
        with one_thread():
            return function(item)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone, items))
