from .fits import STUDENTS as STUDENTS
from .fits import NeuronFits as NeuronFits
from .fits import neuron_fits as neuron_fits
from .logarithms import DensityCosts as DensityCosts
from .logarithms import GuessLosses as GuessLosses
from .logarithms import LikelihoodProduct as LikelihoodProduct
from .logarithms import density_costs as density_costs
from .logarithms import guess_losses as guess_losses
from .logarithms import likelihood_product as likelihood_product
from .predictions import PredictionSweep as PredictionSweep
from .predictions import prediction_sweep as prediction_sweep

__all__ = [
    "STUDENTS",
    "DensityCosts",
    "GuessLosses",
    "LikelihoodProduct",
    "NeuronFits",
    "PredictionSweep",
    "density_costs",
    "guess_losses",
    "likelihood_product",
    "neuron_fits",
    "prediction_sweep",
]
