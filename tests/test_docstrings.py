"""Every public function says what it takes, returns and raises, with an example that runs."""

import doctest
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import lossviz as lv

SPACES = {
    "lv": lv,
    **{
        f"lv.{topic}": getattr(lv, topic)
        for topic in (
            "codes", "figures", "landscape", "likelihood", "losses", "metrics", "neuron", "stability",
        )
    },
}  # fmt: skip
PUBLIC = {
    f"{space}.{name}": getattr(module, name)
    for space, module in SPACES.items()
    for name in module.__all__
    if not inspect.ismodule(getattr(module, name))
}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def section(name: str, doc: str) -> bool:
    return re.search(rf"^{name}:$", doc, re.MULTILINE) is not None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_its_arguments_its_result_and_an_example(name: str) -> None:
    function = FUNCTIONS[name]
    doc = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    assert doc.splitlines()[0].endswith("."), "the first line is one sentence"
    assert section("Args", doc) or not parameters
    assert section("Returns", doc) or section("Yields", doc)
    assert section("Example", doc)
    assert ">>> import lossviz as lv" in doc
    said = doc.partition("Args:")[2]
    assert [p for p in parameters if not re.search(rf"^ +[\w, *]*\b{p}\b[^\n]*:", said, re.MULTILINE)] == []


def test_every_function_names_all_its_arguments() -> None:
    kinds = {
        name: [p.kind for p in inspect.signature(function).parameters.values()]
        for name, function in FUNCTIONS.items()
    }
    assert [name for name in kinds if inspect.Parameter.VAR_KEYWORD in kinds[name]] == []


def test_every_class_says_what_it_is() -> None:
    docs = {name: inspect.getdoc(thing) or "" for name, thing in CLASSES.items()}
    written = [name for name, doc in docs.items() if doc.startswith(f"{CLASSES[name].__name__}(")]
    assert written == [], "these are those that dataclass writes"
    assert [name for name, doc in docs.items() if not doc.partition("\n")[0].endswith(".")] == []


def examples() -> Iterator[Any]:
    finder = doctest.DocTestFinder(recurse=True)
    for name, thing in PUBLIC.items():
        if not (inspect.isfunction(thing) or inspect.isclass(thing)):
            continue  # a table's rows are documented in the table
        for test in finder.find(thing, name, globs={}):
            if test.examples:
                yield pytest.param(test, id=test.name)


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_runs_and_prints_what_it_says(example: doctest.DocTest) -> None:
    written: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=written.append)
    assert result.failed == 0, "".join(written)
