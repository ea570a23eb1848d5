"""The map on Home: each page as a question, with the page's own picture."""

from base64 import b64encode

import streamlit as st

from lossviz.ui.table import SECTIONS, Entry

IN_A_ROW = 3  # on a phone one below the other


def show() -> None:
    """The sections, with three cards in a row."""
    for section, entries in SECTIONS.items():
        st.subheader(section, anchor=False)
        for first in range(0, len(entries), IN_A_ROW):
            row = entries[first : first + IN_A_ROW]
            for column, entry in zip(st.columns(IN_A_ROW, gap="medium"), row, strict=False):
                with column.container(gap="xsmall", key=f"card_{entry.file}"):
                    card(entry)


def card(entry: Entry) -> None:
    """A picture and its question."""
    picture = entry.card.read_bytes()
    # As an image, since st.html lets no svg element through; it still follows the theme.
    source = f"data:image/svg+xml;base64,{b64encode(picture).decode()}"
    st.html(f'<img class="lossviz-card" src="{source}" alt="">')
    st.page_link(entry.path, label=f"**{entry.question}**")
