"""lossviz shows what a loss function does to learning.

``import lossviz as lv`` is instant: each public name loads its module, and torch, when it is first used.
The core never loads streamlit or plotly; ``lv.figures`` loads plotly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossviz import figures
    from lossviz.codes.bit_flips import BitErrors, bit_errors
    from lossviz.codes.bit_independence import BitReading, independent_bits, torn_between
    from lossviz.codes.code import Code, output_code
    from lossviz.codes.decoding import decode
    from lossviz.codes.digits import DigitBits, HeadScores, digit_bits, digits_table
    from lossviz.codes.heads import HEADS, Head
    from lossviz.codes.labellings import Unions, unions
    from lossviz.codes.plane_networks import CodePlane, Contestant, code_plane
    from lossviz.codes.separability import SeparableLabelings, separable_labelings
    from lossviz.codes.synthetic_classes import ManyClasses, many_classes
    from lossviz.codes.table import CODES, OutputCode, random_code
    from lossviz.common.registry import Registry
    from lossviz.curvature.eigenvalues import Density, Spectrum, density, sharpness, spectrum
    from lossviz.data.dataset import Data, Dataset
    from lossviz.data.table import DATASETS
    from lossviz.landscape.fidelity import Landscape, landscape, landscape_stream
    from lossviz.landscape.planes import Plane, direction_plane, hessian_plane, random_plane
    from lossviz.landscape.projection import Path, interpolation_plane, pca_plane, project
    from lossviz.landscape.recorded_training import Study, StudySettings, study
    from lossviz.landscape.reparametrization import EightPlanes, Rescaled, eight_planes, rescaled
    from lossviz.landscape.surface import Profile, Surface, losses_at, profile, surface, surface_stream
    from lossviz.likelihood.estimators import Consistency, consistency
    from lossviz.likelihood.information import EntropyBar, cross_entropy, entropy, entropy_bar, kl_divergence
    from lossviz.likelihood.noise import NOISES, Noise
    from lossviz.likelihood.sample import SampleLikelihood, sample_likelihood
    from lossviz.losses.advice import advice_matters, advise
    from lossviz.losses.answers import ANSWERS, Answer
    from lossviz.losses.base import Loss
    from lossviz.losses.curves import Shapes, shapes
    from lossviz.losses.fits import best_constant, best_line
    from lossviz.losses.nondifferentiable import UNTRAINABLE
    from lossviz.losses.outliers import PulledLines, Valleys, pulled_lines, valleys
    from lossviz.losses.table import LOSSES
    from lossviz.metrics.history import Change, ScoreHistory, ScoreSettings, change, score_history
    from lossviz.metrics.landmarks import Candidate, Cap, caps, recognize
    from lossviz.metrics.precision import FloatCurves, TwiceCurves, float_curves, softmax_twice
    from lossviz.metrics.terms import SCORES, Score, ScoreTerms, score_terms
    from lossviz.metrics.thresholds import Calibration, Verdicts, calibration, verdicts
    from lossviz.metrics.tutorial import AsWritten, binary_as_written, rows_as_written
    from lossviz.networks.optimizers import OPTIMIZERS, Optimizer
    from lossviz.networks.schedules import SCHEDULES, Schedule
    from lossviz.networks.table import NETWORKS, Network
    from lossviz.neuron.descent import Descent, LogitCurves, descend, descend_widget, logit_curves
    from lossviz.neuron.escape import EscapeTime, escape_time, escape_times
    from lossviz.neuron.two_weights import TWO_WEIGHTS, TwoWeights
    from lossviz.neuron.weight_planes import WeightPath, WeightPlane, weight_paths, weight_plane
    from lossviz.stability.presets import EdgeSettings, edge_runs
    from lossviz.stability.quadratics import (
        Bowl,
        bowl,
        bowl_edge,
        bowl_walk,
        fastest_momentum,
        spectral_radius,
    )
    from lossviz.stability.run import EdgeRun, Standing, edge_run
    from lossviz.stability.thresholds import stability_edge
    from lossviz.training.diagnosis import Reading, read_curve
    from lossviz.training.history import Race, Snapshot, stack
    from lossviz.training.settings import RaceSettings, race_settings
    from lossviz.training.significance import Verdict, verdict
    from lossviz.training.trainer import Training, train

_HOME = {  # module: its public names
    "losses.advice": ("advice_matters", "advise"),
    "losses.answers": ("ANSWERS", "Answer"),
    "landscape.reparametrization": ("EightPlanes", "Rescaled", "eight_planes", "rescaled"),
    "stability.quadratics": ("Bowl", "bowl", "bowl_edge", "bowl_walk", "fastest_momentum", "spectral_radius"),
    "codes.code": ("Code", "output_code"),
    "codes.table": ("CODES", "OutputCode", "random_code"),
    "curvature.eigenvalues": ("Density", "Spectrum", "density", "sharpness", "spectrum"),
    "data.dataset": ("Data", "Dataset"),
    "data.table": ("DATASETS",),
    "codes.decoding": ("decode",),
    "codes.digits": ("DigitBits", "HeadScores", "digit_bits", "digits_table"),
    "stability.presets": ("EdgeSettings", "edge_runs"),
    "stability.thresholds": ("stability_edge",),
    "neuron.escape": ("EscapeTime", "escape_time", "escape_times"),
    "likelihood.estimators": ("Consistency", "consistency"),
    "losses.fits": ("best_constant", "best_line"),
    "codes.synthetic_classes": ("ManyClasses", "many_classes"),
    "codes.heads": ("HEADS", "Head"),
    "landscape.fidelity": ("Landscape", "landscape", "landscape_stream"),
    "likelihood.information": ("EntropyBar", "cross_entropy", "entropy", "entropy_bar", "kl_divergence"),
    "training.significance": ("Verdict", "verdict"),
    "codes.labellings": ("Unions", "unions"),
    "likelihood.sample": ("SampleLikelihood", "sample_likelihood"),
    "losses.base": ("Loss",),
    "losses.curves": ("Shapes", "shapes"),
    "losses.table": ("LOSSES",),
    "codes.bit_independence": ("BitReading", "independent_bits", "torn_between"),
    "codes.plane_networks": ("CodePlane", "Contestant", "code_plane"),
    "networks.table": ("NETWORKS", "Network"),
    "neuron.descent": ("Descent", "LogitCurves", "descend", "descend_widget", "logit_curves"),
    "likelihood.noise": ("NOISES", "Noise"),
    "networks.optimizers": ("OPTIMIZERS", "Optimizer"),
    "losses.outliers": ("PulledLines", "Valleys", "pulled_lines", "valleys"),
    "landscape.projection": ("Path", "interpolation_plane", "pca_plane", "project"),
    "landscape.planes": ("Plane", "direction_plane", "hessian_plane", "random_plane"),
    "training.diagnosis": ("Reading", "read_curve"),
    "metrics.precision": ("FloatCurves", "TwiceCurves", "float_curves", "softmax_twice"),
    "training.history": ("Race", "Snapshot", "stack"),
    "training.settings": ("RaceSettings", "race_settings"),
    "metrics.landmarks": ("Candidate", "Cap", "caps", "recognize"),
    "common.registry": ("Registry",),
    "networks.schedules": ("SCHEDULES", "Schedule"),
    "metrics.history": ("Change", "ScoreHistory", "ScoreSettings", "change", "score_history"),
    "codes.separability": ("SeparableLabelings", "separable_labelings"),
    "stability.run": ("EdgeRun", "Standing", "edge_run"),
    "landscape.recorded_training": ("Study", "StudySettings", "study"),
    "landscape.surface": ("Profile", "Surface", "losses_at", "profile", "surface", "surface_stream"),
    "metrics.terms": ("SCORES", "Score", "ScoreTerms", "score_terms"),
    "metrics.thresholds": ("Calibration", "Verdicts", "calibration", "verdicts"),
    "training.trainer": ("Training", "train"),
    "metrics.tutorial": ("AsWritten", "binary_as_written", "rows_as_written"),
    "neuron.two_weights": ("TWO_WEIGHTS", "TwoWeights"),
    "losses.nondifferentiable": ("UNTRAINABLE",),
    "neuron.weight_planes": ("WeightPath", "WeightPlane", "weight_paths", "weight_plane"),
    "codes.bit_flips": ("BitErrors", "bit_errors"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "ANSWERS",
    "CODES",
    "DATASETS",
    "HEADS",
    "LOSSES",
    "NETWORKS",
    "NOISES",
    "OPTIMIZERS",
    "SCHEDULES",
    "SCORES",
    "TWO_WEIGHTS",
    "UNTRAINABLE",
    "Answer",
    "AsWritten",
    "BitErrors",
    "BitReading",
    "Bowl",
    "Calibration",
    "Candidate",
    "Cap",
    "Change",
    "Code",
    "CodePlane",
    "Consistency",
    "Contestant",
    "Data",
    "Dataset",
    "Density",
    "Descent",
    "DigitBits",
    "EdgeRun",
    "EdgeSettings",
    "EightPlanes",
    "EntropyBar",
    "EscapeTime",
    "FloatCurves",
    "Head",
    "HeadScores",
    "Landscape",
    "LogitCurves",
    "Loss",
    "ManyClasses",
    "Network",
    "Noise",
    "Optimizer",
    "OutputCode",
    "Path",
    "Plane",
    "Profile",
    "PulledLines",
    "Race",
    "RaceSettings",
    "Reading",
    "Registry",
    "Rescaled",
    "SampleLikelihood",
    "Schedule",
    "Score",
    "ScoreHistory",
    "ScoreSettings",
    "ScoreTerms",
    "SeparableLabelings",
    "Shapes",
    "Snapshot",
    "Spectrum",
    "Standing",
    "Study",
    "StudySettings",
    "Surface",
    "Training",
    "TwiceCurves",
    "TwoWeights",
    "Unions",
    "Valleys",
    "Verdict",
    "Verdicts",
    "WeightPath",
    "WeightPlane",
    "advice_matters",
    "advise",
    "best_constant",
    "best_line",
    "binary_as_written",
    "bit_errors",
    "bowl",
    "bowl_edge",
    "bowl_walk",
    "calibration",
    "caps",
    "change",
    "code_plane",
    "consistency",
    "cross_entropy",
    "decode",
    "density",
    "descend",
    "descend_widget",
    "digit_bits",
    "digits_table",
    "direction_plane",
    "edge_run",
    "edge_runs",
    "eight_planes",
    "entropy",
    "entropy_bar",
    "escape_time",
    "escape_times",
    "fastest_momentum",
    "figures",
    "float_curves",
    "hessian_plane",
    "independent_bits",
    "interpolation_plane",
    "kl_divergence",
    "landscape",
    "landscape_stream",
    "logit_curves",
    "losses_at",
    "many_classes",
    "output_code",
    "pca_plane",
    "profile",
    "project",
    "pulled_lines",
    "race_settings",
    "random_code",
    "random_plane",
    "read_curve",
    "recognize",
    "rescaled",
    "rows_as_written",
    "sample_likelihood",
    "score_history",
    "score_terms",
    "separable_labelings",
    "shapes",
    "sharpness",
    "softmax_twice",
    "spectral_radius",
    "spectrum",
    "stability_edge",
    "stack",
    "study",
    "surface",
    "surface_stream",
    "torn_between",
    "train",
    "unions",
    "valleys",
    "verdict",
    "verdicts",
    "weight_paths",
    "weight_plane",
]


def __getattr__(name: str) -> Any:
    if name == "figures":
        return import_module("lossviz.figures")
    if name not in _MODULE:
        raise AttributeError(f"module 'lossviz' has no attribute {name!r}")
    return getattr(import_module(f"lossviz.{_MODULE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
