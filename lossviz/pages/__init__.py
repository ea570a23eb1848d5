"""The pages: every folder here whose ``__init__.py`` declares a row ``PAGE`` is one.

A page's folder has ``__init__.py`` with its row, ``page.py`` that Streamlit runs, ``controls.py``, a file for
each view, their texts (``*_see.md``, ``*_maths.md``), its picture on Home (``card.svg``), and if it needs
one a style sheet of its own (``style.css``). A test says what a page still lacks.
"""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from lossviz.ui.table import Page

CONTENTS = Path(__file__).parent / "contents.py"  # the script that Streamlit runs


@cache
def discover() -> tuple[Page, ...]:
    """Find all pages, in their order; the start page is the first."""
    folders = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    pages = [import_module(f"{__name__}.{folder}").PAGE for folder in folders]
    return tuple(sorted(pages, key=lambda page: (page.order, page.name)))


def start_page() -> Page:
    """The page that opens without a path in the address: it stands in no section."""
    (home,) = (page for page in discover() if not page.section)
    return home


def sections() -> dict[str, tuple[Page, ...]]:
    """The pages by section: sections in the order of their first page, without the start page."""
    names = dict.fromkeys(page.section for page in discover() if page.section)
    return {name: tuple(page for page in discover() if page.section == name) for name in names}


def addresses() -> tuple[str, ...]:
    """The paths of all pages but the start page."""
    return tuple(page.address for page in discover() if page.section)


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """The page before and the page after, in the order of all pages."""
    pages = (None, *discover(), None)
    place = pages.index(page)
    return pages[place - 1], pages[place + 1]
