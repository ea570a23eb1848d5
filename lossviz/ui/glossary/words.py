"""Words on this page: each term of the glossary that its texts use, explained in place."""

from collections.abc import Iterable

import streamlit as st

from lossviz.ui.glossary.entries import Term, terms_in
from lossviz.ui.links import show_link


def show_words(texts: Iterable[str]) -> None:
    """A row of buttons, one for each term that the texts use; each opens its explanation in place."""
    used = terms_in("\n".join(texts))
    if not used:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="words"):
        st.markdown(":small[:gray[Words on this page]]", width="content")
        for term in used:
            with st.popover(term.name, type="tertiary", width="content"):
                show_term(term)


def show_term(term: Term) -> None:
    """A term's sentence, its formula, and a link to the page that shows it."""
    st.markdown(term.markdown)
    show_link(term.page)
