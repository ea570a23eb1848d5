"""`import lossviz as lv`: the promised names, and nothing heavy that nobody asked for."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lossviz as lv

ROOT = Path(lv.__file__).parents[1]
PROMISED = {
    *("LOSSES", "DATASETS", "NETWORKS", "OPTIMIZERS", "Loss", "Data", "Network", "History", "Surface"),
    *("train", "paired_test", "diagnose", "descend", "escape_time", "project", "surface", "profile"),
    *("random_plane", "pca_plane", "hessian_plane", "interpolation_plane", "sharpness", "spectrum"),
    *("figures", "codes", "likelihood", "metrics", "neuron", "stability", "landscape", "losses"),
}
TOPICS = ("basics", "codes", "landscape", "likelihood", "losses", "metrics", "neuron", "stability")
MOST_NAMES = 70


STEPS = """
import sys
import lossviz as lv
print(*sys.modules)
for name in lv.__all__:
    if name != "figures":
        getattr(lv, name)
lv.descend("sigmoid-ce", 2, 2, steps=2)
lv.escape_time("sigmoid-ce", 2)
lv.neuron.loss_grid("iris", "sigmoid-ce", points=3)
lv.neuron.trajectories("iris", ["sigmoid-ce"], (1, 1), steps=2)
lv.train("moons", "linear", ["sigmoid-ce"], steps=2)
for topic in {topics}:
    for name in getattr(lv, topic).__all__:
        getattr(getattr(lv, topic), name)
print(*sys.modules)
lv.figures.contour
print(*sys.modules)
""".replace("{topics}", repr(TOPICS))


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """What a new Python has loaded: after the import, after a use of the core, and with the figures."""
    done = subprocess.run(
        [sys.executable, "-c", STEPS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_importing_loads_neither_streamlit_nor_plotly_nor_torch(loaded: list[set[str]]) -> None:
    assert "lossviz" in loaded[0]
    assert not loaded[0] & {"streamlit", "plotly", "torch", "numpy"}


def test_using_the_core_loads_neither_streamlit_nor_plotly(loaded: list[set[str]]) -> None:
    assert "torch" in loaded[1]
    assert not loaded[1] & {"streamlit", "plotly"}


def test_figures_load_plotly_and_no_streamlit(loaded: list[set[str]]) -> None:
    assert {"lossviz.figures", "plotly"} <= loaded[2]
    assert "streamlit" not in loaded[2]


def test_the_promised_names_are_there() -> None:
    assert set(lv.__all__) >= PROMISED
    assert len(lv.__all__) <= MOST_NAMES


def spaces() -> list[Any]:
    return [lv, lv.figures, *(getattr(lv, topic) for topic in TOPICS)]


@pytest.mark.parametrize("space", spaces(), ids=lambda space: space.__name__)
def test_every_public_name_is_there_and_is_what_its_module_has(space: Any) -> None:
    for name in space.__all__:
        thing = getattr(space, name)
        module = importlib.import_module(getattr(thing, "__module__", space.__name__))
        assert getattr(module, name, thing) is thing


@pytest.mark.parametrize("space", spaces(), ids=lambda space: space.__name__)
def test_all_is_sorted_without_doubles_and_is_what_dir_says(space: Any) -> None:
    assert len(set(space.__all__)) == len(space.__all__)
    assert sorted(dir(space)) == sorted(space.__all__)


def test_no_name_is_public_in_two_places() -> None:
    names = [name for space in spaces() if space is not lv.figures for name in space.__all__]
    assert len(names) == len(set(names))


def test_types_are_told_to_who_checks_them() -> None:
    assert (Path(lv.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("name", ["nothing", "lost", "__wrapped__", ""])
def test_an_unknown_attribute_raises(name: str) -> None:
    with pytest.raises(AttributeError, match=f"No lossviz attribute {name}$"):
        getattr(lv, name)


def test_an_unknown_name_cannot_be_imported() -> None:
    with pytest.raises(ImportError):
        exec("from lossviz import nothing")
