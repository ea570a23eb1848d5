"""The server: `streamlit run app.py`. The table of contents is lossviz/ui/contents.py."""

from lossviz.ui.server import serve

app = serve()
