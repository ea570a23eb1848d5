"""The command line: a surface of a function in a module, and one sentence for what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lossviz.cli.main import main
from lossviz.landscape.surface import Surface

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}

MODULE = """
import torch
from torch import nn

def moons():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    return model, nn.MSELoss(), (torch.randn(9, 2), torch.randn(9, 1))

def never():
    raise AssertionError("computed before the output was checked")

def nothing():
    return None

def two():
    return 1, 2

def with_argument(where):
    return moons()

number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_model_of_the_cli.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_surface_on_every_plane_and_in_every_format(folder, capsys) -> None:
    for plane in ("filter", "layer", "none", "hessian"):
        out = f"{plane}.npz"
        settings = ["--plane", plane, "--points", "5", "--out", out]
        assert main(["surface", "my_model_of_the_cli:moons", *settings]) == 0
        assert Surface.load(folder / out).loss.shape == (5, 5)
    assert "5 x 5 points, 9 examples, vectorized evaluator" in capsys.readouterr().out
    pytest.importorskip("plotly", reason="plotly is not installed: figures are not tested")
    assert main(["surface", "my_model_of_the_cli:moons", "--points", "5", "--out", "slice.HTML"]) == 0
    assert "plotly" in (folder / "slice.HTML").read_text()[:200000].lower()


