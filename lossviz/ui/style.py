"""What config.toml cannot say about the look: a short style sheet, and the mark."""

from pathlib import Path

import streamlit as st

_SHEET = Path(__file__).parent / "css" / "style.css"


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(_SHEET)


def logo(assets: Path) -> None:
    """The mark with its word; which of the two files is right follows the viewer's theme."""
    dark = st.context.theme.type == "dark"
    name = "logo-dark.svg" if dark else "logo-light.svg"
    st.logo(str(assets / name), size="large")
