"""Loss against metric: why did the loss get worse and the accuracy better?"""

from lossviz.pages.metric import calibration, threshold, training
from lossviz.pages.metric.controls import Metric
from lossviz.ui.page import heading, page

SENTENCES = {
    "Training": "Both are measured on the same test set. Drag to the step at which you would stop.",
    "Threshold": "Each dot is an example. Drag the threshold: its four corners are the confusion matrix.",
    "Calibration": "On the diagonal the model is calibrated. Watch training move the points off it.",
}
VIEWS = {"Training": training, "Threshold": threshold, "Calibration": calibration}

with page():
    view = heading("Worse loss, better accuracy?", SENTENCES, Metric.view)
    VIEWS[view].show()
