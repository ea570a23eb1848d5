from .base.frames import at_frame as at_frame
from .base.frames import from_json as from_json
from .base.number_format import every as every
from .base.number_format import number as number
from .base.number_format import percent as percent
from .base.number_format import whole as whole
from .base.standalone import standalone as standalone
from .base.themes import dark as dark
from .base.themes import dark_map as dark_map
from .basics.accuracy_history import accuracy_history as accuracy_history
from .basics.density_costs import density_costs as density_costs
from .basics.guess_losses import guess_losses as guess_losses
from .basics.likelihood_product import likelihood_product as likelihood_product
from .basics.neuron_fits import neuron_fits as neuron_fits
from .basics.prediction_costs import prediction_costs as prediction_costs
from .basics.prediction_sweep import prediction_sweep as prediction_sweep
from .codes.bit_flips import bit_errors as bit_errors
from .codes.bit_independence import bit_independence as bit_independence
from .codes.code_plane import code_plane as code_plane
from .codes.dichotomies import dichotomies as dichotomies
from .codes.head_scores import HEAD_MEASURES as HEAD_MEASURES
from .codes.head_scores import head_scores as head_scores
from .codes.many_classes import many_classes as many_classes
from .gallery.loss_curves import loss_curves as loss_curves
from .gallery.outlier_lines import outlier_lines as outlier_lines
from .gallery.outlier_location import outlier_location as outlier_location
from .gallery.sketch import sketch as sketch
from .landscape.eight_planes import eight_planes as eight_planes
from .landscape.one_plane import one_plane as one_plane
from .landscape.rescaled import rescaled as rescaled
from .landscape.surfaces import contour as contour
from .landscape.surfaces import profile as profile
from .landscape.surfaces import terrain as terrain
from .likelihood.consistency import consistency as consistency
from .likelihood.entropy_bar import entropy_bar as entropy_bar
from .likelihood.sample import sample_likelihood as sample_likelihood
from .metrics.as_written import as_written as as_written
from .metrics.calibration import calibration as calibration
from .metrics.precision import float_curves as float_curves
from .metrics.precision import softmax_twice as softmax_twice
from .metrics.reference_accuracies import reference_accuracies as reference_accuracies
from .metrics.reference_losses import reference_losses as reference_losses
from .metrics.score_curves import score_curves as score_curves
from .metrics.terms import clipping_limits as clipping_limits
from .metrics.terms import score_terms as score_terms
from .metrics.threshold import threshold_curve as threshold_curve
from .neuron.descents import descents as descents
from .neuron.escape_times import escape_times as escape_times
from .neuron.logit_curves import logit_curves as logit_curves
from .stability.edge import edge as edge
from .stability.edge_text import edge_names as edge_names
from .stability.quadratics import quadratic as quadratic
from .training.rug import seed_at as seed_at
from .training.styles import TRAINING_METRICS as TRAINING_METRICS
from .training.training_curves import training_curves as training_curves
from .weights.contours import loss_contours as loss_contours
from .weights.terrains import loss_terrains as loss_terrains

__all__ = [
    "HEAD_MEASURES",
    "TRAINING_METRICS",
    "accuracy_history",
    "as_written",
    "at_frame",
    "bit_errors",
    "bit_independence",
    "calibration",
    "clipping_limits",
    "code_plane",
    "consistency",
    "contour",
    "dark",
    "dark_map",
    "density_costs",
    "descents",
    "dichotomies",
    "edge",
    "edge_names",
    "eight_planes",
    "entropy_bar",
    "escape_times",
    "every",
    "float_curves",
    "from_json",
    "guess_losses",
    "head_scores",
    "likelihood_product",
    "logit_curves",
    "loss_contours",
    "loss_curves",
    "loss_terrains",
    "many_classes",
    "neuron_fits",
    "number",
    "one_plane",
    "outlier_lines",
    "outlier_location",
    "percent",
    "prediction_costs",
    "prediction_sweep",
    "profile",
    "quadratic",
    "reference_accuracies",
    "reference_losses",
    "rescaled",
    "sample_likelihood",
    "score_curves",
    "score_terms",
    "seed_at",
    "sketch",
    "softmax_twice",
    "standalone",
    "terrain",
    "threshold_curve",
    "training_curves",
    "whole",
]
