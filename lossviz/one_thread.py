"""Operations of the calling thread kept to that thread, while those of other threads stay as they are.

`torch.set_num_threads` would also set the number for every thread that starts later. OpenMP and MKL, which do
torch's work on the CPU, each have a number for every thread of its own besides.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

MKL = "MKL_Set_Num_Threads_Local"  # takes 0 for the process's number, and returns what was set before


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, torch's operations in this thread use no other."""
    torch.get_num_threads()  # else torch would set this thread's number at its first operation
    with _openmp().limit(limits=1):
        before = [set_local(1) for set_local in _mkl()]
        try:
            yield
        finally:
            for set_local, number in zip(_mkl(), before, strict=True):
                set_local(number)


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


@cache
def _mkl() -> tuple[Callable[[int], int], ...]:
    """The function of each MKL that is loaded, inside of torch or in a library of its own; () without one."""
    found = ThreadpoolController().select(internal_api="mkl").lib_controllers
    inside = (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*")
    libraries: list[Any] = [one.dynlib for one in found]
    libraries += [ctypes.CDLL(str(path)) for path in inside if path.suffix in (".so", ".dylib", ".dll")]
    return tuple(getattr(library, MKL) for library in libraries if hasattr(library, MKL))