def test_runs_as_a_module(folder) -> None:
    command = [sys.executable, "-W", "error", "-m", "lossviz", "surface", "my_model_of_the_cli:moons"]
    command += ["--points", "3", "--out", "x.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my_model_of_the_cli:moons", "--out", "x.txt"], "must end in .npz, .html, .png, .svg, .pdf"),
        (["my_model_of_the_cli:moons", "--out", "nowhere/x.npz"], "does not exist"),
        (["my_model_of_the_cli", "--out", "x.npz"], "package.module:function"),
        (["no_such_module_here:f", "--out", "x.npz"], "'no_such_module_here'"),
        (["my_model_of_the_cli:absent", "--out", "x.npz"], "'absent'"),
        (["my_model_of_the_cli:number", "--out", "x.npz"], "'number'"),
        (["my_model_of_the_cli:nothing", "--out", "x.npz"], "NoneType"),
        (["my_model_of_the_cli:two", "--out", "x.npz"], "a tuple of 2"),
        (["my_model_of_the_cli:with_argument", "--out", "x.npz"], "must take no arguments"),
        (["./my_model_of_the_cli:moons", "--out", "x.npz"], "not by a path"),
        ([".my_model_of_the_cli:moons", "--out", "x.npz"], "not by a path"),
        (["my_model_of_the_cli.py:moons", "--out", "x.npz"], "'my_model_of_the_cli.py'"),
        (["my_model_of_the_cli:moons", "--points", "2", "--out", "folder.npz"], "cannot be written"),
        (["my_model_of_the_cli:moons", "--points", "0", "--out", "x.npz"], "points must be"),
        (["my_model_of_the_cli:moons", "--span", "nan", "--out", "x.npz"], "span must be"),
        (
            ["my_model_of_the_cli:moons", "--plane", "pca", "--out", "x.npz"],
            "takes at least 3 checkpoints; got 0",
        ),
        (
            [
                "my_model_of_the_cli:moons",
                "--plane",
                "interpolation",
                "--checkpoints",
                *"abc",
                "--out",
                "x.npz",
            ],
            "takes 1 or 2 checkpoints; got 3",
        ),
        (
            ["my_model_of_the_cli:moons", "--checkpoints", "a", "--out", "x.npz"],
            "takes no checkpoints; got 1",
        ),
    ],
)
def test_invalid_arguments_are_refused_in_one_sentence(
    folder, capsys, arguments: list[str], message: str
) -> None:
    (folder / "folder.npz").mkdir()
    assert main(["surface", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (folder / "x.npz").exists()


@pytest.mark.parametrize("command", ["surface", "profile"])
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_what_a_picture_needs_is_looked_for_before_anything_is_computed(
    folder, capsys, monkeypatch, command: str, suffix: str
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)  # as if it were not installed
    assert main([command, "my_model_of_the_cli:never", "--out", f"x.{suffix}"]) == 2
    error = capsys.readouterr().err
    assert "kaleido" in error
    assert len(error.splitlines()) == 1


def test_a_profile_is_the_librarys(folder, capsys) -> None:
    import lossviz as lv

    out = ["--points", "5", "--span", "2", "--out"]
    assert main(["profile", "my_model_of_the_cli:moons", *out, "line.csv"]) == 0
    assert "5 points, 9 examples" in capsys.readouterr().out
    model, loss_fn, data = sys.modules["my_model_of_the_cli"].moons()
    line = lv.profile(model, loss_fn, data, span=2.0, points=5, progress=False)
    rows = [row.split(",") for row in (folder / "line.csv").read_text().splitlines()]
    assert rows[0] == ["a", "loss"]
    assert [(float(a), float(loss)) for a, loss in rows[1:]] == list(zip(line.a, line.loss, strict=True))
    assert main(["profile", "my_model_of_the_cli:moons", *out, "line.html"]) == 0
    assert "plotly" in (folder / "line.html").read_text()[:200000].lower()


def test_checkpoints_make_the_planes_of_the_library(folder) -> None:
    import torch

    import lossviz as lv

    model, loss_fn, data = __import__("my_model_of_the_cli").moons()
    states = []
    for k in range(4):
        torch.manual_seed(k)
        states.append({name: torch.randn_like(value) for name, value in model.state_dict().items()})
        torch.save(states[-1], folder / f"{k}.pt")
    files = [f"{k}.pt" for k in range(4)]
    problem = ["surface", "my_model_of_the_cli:moons", "--points", "3", "--out"]
    assert main([*problem, "pca.npz", "--plane", "pca", "--checkpoints", *files]) == 0
    plane = lv.pca_plane(states, model)
    truth = lv.surface(model, loss_fn, data, plane, points=3, progress=False)
    assert Surface.load(folder / "pca.npz").loss == pytest.approx(truth.loss, rel=1e-6)
    assert main([*problem, "two.npz", "--plane", "interpolation", "--checkpoints", *files[:2]]) == 0
    plane = lv.interpolation_plane(model, states[0], states[1])
    truth = lv.surface(model, loss_fn, data, plane, points=3, progress=False)
    assert Surface.load(folder / "two.npz").loss == pytest.approx(truth.loss, rel=1e-6)
    line = [
        "profile",
        "my_model_of_the_cli:moons",
        "--checkpoint",
        "2.pt",
        "--points",
        "5",
        "--out",
        "line.csv",
    ]
    assert main(line) == 0
    _, *rows = (folder / "line.csv").read_text().splitlines()
    model.load_state_dict(states[2])
    a, loss = map(float, rows[3].split(","))
    with torch.no_grad():
        assert (a, loss) == (1.0, pytest.approx(float(loss_fn(model(data[0]), data[1])), rel=1e-6))


def test_its_version_is_the_packages(capsys) -> None:
    import lossviz

    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"lossviz {lossviz.__version__}\n"


def test_the_app_is_opened_by_streamlit(monkeypatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("subprocess.call", lambda command: called.append(command) or 0)
    assert main(["app", "--server.port", "8600"]) == 0
    assert called[0][1:4] == ["-m", "streamlit", "run"]
    assert called[0][4:] == [str(Path(__file__).parents[1] / "app.py"), "--server.port", "8600"]


def test_without_streamlit_the_app_says_how_to_install_it(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "streamlit", None)  # as if it were not installed
    assert main(["app"]) == 2
    assert capsys.readouterr().err == "lossviz: the app needs Streamlit: pip install 'lossviz[app]'\n"
