"""Every control that is in a URL: its name there, its range, its default. All of this is published.

One room a page. A default that changes, changes what old links show; a test pins them. ``data`` and
``seed`` would be shared by all pages; what belongs to one page begins with that page's name.
"""

from lossviz.ui.declared.codes import Codes
from lossviz.ui.declared.edge import Edge
from lossviz.ui.declared.gallery import Gallery
from lossviz.ui.declared.home import Home
from lossviz.ui.declared.landscape import Landscape
from lossviz.ui.declared.likelihood import Likelihood
from lossviz.ui.declared.metric import Metric
from lossviz.ui.declared.neuron import Neuron
from lossviz.ui.declared.numbers import Numbers
from lossviz.ui.declared.race import Race
from lossviz.ui.declared.weights import Weights

__all__ = [
    "Codes",
    "Edge",
    "Gallery",
    "Home",
    "Landscape",
    "Likelihood",
    "Metric",
    "Neuron",
    "Numbers",
    "Race",
    "Weights",
]
