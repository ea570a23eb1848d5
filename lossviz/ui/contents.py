"""The table of contents: the script that Streamlit runs for every page."""

from pathlib import Path

import streamlit as st

from lossviz.ui import style, warm
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
    [
        st.Page(PAGES / "home.py", title="Home", default=True),
        st.Page(PAGES / "stuck_neuron.py", title="Stuck neuron", url_path="stuck-neuron"),
        st.Page(PAGES / "two_weights.py", title="Two weights", url_path="two-weights"),
        st.Page(PAGES / "race.py", title="Race", url_path="race"),
        st.Page(PAGES / "landscape.py", title="Landscape", url_path="landscape"),
        st.Page(PAGES / "output_codes.py", title="Output codes", url_path="output-codes"),
    ],
    position="top",
)
page.run()
warm.freeze_once_more()
