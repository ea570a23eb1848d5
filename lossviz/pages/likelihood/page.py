"""Likelihood: where do losses come from?"""

from lossviz.pages.likelihood import more_data, noise, one_bar
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.ui.page import heading, page

SENTENCES = {
    "Noise": "Minus the logarithm of a noise distribution is a loss. Drag until it fits the sample.",
    "One bar": "Drag the blue model towards the grey true distribution. Only one part of the bar can vanish.",
    "More data": "Each dot is one fit to new data. Four times the data, half the spread.",
}
VIEWS = {"Noise": noise, "One bar": one_bar, "More data": more_data}

with page():
    view = heading("Where do losses come from?", SENTENCES, Likelihood.view)
    VIEWS[view].show()
