"""The server of cases.py: the same routes and middleware as the app's own."""

from pathlib import Path

import streamlit as st

from lossviz.ui import server

app = st.App(Path(__file__).with_name("cases.py"), **server.server_arguments([]))
