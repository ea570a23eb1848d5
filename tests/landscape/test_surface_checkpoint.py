"""Checkpoints of surfaces: they survive a killed process, may be shared, and never cost the surface."""

import errno
import io
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.models import make
from support.waiting import until
from torch import nn

import lossviz as lv
from lossviz.engine import dispatch
from lossviz.landscape import surface_checkpoint
from lossviz.landscape.io import read_content
from lossviz.landscape.surface import Surface, surface, surface_stream

CE = nn.CrossEntropyLoss()
ENVIRONMENT = {"PYTHONPATH": str(Path(lv.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
SCRIPT = """
import sys, time
import torch
import lossviz as lv
from lossviz.landscape import surface_checkpoint

PAUSE = 0.01
model = torch.nn.Linear(2, 1)
with torch.no_grad():
    model.weight.fill_(0.5), model.bias.fill_(0.1)
x = torch.arange(12.0).reshape(6, 2) / 7

def slow(outputs, targets):
    time.sleep(PAUSE)
    error = ((outputs - targets) ** 2).mean()
    return error if float(error) >= 0 else -error  # control flow, which only the reference evaluator can do

def compute(resume=None):
    return lv.surface(model, slow, (x, x[:, :1]), points=31, progress=False, resume=resume)

if __name__ == "__main__":
    surface_checkpoint.WRITE_INTERVAL = 0.05  # so that the test need not wait for thirty seconds
    compute(sys.argv[1])
"""


def share_done(file: Any) -> float:
    """The share of the points whose loss is in a file."""
    arrays = read_content(file)[0]
    return float(arrays["done"].mean()) if "done" in arrays else 1.0


# --- written while the work goes on -------------------------------------------------------------------------


def test_at_most_thirty_seconds_of_work_are_lost() -> None:
    assert surface_checkpoint.WRITE_INTERVAL <= 30


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name)
def test_a_killed_process_leaves_a_checkpoint_that_can_be_resumed(
    kill: signal.Signals, tmp_path: Path
) -> None:
    script, file = tmp_path / "work.py", tmp_path / "slice.npz"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, str(script), str(file)], env=os.environ | ENVIRONMENT) as process:
        try:
            until(lambda: process.poll() is not None or (file.exists() and share_done(file) > 0.02), 60)
            assert process.poll() is None
        finally:
            process.send_signal(kill)
    assert process.returncode == -kill
    assert 0.02 < share_done(file) < 1
    with pytest.raises(ValueError, match="unfinished"):
        Surface.load(file)
    module: dict[str, Any] = runpy.run_path(str(script))
    module["slow"].__globals__["PAUSE"] = 0
    whole = module["compute"](file)
    assert whole == module["compute"]() == Surface.load(file)


def test_every_computed_point_is_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface_checkpoint, "WRITE_INTERVAL", 0.0)
    model, data = make("gru", examples=10)
    file, shares = tmp_path / "slice.npz", []

    def progress(done: int, total: int) -> None:
        shares.append((share_done(file), done / total))

    found = surface(model, CE, data, points=4, progress=progress, resume=file)
    assert all(saved == done for saved, done in shares)
    assert len(shares) == 16
    assert Surface.load(file) == found


def test_stream_writes_the_file_before_it_yields(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    for partial in surface_stream(model, CE, data, points=17, resume=file):
        assert share_done(file) == partial.loss.size / 17**2


class CountingExecutor(Executor):
    """An executor that records how many points it was given at a time."""

    def __init__(self, inner: Executor) -> None:
        self._inner, self.sizes = inner, list[int]()
        self._max_workers = 1

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Any:
        self.sizes.append(len(given[-1]))
        return self._inner.submit(work, *given, **named)


def test_executor_is_given_smaller_pieces_of_slow_work(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = make("gru", examples=10)
    with ThreadPoolExecutor(1) as pool:
        quick, slow = CountingExecutor(pool), CountingExecutor(pool)
        surface(model, CE, data, points=12, executor=quick, progress=False)
        monkeypatch.setattr(dispatch, "SHORT_TIME", 0.0)  # every piece takes long
        surface(model, CE, data, points=12, executor=slow, progress=False)
    assert max(quick.sizes) == 144 // 8
    assert set(slow.sizes) == {1}


# --- several computations with one file ---------------------------------------------------------------------


@pytest.mark.parametrize("is_path", [True, False], ids=["path", "memory"])
def test_older_computation_that_ends_later_overwrites_nothing(is_path: bool, tmp_path: Path) -> None:
    model, data = make("mlp")
    file: Any = tmp_path / "slice.npz" if is_path else io.BytesIO()
    older = surface_stream(model, CE, data, points=17, resume=file)
    next(older)
    newer = surface(model, CE, data, points=17, resume=file, progress=False)
    next(older)
    older.close()
    assert Surface.load(file) == newer


def test_two_unfinished_computations_are_merged(tmp_path: Path) -> None:
    model, data = make("gru", examples=10)
    file = tmp_path / "slice.npz"

    def stop(at: int) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if done == at:
                raise KeyboardInterrupt

        return progress

    older = surface_stream(model, CE, data, points=9, progress=False, resume=file)
    next(older)  # 4 points, which the other does not compute again
    with pytest.raises(KeyboardInterrupt):
        surface(model, CE, data, points=9, progress=stop(40), resume=file)
    older.close()
    assert share_done(file) == 40 / 81


def test_file_of_another_surface_is_never_overwritten(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"
    older = surface_stream(model, CE, data, points=17, resume=file)
    next(older)
    file.unlink()
    newer = surface(model, CE, data, points=17, span=2.0, resume=file, progress=False)
    with pytest.warns(RuntimeWarning, match="not lost.*belongs to another surface"):
        next(older)
    with pytest.warns(RuntimeWarning, match="not lost"):
        *_, last = surface_stream(model, CE, data, points=9, resume=_file_that_breaks())
    assert last.loss.shape == (9, 9)
    older.close()
    assert Surface.load(file) == newer


def _file_that_breaks() -> Any:
    """A file in memory that can be read, but not written."""

    class BreakingFile(io.BytesIO):
        def truncate(self, size: int | None = None) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return BreakingFile()


def test_threads_sharing_a_file_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface_checkpoint, "WRITE_INTERVAL", 0.0)
    model, data = make("gru", examples=10)
    wanted = surface(model, CE, data, points=6, progress=False)
    for file in (tmp_path / "slice.npz", io.BytesIO()):
        barrier = threading.Barrier(4)

        def work(file: Any = file, barrier: threading.Barrier = barrier) -> Surface:
            barrier.wait()
            return surface(model, CE, data, points=6, progress=False, resume=file)

        with ThreadPoolExecutor(4) as pool:
            found = [future.result() for future in [pool.submit(work) for _ in range(4)]]
        assert found == [wanted] * 4
        assert Surface.load(file) == wanted


def test_nan_losses_are_merged_as_nan(tmp_path: Path) -> None:
    model, data = make("mlp")
    file = tmp_path / "slice.npz"

    def nan_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return CE(outputs, targets) * np.nan

    older = surface_stream(model, nan_loss, data, points=17, resume=file)
    next(older)
    whole = surface(model, nan_loss, data, points=17, resume=file, progress=False)
    older.close()
    assert Surface.load(file) == whole
