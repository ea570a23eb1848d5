"""The page Edge of stability: how big a step can it take?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.pages.edge_of_stability import network, quadratic
from lossviz.pages.edge_of_stability.controls import Edge
from lossviz.ui.page import heading, page

SENTENCES = {
    "Network": "Training makes the loss surface sharper, until the sharpness meets the edge. Then it "
    "stays there.",
    "Bowl": "Drag learning rate × sharpness past 2, or click the map: thirty steps of gradient descent.",
}
VIEWS = {"Network": network, "Bowl": quadratic}

with page():
    view = heading("How big a step can it take?", SENTENCES, Edge.view)
    VIEWS[view].show()
