"""Glossary: what does that word mean?"""

import streamlit as st

from lossviz.common.plain_text import for_markdown
from lossviz.pages.glossary.controls import Glossary
from lossviz.ui.glossary.entries import terms
from lossviz.ui.glossary.words import show_term
from lossviz.ui.page import heading, page

COLUMNS = 2  # on a phone one below the other

with page():
    heading(
        "What does that word mean?",
        "Each term in one sentence and a formula, with the page that shows it. The same explanations open "
        "below the texts of every page.",
    )
    wanted = Glossary.find.show(width=320, placeholder="Such as logit").strip().lower()
    found = [
        term for term in terms() if any(wanted in words.lower() for words in (*term.forms, term.sentence))
    ]
    if not found:
        st.markdown(
            f"**No term has “{for_markdown(wanted)}”.** There are {len(terms())}; try a shorter word."
        )
    half = -(-len(found) // COLUMNS)
    for k, column in enumerate(st.columns(COLUMNS, gap="large")):
        with column:
            for term in found[half * k : half * (k + 1)]:
                with st.container(gap="xsmall", key=f"term_{term.name.replace(' ', '_')}"):
                    show_term(term)
