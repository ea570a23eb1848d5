"""The layer law: imports go down only, from pages to ui to figures to the core."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossviz"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
DRAWING, SCREEN = ("plotly", "streamlit"), ("lossviz.figures", "lossviz.ui", "lossviz.pages")

# What each room may not import, neither itself nor anything below it.
FORBIDDEN = {
    "core": (*DRAWING, *SCREEN),
    "figures": ("streamlit", "lossviz.ui", "lossviz.pages"),
    "ui": ("lossviz.pages",),
    "pages": ("torch", "numpy", "plotly", "sklearn"),
}
# The front door hands out the figures, and the command line draws them: both name them, neither needs more.
MAY = {"__init__.py": ("lossviz.figures",), "__main__.py": ("lossviz.figures",)}


def room_of(path: str) -> str:
    """The room of a file, by its path inside the package."""
    return path.split("/")[0] if "/" in path else "core"


def imports(source: str, path: str) -> Iterator[str]:
    """Every module that a file names in an import, wherever in the file: dotted, and made absolute."""
    package = ["lossviz", *path.split("/")[:-1]]
    for node in ast.walk(ast.parse(source)):
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
                base = ".".join(package[: len(package) - dots + 1]) + "." if dots else ""
                yield base + first.value.lstrip(".")


def within(module: str, parent: str) -> bool:
    return module == parent or module.startswith(parent + ".")


def violations(source: str, path: str) -> list[str]:
    """The forbidden modules that a file imports."""
    return sorted(
        module
        for module in set(imports(source, path))
        if any(within(module, wrong) for wrong in FORBIDDEN[room_of(path)])
        and not any(within(module, right) for right in MAY.get(path, ()))
    )


@pytest.mark.parametrize("path", FILES)
def test_a_file_imports_only_what_lies_below_it(path: str) -> None:
    assert violations((PACKAGE / path).read_text(encoding="utf-8"), path) == []


def test_every_file_is_in_a_room_that_the_law_knows() -> None:
    assert {room_of(path) for path in FILES} <= set(FORBIDDEN)
    assert "losses.py" in FILES


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("neuron.py", "import streamlit"),
        ("neuron.py", "import streamlit as st"),
        ("neuron.py", "import math, plotly.graph_objects as go"),
        ("neuron.py", "from plotly import graph_objects"),
        ("neuron.py", "from lossviz.figures import contour"),
        ("neuron.py", "from lossviz import figures"),
        ("neuron.py", "from . import figures"),
        ("neuron.py", "from .figures.neuron import curves"),
        ("neuron.py", "from lossviz.ui.cache import cached"),
        ("neuron.py", "def f():\n    import plotly"),
        ("neuron.py", "class A:\n    def f(self):\n        from streamlit import cache_data"),
        ("neuron.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import plotly"),
        ("neuron.py", "try:\n    import plotly\nexcept ImportError:\n    pass"),
        ("neuron.py", "import importlib\nimportlib.import_module('plotly.io')"),
        ("neuron.py", "from importlib import import_module\nimport_module('.figures', 'lossviz')"),
        ("neuron.py", "__import__('streamlit')"),
        ("__init__.py", "import plotly"),
        ("__init__.py", "from lossviz import ui"),
        ("__main__.py", "import streamlit"),
        ("figures/neuron.py", "import streamlit"),
        ("figures/neuron.py", "from lossviz.ui import style"),
        ("figures/neuron.py", "from ..ui import style"),
        ("figures/neuron.py", "from .. import pages"),
        ("ui/page.py", "from lossviz.pages import home"),
        ("ui/page.py", "from ..pages.home import show"),
        ("pages/home.py", "import torch"),
        ("pages/home.py", "import numpy as np"),
        ("pages/home.py", "from numpy.typing import NDArray"),
        ("pages/home.py", "import plotly.graph_objects as go"),
        ("pages/home.py", "def f():\n    from sklearn.datasets import load_iris"),
    ],
)
def test_the_checker_catches(path: str, source: str) -> None:
    assert violations(source, path) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("neuron.py", "import torch, numpy\nfrom lossviz.losses import LOSSES\nfrom .checks import count_in"),
        ("neuron.py", "import plotlyish\nfrom streamlit_free import x\n'import streamlit'"),
        (
            "__init__.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lossviz import figures",
        ),
        ("__init__.py", "from importlib import import_module\nimport_module('lossviz.figures')"),
        ("__main__.py", "from lossviz import figures"),
        ("figures/neuron.py", "import plotly.graph_objects as go\nfrom lossviz.neuron import Descent"),
        ("ui/page.py", "import streamlit as st, plotly, numpy\nfrom lossviz import figures"),
        ("pages/home.py", "import streamlit as st\nimport lossviz as lv\nfrom lossviz.ui import page"),
    ],
)
def test_the_checker_lets_pass(path: str, source: str) -> None:
    assert violations(source, path) == []
