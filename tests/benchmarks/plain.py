"""A title, and nothing that is slow to import."""

import streamlit as st

st.set_page_config(page_title="plain", layout="wide")
st.title("Plain", anchor=False)
