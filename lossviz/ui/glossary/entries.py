"""The glossary: its entries, from one file, and which of them a text uses."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("glossary.toml")
# What is no prose: formulas, code, and where a link leads to.
NO_PROSE = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$|`[^`]*`|\]\([^)]*\)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """One entry of the glossary.

    Args:
        name: The term.
        sentence: What it means.
        formula: The same as LaTeX.
        page: The address, from the app's root, of the page that shows it.
        also: Other forms and names under which texts use it; those that only add an s need not be listed.
    """

    name: str
    sentence: str
    formula: str
    page: str
    also: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.name, *self.also)

    @property
    def markdown(self) -> str:
        """The entry as a sentence and its formula."""
        return f"**{self.name}**: {self.sentence}\n\n$${self.formula}$$"


@cache
def terms() -> tuple[Term, ...]:
    """All entries, in alphabetical order."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["term"]
    found = [Term(**entry | {"also": tuple(entry.get("also", ()))}) for entry in entries]
    return tuple(sorted(found, key=lambda term: term.name.lower()))


@cache
def _forms() -> tuple[re.Pattern[str], dict[str, Term]]:
    """A pattern that matches the longest form at a place, and the entry of each form."""
    by_form = {form.lower(): term for term in terms() for form in term.forms}
    longest_first = "|".join(map(re.escape, sorted(by_form, key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])({longest_first})s?(?![\w-])", re.IGNORECASE), by_form


def terms_in(text: str) -> tuple[Term, ...]:
    """The entries whose term a Markdown text uses outside formulas and code, in alphabetical order."""
    pattern, by_form = _forms()
    prose = NO_PROSE.sub(" ", text)
    used = {by_form[found.group(1).lower()].name for found in pattern.finditer(prose)}
    return tuple(term for term in terms() if term.name in used)
