"""Controls whose values live in the URL, and presets that set several of them.

A control is declared once, as data: the page draws it, the URL carries it, presets and links know its
default. Defaults are published: a value that equals its default is left out of the URL.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from lossviz.ui.typed import Line, Number, Text, in_address, write_address


@dataclass(frozen=True)
class Slide:
    """A number on a slider. ``key`` is its name in the URL.

    A number between two steps, as a link may have, is the nearest step: pictures are made for steps only.
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
        """Draw it; its value, one of its steps whatever a client sends."""
        given = st.session_state.get(self.key)
        if given is None:
            self._put_link_right()
        elif given != self._sane(given):
            st.session_state[self.key] = self._sane(given)
        value = st.slider(
            self.label,
            self.low,
            self.high,
            self.default,
            self.step,
            self.format,
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    def _put_link_right(self) -> None:
        """Open the page anew at the nearest step if its address says something between two.

        Before the slider is drawn: from then on the address is Streamlit's, and the slider as it says.
        """
        try:
            linked = float(st.query_params[self.key])
        except (KeyError, ValueError):
            return
        step = self._sane(linked)
        if step != linked and self.low <= linked <= self.high:
            in_words = str(int(step) if step == int(step) else step)
            write_address(self.key, None if step == self.default else in_words)
            st.rerun()

    @property
    def now(self) -> float:
        """Its value in this run, also before it is drawn."""
        return self._sane(st.session_state.get(self.key, self.default))

    def _sane(self, value: Any) -> float:
        good = isinstance(value, int | float) and math.isfinite(value) and self.low <= value <= self.high
        return type(self.default)(self._step_at(value) if good else self.default)

    def _step_at(self, value: float) -> float:
        """The nearest step; a value that is one but for its last bits stays as it is."""
        last = math.floor((self.high - self.low) / self.step + 1e-6)
        nearest = self.low + self.step * min(round((value - self.low) / self.step), last)
        return value if abs(value - nearest) < 1e-6 * self.step else round(nearest, 9)


@dataclass(frozen=True)
class Choice:
    """One of a few names. ``look`` is how it is drawn: a segmented control, a menu, or a switch."""

    key: str
    label: str
    options: Sequence[str]
    default: str
    help: str = ""

    def segments(self, **more: Any) -> str:
        value = st.segmented_control(
            self.label,
            self.options,
            default=self.default,
            required=True,
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    def ladder(self, **more: Any) -> str:
        """A slider over the options, for numbers that are not evenly spaced."""
        value = st.select_slider(
            self.label,
            self.options,
            self.default,
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    def menu(self, **more: Any) -> str:
        value = st.selectbox(
            self.label,
            self.options,
            index=list(self.options).index(self.default),
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    def radio(self, **more: Any) -> str:
        """All the options below each other, for a question that is read."""
        value = st.radio(
            self.label,
            self.options,
            index=list(self.options).index(self.default),
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    @property
    def now(self) -> str:
        return self._sane(st.session_state.get(self.key, self.default))

    def _sane(self, value: Any) -> str:
        return value if value in self.options else self.default


@dataclass(frozen=True)
class Several:
    """Some of a few names, at least ``least``."""

    key: str
    label: str
    options: Sequence[str]
    default: tuple[str, ...]
    help: str = ""

    def show(self, **more: Any) -> tuple[str, ...]:
        value = st.pills(
            self.label,
            self.options,
            selection_mode="multi",
            default=list(self.default),
            wrap=True,
            **in_address(self.key, self.help),
            **more,
        )
        return self._sane(value)

    @property
    def now(self) -> tuple[str, ...]:
        return self._sane(st.session_state.get(self.key, list(self.default)))

    def _sane(self, value: Any) -> tuple[str, ...]:
        chosen = tuple(name for name in self.options if name in (value or ()))
        return chosen or self.default


@dataclass(frozen=True)
class Switch:
    """Yes or no."""

    key: str
    label: str
    default: bool
    help: str = ""

    def show(self, **more: Any) -> bool:
        return bool(st.toggle(self.label, self.default, **in_address(self.key, self.help), **more))

    @property
    def now(self) -> bool:
        return bool(st.session_state.get(self.key, self.default))


Control = Slide | Choice | Several | Switch | Number | Text | Line


def presets(key: str, table: Mapping[str, Mapping[str, Any]], controls: Sequence[Control]) -> str | None:
    """Pills under the word Try: each sets its controls, and is lit as long as they stay so. The lit one.

    A control that a preset does not name goes back to its default. ``<key>_chosen`` in the session is the
    name of the one that was clicked last; a page that wants to know of clicks takes it away.
    """
    defaults = {control.key: control.default for control in controls}
    wanted = {name: defaults | dict(values) for name, values in table.items()}
    now = {control.key: control.now for control in controls}
    lit = next((name for name, values in wanted.items() if _same(values, now)), None)

    # The browser sends all its pills with every touch of anything, also before it has heard that a slider
    # has put one out: that must not count as a click. So pills that show the wrong one are not corrected but
    # replaced, and what the old ones still send is not listened to.
    generation, first = st.session_state.get(f"{key}_pills", (0, lit))
    if st.session_state.get(f"{key}_{generation}", first) != lit:
        generation, first = generation + 1, lit
    st.session_state[f"{key}_pills"] = generation, first

    def choose(sender: int) -> None:
        name = st.session_state[f"{key}_{sender}"]
        if name in wanted and sender == st.session_state[f"{key}_pills"][0]:
            st.session_state[f"{key}_chosen"] = name
            for control, value in wanted[name].items():
                st.session_state[control] = list(value) if isinstance(value, tuple) else value

    st.pills(
        "Try",
        list(table),
        default=first,
        key=f"{key}_{generation}",
        on_change=choose,
        args=(generation,),
        wrap=True,
    )
    return lit


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return all(math.isclose(a[k], b[k], abs_tol=1e-9) if isinstance(a[k], float) else a[k] == b[k] for k in a)


def link(controls: Sequence[Control]) -> str:
    """The address that shows this page as it is now, made only of what the controls say.

    A text that is too long for an address is left out.
    """
    said = [c for c in controls if not isinstance(c, Text) or c.fits]
    changed = [(c.key, c.now) for c in said if c.now != c.default]
    query = urlencode([(k, part) for k, v in changed for part in (v if isinstance(v, tuple) else (v,))])
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{query}" if query else address
