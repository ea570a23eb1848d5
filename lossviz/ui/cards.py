"""The map on Home: each page as a question, with the page's own picture."""

from pathlib import Path

import streamlit as st

_PICTURES = Path(__file__).with_name("cards")
_PAGES = Path(__file__).parents[1] / "pages"
QUESTIONS = {
    "stuck_neuron": "Why does the most wrong neuron learn slowest?",
    "two_weights": "Where does the ground go flat?",
    "race": "Does the loss matter on a real network?",
}


def show() -> None:
    """Three cards in a row; on a phone one below the other."""
    for column, (name, question) in zip(st.columns(3, gap="medium"), QUESTIONS.items(), strict=True):
        with column.container(gap="xsmall", key=f"card_{name}"):
            picture = _PICTURES / f"{name}.svg"
            if picture.exists():
                st.html(f'<div class="lossviz-card">{picture.read_text(encoding="utf-8")}</div>')
            st.page_link(_PAGES / f"{name}.py", label=f"**{question}**")
