"""Controls whose values are in the URL, and presets that set several of them.

A control is declared once, as data: the page shows it, the URL has its value, presets and links know its
default. Defaults are published: a value that equals its default is left out of the URL.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from lossviz.ui.address import Labels, label_of, labelled, session_value, write_words
from lossviz.ui.typed import Line, Number, Text, in_address, write_address

# The learning rates that pages offer.
RATES = ("0.005", "0.01", "0.02", "0.05", "0.1", "0.15", "0.2", "0.5", "1", "2", "5", "10")


@dataclass(frozen=True)
class Slider:
    """A number on a slider. ``key`` is its name in the URL.

    A number between two steps, as a link may have, becomes the nearest step: only steps have frames.
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
        """Show it, and return its value: one of its steps, whatever a client sends."""
        given = st.session_state.get(self.key)
        if given is None:
            self._correct_link()
        elif given != self._validated(given):
            st.session_state[self.key] = self._validated(given)
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
        return self._validated(value)

    def _correct_link(self) -> None:
        """Run the page again at the nearest step if its address has a value between two.

        This must come before the slider is shown: from then on Streamlit takes its value from the address.
        """
        try:
            linked = float(st.query_params[self.key])
        except (KeyError, ValueError):
            return
        step = self._validated(linked)
        if step != linked and self.low <= linked <= self.high:
            text = str(int(step) if step == int(step) else step)
            write_address(self.key, None if step == self.default else text)
            st.rerun()

    @property
    def value(self) -> float:
        """Its value in this run, also before it is shown."""
        return self._validated(st.session_state.get(self.key, self.default))

    def _validated(self, value: Any) -> float:
        good = isinstance(value, int | float) and math.isfinite(value) and self.low <= value <= self.high
        return type(self.default)(self._step_at(value) if good else self.default)

    def _step_at(self, value: float) -> float:
        """The nearest step; a value that differs from one only by rounding stays as it is."""
        last = math.floor((self.high - self.low) / self.step + 1e-6)
        nearest = self.low + self.step * min(round((value - self.low) / self.step), last)
        return value if abs(value - nearest) < 1e-6 * self.step else round(nearest, 9)


@dataclass(frozen=True)
class Choice:
    """One of a few options. There is a method for each way in which Streamlit can show it.

    An option is a word of the link; ``labels`` says what is shown for it.
    """

    key: str
    label: str
    options: Sequence[str]
    default: str
    help: str = ""
    labels: Labels | None = None

    def segments(self, **more: Any) -> str:
        """Show it as a segmented control, and return the option that is chosen."""
        return self._show(st.segmented_control, {"default": self.default}, required=True, **more)

    def select_slider(self, **more: Any) -> str:
        """Show it as a slider over the options, for numbers that are not evenly spaced."""
        return self._show(st.select_slider, {"value": self.default}, **more)

    def menu(self, **more: Any) -> str:
        """Show it as a menu, and return the option that is chosen."""
        return self._show(st.selectbox, {"index": list(self.options).index(self.default)}, **more)

    def radio(self, **more: Any) -> str:
        """Show all options below each other, and return the one that is chosen."""
        return self._show(st.radio, {"index": list(self.options).index(self.default)}, **more)

    def label_of(self, option: str) -> str:
        """What is shown for an option."""
        return label_of(self.labels, option)

    @property
    def value(self) -> str:
        return self._validated(session_value(self, self._linked))

    def _show(self, widget: Callable[..., Any], first: dict[str, Any], **more: Any) -> str:
        if self.labels is None:
            value = widget(self.label, self.options, **first, **in_address(self.key, self.help), **more)
            return self._validated(value)
        value = self._validated(labelled(self, widget, self._linked, **more))
        write_words(self.key, [] if value == self.default else [value])
        return value

    def _linked(self, words: list[str]) -> str:
        return self._validated(words[0] if len(words) == 1 else self.default)

    def _validated(self, value: Any) -> str:
        return value if value in self.options else self.default


@dataclass(frozen=True)
class MultiChoice:
    """Some of a few options, at least one. ``labels`` says what is shown for an option."""

    key: str
    label: str
    options: Sequence[str]
    default: tuple[str, ...]
    help: str = ""
    labels: Labels | None = None

    def show(self, **more: Any) -> tuple[str, ...]:
        """Show it as pills, and return the options that are chosen."""
        pills = {"selection_mode": "multi", "wrap": True, **more}
        if self.labels is None:
            first = {"default": list(self.default), **in_address(self.key, self.help)}
            return self._validated(st.pills(self.label, self.options, **first, **pills))
        value = self._validated(labelled(self, st.pills, self._linked, **pills))
        write_words(self.key, () if value == self.default else value)
        return value

    def label_of(self, option: str) -> str:
        """What is shown for an option."""
        return label_of(self.labels, option)

    @property
    def value(self) -> tuple[str, ...]:
        return self._validated(session_value(self, self._linked))

    def _linked(self, words: list[str]) -> list[str]:
        return list(self._validated(words))

    def _validated(self, value: Any) -> tuple[str, ...]:
        chosen = tuple(name for name in self.options if name in (value or ()))
        return chosen or self.default


@dataclass(frozen=True)
class Toggle:
    """A toggle, on or off."""

    key: str
    label: str
    default: bool
    help: str = ""

    def show(self, **more: Any) -> bool:
        return bool(st.toggle(self.label, self.default, **in_address(self.key, self.help), **more))

    @property
    def value(self) -> bool:
        return bool(st.session_state.get(self.key, self.default))


Control = Slider | Choice | MultiChoice | Toggle | Number | Text | Line


def presets(key: str, table: Mapping[str, Mapping[str, Any]], controls: Sequence[Control]) -> str | None:
    """Show presets as pills under the word Try.

    Each sets its controls, and is highlighted as long as they keep these values. A control that a preset does
    not name gets its default.

    Args:
        key: Prefix of the keys in the session. ``<key>_chosen`` is the name of the preset that was clicked
            last, until a page that wants to know of clicks removes it.
        table: The values of the controls by the preset's name.
        controls: All controls that a preset sets.

    Returns:
        The name of the highlighted one, if there is one.
    """
    defaults = {control.key: control.default for control in controls}
    wanted = {name: defaults | dict(values) for name, values in table.items()}
    now = {control.key: control.value for control in controls}
    lit = next((name for name, values in wanted.items() if _same(values, now)), None)

    # The browser sends the state of all its widgets with every event, also before it has been told that
    # moving a slider has deselected a pill: that must not count as a click. So pills that show the wrong
    # selection are not corrected but replaced by new ones, and what the old ones still send is ignored.
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
    """Return the address that shows this page as it is now: the values that differ from their defaults.

    A text that is too long for an address is left out.
    """
    in_link = [c for c in controls if not isinstance(c, Text) or c.fits]
    changed = [(c.key, c.value) for c in in_link if c.value != c.default]
    query = urlencode([(k, part) for k, v in changed for part in (v if isinstance(v, tuple) else (v,))])
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{query}" if query else address
