from .presets import EdgeSettings as EdgeSettings
from .presets import edge_runs as edge_runs
from .quadratics import Quadratic as Quadratic
from .quadratics import fastest_momentum as fastest_momentum
from .quadratics import quadratic as quadratic
from .quadratics import quadratic_descent as quadratic_descent
from .quadratics import quadratic_edge as quadratic_edge
from .quadratics import spectral_radius as spectral_radius
from .result import StabilityStatus as StabilityStatus

__all__ = [
    "EdgeSettings",
    "Quadratic",
    "StabilityStatus",
    "edge_runs",
    "fastest_momentum",
    "quadratic",
    "quadratic_descent",
    "quadratic_edge",
    "spectral_radius",
]
