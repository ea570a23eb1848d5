"""A read-only, ordered mapping from a name to its row.

Losses, datasets, networks and optimizers are *data*: one row each, looked up by the name that is
also their label in a URL. An imported module is shared by every session of the app, so nobody may
write to a registry.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from lossviz.common.plain_text import quoted


class Named(Protocol):
    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


class Registry(Mapping[str, Row], Generic[Row]):
    """Rows by name, in the order in which they were written down.

    ``kind`` is what a row is called in messages ("loss"). ``parse`` makes rows that are named by a
    rule instead of a list (``mlp-3-7``); it returns None for a name that does not follow the rule,
    and ``rule`` tells the reader what the rule is. Rows made by a rule are not listed.

    Looking up an unknown name raises KeyError with the known ones.
    """

    def __init__(
        self,
        kind: str,
        rows: Iterable[Row],
        parse: Callable[[str], Row | None] = lambda name: None,
        rule: str = "",
    ) -> None:
        self._kind = kind
        self._rows = {row.name: row for row in rows}
        self._parse = parse
        self._rule = rule

    def __getitem__(self, name: str) -> Row:
        row = self._rows.get(name) if isinstance(name, str) else None
        if row is None and isinstance(name, str):
            row = self._parse(name)
        if row is None:
            known = ", ".join(self._rows) + (f", {self._rule}" if self._rule else "")
            raise KeyError(f"unknown {self._kind} {quoted(name)}; known: {known}")
        return row

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]  # what is not a string is not there
        except (KeyError, ValueError):  # a name that follows the rule may still ask for too much
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Registry({self._kind}: {', '.join(self._rows)})"
