from .curves import LossCurves as LossCurves
from .curves import loss_curves as loss_curves
from .fits import best_constant as best_constant
from .fits import best_line as best_line
from .nondifferentiable import NONDIFFERENTIABLE as NONDIFFERENTIABLE
from .outliers import OutlierLines as OutlierLines
from .outliers import OutlierLocation as OutlierLocation
from .outliers import outlier_lines as outlier_lines
from .outliers import outlier_location as outlier_location
from .recommend import recommend as recommend
from .recommend import relevant_questions as relevant_questions
from .recommendations import RECOMMENDATIONS as RECOMMENDATIONS
from .recommendations import Recommendation as Recommendation

__all__ = [
    "NONDIFFERENTIABLE",
    "RECOMMENDATIONS",
    "LossCurves",
    "OutlierLines",
    "OutlierLocation",
    "Recommendation",
    "best_constant",
    "best_line",
    "loss_curves",
    "outlier_lines",
    "outlier_location",
    "recommend",
    "relevant_questions",
]
