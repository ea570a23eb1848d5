"""The cards on Home: the question and the picture of each page."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

import streamlit as st

from lossviz.ui.table import Page

COLUMNS = 3  # on a phone one below the other


def show(sections: Mapping[str, Sequence[Page]]) -> None:
    """Show the sections, with three cards in a row."""
    for section, pages in sections.items():
        st.subheader(section, anchor=False)
        for first in range(0, len(pages), COLUMNS):
            row = pages[first : first + COLUMNS]
            for column, page in zip(st.columns(COLUMNS, gap="medium"), row, strict=False):
                with column.container(gap="xsmall", key=f"card_{page.name}"):
                    card(page)


def card(page: Page) -> None:
    """Show a page's picture, if it has one, and its question and name, which lead to it."""
    if page.card.exists():
        # As an image, since st.html lets no svg element through; it still follows the theme.
        source = f"data:image/svg+xml;base64,{b64encode(page.card.read_bytes()).decode()}"
        st.html(f'<img class="lossviz-card" src="{source}" alt="">')
    st.page_link(page.script, label=f"**{page.question}** :small[:gray[{page.title}]]")
