"""Likelihood: where do losses come from?"""

from lossviz.ui.declared import Likelihood
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import likelihood_bar, likelihood_data, likelihood_noise

SENTENCES = {
    "Noise": "Turn a noise law over and you have a loss. Slide it until the sample fits.",
    "One bar": "Drag the blue model onto the grey world. Only one part of the bar can vanish.",
    "More data": "Each dot is one fit to fresh data. Four times the data, half the spread.",
}
VIEWS = {"Noise": likelihood_noise, "One bar": likelihood_bar, "More data": likelihood_data}

with page():
    view = heading("Where do losses come from?", SENTENCES, Likelihood.view)
    VIEWS[view].show()
    footer()
