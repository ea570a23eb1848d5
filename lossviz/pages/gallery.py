"""Loss gallery: what does each loss punish?"""

from lossviz.ui.declared import Gallery
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import gallery_outlier, gallery_shape, gallery_which

SENTENCES = {
    "Outlier": "Each loss picks the guess that makes it smallest. Drag the far point away.",
    "Shape": "Slide along. Above, what it costs; below, how hard it pulls.",
    "Which one?": "Three questions lead to an output unit and a loss.",
}
VIEWS = {"Outlier": gallery_outlier, "Shape": gallery_shape, "Which one?": gallery_which}

with page():
    view = heading("What does each loss punish?", SENTENCES, Gallery.view)
    VIEWS[view].show()
    footer()
