"""Results into Plotly figures: pure functions, for a page or a notebook."""

from lossviz.figures.as_written import as_written
from lossviz.figures.bit_errors import bit_errors
from lossviz.figures.bit_reading import bit_readings
from lossviz.figures.bowl import bowl
from lossviz.figures.calibrated import calibrated, calibration_of
from lossviz.figures.code_plane import code_plane
from lossviz.figures.contestants import MEASURES
from lossviz.figures.descents import descents
from lossviz.figures.edge import edge
from lossviz.figures.edge_words import edge_names
from lossviz.figures.eight_planes import eight_planes
from lossviz.figures.entropy_bar import entropy_bar
from lossviz.figures.escape import escape
from lossviz.figures.frames import at_frame, from_json, standalone
from lossviz.figures.head_scores import SCORES, head_scores
from lossviz.figures.landscape import contour, profile, terrain
from lossviz.figures.likelihood import likelihood
from lossviz.figures.many_classes import many_classes
from lossviz.figures.maps import maps
from lossviz.figures.more_data import more_data
from lossviz.figures.numerals import every, number, percent, whole
from lossviz.figures.one_plane import one_plane
from lossviz.figures.parts import load_parts
from lossviz.figures.portraits import Portraits, portrait_plane, portraits
from lossviz.figures.pulled import pulled
from lossviz.figures.race import training_curves
from lossviz.figures.reliefs import reliefs
from lossviz.figures.rescaled import rescaled
from lossviz.figures.rug import seed_at
from lossviz.figures.ruler import ruler
from lossviz.figures.score_curves import score_curves
from lossviz.figures.shapes import shapes
from lossviz.figures.sketch import sketch
from lossviz.figures.slopes import slopes
from lossviz.figures.terms import caps, terms
from lossviz.figures.themes import dark, dark_map
from lossviz.figures.threshold import threshold
from lossviz.figures.unions import unions
from lossviz.figures.valleys import valleys
from lossviz.figures.ways import in_floats, twice

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
