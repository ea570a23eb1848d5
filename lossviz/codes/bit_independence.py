"""What the outputs of a code mean: the probability of each bit, and what reading them one by one loses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.codes.code import Bits, Code, all_words, numbers_of
from lossviz.codes.decoding import NO_CLASS, decode
from lossviz.codes.table import as_code
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

MOST_BITS = 12


@dataclass(frozen=True, eq=False)
class BitIndependence:
    """A true posterior over classes, and the joint that its bits imply if they were independent."""

    code: Code
    posterior: Floats  # (classes,) the truth
    marginals: Floats  # (bits,) the probability that each bit is 1: what a perfect neuron puts out
    words: Bits  # (2^bits, bits) all words, in counting order
    truth: Floats  # (2^bits,) the true probability of each word, 0 for one that names no class
    product: Floats  # (2^bits,) the product of the bits' probabilities
    lost: float  # KL(truth || product) in bits
    thresholded: int  # the number of the word that thresholding at 1/2 gives
    decoded: int  # the class with this word, -1 if there is none

    @property
    def impossible(self) -> bool:
        """Whether the class that is decoded has probability 0."""
        return self.decoded != NO_CLASS and float(self.posterior[self.decoded]) == 0


def independent_bits(posterior: ArrayLike, code: Code | str | ArrayLike) -> BitIndependence:
    """Read a posterior over classes (classes,) through the bits of a code, one by one.

    The information lost is KL(truth || product) = sum of the bits' entropies - entropy of the classes, in
    bits: the total correlation of the word's bits.
    Raises ValueError unless the posterior is one (within 1e-6) and fits a code of at most 12 bits.
    """
    p = np.asarray(posterior, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all() or abs(float(p.sum()) - 1) > 1e-6:
        raise ValueError(f"posterior must be probabilities that add up to 1; got {p.tolist()}")
    found = as_code(code, len(p))
    count_in("bits of a code that is read word by word", found.length, 1, MOST_BITS)
    words = all_words(found.length)
    truth = np.zeros(len(words))
    truth[numbers_of(found.bits)] = p
    marginals = np.clip(p @ found.bits, 0.0, 1.0)
    product = np.where(words == 1, marginals, 1 - marginals).prod(axis=1)
    there = truth > 0
    lost = float(np.sum(truth[there] * np.log2(truth[there] / product[there])))
    number = int(numbers_of((marginals >= 0.5).astype(np.int8)))
    decoded = int(decode(marginals, found, how="threshold"))
    return BitIndependence(found, p, marginals, words, truth, product, max(0.0, lost), number, decoded)


def ambiguous_posteriors(
    classes: Sequence[int], code: Code, first: ArrayLike | None = None
) -> list[BitIndependence]:
    """Readings of posteriors that put `first` on the first of some classes and share the rest evenly.

    ``first`` are the probabilities of the first class; by default from 1 down to even shares in 41 steps.
    Raises ValueError for fewer than two classes, or any that are not of the code.
    """
    count_in("classes to be torn between", len(set(classes)), 2, code.classes)
    for c in classes:
        count_in("class", c, 0, code.classes - 1)
    even = 1 / len(classes)
    firsts = np.linspace(1, even, 41) if first is None else np.atleast_1d(np.asarray(first, np.float64))
    readings = []
    for share in firsts:
        number_in("probability of the first class", float(share), 0.0, 1.0)
        posterior = np.zeros(code.classes)
        posterior[list(classes)] = (1 - share) / (len(classes) - 1)
        posterior[classes[0]] = share
        readings.append(independent_bits(posterior, code))
    return readings
