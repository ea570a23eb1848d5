"""The controls that each page declares."""

from importlib import import_module
from typing import Any

from lossviz.ui.table import ENTRIES, HOME


def controls_of(page: str) -> Any:
    """The class in a page's ``controls.py`` that holds its controls."""
    module = import_module(f"lossviz.pages.{page}.controls")
    (only,) = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and hasattr(thing, "all")
    ]
    return only


def all_controls() -> list[Any]:
    return [control for entry in (HOME, *ENTRIES) for control in controls_of(entry.file).all]
