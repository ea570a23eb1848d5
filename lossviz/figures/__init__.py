"""Results into Plotly figures: pure functions, for a page or a notebook."""

from lossviz.figures.bit_errors import bit_errors
from lossviz.figures.bit_reading import bit_readings
from lossviz.figures.bowl import bowl
from lossviz.figures.code_plane import code_plane
from lossviz.figures.contestants import MEASURES
from lossviz.figures.descents import descents
from lossviz.figures.edge import edge
from lossviz.figures.edge_words import edge_names
from lossviz.figures.eight_planes import eight_planes
from lossviz.figures.escape import escape
from lossviz.figures.frames import at_frame, from_json, standalone
from lossviz.figures.head_scores import SCORES, head_scores, many_classes
from lossviz.figures.landscape import contour, profile, terrain
from lossviz.figures.maps import maps
from lossviz.figures.one_plane import one_plane
from lossviz.figures.portraits import Portraits, portrait_plane, portraits
from lossviz.figures.race import training_curves
from lossviz.figures.reliefs import reliefs
from lossviz.figures.rescaled import rescaled
from lossviz.figures.slopes import slopes
from lossviz.figures.style import dark, dark_map, number, percent
from lossviz.figures.unions import unions

__all__ = [
    "MEASURES",
    "SCORES",
    "Portraits",
    "at_frame",
    "bit_errors",
    "bit_readings",
    "bowl",
    "code_plane",
    "contour",
    "dark",
    "dark_map",
    "descents",
    "edge",
    "edge_names",
    "eight_planes",
    "escape",
    "from_json",
    "head_scores",
    "many_classes",
    "maps",
    "number",
    "one_plane",
    "percent",
    "portrait_plane",
    "portraits",
    "profile",
    "reliefs",
    "rescaled",
    "slopes",
    "standalone",
    "terrain",
    "training_curves",
    "unions",
]
