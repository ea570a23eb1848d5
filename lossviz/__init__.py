"""lossviz shows what a loss function does to learning.

``import lossviz as lv`` is instant: each public name loads its module, and torch, when it is first used.
The core never loads streamlit or plotly; ``lv.figures`` loads plotly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossviz import figures
    from lossviz.bends import EightPlanes, Rescaled, eight_planes, rescaled
    from lossviz.bowls import Bowl, bowl, bowl_edge, bowl_walk, fastest_momentum, spectral_radius
    from lossviz.codes import CODES, Code, OutputCode, output_code, random_code
    from lossviz.curvature import Density, Spectrum, density, sharpness, spectrum
    from lossviz.datasets import DATASETS, Data, Dataset
    from lossviz.decoding import decode
    from lossviz.digit_heads import DigitBits, HeadScores, digit_bits, digits_table
    from lossviz.edge_training import EdgeSettings, edge_runs
    from lossviz.edges import stability_edge
    from lossviz.hand_made import ManyClasses, many_classes
    from lossviz.heads import HEADS, Head
    from lossviz.honesty import Landscape, landscape
    from lossviz.labellings import Unions, unions
    from lossviz.loss import Loss
    from lossviz.losses import LOSSES
    from lossviz.meaning import BitReading, independent_bits, torn_between
    from lossviz.named_plane import CodePlane, Contestant, code_plane
    from lossviz.networks import NETWORKS, Network
    from lossviz.neuron import (
        Descent,
        EscapeTime,
        LogitCurves,
        descend,
        descend_widget,
        escape_time,
        escape_times,
        logit_curves,
    )
    from lossviz.optimizers import OPTIMIZERS, Optimizer
    from lossviz.paths import Path, interpolation_plane, pca_plane, project
    from lossviz.planes import Plane, direction_plane, hessian_plane, random_plane
    from lossviz.race import Race, RaceSettings, Snapshot, race_settings, stack
    from lossviz.registry import Registry
    from lossviz.separability import SeparableLabelings, separable_labelings
    from lossviz.stability import EdgeRun, Standing, edge_run
    from lossviz.studies import Study, StudySettings, study
    from lossviz.surfaces import Profile, Surface, losses_at, profile, surface, surface_stream
    from lossviz.training import Training, train
    from lossviz.two_weights import TWO_WEIGHTS, TwoWeights
    from lossviz.weight_planes import WeightPath, WeightPlane, weight_paths, weight_plane
    from lossviz.wrong_bits import BitErrors, bit_errors

_HOME = {
    "datasets": ("DATASETS", "Data", "Dataset"),
    "loss": ("Loss",),
    "losses": ("LOSSES",),
    "networks": ("NETWORKS", "Network"),
    "neuron": (
        "Descent",
        "EscapeTime",
        "LogitCurves",
        "descend",
        "descend_widget",
        "escape_time",
        "escape_times",
        "logit_curves",
    ),
    "optimizers": ("OPTIMIZERS", "Optimizer"),
    "race": ("Race", "RaceSettings", "Snapshot", "race_settings", "stack"),
    "wrong_bits": ("BitErrors", "bit_errors"),
    "labellings": ("Unions", "unions"),
    "codes": ("CODES", "Code", "OutputCode", "output_code", "random_code"),
    "decoding": ("decode",),
    "separability": ("SeparableLabelings", "separable_labelings"),
    "meaning": ("BitReading", "independent_bits", "torn_between"),
    "heads": ("HEADS", "Head"),
    "digit_heads": ("DigitBits", "HeadScores", "digit_bits", "digits_table"),
    "named_plane": ("CodePlane", "Contestant", "code_plane"),
    "hand_made": ("ManyClasses", "many_classes"),
    "curvature": ("Density", "Spectrum", "density", "sharpness", "spectrum"),
    "paths": ("Path", "interpolation_plane", "pca_plane", "project"),
    "planes": ("Plane", "direction_plane", "hessian_plane", "random_plane"),
    "surfaces": ("Profile", "Surface", "losses_at", "profile", "surface", "surface_stream"),
    "studies": ("Study", "StudySettings", "study"),
    "honesty": ("Landscape", "landscape"),
    "bends": ("EightPlanes", "Rescaled", "eight_planes", "rescaled"),
    "bowls": ("Bowl", "bowl", "bowl_edge", "bowl_walk", "fastest_momentum", "spectral_radius"),
    "edge_training": ("EdgeSettings", "edge_runs"),
    "edges": ("stability_edge",),
    "stability": ("EdgeRun", "Standing", "edge_run"),
    "registry": ("Registry",),
    "training": ("Training", "train"),
    "two_weights": ("TWO_WEIGHTS", "TwoWeights"),
    "weight_planes": ("WeightPath", "WeightPlane", "weight_paths", "weight_plane"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "CODES",
    "DATASETS",
    "HEADS",
    "LOSSES",
    "NETWORKS",
    "OPTIMIZERS",
    "TWO_WEIGHTS",
    "BitErrors",
    "BitReading",
    "Bowl",
    "Code",
    "CodePlane",
    "Contestant",
    "Data",
    "Dataset",
    "Density",
    "Descent",
    "DigitBits",
    "EdgeRun",
    "EdgeSettings",
    "EightPlanes",
    "EscapeTime",
    "Head",
    "HeadScores",
    "Landscape",
    "LogitCurves",
    "Loss",
    "ManyClasses",
    "Network",
    "Optimizer",
    "OutputCode",
    "Path",
    "Plane",
    "Profile",
    "Race",
    "RaceSettings",
    "Registry",
    "Rescaled",
    "SeparableLabelings",
    "Snapshot",
    "Spectrum",
    "Standing",
    "Study",
    "StudySettings",
    "Surface",
    "Training",
    "TwoWeights",
    "Unions",
    "WeightPath",
    "WeightPlane",
    "bit_errors",
    "bowl",
    "bowl_edge",
    "bowl_walk",
    "code_plane",
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
    "escape_time",
    "escape_times",
    "fastest_momentum",
    "figures",
    "hessian_plane",
    "independent_bits",
    "interpolation_plane",
    "landscape",
    "logit_curves",
    "losses_at",
    "many_classes",
    "output_code",
    "pca_plane",
    "profile",
    "project",
    "race_settings",
    "random_code",
    "random_plane",
    "rescaled",
    "separable_labelings",
    "sharpness",
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
