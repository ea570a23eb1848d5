"""Lesson texts: Markdown files in lossviz/ui/texts, one a tab."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_suffix("")


@cache
def text(name: str) -> str:
    """The text of that name. KeyError that lists the known ones."""
    file = _FOLDER / f"{name}.md"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in _FOLDER.glob("*.md")))
        raise KeyError(f"unknown text {name!r}; known: {known}")
    return file.read_text(encoding="utf-8")
