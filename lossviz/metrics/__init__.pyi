from .history import PredictionChange as PredictionChange
from .history import ScoreHistory as ScoreHistory
from .history import ScoreSettings as ScoreSettings
from .history import prediction_change as prediction_change
from .history import score_history as score_history
from .landmarks import ClippingLimit as ClippingLimit
from .landmarks import Landmark as Landmark
from .landmarks import clipping_limits as clipping_limits
from .landmarks import recognize as recognize
from .precision import FloatCurves as FloatCurves
from .precision import SoftmaxTwiceCurves as SoftmaxTwiceCurves
from .precision import float_curves as float_curves
from .precision import softmax_twice as softmax_twice
from .terms import SCORES as SCORES
from .terms import Score as Score
from .terms import ScoreTerms as ScoreTerms
from .terms import score_terms as score_terms
from .thresholds import Calibration as Calibration
from .thresholds import ThresholdCurve as ThresholdCurve
from .thresholds import calibration as calibration
from .thresholds import threshold_curve as threshold_curve
from .tutorial import AsWritten as AsWritten
from .tutorial import binary_as_written as binary_as_written
from .tutorial import rows_as_written as rows_as_written

__all__ = [
    "SCORES",
    "AsWritten",
    "Calibration",
    "ClippingLimit",
    "FloatCurves",
    "Landmark",
    "PredictionChange",
    "Score",
    "ScoreHistory",
    "ScoreSettings",
    "ScoreTerms",
    "SoftmaxTwiceCurves",
    "ThresholdCurve",
    "binary_as_written",
    "calibration",
    "clipping_limits",
    "float_curves",
    "prediction_change",
    "recognize",
    "rows_as_written",
    "score_history",
    "score_terms",
    "softmax_twice",
    "threshold_curve",
]
