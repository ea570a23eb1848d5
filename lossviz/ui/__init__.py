"""The helpers that know Streamlit: the server, the chart, the frame of a page, its controls.

Nothing here loads torch or plotly when it is imported, so that a page can show its title first.
"""
