"""Results into Plotly figures: pure functions, for a page or a notebook."""

from lossviz.figures.frames import at_frame, standalone
from lossviz.figures.neuron import descents, escape, slopes
from lossviz.figures.race import training_curves
from lossviz.figures.style import dark
from lossviz.figures.weights import maps, reliefs

__all__ = [
    "at_frame",
    "dark",
    "descents",
    "escape",
    "maps",
    "reliefs",
    "slopes",
    "standalone",
    "training_curves",
]
