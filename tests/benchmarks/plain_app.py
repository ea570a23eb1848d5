"""A page with a title that imports no torch: what the app's first title is compared with."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).with_name("plain.py"))
