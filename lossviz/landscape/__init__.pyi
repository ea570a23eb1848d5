from .fidelity import PlaneFidelity as PlaneFidelity
from .fidelity import plane_fidelity as plane_fidelity
from .fidelity import plane_fidelity_stream as plane_fidelity_stream
from .random_planes import EightPlanes as EightPlanes
from .random_planes import eight_planes as eight_planes
from .recorded_training import RecordedTraining as RecordedTraining
from .recorded_training import RecordedTrainingSettings as RecordedTrainingSettings
from .recorded_training import record_training as record_training
from .rescaling import RescaledNetwork as RescaledNetwork
from .rescaling import rescaled as rescaled

__all__ = [
    "EightPlanes",
    "PlaneFidelity",
    "RecordedTraining",
    "RecordedTrainingSettings",
    "RescaledNetwork",
    "eight_planes",
    "plane_fidelity",
    "plane_fidelity_stream",
    "record_training",
    "rescaled",
]
