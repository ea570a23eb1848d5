"""The table of contents: the script that Streamlit runs for every page."""

import streamlit as st

from lossviz import pages
from lossviz.common.app_files import app_folder
from lossviz.ui import preload, style

ASSETS = app_folder() / "assets"

st.set_page_config(page_title="lossviz", page_icon=str(ASSETS / "mark.svg"), layout="wide")
style.apply()
style.logo(ASSETS)
home = pages.start_page()
page = st.navigation(
    {
        "": [st.Page(home.script, title=home.title, default=True)],
        **{
            section: [st.Page(one.script, title=one.title, url_path=one.address) for one in members]
            for section, members in pages.sections().items()
        },
    },
    position="top",
)
for one in pages.discover():
    if one.title == page.title:
        style.apply(one.style)
page.run()
preload.freeze_once_more()
