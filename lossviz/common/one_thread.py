"""Limit torch to one thread in the calling thread, without changing the limit of other threads.

`torch.set_num_threads` would also set the limit of every thread that starts later. OpenMP and MKL, which
do torch's work on the CPU, each have a limit for the calling thread as well; those are set here.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

SET_MKL_THREADS = "MKL_Set_Num_Threads_Local"  # 0 restores the limit of the process; returns the old limit


@contextmanager
def one_thread() -> Iterator[None]:
    """Context in which torch's operations in the calling thread use no other thread."""
    torch.get_num_threads()  # otherwise torch would set this thread's limit at its first operation
    with _openmp().limit(limits=1):
        before = [set_local(1) for set_local in _mkl_setters()]
        try:
            yield
        finally:
            for set_local, number in zip(_mkl_setters(), before, strict=True):
                set_local(number)


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


@cache
def _mkl_setters() -> tuple[Callable[[int], int], ...]:
    """The function of each loaded MKL, inside torch or in a library of its own; () without MKL."""
    separate = ThreadpoolController().select(internal_api="mkl").lib_controllers
    bundled = (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*")
    libraries: list[Any] = [controller.dynlib for controller in separate]
    libraries += [ctypes.CDLL(str(path)) for path in bundled if path.suffix in (".so", ".dylib", ".dll")]
    return tuple(
        getattr(library, SET_MKL_THREADS) for library in libraries if hasattr(library, SET_MKL_THREADS)
    )
