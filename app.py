"""The server that `streamlit run app.py` starts. The table of contents is lossviz/ui/contents.py."""

import streamlit as st

from lossviz.ui import server

app = st.App(server.CONTENTS, **server.surroundings())
