"""lossviz shows what a loss function does to learning.

``import lossviz as lv`` is instant: each public name loads its module, and torch, when it is first used.
The core never loads streamlit or plotly; ``lv.figures`` loads plotly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossviz import figures
    from lossviz.advice import advice_matters, advise
    from lossviz.answers import ANSWERS, Answer
    from lossviz.bends import EightPlanes, Rescaled, eight_planes, rescaled
    from lossviz.bowls import Bowl, bowl, bowl_edge, bowl_walk, fastest_momentum, spectral_radius
    from lossviz.code_words import Code, output_code
    from lossviz.codes import CODES, OutputCode, random_code
    from lossviz.curvature import Density, Spectrum, density, sharpness, spectrum
    from lossviz.data import Data, Dataset
    from lossviz.datasets import DATASETS
    from lossviz.decoding import decode
    from lossviz.digit_heads import DigitBits, HeadScores, digit_bits, digits_table
    from lossviz.edge_training import EdgeSettings, edge_runs
    from lossviz.edges import stability_edge
    from lossviz.escapes import EscapeTime, escape_time, escape_times
    from lossviz.estimators import Consistency, consistency
    from lossviz.fits import best_constant, best_line
    from lossviz.hand_made import ManyClasses, many_classes
    from lossviz.heads import HEADS, Head
    from lossviz.honesty import Landscape, landscape, landscape_stream
    from lossviz.information import EntropyBar, cross_entropy, entropy, entropy_bar, kl_divergence
    from lossviz.judging import Verdict, verdict
    from lossviz.labellings import Unions, unions
    from lossviz.likelihood import SampleLikelihood, sample_likelihood
    from lossviz.loss import Loss
    from lossviz.loss_shapes import Shapes, shapes
    from lossviz.losses import LOSSES
    from lossviz.meaning import BitReading, independent_bits, torn_between
    from lossviz.named_plane import CodePlane, Contestant, code_plane
    from lossviz.networks import NETWORKS, Network
    from lossviz.neuron import Descent, LogitCurves, descend, descend_widget, logit_curves
    from lossviz.noise import NOISES, Noise
    from lossviz.optimizers import OPTIMIZERS, Optimizer
    from lossviz.outliers import PulledLines, Valleys, pulled_lines, valleys
    from lossviz.paths import Path, interpolation_plane, pca_plane, project
    from lossviz.planes import Plane, direction_plane, hessian_plane, random_plane
    from lossviz.plateaus import Reading, read_curve
    from lossviz.precision import FloatCurves, TwiceCurves, float_curves, softmax_twice
    from lossviz.race import Race, Snapshot, stack
    from lossviz.race_setup import RaceSettings, race_settings
    from lossviz.recognition import Candidate, Cap, caps, recognize
    from lossviz.registry import Registry
    from lossviz.schedules import SCHEDULES, Schedule
    from lossviz.scores import Change, ScoreHistory, ScoreSettings, change, score_history
    from lossviz.separability import SeparableLabelings, separable_labelings
    from lossviz.stability import EdgeRun, Standing, edge_run
    from lossviz.studies import Study, StudySettings, study
    from lossviz.surfaces import Profile, Surface, losses_at, profile, surface, surface_stream
    from lossviz.terms import SCORES, Score, ScoreTerms, score_terms
    from lossviz.thresholds import Calibration, Verdicts, calibration, verdicts
    from lossviz.training import Training, train
    from lossviz.tutorial import AsWritten, binary_as_written, rows_as_written
    from lossviz.two_weights import TWO_WEIGHTS, TwoWeights
    from lossviz.untrainable import UNTRAINABLE
    from lossviz.weight_planes import WeightPath, WeightPlane, weight_paths, weight_plane
    from lossviz.wrong_bits import BitErrors, bit_errors

_HOME = {  # module: its public names
    "advice": ("advice_matters", "advise"),
    "answers": ("ANSWERS", "Answer"),
    "bends": ("EightPlanes", "Rescaled", "eight_planes", "rescaled"),
    "bowls": ("Bowl", "bowl", "bowl_edge", "bowl_walk", "fastest_momentum", "spectral_radius"),
    "code_words": ("Code", "output_code"),
    "codes": ("CODES", "OutputCode", "random_code"),
    "curvature": ("Density", "Spectrum", "density", "sharpness", "spectrum"),
    "data": ("Data", "Dataset"),
    "datasets": ("DATASETS",),
    "decoding": ("decode",),
    "digit_heads": ("DigitBits", "HeadScores", "digit_bits", "digits_table"),
    "edge_training": ("EdgeSettings", "edge_runs"),
    "edges": ("stability_edge",),
    "escapes": ("EscapeTime", "escape_time", "escape_times"),
    "estimators": ("Consistency", "consistency"),
    "fits": ("best_constant", "best_line"),
    "hand_made": ("ManyClasses", "many_classes"),
    "heads": ("HEADS", "Head"),
    "honesty": ("Landscape", "landscape", "landscape_stream"),
    "information": ("EntropyBar", "cross_entropy", "entropy", "entropy_bar", "kl_divergence"),
    "judging": ("Verdict", "verdict"),
    "labellings": ("Unions", "unions"),
    "likelihood": ("SampleLikelihood", "sample_likelihood"),
    "loss": ("Loss",),
    "loss_shapes": ("Shapes", "shapes"),
    "losses": ("LOSSES",),
    "meaning": ("BitReading", "independent_bits", "torn_between"),
    "named_plane": ("CodePlane", "Contestant", "code_plane"),
    "networks": ("NETWORKS", "Network"),
    "neuron": ("Descent", "LogitCurves", "descend", "descend_widget", "logit_curves"),
    "noise": ("NOISES", "Noise"),
    "optimizers": ("OPTIMIZERS", "Optimizer"),
    "outliers": ("PulledLines", "Valleys", "pulled_lines", "valleys"),
    "paths": ("Path", "interpolation_plane", "pca_plane", "project"),
    "planes": ("Plane", "direction_plane", "hessian_plane", "random_plane"),
    "plateaus": ("Reading", "read_curve"),
    "precision": ("FloatCurves", "TwiceCurves", "float_curves", "softmax_twice"),
    "race": ("Race", "Snapshot", "stack"),
    "race_setup": ("RaceSettings", "race_settings"),
    "recognition": ("Candidate", "Cap", "caps", "recognize"),
    "registry": ("Registry",),
    "schedules": ("SCHEDULES", "Schedule"),
    "scores": ("Change", "ScoreHistory", "ScoreSettings", "change", "score_history"),
    "separability": ("SeparableLabelings", "separable_labelings"),
    "stability": ("EdgeRun", "Standing", "edge_run"),
    "studies": ("Study", "StudySettings", "study"),
    "surfaces": ("Profile", "Surface", "losses_at", "profile", "surface", "surface_stream"),
    "terms": ("SCORES", "Score", "ScoreTerms", "score_terms"),
    "thresholds": ("Calibration", "Verdicts", "calibration", "verdicts"),
    "training": ("Training", "train"),
    "tutorial": ("AsWritten", "binary_as_written", "rows_as_written"),
    "two_weights": ("TWO_WEIGHTS", "TwoWeights"),
    "untrainable": ("UNTRAINABLE",),
    "weight_planes": ("WeightPath", "WeightPlane", "weight_paths", "weight_plane"),
    "wrong_bits": ("BitErrors", "bit_errors"),
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
