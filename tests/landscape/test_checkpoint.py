"""What is done of a long surface is kept while it is done, and a place that cannot be written is no loss."""

import errno
import io
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.models import make, mlp
from torch import nn

import lossviz as lv
from lossviz.common import npz
from lossviz.engine import dispatch
from lossviz.landscape import checkpoint
from lossviz.landscape.io import content
from lossviz.landscape.surface import Surface, surface, surface_stream

CE = nn.CrossEntropyLoss()
PATHS = {"PYTHONPATH": str(Path(lv.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
WORK = """
import sys, time
import torch
import lossviz as lv
from lossviz import resuming

PAUSE = 0.01
model = torch.nn.Linear(2, 1)
with torch.no_grad():
    model.weight.fill_(0.5), model.bias.fill_(0.1)
x = torch.arange(12.0).reshape(6, 2) / 7

def slow(outputs, targets):
    time.sleep(PAUSE)
    error = ((outputs - targets) ** 2).mean()
    return error if float(error) >= 0 else -error  # what no evaluator does for many points at once

def found(**more):
    return lv.surface(model, slow, (x, x[:, :1]), points=31, progress=False, **more)

if __name__ == "__main__":
    resuming.EVERY = 0.05  # who runs this has less patience than thirty seconds
    found(resume=sys.argv[1])
"""


def until(good: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def finished(file: Any) -> float:
    """The share of the points that a file holds."""
    arrays = content(file)[0]
    return float(arrays["done"].mean()) if "done" in arrays else 1.0


# --- kept while it is done --------------------------------------------------------------------------------


def test_no_more_than_thirty_seconds_are_lost() -> None:
    assert checkpoint.EVERY <= 30


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name)
def test_a_process_that_is_killed_leaves_what_it_has_done(how: signal.Signals, tmp_path: Path) -> None:
    script, file = tmp_path / "work.py", tmp_path / "slice.npz"
    script.write_text(WORK)
    with subprocess.Popen([sys.executable, str(script), str(file)], env=os.environ | PATHS) as process:
        try:
            until(lambda: process.poll() is not None or (file.exists() and finished(file) > 0.02))
            assert process.poll() is None
        finally:
            process.send_signal(how)
    assert process.returncode == -how
    assert 0.02 < finished(file) < 1
    with pytest.raises(ValueError, match="unfinished"):
        Surface.load(file)
    work: dict[str, Any] = runpy.run_path(str(script))
    work["slow"].__globals__["PAUSE"] = 0
    whole = work["found"](resume=file)
    assert whole == work["found"]() == Surface.load(file)


def test_it_is_written_while_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    model, data = make("gru", examples=10)
    file, shares = tmp_path / "slice.npz", []

    def look(done: int, total: int) -> None:
        shares.append((finished(file), done / total))

    found = surface(model, CE, data, points=4, progress=look, resume=file)
    assert all(kept == done for kept, done in shares)
    assert len(shares) == 16
    assert Surface.load(file) == found


def test_each_picture_is_kept_before_it_is_shown(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    for picture in surface_stream(model, CE, data, points=17, resume=file):
        assert finished(file) == picture.loss.size / 17**2


class Counting(Executor):
    """An executor that says how many points it was given at a time."""

    def __init__(self, inner: Executor) -> None:
        self._inner, self.sizes = inner, list[int]()
        self._max_workers = 1

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Any:
        self.sizes.append(len(given[-1]))
        return self._inner.submit(work, *given, **named)


def test_workers_hand_over_soon_what_they_have_found(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = make("gru", examples=10)
    with ThreadPoolExecutor(1) as pool:
        quick, slow = Counting(pool), Counting(pool)
        surface(model, CE, data, points=12, executor=quick, progress=False)
        monkeypatch.setattr(dispatch, "SHORT_TIME", 0.0)  # whatever it takes is long
        surface(model, CE, data, points=12, executor=slow, progress=False)
    assert max(quick.sizes) == 144 // 8
    assert set(slow.sizes) == {1}


# --- several at one file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False], ids=["path", "memory"])
def test_older_work_that_ends_later_takes_nothing_away(named: bool, tmp_path: Path) -> None:
    model, data = make("mlp")
    file: Any = tmp_path / "slice.npz" if named else io.BytesIO()
    older = surface_stream(model, CE, data, points=17, resume=file)
    next(older)
    newer = surface(model, CE, data, points=17, resume=file, progress=False)
    next(older)
    older.close()
    assert Surface.load(file) == newer


def test_two_unfinished_works_are_added_up(tmp_path: Path) -> None:
    model, data = make("gru", examples=10)
    file = tmp_path / "slice.npz"

    def stop(at: int) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if done == at:
                raise KeyboardInterrupt

        return progress

    older = surface_stream(model, CE, data, points=9, progress=False, resume=file)
    next(older)  # 4 points, which the other takes up
    with pytest.raises(KeyboardInterrupt):
        surface(model, CE, data, points=9, progress=stop(40), resume=file)
    older.close()
    assert finished(file) == 40 / 81


def test_work_on_another_surface_is_never_overwritten(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    older = surface_stream(model, CE, data, points=17, resume=file)
    next(older)
    file.unlink()
    newer = surface(model, CE, data, points=17, span=2.0, resume=file, progress=False)
    with pytest.warns(RuntimeWarning, match="not lost.*belongs to another surface"):
        next(older)
    with pytest.warns(RuntimeWarning, match="not lost"):
        *_, last = surface_stream(model, CE, data, points=9, resume=_broken(tmp_path))
    assert last.loss.shape == (9, 9)
    older.close()
    assert Surface.load(file) == newer


def _broken(folder: Path) -> Any:
    """A file in memory that is whole when it is read first, and then no longer."""

    class Spoilt(io.BytesIO):
        def truncate(self, size: int | None = None) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return Spoilt()


def test_threads_at_one_file_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    model, data = make("gru", examples=10)
    wanted = surface(model, CE, data, points=6, progress=False)
    for file in (tmp_path / "slice.npz", io.BytesIO()):
        together = threading.Barrier(4)

        def work(file: Any = file, together: threading.Barrier = together) -> Surface:
            together.wait()
            return surface(model, CE, data, points=6, progress=False, resume=file)

        with ThreadPoolExecutor(4) as pool:
            found = [one.result() for one in [pool.submit(work) for _ in range(4)]]
        assert found == [wanted] * 4
        assert Surface.load(file) == wanted


# --- a place that cannot be written -----------------------------------------------------------------------


def never(*_: object) -> Any:
    raise AssertionError("the work has begun")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Asks for a surface at a place, and what is said of it before any work."""
    monkeypatch.setattr("lossviz.landscape.surface._prepare", never)
    model, data = mlp(2, 3), (torch.zeros(4, 2), torch.zeros(4, dtype=torch.long))

    def ask(place: Any) -> str:
        with pytest.raises(ValueError, match=r"^resume must ") as error:
            surface(model, CE, data, points=5, resume=place)
        with pytest.raises(ValueError, match=r"^resume must "):
            surface_stream(model, CE, data, points=5, resume=place)  # not only when it is read
        return str(error.value)

    return ask


def raising(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS], ids=["no permission", "read-only"])
def test_a_folder_that_may_not_be_written_is_said_before_the_work(
    number: int, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npz.os, "open", raising(number))  # permissions do not hold for every user
    said = refused(tmp_path / "slice.npz")
    assert os.strerror(number) in said
    assert "slice.npz" in said


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_a_full_disk_is_said_before_the_work(
    failing: str, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if failing == "fsync":
        monkeypatch.setattr(npz.os, "fsync", raising(errno.ENOSPC))
    else:
        monkeypatch.setattr(npz, "_created", lambda part: Full(part, "wb"))
    assert "No space left" in refused(tmp_path / "slice.npz")
    assert list(tmp_path.iterdir()) == []


class Full(io.FileIO):
    def write(self, _: Any, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_name_that_is_too_long_is_said_before_the_work(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "too long" in refused(tmp_path / ("a" * 256))
    assert "folder that exists" in refused(tmp_path)
    assert "regular" in refused("/dev/null")


def test_a_file_that_cannot_be_written_or_read_is_said_before_the_work(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "there").touch()
    with open(tmp_path / "there", "rb") as only_read, open(tmp_path / "there", "wb") as only_written:
        assert "not writable" in refused(only_read)
        assert "not readable" in refused(only_written)


def test_a_name_of_254_letters_is_as_good_as_any(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / ("a" * 254)
    found = surface(model, CE, data, points=5, resume=file, progress=False)
    assert Surface.load(file) == found
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("failing", ["fsync", "replace", "open"])
def test_a_surface_is_returned_though_its_place_is_gone(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    wanted = surface(model, CE, data, points=5, progress=False)
    with monkeypatch.context() as patch:

        def fill(done: int, total: int) -> None:  # while it works the disk becomes full
            patch.setattr(npz.os, failing, raising(errno.ENOSPC))

        with pytest.warns(RuntimeWarning, match="not lost.*slice.npz.*No space left") as told:
            assert surface(model, CE, data, points=5, progress=fill, resume=file) == wanted
    assert len(told) == 1
    assert list(tmp_path.iterdir()) == []
    assert surface(model, CE, data, points=5, progress=False, resume=file) == wanted == Surface.load(file)


def test_an_interruption_stays_one_though_its_place_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = make("gru", examples=10)

    def stop(done: int, total: int) -> None:
        if done == 3:
            monkeypatch.setattr(npz.os, "replace", raising(errno.ENOSPC))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), pytest.warns(RuntimeWarning, match="not lost"):
        surface(model, CE, data, points=5, progress=stop, resume=tmp_path / "slice.npz")


def test_what_was_left_half_written_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "slice.npz"
    left = tmp_path / f"{npz._parts_begin(file)}aa.part"
    left.touch()
    long_ago = time.time() - npz.STALE - 60
    os.utime(left, (long_ago, long_ago))
    model, data = make("mlp")
    stream = surface_stream(model, CE, data, points=5, resume=file)
    assert not left.exists()  # before the work
    stream.close()


def test_holes_are_added_up_as_holes(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"

    def holes(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return CE(outputs, targets) * np.nan

    older = surface_stream(model, holes, data, points=17, resume=file)
    next(older)
    whole = surface(model, holes, data, points=17, resume=file, progress=False)
    older.close()
    assert Surface.load(file) == whole
