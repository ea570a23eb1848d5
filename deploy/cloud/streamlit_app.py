"""What Streamlit Community Cloud runs. It installs the requirements that lie beside this script."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))  # the repository, where lossviz is

from lossviz import pages
from lossviz.ui import server

app = st.App(pages.CONTENTS, **server.server_arguments(pages.addresses()))
