"""lossviz shows what a loss function does to learning.

``import lossviz as lv`` is instant: each public name loads its module (and torch) when it is first
used. The core never loads streamlit or plotly; ``lv.figures`` loads plotly.
"""
