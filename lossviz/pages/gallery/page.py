"""Loss gallery: what does each loss punish?"""

from lossviz.pages.gallery import outlier, shape, which
from lossviz.pages.gallery.controls import Gallery
from lossviz.ui.page import heading, page

SENTENCES = {
    "Outlier": "For each loss, the prediction that makes it smallest. Drag the outlier.",
    "Shape": "Drag. Above the loss, below it its slope and its curvature.",
    "Which one?": "Three questions lead to an output unit and a loss.",
}
VIEWS = {"Outlier": outlier, "Shape": shape, "Which one?": which}

with page():
    view = heading("What does each loss punish?", SENTENCES, Gallery.view)
    VIEWS[view].show()
