from .descent import LogitCurves as LogitCurves
from .descent import descend_widget as descend_widget
from .descent import logit_curves as logit_curves
from .escape import escape_times as escape_times
from .two_weights import TWO_WEIGHTS as TWO_WEIGHTS
from .two_weights import TwoWeights as TwoWeights
from .weight_planes import WeightPath as WeightPath
from .weight_planes import WeightPlane as WeightPlane
from .weight_planes import weight_paths as weight_paths
from .weight_planes import weight_plane as weight_plane

__all__ = [
    "TWO_WEIGHTS",
    "LogitCurves",
    "TwoWeights",
    "WeightPath",
    "WeightPlane",
    "descend_widget",
    "escape_times",
    "logit_curves",
    "weight_paths",
    "weight_plane",
]
