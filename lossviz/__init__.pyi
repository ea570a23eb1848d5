from . import basics as basics
from . import codes as codes
from . import figures as figures
from . import landscape as landscape
from . import likelihood as likelihood
from . import losses as losses
from . import metrics as metrics
from . import neuron as neuron
from . import stability as stability
from .common.registry import Registry as Registry
from .curvature.eigenvalues import density as density
from .curvature.eigenvalues import sharpness as sharpness
from .curvature.eigenvalues import spectrum as spectrum
from .curvature.result import Density as Density
from .curvature.result import Spectrum as Spectrum
from .data.dataset import Data as Data
from .data.dataset import Dataset as Dataset
from .data.table import DATASETS as DATASETS
from .landscape.checkpoint_planes import interpolation_plane as interpolation_plane
from .landscape.checkpoint_planes import pca_plane as pca_plane
from .landscape.directions import direction_plane as direction_plane
from .landscape.evaluation import losses_at as losses_at
from .landscape.planes import Plane as Plane
from .landscape.planes import hessian_plane as hessian_plane
from .landscape.planes import random_plane as random_plane
from .landscape.profile import Profile as Profile
from .landscape.profile import profile as profile
from .landscape.projection import Path as Path
from .landscape.projection import project as project
from .landscape.surface import Surface as Surface
from .landscape.surface import surface as surface
from .landscape.surface import surface_stream as surface_stream
from .losses.base import Loss as Loss
from .losses.table import LOSSES as LOSSES
from .networks.optimizers import OPTIMIZERS as OPTIMIZERS
from .networks.optimizers import Optimizer as Optimizer
from .networks.schedules import SCHEDULES as SCHEDULES
from .networks.schedules import Schedule as Schedule
from .networks.table import NETWORKS as NETWORKS
from .networks.table import Network as Network
from .neuron.descent import Descent as Descent
from .neuron.descent import descend as descend
from .neuron.escape import EscapeTime as EscapeTime
from .neuron.escape import escape_time as escape_time
from .stability.result import EdgeRun as EdgeRun
from .stability.run import edge_run as edge_run
from .stability.thresholds import stability_edge as stability_edge
from .training.diagnosis import Diagnosis as Diagnosis
from .training.diagnosis import diagnose as diagnose
from .training.history import History as History
from .training.predictions import DecisionBoundaries as DecisionBoundaries
from .training.predictions import decision_boundaries as decision_boundaries
from .training.settings import TrainingSettings as TrainingSettings
from .training.significance import PairedTest as PairedTest
from .training.significance import paired_test as paired_test
from .training.snapshot import Snapshot as Snapshot
from .training.train import train as train
from .training.trainer import Training as Training

__version__: str

__all__ = [
    "DATASETS",
    "LOSSES",
    "NETWORKS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Data",
    "Dataset",
    "DecisionBoundaries",
    "Density",
    "Descent",
    "Diagnosis",
    "EdgeRun",
    "EscapeTime",
    "History",
    "Loss",
    "Network",
    "Optimizer",
    "PairedTest",
    "Path",
    "Plane",
    "Profile",
    "Registry",
    "Schedule",
    "Snapshot",
    "Spectrum",
    "Surface",
    "Training",
    "TrainingSettings",
    "basics",
    "codes",
    "decision_boundaries",
    "density",
    "descend",
    "diagnose",
    "direction_plane",
    "edge_run",
    "escape_time",
    "figures",
    "hessian_plane",
    "interpolation_plane",
    "landscape",
    "likelihood",
    "losses",
    "losses_at",
    "metrics",
    "neuron",
    "paired_test",
    "pca_plane",
    "profile",
    "project",
    "random_plane",
    "sharpness",
    "spectrum",
    "stability",
    "stability_edge",
    "surface",
    "surface_stream",
    "train",
]
