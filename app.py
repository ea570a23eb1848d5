"""The server that `streamlit run app.py` starts. The table of contents is lossviz/pages/contents.py."""

import streamlit as st

from lossviz import pages
from lossviz.ui import server

app = st.App(pages.CONTENTS, **server.server_arguments(pages.addresses()))
