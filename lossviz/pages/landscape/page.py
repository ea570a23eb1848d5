"""The page Landscape: can you trust this picture?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.pages.landscape import eight_planes, one_plane, rescaled
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui.page import heading, page

SENTENCES = {
    "One plane": "Drag. Compare the true loss of the network with the loss on this plane.",
    "Eight planes": "One network on eight random planes. Below them, what two directions cannot show.",
    "Rescaled": "Drag. The network computes the same function all the way.",
}
VIEWS = {"One plane": one_plane, "Eight planes": eight_planes, "Rescaled": rescaled}

with page():
    view = heading("Can you trust this picture?", SENTENCES, Landscape.view)
    refine = VIEWS[view].show()
if refine:  # a coarse picture gets finer once the whole page is shown
    refine()
