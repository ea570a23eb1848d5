"""The map on Home: each page as a question, with the page's own picture."""

from base64 import b64encode
from pathlib import Path

import streamlit as st

_PICTURES = Path(__file__).with_name("cards")
_PAGES = Path(__file__).parents[1] / "pages"
QUESTIONS = {
    "stuck_neuron": "Why does the most wrong neuron learn slowest?",
    "two_weights": "Where does the ground go flat?",
    "race": "Does the loss matter on a real network?",
    "landscape": "Can you trust this picture?",
}


def show() -> None:
    """Three cards in a row; on a phone one below the other."""
    columns = [column for _ in range(0, len(QUESTIONS), 3) for column in st.columns(3, gap="medium")]
    for column, (name, question) in zip(columns, QUESTIONS.items(), strict=False):
        with column.container(gap="xsmall", key=f"card_{name}"):
            picture = _PICTURES / f"{name}.svg"
            if picture.exists():
                # As an image, since st.html lets no svg element through; it still follows the theme.
                source = f"data:image/svg+xml;base64,{b64encode(picture.read_bytes()).decode()}"
                st.html(f'<img class="lossviz-card" src="{source}" alt="">')
            st.page_link(_PAGES / f"{name}.py", label=f"**{question}**")
