"""Choices that show other words than their links: their values in the address are written here.

A choice may show "Squared error" where its links say ``sigmoid-mse``, as the library does. Streamlit's own
binding would put the label into the address.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

import lossviz as lv

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
    if control.key not in st.session_state:
        st.session_state[control.key] = value(linked_words(control.key))
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
    if linked_words(key) != list(words):
        if words:
            st.query_params[key] = list(words)
        else:
            del st.query_params[key]
