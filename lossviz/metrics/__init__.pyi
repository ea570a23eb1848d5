from .accuracies import ReferenceAccuracy as ReferenceAccuracy
from .accuracies import reference_accuracies as reference_accuracies
from .history import PredictionChange as PredictionChange
from .history import ScoreHistory as ScoreHistory
from .history import ScoreSettings as ScoreSettings
from .history import prediction_change as prediction_change
from .history import score_history as score_history
from .measures import MEASURES as MEASURES
from .measures import Measure as Measure
from .precision import FloatCurves as FloatCurves
from .precision import SoftmaxTwiceCurves as SoftmaxTwiceCurves
from .precision import float_curves as float_curves
from .precision import softmax_twice as softmax_twice
from .references import ClippingLimit as ClippingLimit
from .references import ReferenceLoss as ReferenceLoss
from .references import clipping_limits as clipping_limits
from .references import reference_losses as reference_losses
from .scores import SCORES as SCORES
from .scores import Score as Score
from .terms import ScoreTerms as ScoreTerms
from .terms import score_terms as score_terms
from .thresholds import Calibration as Calibration
from .thresholds import ThresholdCurve as ThresholdCurve
from .thresholds import calibration as calibration
from .thresholds import threshold_curve as threshold_curve
from .tutorial import AsWritten as AsWritten
from .tutorial import ScoredInput as ScoredInput
from .tutorial import binary_as_written as binary_as_written
from .tutorial import categorical_as_written as categorical_as_written

__all__ = [
    "MEASURES",
    "SCORES",
    "AsWritten",
    "Calibration",
    "ClippingLimit",
    "FloatCurves",
    "Measure",
    "PredictionChange",
    "ReferenceAccuracy",
    "ReferenceLoss",
    "Score",
    "ScoreHistory",
    "ScoreSettings",
    "ScoreTerms",
    "ScoredInput",
    "SoftmaxTwiceCurves",
    "ThresholdCurve",
    "binary_as_written",
    "calibration",
    "categorical_as_written",
    "clipping_limits",
    "float_curves",
    "prediction_change",
    "reference_accuracies",
    "reference_losses",
    "score_history",
    "score_terms",
    "softmax_twice",
    "threshold_curve",
]
