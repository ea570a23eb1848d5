"""Links between the pages: those that a text names, the next page and the one before."""

import re
from pathlib import Path
from urllib.parse import parse_qsl

import streamlit as st

from lossviz.ui.table import Page

PAGES = Path(__file__).parents[1] / "pages"
# A link in a text: [Stuck neuron](/stuck-neuron?neuron_z=6), the page by its name and its address.
IN_TEXT = re.compile(r"\[([^\]\n]+)\]\(/([a-z-]+)(?:\?([^)\s]*))?\)")


def script_of(address: str) -> Path:
    """The file that Streamlit runs for the page at an address."""
    return PAGES / address.strip("/").replace("-", "_") / "page.py"


def without_links(text: str) -> str:
    """The text with the names of the pages in bold in place of links to them."""
    return IN_TEXT.sub(r"**\1**", text)


def show_link(address: str, label: str | None = None) -> None:
    """A link to a page of the app, by its name unless there is a label; it opens in the same tab.

    Args:
        address: Such as "/stuck-neuron?neuron_z=6".
        label: Other words than the page's name.
    """
    path, _, query = address.partition("?")
    st.page_link(
        script_of(path),
        label=label,
        icon=":material/arrow_forward:",
        icon_position="right",
        query_params=parse_qsl(query) or None,
    )


def show_links_of(text: str, key: str) -> None:
    """A row of links to the pages that a text links to, each once."""
    found = {f"/{page}?{query}": name for name, page, query in IN_TEXT.findall(text)}
    if found:
        with st.container(horizontal=True, gap="small", key=f"links_{key}"):
            for address, name in found.items():
                show_link(address, name)


def next_and_back(before: Page | None, after: Page | None) -> None:
    """Links to the page before and to the next one, with their questions."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute" if before else "right", key="next_and_back"
    ):
        if before:
            st.page_link(before.script, label=f"Back: **{before.title}**", icon=":material/arrow_back:")
        if after:
            st.page_link(
                after.script,
                label=f"Next: **{after.title}**",
                icon=":material/arrow_forward:",
                icon_position="right",
            )
