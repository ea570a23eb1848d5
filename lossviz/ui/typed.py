"""Text fields: a number, and a text that is kept exactly as it was typed.

A short text is in the URL, a long one is not: an address cannot hold ten thousand numbers, and a link that
was cut would show something else. Then the page says so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lossviz.ui.viewer import went_back


def in_address(key: str, help: str) -> dict[str, Any]:
    """Return the arguments with which Streamlit keeps a control's value in the URL, under its key."""
    return {"key": key, "help": help or None, "bind": "query-params"}


def write_address(key: str, wanted: str | None) -> None:
    """Write a value into the address, or remove it."""
    if wanted is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != wanted:
        st.query_params[key] = wanted


def in_session(key: str, longest: float = math.inf) -> Iterator[Any]:
    """What the session has for a control, the newest first.

    Streamlit forgets the value of a control that a view or another page does not show, so it is kept under a
    second key. When the viewer goes back to a page, its address says what the value was, and the one that is
    kept may be newer; but a text of more than ``longest`` characters stands in no address.
    """
    kept = st.session_state.get(f"{key}_stored")
    in_link = not isinstance(kept, str) or len(kept) <= longest
    if went_back() and in_link and key not in st.session_state:
        st.session_state.pop(f"{key}_stored", None)
        kept = None
    yield from (st.session_state.get(key), kept)


@dataclass(frozen=True)
class Number:
    """A number in a box. ``key`` is its name in the URL.

    The address is read and written here: Streamlit's own binding stops at a number like 1e999.
    """

    key: str
    label: str
    low: float
    high: float
    default: float
    step: float
    help: str = ""
    format: str | None = None

    def show(self, **more: Any) -> float:
        """Show it, and return its value: within its range, whatever a client sends."""
        st.session_state[self.key] = self.value
        st.number_input(
            self.label,
            self.low,
            self.high,
            step=self.step,
            format=self.format,
            key=self.key,
            help=self.help or None,
            **more,
        )
        value = self.value
        st.session_state[f"{self.key}_stored"] = value
        write_address(self.key, str(value) if value != self.default else None)
        return value

    @property
    def value(self) -> float:
        """Its value in this run, also before it is shown."""
        for value in in_session(self.key):
            if value is not None:
                return self._validated(value)
        try:
            return self._validated(float(st.query_params.get(self.key, self.default)))
        except ValueError:
            return self.default

    def _validated(self, value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        good = number and math.isfinite(value) and self.low <= value <= self.high
        if good and isinstance(self.default, int):
            good = float(value).is_integer()
        return type(self.default)(value if good else self.default)


@dataclass(frozen=True)
class Text:
    """Some words or many numbers. A text of up to ``longest`` characters is in the URL."""

    key: str
    label: str
    default: str
    help: str = ""
    longest: int = 600

    def show(self, **more: Any) -> str:
        """Show it, and return its text unchanged."""
        st.session_state[self.key] = self.value
        text = st.text_area(self.label, key=self.key, help=self.help or None, **more) or ""
        st.session_state[f"{self.key}_stored"] = text
        write_address(self.key, text if text != self.default and len(text) <= self.longest else None)
        return text

    @property
    def value(self) -> str:
        """Its text in this run, also before it is shown: typed, or from the link that opened the page."""
        for value in in_session(self.key, self.longest):
            if isinstance(value, str):
                return value
        linked = st.query_params.get(self.key)
        return self.default if linked is None or len(linked) > self.longest else linked

    @property
    def fits(self) -> bool:
        """Whether the text is short enough for a link."""
        return len(self.value) <= self.longest


@dataclass(frozen=True)
class Line:
    """A line that the visitor writes, of at most ``most`` characters; an empty one is the default."""

    key: str
    label: str
    default: str
    help: str = ""
    most: int = 200

    def show(self, **more: Any) -> str:
        """Show it, and return its text."""
        value = st.text_input(
            self.label,
            self.default,
            max_chars=self.most,
            **in_address(self.key, self.help),
            **more,
        )
        return self._validated(value)

    @property
    def value(self) -> str:
        return self._validated(st.session_state.get(self.key, self.default))

    def _validated(self, value: Any) -> str:
        good = isinstance(value, str) and 0 < len(value.strip()) <= self.most
        return value if good else self.default
