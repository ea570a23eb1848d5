from .advice import advice_matters as advice_matters
from .advice import advise as advise
from .answers import ANSWERS as ANSWERS
from .answers import Answer as Answer
from .curves import LossCurves as LossCurves
from .curves import loss_curves as loss_curves
from .fits import best_constant as best_constant
from .fits import best_line as best_line
from .nondifferentiable import NONDIFFERENTIABLE as NONDIFFERENTIABLE
from .outliers import OutlierLines as OutlierLines
from .outliers import OutlierLocation as OutlierLocation
from .outliers import outlier_lines as outlier_lines
from .outliers import outlier_location as outlier_location

__all__ = [
    "ANSWERS",
    "NONDIFFERENTIABLE",
    "Answer",
    "LossCurves",
    "OutlierLines",
    "OutlierLocation",
    "advice_matters",
    "advise",
    "best_constant",
    "best_line",
    "loss_curves",
    "outlier_lines",
    "outlier_location",
]
