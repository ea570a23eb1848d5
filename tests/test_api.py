"""`import lossviz as lv`: the promised names, and nothing heavy that nobody asked for."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import lossviz as lv

ROOT = Path(lv.__file__).parents[1]
PROMISED = {
    *("LOSSES", "DATASETS", "NETWORKS", "OPTIMIZERS", "Loss", "Data"),
    *("descend", "escape_time", "train", "Race", "Snapshot", "figures"),
    *("entropy", "cross_entropy", "kl_divergence", "consistency", "recognize"),
}


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
print(*sys.modules)
lv.figures
print(*sys.modules)
"""


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
    assert not loaded[0] & {"streamlit", "plotly", "torch"}


def test_using_the_core_loads_neither_streamlit_nor_plotly(loaded: list[set[str]]) -> None:
    assert "torch" in loaded[1]
    assert not loaded[1] & {"streamlit", "plotly"}


def test_figures_load_plotly_and_no_streamlit(loaded: list[set[str]]) -> None:
    assert {"lossviz.figures", "plotly"} <= loaded[2]
    assert "streamlit" not in loaded[2]


def test_the_promised_names_are_there() -> None:
    assert set(lv.__all__) >= PROMISED


@pytest.mark.parametrize("name", lv.__all__)
def test_every_public_name_is_there_and_is_what_its_module_has(name: str) -> None:
    thing = getattr(lv, name)
    module = importlib.import_module(getattr(thing, "__module__", "lossviz"))
    if name != "figures":
        assert getattr(module, name, thing) is thing


def test_all_is_sorted_without_doubles_and_is_what_dir_says() -> None:
    assert len(set(lv.__all__)) == len(lv.__all__)
    assert sorted(dir(lv)) == sorted(lv.__all__)


def test_what_has_a_home_is_public_and_the_reverse() -> None:
    assert {*lv._MODULE, "figures"} == set(lv.__all__)


@pytest.mark.parametrize("name", ["nothing", "lost", "__wrapped__", ""])
def test_an_unknown_attribute_raises(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'lossviz' has no attribute '{name}'"):
        getattr(lv, name)


def test_an_unknown_name_cannot_be_imported() -> None:
    with pytest.raises(ImportError):
        exec("from lossviz import nothing")
