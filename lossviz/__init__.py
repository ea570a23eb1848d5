"""lossviz shows what a loss function does to learning.

``import lossviz as lv`` is instant: each public name, listed in the stub ``__init__.pyi``, loads its module,
and torch, when it is first used. The core never loads streamlit or plotly; ``lv.figures`` loads plotly.
"""

from lazy_loader import attach_stub

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
