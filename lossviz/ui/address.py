"""Choices that show other words than their links: their values in the address are written here.

A choice may show "Squared error" where its links say ``sigmoid-mse``, as the library does. Streamlit's own
binding would put the label into the address.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

import lossviz as lv

BROWSER_DELAY = 2.0  # seconds until a browser surely sends the address that it was told to show

Labels = Mapping[str, str] | Callable[[str], str]  # what is shown for an option; others are shown as they are


class LabelledControl(Protocol):
    """What is needed of a control with labels."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def options(self) -> Sequence[str]: ...
    @property
    def default(self) -> Any: ...
    @property
    def help(self) -> str: ...
    @property
    def labels(self) -> Labels | None: ...
    def label_of(self, option: str) -> str: ...


def registry_labels(path: str) -> Callable[[str], str]:
    """What a registry calls its rows.

    Args:
        path: The registry's place in the library, as ``neuron.TWO_WEIGHT_MODELS``. It is looked up when the
            first label is shown: some registries load torch.

    Returns:
        A function from a row's name to its label.
    """

    def label(name: str) -> str:
        rows: Any = lv
        for part in path.split("."):
            rows = getattr(rows, part)
        return str(rows[name].label)

    return label


def label_of(labels: Labels | None, option: str) -> str:
    """What is shown for an option."""
    if labels is None:
        return option
    return labels.get(option, option) if isinstance(labels, Mapping) else labels(option)


def linked_words(key: str) -> list[str]:
    """The words that the address has for a control."""
    return list(st.query_params.get_all(key))


def follow_address(key: str, value: Callable[[list[str]], Any]) -> None:
    """Put a control where the address says: when it is first shown, and when the visitor goes back.

    Args:
        key: The control's key, in the address and in the session.
        value: From the words in the address to the control's value.
    """
    words = linked_words(key)
    written, at = st.session_state.get(_written(key), (words, 0.0))
    # With a click that follows soon the browser may still send the address of before.
    went_back = words != written and time.monotonic() - at > BROWSER_DELAY
    if key not in st.session_state or went_back:
        st.session_state[key] = value(words)


def labelled(
    control: LabelledControl, widget: Callable[..., Any], value: Callable[[list[str]], Any], **more: Any
) -> Any:
    """Show a control with its labels; what it returns is not yet checked.

    Args:
        control: The control.
        widget: Streamlit's function that shows it.
        value: From the words in the address to the control's value.
        **more: Further arguments of that function.
    """
    follow_address(control.key, value)
    return widget(
        control.label,
        control.options,
        format_func=control.label_of,
        key=control.key,
        help=control.help or None,
        **more,
    )


def session_value(control: LabelledControl, value: Callable[[list[str]], Any]) -> Any:
    """The value of a control in this run. Before it is shown, that of a labelled one is in the address."""
    if control.labels is None or control.key in st.session_state:
        return st.session_state.get(control.key, control.default)
    return value(linked_words(control.key))


def write_words(key: str, words: Sequence[str]) -> None:
    """Write a control's words into the address; none for its default."""
    now = linked_words(key)
    if now != list(words):
        if words:
            st.query_params[key] = list(words) if len(words) > 1 else words[0]
        else:
            del st.query_params[key]
        st.session_state[_written(key)] = list(words), time.monotonic()
    elif st.session_state.get(_written(key), (None,))[0] != now:
        st.session_state[_written(key)] = now, 0.0


def _written(key: str) -> str:
    """The key under which the session has the words last written, and when."""
    return f"{key}_in_address"
