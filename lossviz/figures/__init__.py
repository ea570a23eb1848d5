"""Results into Plotly figures: pure functions, for a page or a notebook."""

from lossviz.figures.base.frames import at_frame, from_json, standalone
from lossviz.figures.base.number_format import every, number, percent, whole
from lossviz.figures.base.parts import load_parts
from lossviz.figures.base.themes import dark, dark_map
from lossviz.figures.codes.bit_flips import bit_errors
from lossviz.figures.codes.bit_independence import bit_readings
from lossviz.figures.codes.code_plane import code_plane
from lossviz.figures.codes.head_scores import SCORES, head_scores
from lossviz.figures.codes.many_classes import many_classes
from lossviz.figures.codes.unions import unions
from lossviz.figures.gallery.loss_curves import shapes
from lossviz.figures.gallery.outlier_lines import pulled
from lossviz.figures.gallery.outlier_location import valleys
from lossviz.figures.gallery.sketch import sketch
from lossviz.figures.landscape.eight_planes import eight_planes
from lossviz.figures.landscape.one_plane import one_plane
from lossviz.figures.landscape.rescaled import rescaled
from lossviz.figures.landscape.surfaces import contour, profile, terrain
from lossviz.figures.likelihood.entropy_bar import entropy_bar
from lossviz.figures.likelihood.more_data import more_data
from lossviz.figures.likelihood.sample import likelihood
from lossviz.figures.metrics.as_written import as_written
from lossviz.figures.metrics.calibration import calibrated, calibration_of
from lossviz.figures.metrics.precision import in_floats, twice
from lossviz.figures.metrics.ruler import ruler
from lossviz.figures.metrics.score_curves import score_curves
from lossviz.figures.metrics.terms import caps, terms
from lossviz.figures.metrics.threshold import threshold
from lossviz.figures.neuron.descents import descents
from lossviz.figures.neuron.escape import escape
from lossviz.figures.neuron.slopes import slopes
from lossviz.figures.race.boundaries import Portraits, portrait_plane, portraits
from lossviz.figures.race.race import training_curves
from lossviz.figures.race.rug import seed_at
from lossviz.figures.race.styles import MEASURES
from lossviz.figures.stability.edge import edge
from lossviz.figures.stability.edge_words import edge_names
from lossviz.figures.stability.quadratics import bowl
from lossviz.figures.weights.maps import maps
from lossviz.figures.weights.reliefs import reliefs

__all__ = [
    "MEASURES",
    "SCORES",
    "Portraits",
    "as_written",
    "at_frame",
    "bit_errors",
    "bit_readings",
    "bowl",
    "calibrated",
    "calibration_of",
    "caps",
    "code_plane",
    "contour",
    "dark",
    "dark_map",
    "descents",
    "edge",
    "edge_names",
    "eight_planes",
    "entropy_bar",
    "escape",
    "every",
    "from_json",
    "head_scores",
    "in_floats",
    "likelihood",
    "load_parts",
    "many_classes",
    "maps",
    "more_data",
    "number",
    "one_plane",
    "percent",
    "portrait_plane",
    "portraits",
    "profile",
    "pulled",
    "reliefs",
    "rescaled",
    "ruler",
    "score_curves",
    "seed_at",
    "shapes",
    "sketch",
    "slopes",
    "standalone",
    "terms",
    "terrain",
    "threshold",
    "training_curves",
    "twice",
    "unions",
    "valleys",
    "whole",
]
