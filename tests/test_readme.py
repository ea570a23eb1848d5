"""The README: its code runs, its commands are what CI runs, what it names is there."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lossviz as lv

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
PYTHON = [body for language, body in BLOCKS if language == "python"]
SET_UP = [body.strip() for language, body in BLOCKS if body.startswith("python3 -m venv ")]
PINNED = [
    Requirement(line.partition("#")[0])
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line.partition("#")[0].strip()
]


def test_the_code_runs_and_its_first_lines_write_the_file_that_they_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}  # one for all blocks: who reads on has what came before
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), names)  # it is ours
        if code == PYTHON[0]:
            assert "plotly" in (tmp_path / "race.html").read_text(encoding="utf-8").lower()


def test_the_library_is_used_in_three_lines() -> None:
    assert len([line for line in PYTHON[0].splitlines() if line]) == 3


def test_the_picture_on_top_says_what_the_library_says() -> None:
    said = [
        lv.descend(loss, w=2, b=2, lr=0.15, steps=150).output[-1]
        for loss in ("sigmoid-half-mse", "sigmoid-ce")
    ]
    for output in said:
        assert f"{output:.2f}" in README.split("## Set up")[0]


def test_two_commands_set_it_up() -> None:
    app, tests = SET_UP
    assert "\n" not in app + tests
    assert app.endswith("streamlit run app.py")
    assert tests.endswith("/pytest")


def test_ci_runs_the_readme_and_not_a_copy() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "pytest" not in script
    assert "pip install" not in script


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            *re.findall(r'(?:src|srcset)="([^"]+)"', README),
            *re.findall(r"\]\((?!http)([^)#]+)\)", README),
            *re.findall(r"`((?:lossviz|tests|assets)/[\w/.]+)", README),
        }
    ),
)
def test_what_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_what_is_on_the_map_is_there() -> None:
    lines = next(body for _, body in BLOCKS if body.startswith("app.py")).splitlines()
    folder = ROOT
    for line in lines:
        if line.split()[0].endswith("/") and not line.startswith(" "):
            folder = ROOT / line.split()[0]
        name = line.split()[0]
        assert (ROOT / name).exists() or (folder / name).exists()


@pytest.mark.parametrize("pinned", PINNED, ids=str)
def test_the_requirements_are_pinned_and_installed(pinned: Requirement) -> None:
    (exact,) = pinned.specifier
    assert exact.operator == "=="
    assert version(pinned.name).partition("+")[0] == exact.version


def test_the_pins_are_within_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["app"]]
    asked += project["optional-dependencies"]["figures"]
    pins = {pinned.name: next(iter(pinned.specifier)).version for pinned in PINNED}
    for requirement in map(Requirement, asked):
        if requirement.name != "lossviz":
            assert requirement.specifier.contains(pins[requirement.name])
