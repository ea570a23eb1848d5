"""Loss against metric: why did the loss get worse and the accuracy better?"""

from lossviz.ui.declared import Metric
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import metric_calibration, metric_threshold, metric_training

SENTENCES = {
    "Training": "Both are measured on the same held-out examples. Drag to the step that you would keep.",
    "Threshold": "Each dot is an example. Slide the line: its four corners are the confusion matrix.",
    "Calibration": "A dot on the diagonal keeps its word. Watch the training pull them off.",
}
VIEWS = {"Training": metric_training, "Threshold": metric_threshold, "Calibration": metric_calibration}

with page():
    view = heading("Worse loss, better accuracy?", SENTENCES, Metric.view)
    VIEWS[view].show()
    footer()
