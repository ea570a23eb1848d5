"""Stuck neuron: why does a neuron learn slowest when it is most wrong?"""

from lossviz.pages.stuck_neuron import escape_time, learning_curve, slope
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.ui.page import heading, page

SENTENCES = {
    "Slope": "Drag the point to where the neuron is confidently wrong. Watch its slope.",
    "Learning curve": "Play. Both neurons start alike and see the same example.",
    "Escape time": "Drag the start. For each unit more, squared error takes 2.7 times as long.",
}
VIEWS = {"Slope": slope, "Learning curve": learning_curve, "Escape time": escape_time}

with page():
    view = heading("Why does the most wrong neuron learn slowest?", SENTENCES, Neuron.view)
    VIEWS[view].show()
