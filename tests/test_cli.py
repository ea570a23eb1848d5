"""The command line: a surface from a function in a file, and one sentence where it cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lossviz.__main__ import main
from lossviz.landscape.surface import Surface

PLACE = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}

MODULE = """
import torch
from torch import nn

def moons():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    return model, nn.MSELoss(), (torch.randn(9, 2), torch.randn(9, 1))

def nothing():
    return None

def two():
    return 1, 2

def asking(where):
    return moons()

number = 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my_model_of_the_cli.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_surface_in_every_plane_and_format(here, capsys) -> None:
    for plane in ("filter", "layer", "none", "hessian"):
        out = f"{plane}.npz"
        settings = ["--plane", plane, "--points", "5", "--out", out]
        assert main(["surface", "my_model_of_the_cli:moons", *settings]) == 0
        assert Surface.load(here / out).loss.shape == (5, 5)
    assert "5 x 5 points, 9 examples, vectorized evaluator" in capsys.readouterr().out
    pytest.importorskip("plotly", reason="plotly is not installed: figures are not tested")
    assert main(["surface", "my_model_of_the_cli:moons", "--points", "5", "--out", "slice.HTML"]) == 0
    assert "plotly" in (here / "slice.HTML").read_text()[:200000].lower()


def test_it_runs_as_a_module(here) -> None:
    command = [sys.executable, "-W", "error", "-m", "lossviz", "surface", "my_model_of_the_cli:moons"]
    command += ["--points", "3", "--out", "x.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=PLACE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my_model_of_the_cli:moons", "--out", "x.pdf"], "must end in .html, .npz, .png"),
        (["my_model_of_the_cli:moons", "--out", "nowhere/x.npz"], "does not exist"),
        (["my_model_of_the_cli", "--out", "x.npz"], "package.module:function"),
        (["no_such_module_here:f", "--out", "x.npz"], "'no_such_module_here'"),
        (["my_model_of_the_cli:absent", "--out", "x.npz"], "'absent'"),
        (["my_model_of_the_cli:number", "--out", "x.npz"], "'number'"),
        (["my_model_of_the_cli:nothing", "--out", "x.npz"], "NoneType"),
        (["my_model_of_the_cli:two", "--out", "x.npz"], "a tuple of 2"),
        (["my_model_of_the_cli:asking", "--out", "x.npz"], "must take no arguments"),
        (["./my_model_of_the_cli:moons", "--out", "x.npz"], "not by a path"),
        ([".my_model_of_the_cli:moons", "--out", "x.npz"], "not by a path"),
        (["my_model_of_the_cli.py:moons", "--out", "x.npz"], "'my_model_of_the_cli.py'"),
        (["my_model_of_the_cli:moons", "--points", "2", "--out", "folder.npz"], "cannot be written"),
        (["my_model_of_the_cli:moons", "--points", "0", "--out", "x.npz"], "points must be"),
        (["my_model_of_the_cli:moons", "--span", "nan", "--out", "x.npz"], "span must be"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(here, capsys, arguments: list[str], message: str) -> None:
    (here / "folder.npz").mkdir()
    assert main(["surface", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (here / "x.npz").exists()


def test_the_app_is_opened_by_streamlit(monkeypatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("subprocess.call", lambda command: called.append(command) or 0)
    monkeypatch.setattr("pathlib.Path.exists", lambda self: True)
    assert main(["app", "--server.port", "8600"]) == 0
    assert called[0][1:4] == ["-m", "streamlit", "run"]
    assert called[0][-2:] == ["--server.port", "8600"]
