"""Edge of stability: how big a step can it take?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.ui.declared import Edge
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import edge_bowl, edge_network

SENTENCES = {
    "Network": "Training makes the ground sharper, until it meets the edge. Then it stays there.",
    "Bowl": "Drag the step past 2, or click the map: one learning rate, one momentum, thirty steps.",
}
VIEWS = {"Network": edge_network, "Bowl": edge_bowl}

with page():
    view = heading("How big a step can it take?", SENTENCES, Edge.view)
    VIEWS[view].show()
    footer()
