"""The table of contents: the script that Streamlit runs for every page."""

from pathlib import Path

import streamlit as st

from lossviz.ui import preload, style
from lossviz.ui.table import HOME, SECTIONS

ASSETS = Path(__file__).parents[2] / "assets"

st.set_page_config(page_title="lossviz", page_icon=str(ASSETS / "mark.svg"), layout="wide")
style.apply()
style.logo(ASSETS)
page = st.navigation(
    {
        "": [st.Page(HOME.path, title=HOME.title, default=True)],
        **{
            section: [st.Page(entry.path, title=entry.title, url_path=entry.address) for entry in entries]
            for section, entries in SECTIONS.items()
        },
    },
    position="top",
)
page.run()
preload.freeze_once_more()
