from .estimators import Consistency as Consistency
from .estimators import consistency as consistency
from .information import EntropyBar as EntropyBar
from .information import cross_entropy as cross_entropy
from .information import entropy as entropy
from .information import entropy_bar as entropy_bar
from .information import kl_divergence as kl_divergence
from .noise import NoiseDistribution as NoiseDistribution
from .sample import SampleLikelihood as SampleLikelihood
from .sample import sample_likelihood as sample_likelihood
from .table import NOISE_DISTRIBUTIONS as NOISE_DISTRIBUTIONS

__all__ = [
    "NOISE_DISTRIBUTIONS",
    "Consistency",
    "EntropyBar",
    "NoiseDistribution",
    "SampleLikelihood",
    "consistency",
    "cross_entropy",
    "entropy",
    "entropy_bar",
    "kl_divergence",
    "sample_likelihood",
]
