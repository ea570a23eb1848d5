"""Results into Plotly figures: pure functions, for a page or a notebook."""

from lossviz.figures.frames import at_frame, from_json, standalone
from lossviz.figures.neuron import descents, escape, slopes
from lossviz.figures.race import MEASURES, Portraits, portrait_plane, training_curves
from lossviz.figures.style import dark, dark_map, number, percent
from lossviz.figures.weights import maps, reliefs

__all__ = [
    "MEASURES",
    "Portraits",
    "at_frame",
    "dark",
    "dark_map",
    "descents",
    "escape",
    "from_json",
    "maps",
    "number",
    "percent",
    "portrait_plane",
    "reliefs",
    "slopes",
    "standalone",
    "training_curves",
]
