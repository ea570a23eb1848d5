"""The table of contents: the script that Streamlit runs for every page."""

import streamlit as st

from lossviz import pages
from lossviz.common.app_files import app_folder
from lossviz.ui import preload, style
from lossviz.ui.page import foot, last_line

ASSETS = app_folder() / "assets"

st.set_page_config(page_icon=str(ASSETS / "mark.svg"), layout="wide")
style.apply()
style.logo(ASSETS)
shown = {
    one.title: st.Page(one.script, title=one.title, url_path=one.address) for one in pages.discover()[1:]
}
home = pages.start_page()
# A section of one page is no menu: its page stands beside Home.
alone = [members[0] for members in pages.sections().values() if len(members) == 1]
page = st.navigation(
    {
        "": [st.Page(home.script, title=home.title, default=True), *(shown[one.title] for one in alone)],
        **{
            section: [shown[one.title] for one in members]
            for section, members in pages.sections().items()
            if len(members) > 1
        },
    },
    position="top",
)
home_title = "lossviz: see what a loss function does to learning"
st.set_page_config(page_title=home_title if page.title == home.title else f"{page.title} · lossviz")
(row,) = (one for one in pages.discover() if one.title == page.title)
style.apply(row.style)
# The links at the foot come first: a page may take seconds, or stop early.
body = st.container()
with foot(*pages.neighbours(row)):
    with body:
        page.run()
    last_line()
preload.freeze_once_more()
