from .fidelity import PlaneFidelity as PlaneFidelity
from .fidelity import plane_fidelity as plane_fidelity
from .fidelity import plane_fidelity_stream as plane_fidelity_stream
from .recorded_training import RecordedTraining as RecordedTraining
from .recorded_training import RecordedTrainingSettings as RecordedTrainingSettings
from .recorded_training import record_training as record_training
from .reparametrization import EightPlanes as EightPlanes
from .reparametrization import Rescaled as Rescaled
from .reparametrization import eight_planes as eight_planes
from .reparametrization import rescaled as rescaled

__all__ = [
    "EightPlanes",
    "PlaneFidelity",
    "RecordedTraining",
    "RecordedTrainingSettings",
    "Rescaled",
    "eight_planes",
    "plane_fidelity",
    "plane_fidelity_stream",
    "record_training",
    "rescaled",
]
