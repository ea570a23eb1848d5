"""The package's structure: imports go down only, no circles, and no file or folder grows too large."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossviz"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
MODULES = {
    ".".join(("lossviz", *Path(file).with_suffix("").parts)).removesuffix(".__init__"): file for file in FILES
}
DRAWING, SCREEN = ("plotly", "streamlit"), ("lossviz.figures", "lossviz.ui", "lossviz.pages")

# The packages of the core, lowest first: each imports only from those before it.
CORE = (
    "common", "losses", "data", "networks", "neuron", "engine", "curvature", "training", "landscape",
    "stability", "codes", "likelihood", "metrics", "basics",
)  # fmt: skip
FLOORS = ("core", "figures", "cli", "ui", "pages")

# What each floor may not import, neither itself nor anything below it.
FORBIDDEN = {
    "core": (*DRAWING, *SCREEN),
    "figures": ("streamlit", "lossviz.ui", "lossviz.pages"),
    "cli": ("streamlit", "lossviz.ui", "lossviz.pages"),
    "ui": ("lossviz.pages",),
    "pages": ("torch", "numpy", "plotly", "sklearn"),
}
# The package's own namespace names the figures.
MAY = {"__init__.py": ("lossviz.figures",)}

MOST_LINES, MOST_FILES, MOST_AT_THE_TOP = 300, 24, 8


def floor_of(path: str) -> str:
    """The floor of a file, by its path inside the package."""
    first = path.split("/")[0]
    return first if "/" in path and first in FLOORS else "core"


def imports(source: str, path: str, typing_too: bool = True) -> Iterator[str]:
    """Every module that a file names in an import, wherever in the file: dotted, and made absolute."""
    package = ["lossviz", *path.split("/")[:-1]]
    tree = ast.parse(source)
    skipped = set() if typing_too else {id(n) for block in _typing_blocks(tree) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0] if node.args else None
            if (
                name in ("import_module", "__import__")
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                dots = len(first.value) - len(first.value.lstrip("."))
                base_name = ".".join(package[: len(package) - dots + 1]) + "." if dots else ""
                yield base_name + first.value.lstrip(".")


def _typing_blocks(tree: ast.Module) -> list[ast.If]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]


def within(module: str, parent: str) -> bool:
    return module == parent or module.startswith(parent + ".")


def violations(source: str, path: str) -> list[str]:
    """The forbidden modules that a file imports."""
    return sorted(
        module
        for module in set(imports(source, path))
        if any(within(module, wrong) for wrong in FORBIDDEN[floor_of(path)])
        and not any(within(module, right) for right in MAY.get(path, ()))
    )


@cache
def dependencies() -> dict[str, frozenset[str]]:
    """For each file the files of the package that it imports when it runs."""
    return {
        file: frozenset(
            MODULES[module]
            for module in imports((PACKAGE / file).read_text(encoding="utf-8"), file, typing_too=False)
            if module in MODULES and module != "lossviz" and MODULES[module] != file
        )
        for file in FILES
    }


def circles(graph: dict[str, frozenset[str]]) -> list[list[str]]:
    """The circles of a graph, found by depth-first search."""
    found, state, stack = [], dict.fromkeys(graph, "new"), []

    def visit(node: str) -> None:
        state[node] = "open"
        stack.append(node)
        for other in sorted(graph[node]):
            if state[other] == "open":
                found.append([*stack[stack.index(other) :], other])
            elif state[other] == "new":
                visit(other)
        stack.pop()
        state[node] = "done"

    for node in graph:
        if state[node] == "new":
            visit(node)
    return found


def test_a_file_imports_only_what_lies_below_it() -> None:
    assert len(FILES) > 100
    found = {path: violations((PACKAGE / path).read_text(encoding="utf-8"), path) for path in FILES}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {file.split("/")[0] for file in FILES if "/" in file}
    assert packages == {*CORE, *FLOORS[1:]}


def test_the_readme_draws_the_packages_in_this_order() -> None:
    readme = " ".join((PACKAGE.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"lowest first: {', '.join(CORE)}." in readme
    assert re.findall(r" (\w+)/ ", readme.partition("lossviz/ common/")[2].partition("tests/")[0]) == [
        *CORE[1:], *FLOORS[1:],
    ]  # fmt: skip


@pytest.mark.parametrize("package", CORE)
def test_a_package_of_the_core_imports_only_packages_below_it(package: str) -> None:
    below = CORE[: CORE.index(package) + 1]
    wrong = {
        (file, other)
        for file, others in dependencies().items()
        if file.startswith(f"{package}/")
        for other in others
        if "/" in other and other.split("/")[0] not in below
    }
    assert wrong == set()


def test_no_two_files_import_each_other_in_a_circle() -> None:
    assert circles(dependencies()) == []


def test_figures_of_a_topic_import_no_other_topic_but_what_all_share() -> None:
    wrong = {
        (file, other)
        for file, others in dependencies().items()
        for other in others
        if file.startswith("figures/")
        and file.count("/") == 2
        and other.startswith("figures/")
        and other.split("/")[1] not in ("base", file.split("/")[1])
    }
    assert wrong == set()


def test_no_file_is_too_long() -> None:
    lengths = {file: len((PACKAGE / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


def test_no_folder_holds_too_many_files() -> None:
    count: dict[str, int] = {}
    for file in FILES:
        folder = file.rpartition("/")[0]
        count[folder] = count.get(folder, 0) + 1
    assert count[""] <= MOST_AT_THE_TOP
    assert {folder: n for folder, n in count.items() if n > MOST_FILES} == {}


def test_the_search_for_circles_finds_one() -> None:
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a"), "d": frozenset("a")}
    assert circles(graph) == [["a", "b", "c", "a"]]
    assert circles({"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()}) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("neuron/descent.py", "import streamlit"),
        ("neuron/descent.py", "import streamlit as st"),
        ("neuron/descent.py", "import math, plotly.graph_objects as go"),
        ("neuron/descent.py", "from plotly import graph_objects"),
        ("neuron/descent.py", "from lossviz.figures import contour"),
        ("neuron/descent.py", "from lossviz import figures"),
        ("neuron/descent.py", "from .. import figures"),
        ("neuron/descent.py", "from ..figures.neuron import logit_curves"),
        ("neuron/descent.py", "from lossviz.ui.cache import cached"),
        ("neuron/descent.py", "def f():\n    import plotly"),
        ("neuron/descent.py", "class A:\n    def f(self):\n        from streamlit import cache_data"),
        ("neuron/descent.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import plotly"),
        ("neuron/descent.py", "try:\n    import plotly\nexcept ImportError:\n    pass"),
        ("neuron/descent.py", "import importlib\nimportlib.import_module('plotly.io')"),
        ("neuron/descent.py", "from importlib import import_module\nimport_module('..figures', 'lossviz')"),
        ("neuron/descent.py", "__import__('streamlit')"),
        ("__init__.py", "import plotly"),
        ("__init__.py", "from lossviz import ui"),
        ("__main__.py", "import streamlit"),
        ("figures/neuron/logit_curves.py", "import streamlit"),
        ("figures/neuron/logit_curves.py", "from lossviz.ui import style"),
        ("figures/neuron/logit_curves.py", "from ...ui import style"),
        ("figures/neuron/logit_curves.py", "from ... import pages"),
        ("ui/page.py", "from lossviz.pages import home"),
        ("ui/page.py", "from ..pages.home import show"),
        ("pages/home/page.py", "import torch"),
        ("pages/home/page.py", "import numpy as np"),
        ("pages/home/page.py", "from numpy.typing import NDArray"),
        ("pages/home/page.py", "import plotly.graph_objects as go"),
        ("pages/home/page.py", "def f():\n    from sklearn.datasets import load_iris"),
    ],
)
def test_the_checker_catches(path: str, source: str) -> None:
    assert violations(source, path) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "neuron/descent.py",
            "import torch, numpy\nfrom lossviz.losses.table import LOSSES\nfrom ..common import registry",
        ),
        ("neuron/descent.py", "import plotlyish\nfrom streamlit_free import x\n'import streamlit'"),
        ("cli/commands.py", "from lossviz import figures"),
        (
            "figures/neuron/logit_curves.py",
            "import plotly.graph_objects as go\nfrom lossviz.neuron.descent import Descent",
        ),
        ("ui/page.py", "import streamlit as st, plotly, numpy\nfrom lossviz import figures"),
        ("pages/home/page.py", "import streamlit as st\nimport lossviz as lv\nfrom lossviz.ui import page"),
    ],
)
def test_the_checker_lets_pass(path: str, source: str) -> None:
    assert violations(source, path) == []
