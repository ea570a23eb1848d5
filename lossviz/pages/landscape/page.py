"""The page Landscape: can you trust this picture?"""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from lossviz.pages.landscape import eight_planes, one_plane, rescaled, surface_file
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui.page import heading, page

SENTENCES = {
    "One plane": "Drag. Compare the true loss of the network with the loss on this plane.",
    "Eight planes": "One network on eight random planes. Below them, what two directions cannot show.",
    "Rescaled": "Drag. The network computes the same function all the way.",
}
OF_A_FILE = "The loss over a plane, from the file that you opened."
VIEWS = {"One plane": one_plane, "Eight planes": eight_planes, "Rescaled": rescaled}

with page():
    first = {Landscape.view.default: OF_A_FILE} if surface_file.opened() else {}
    view = heading("Can you trust this picture?", SENTENCES | first, Landscape.view)
    refine = VIEWS[view].show()
if refine:  # a coarse picture gets finer once the whole page is shown
    refine()
