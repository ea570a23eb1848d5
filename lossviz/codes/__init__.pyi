from .bit_flips import BitErrors as BitErrors
from .bit_flips import bit_errors as bit_errors
from .bit_independence import BitIndependence as BitIndependence
from .bit_independence import ambiguous_posteriors as ambiguous_posteriors
from .bit_independence import independent_bits as independent_bits
from .code import Code as Code
from .code import output_code as output_code
from .decoding import decode as decode
from .digits import DigitBits as DigitBits
from .digits import HeadScores as HeadScores
from .digits import digit_bits as digit_bits
from .digits import digits_table as digits_table
from .heads import HEADS as HEADS
from .heads import Head as Head
from .labellings import Unions as Unions
from .labellings import unions as unions
from .plane_networks import CodePlane as CodePlane
from .plane_networks import HeadConfig as HeadConfig
from .plane_networks import code_plane as code_plane
from .separability import SeparableLabelings as SeparableLabelings
from .separability import separable_labelings as separable_labelings
from .synthetic_classes import ManyClasses as ManyClasses
from .synthetic_classes import many_classes as many_classes
from .table import CODES as CODES
from .table import OutputCode as OutputCode
from .table import random_code as random_code

__all__ = [
    "CODES",
    "HEADS",
    "BitErrors",
    "BitIndependence",
    "Code",
    "CodePlane",
    "DigitBits",
    "Head",
    "HeadConfig",
    "HeadScores",
    "ManyClasses",
    "OutputCode",
    "SeparableLabelings",
    "Unions",
    "ambiguous_posteriors",
    "bit_errors",
    "code_plane",
    "decode",
    "digit_bits",
    "digits_table",
    "independent_bits",
    "many_classes",
    "output_code",
    "random_code",
    "separable_labelings",
    "unions",
]
