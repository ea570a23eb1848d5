"""One thread of torch's for the calling thread alone, also where the user has set another number."""

import ctypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from lossviz.one_thread import one_thread


@pytest.fixture(params=[2, 3])
def several(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def used() -> set[int]:
    """How many threads torch's operations and MKL's products use in this thread."""
    counts = {torch.get_num_threads()}
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    if library.exists() and hasattr(mkl := ctypes.CDLL(str(library)), "MKL_Get_Max_Threads"):
        counts.add(mkl.MKL_Get_Max_Threads())
    return counts


def test_this_thread_uses_one_and_others_what_they_did(several: int) -> None:
    with ThreadPoolExecutor(1) as old:
        assert old.submit(used).result() == {several}
        with one_thread():
            assert used() == {1}
            with ThreadPoolExecutor(1) as new:
                assert new.submit(used).result() == {several}
            assert old.submit(used).result() == {several}
            with one_thread():
                assert used() == {1}
            assert used() == {1}
        assert used() == {several}


def test_it_ends_with_an_error(several: int) -> None:
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert used() == {several}
