"""Files for `resume` that cannot be written: refused before the work, or a warning if it happens later."""

import errno
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.models import make, mlp
from torch import nn

from lossviz.common import atomic, npz
from lossviz.landscape.surface import Surface, surface, surface_stream

CE = nn.CrossEntropyLoss()


def must_not_run(*_: object) -> Any:
    raise AssertionError("the work has begun")


@pytest.fixture
def error_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that returns the error message for a value of ``resume``, raised before any work."""
    monkeypatch.setattr("lossviz.landscape.surface.prepare", must_not_run)
    model, data = mlp(2, 3), (torch.zeros(4, 2), torch.zeros(4, dtype=torch.long))

    def message(resume: Any) -> str:
        with pytest.raises(ValueError, match=r"^resume must ") as error:
            surface(model, CE, data, points=5, resume=resume)
        with pytest.raises(ValueError, match=r"^resume must "):
            surface_stream(model, CE, data, points=5, resume=resume)  # not only when it is iterated
        return str(error.value)

    return message


def raises_oserror(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS], ids=["no permission", "read-only"])
def test_folder_without_write_permission_is_refused_before_the_work(
    number: int, error_of: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npz.os, "open", raises_oserror(number))  # permissions do not hold for every user
    message = error_of(tmp_path / "slice.npz")
    assert os.strerror(number) in message
    assert "slice.npz" in message


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_full_disk_is_refused_before_the_work(
    failing: str, error_of: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if failing == "fsync":
        monkeypatch.setattr(npz.os, "fsync", raises_oserror(errno.ENOSPC))
    else:
        monkeypatch.setattr(atomic, "_create", lambda part: FullDisk(part, "wb"))
    assert "No space left" in error_of(tmp_path / "slice.npz")
    assert list(tmp_path.iterdir()) == []


class FullDisk(io.FileIO):
    def write(self, _: Any, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_invalid_path_is_refused_before_the_work(error_of: Callable[..., str], tmp_path: Path) -> None:
    assert "too long" in error_of(tmp_path / ("a" * 256))
    assert "folder that exists" in error_of(tmp_path)
    assert "regular" in error_of("/dev/null")


def test_file_object_must_be_readable_and_writable(error_of: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "existing").touch()
    with open(tmp_path / "existing", "rb") as read_only, open(tmp_path / "existing", "wb") as write_only:
        assert "not writable" in error_of(read_only)
        assert "not readable" in error_of(write_only)


def test_file_name_of_254_letters_works(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / ("a" * 254)
    found = surface(model, CE, data, points=5, resume=file, progress=False)
    assert Surface.load(file) == found
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("failing", ["fsync", "replace", "open"])
def test_surface_is_returned_if_the_file_cannot_be_written_later(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    wanted = surface(model, CE, data, points=5, progress=False)
    with monkeypatch.context() as patch:

        def fill_disk(done: int, total: int) -> None:
            patch.setattr(npz.os, failing, raises_oserror(errno.ENOSPC))

        with pytest.warns(RuntimeWarning, match="not lost.*slice.npz.*No space left") as warnings:
            assert surface(model, CE, data, points=5, progress=fill_disk, resume=file) == wanted
    assert len(warnings) == 1
    assert list(tmp_path.iterdir()) == []
    assert surface(model, CE, data, points=5, progress=False, resume=file) == wanted == Surface.load(file)


def test_interruption_is_raised_if_the_file_cannot_be_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = make("gru", examples=10)

    def stop(done: int, total: int) -> None:
        if done == 3:
            monkeypatch.setattr(npz.os, "replace", raises_oserror(errno.ENOSPC))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), pytest.warns(RuntimeWarning, match="not lost"):
        surface(model, CE, data, points=5, progress=stop, resume=tmp_path / "slice.npz")


def test_stale_temporary_files_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "slice.npz"
    leftover = tmp_path / f"{atomic.temporary_prefix(file)}aa.part"
    leftover.touch()
    long_ago = time.time() - atomic.STALE_SECONDS - 60
    os.utime(leftover, (long_ago, long_ago))
    model, data = make("mlp")
    stream = surface_stream(model, CE, data, points=5, resume=file)
    assert not leftover.exists()  # before the work
    stream.close()
