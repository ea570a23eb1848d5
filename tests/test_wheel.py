"""The wheel, installed without the clone: its command opens the app, and every page of it."""

import os
import site
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ports import answers, free_port
from support.viewers import viewing
from support.waiting import until

from lossviz import __version__
from lossviz.pages import discover

ROOT = Path(__file__).parents[1]
CONFIGURATION = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel; what lossviz needs it takes from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert wheel.name.startswith(f"lossviz-{__version__}-")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    done = run([*install, str(wheel)], folder)
    assert "Successfully installed lossviz" in done.stdout, done.stderr or done.stdout
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return python.parent


def outside() -> dict[str, str]:
    """The environment of a process that does not see the clone."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, env=outside(), text=True, capture_output=True, check=False)


@pytest.mark.browser  # though it needs none: it starts servers
def test_it_is_found_outside_the_clone_and_says_its_version(installed: Path, tmp_path: Path) -> None:
    where = run([str(installed / "python"), "-c", "import lossviz; print(lossviz.__file__)"], tmp_path)
    assert str(installed.parent) in where.stdout, where.stderr
    said = run([str(installed / "lossviz"), "--version"], tmp_path)
    assert (said.returncode, said.stdout.strip()) == (0, f"lossviz {__version__}"), said.stderr


@pytest.fixture
def port(installed: Path, tmp_path: Path) -> Iterator[int]:
    """The port of ``lossviz app``, started in an empty folder."""
    free = free_port()
    command = [str(installed / "lossviz"), "app", "--server.headless=true", f"--server.port={free}"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=outside(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            until(
                lambda: answers(f"http://127.0.0.1:{free}/_stcore/health") or process.poll() is not None,
                seconds=60,
            )
            assert process.poll() is None, (tmp_path / "log").read_text()
            yield free
        finally:
            os.killpg(process.pid, 15)  # the command and the server that it has started
            process.wait(10)


@pytest.mark.browser  # though it needs none: it starts servers
def test_every_page_opens_with_its_picture_in_the_theme_of_the_clone(port: int) -> None:
    for page in discover():
        with viewing(port) as client:
            client.open("" if page.name == "home" else page.address)
            assert client.exceptions == []
            shown = client.shown()
            assert any(page.question in heading for heading in shown["heading"]), page.name
            assert client.colour == CONFIGURATION["theme"]["light"]["primaryColor"]
