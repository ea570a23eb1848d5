"""Texts of the pages: Markdown files that lie beside the code of their page, one for each tab."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path


def keep_percents(text: str) -> str:
    """Keep each number on one line with its percent sign, by a space at which no line breaks.

    Args:
        text: Markdown.

    Returns:
        The same with U+00A0 in place of the space in "50 %".
    """
    return re.sub(r"(?<=\d) (?=%)", "\u00a0", text)


def texts_beside(file: str) -> Callable[[str], str]:
    """A function that reads the texts in the folder of a page's file.

    Args:
        file: the ``__file__`` of the page.

    Returns:
        A function from a text's name, without ``.md``, to its Markdown. It raises a KeyError that lists the
        known names for any other.
    """
    folder = Path(file).parent

    @cache
    def text(name: str) -> str:
        path = folder / f"{name}.md"
        if not path.exists():
            known = ", ".join(sorted(other.stem for other in folder.glob("*.md")))
            raise KeyError(f"unknown text {name!r}; known: {known}")
        return keep_percents(path.read_text(encoding="utf-8"))

    return text
