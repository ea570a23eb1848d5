from .descent import LogitCurves as LogitCurves
from .descent import descend_widget as descend_widget
from .descent import logit_curves as logit_curves
from .escape import escape_times as escape_times
from .grid import LossGrid as LossGrid
from .grid import loss_grid as loss_grid
from .trajectory import Trajectory as Trajectory
from .trajectory import trajectories as trajectories
from .two_weights import TWO_WEIGHT_MODELS as TWO_WEIGHT_MODELS
from .two_weights import TwoWeightModel as TwoWeightModel

__all__ = [
    "TWO_WEIGHT_MODELS",
    "LogitCurves",
    "LossGrid",
    "Trajectory",
    "TwoWeightModel",
    "descend_widget",
    "escape_times",
    "logit_curves",
    "loss_grid",
    "trajectories",
]
