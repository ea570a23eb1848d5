"""How the images of a convolutional network are parted into blocks, and who works at a point."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Barrier

import torch
from torch import Tensor

from lossviz.convolutions import fitting, form_of
from lossviz.tape import Tape

IMAGES = 200  # images at a time


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


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that take a point of the plane each, with one of PyTorch's own: they never wait for each other,
    where PyTorch's threads would at every operation."""
    before, all_here = torch.get_num_threads(), Barrier(count + 1)

    def enter() -> None:
        torch.get_num_threads()  # else this thread would take the default at its first operation
        torch.set_num_threads(1)  # here, and the default of all threads that start from now on
        all_here.wait()

    with ThreadPoolExecutor(count, initializer=enter) as pool:
        for _ in range(count):
            pool.submit(int)
        all_here.wait()
        torch.set_num_threads(before)  # others that start are as they would be
        yield pool
