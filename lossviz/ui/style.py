"""The appearance beyond config.toml: a short style sheet, and the logo."""

from pathlib import Path

import streamlit as st

SHEET = Path(__file__).parent / "css" / "style.css"


def apply(sheet: Path = SHEET) -> None:
    """Add a style sheet to the page, if there is one."""
    if sheet.exists():
        st.html(sheet)


def logo(assets: Path) -> None:
    """The mark with its word; which of the two files is right follows the viewer's theme."""
    dark = st.context.theme.type == "dark"
    name = "logo-dark.svg" if dark else "logo-light.svg"
    st.logo(str(assets / name), size="large")
