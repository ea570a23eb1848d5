"""Torch is limited to one thread in the calling thread alone, also if the user has set another number."""

import ctypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from lossviz.common.one_thread import one_thread


@pytest.fixture(params=[2, 3])
def several(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def thread_counts() -> set[int]:
    """Numbers of threads that torch and MKL would use in the calling thread."""
    counts = {torch.get_num_threads()}
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    if library.exists() and hasattr(mkl := ctypes.CDLL(str(library)), "MKL_Get_Max_Threads"):
        counts.add(mkl.MKL_Get_Max_Threads())
    return counts


def test_the_calling_thread_uses_one_and_others_are_unchanged(several: int) -> None:
    with ThreadPoolExecutor(1) as old:
        assert old.submit(thread_counts).result() == {several}
        with one_thread():
            assert thread_counts() == {1}
            with ThreadPoolExecutor(1) as new:
                assert new.submit(thread_counts).result() == {several}
            assert old.submit(thread_counts).result() == {several}
            with one_thread():
                assert thread_counts() == {1}
            assert thread_counts() == {1}
        assert thread_counts() == {several}


def test_the_limit_ends_with_an_exception(several: int) -> None:
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert thread_counts() == {several}
