"""A read-only, ordered mapping from a name to a row.

Losses, datasets, networks and optimizers are data: one row each, looked up by a name that also stands in
links. An imported module is shared by all sessions of the app, so a registry cannot be written to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from lossviz.common.plain_text import quoted


class Named(Protocol):
    """Anything with a ``name``."""

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


class Registry(Mapping[str, Row], Generic[Row]):
    """Rows by name, in the order in which they were given.

    Looking up an unknown name raises a KeyError that lists the known ones.

    Args:
        kind: What a row is called in error messages, such as "loss".
        rows: The rows; each has a unique ``name``.
        parse: Makes the row of a name that follows a pattern, such as ``mlp-3-7``; None for any other name.
            Such rows can be looked up, but are not listed.
        pattern: The pattern, as it is listed among the known names.

    Raises:
        ValueError: If two rows have the same name.

    Example:
        >>> import lossviz as lv
        >>> lv.LOSSES["sigmoid-ce"].label
        'Cross-entropy'
        >>> "mlp-3-7" in lv.NETWORKS, "mlp-3-7" in list(lv.NETWORKS)
        (True, False)
    """

    def __init__(
        self,
        kind: str,
        rows: Iterable[Row],
        parse: Callable[[str], Row | None] = lambda name: None,
        pattern: str = "",
    ) -> None:
        self._kind = kind
        self._rows: dict[str, Row] = {}
        for row in rows:
            if row.name in self._rows:
                raise ValueError(f"two rows of kind {kind} are named {quoted(row.name)}")
            self._rows[row.name] = row
        self._parse = parse
        self._pattern = pattern

    def __getitem__(self, name: str) -> Row:
        row = self._rows.get(name) if isinstance(name, str) else None
        if row is None and isinstance(name, str):
            row = self._parse(name)
        if row is None:
            known = ", ".join(self._rows) + (f", {self._pattern}" if self._pattern else "")
            got = (
                quoted(name) if isinstance(name, str) else f"of type {type(name).__name__}, which is no name"
            )
            raise KeyError(f"unknown {self._kind} {got}; known: {known}")
        return row

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]  # a key of another type is not in the registry
        except (KeyError, ValueError):  # a name that follows the pattern may still be out of range
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Registry({self._kind}: {', '.join(self._rows)})"
