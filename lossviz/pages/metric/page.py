"""Loss against metric: why did the loss get worse and the accuracy better?"""

from lossviz.pages.metric import calibration, threshold, training
from lossviz.pages.metric.controls import Metric
from lossviz.ui.page import footer, heading, page

SENTENCES = {
    "Training": "Both are measured on the same held-out examples. Drag to the step that you would keep.",
    "Threshold": "Each dot is an example. Slide the line: its four corners are the confusion matrix.",
    "Calibration": "A dot on the diagonal keeps its word. Watch the training pull them off.",
}
VIEWS = {"Training": training, "Threshold": threshold, "Calibration": calibration}

with page():
    view = heading("Worse loss, better accuracy?", SENTENCES, Metric.view)
    VIEWS[view].show()
    footer()
