from .bit_flips import BitErrors as BitErrors
from .bit_flips import bit_errors as bit_errors
from .bit_independence import BitIndependence as BitIndependence
from .bit_independence import ambiguous_posteriors as ambiguous_posteriors
from .bit_independence import independent_bits as independent_bits
from .class_dichotomies import Dichotomies as Dichotomies
from .class_dichotomies import dichotomies as dichotomies
from .code import OutputCode as OutputCode
from .code import output_code as output_code
from .decoding import NO_CLASS as NO_CLASS
from .decoding import class_log_probabilities as class_log_probabilities
from .decoding import decode as decode
from .digits import DigitBits as DigitBits
from .digits import DigitHead as DigitHead
from .digits import HeadScores as HeadScores
from .digits import digit_bits as digit_bits
from .digits import digits_table as digits_table
from .heads import HEADS as HEADS
from .heads import Head as Head
from .heads import HeadTraining as HeadTraining
from .plane_networks import CodePlane as CodePlane
from .plane_networks import HeadConfig as HeadConfig
from .plane_networks import code_plane as code_plane
from .separability import HalfSpace as HalfSpace
from .separability import SeparableLabelings as SeparableLabelings
from .separability import max_regions as max_regions
from .separability import separable_labelings as separable_labelings
from .separability import separate as separate
from .synthetic_classes import ManyClasses as ManyClasses
from .synthetic_classes import many_classes as many_classes
from .table import CODES as CODES
from .table import CodeFamily as CodeFamily
from .table import random_code as random_code

__all__ = [
    "CODES",
    "HEADS",
    "NO_CLASS",
    "BitErrors",
    "BitIndependence",
    "CodeFamily",
    "CodePlane",
    "Dichotomies",
    "DigitBits",
    "DigitHead",
    "HalfSpace",
    "Head",
    "HeadConfig",
    "HeadScores",
    "HeadTraining",
    "ManyClasses",
    "OutputCode",
    "SeparableLabelings",
    "ambiguous_posteriors",
    "bit_errors",
    "class_log_probabilities",
    "code_plane",
    "decode",
    "dichotomies",
    "digit_bits",
    "digits_table",
    "independent_bits",
    "many_classes",
    "max_regions",
    "output_code",
    "random_code",
    "separable_labelings",
    "separate",
]
