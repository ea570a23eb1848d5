"""The outputs of a code as bit probabilities, and the information lost if the bits are read independently."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lossviz.codes.code import Bits, OutputCode, all_words, bits_to_int
from lossviz.codes.decoding import NO_CLASS, decode
from lossviz.codes.table import as_code
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

MAX_BITS = 12


@dataclass(frozen=True, eq=False)
class BitIndependence:
    """A posterior over classes as a joint distribution of bits, and the product of its marginals."""

    code: OutputCode
    posterior: Floats  # (classes,)
    marginals: Floats  # (bits,) the probability that each bit is 1: the outputs of perfectly trained sigmoids
    words: Bits  # (2^bits, bits) all words, in counting order
    joint: Floats  # (2^bits,) the probability of each word, 0 for one that is no codeword
    product: Floats  # (2^bits,) the product of the bits' marginals
    total_correlation: float  # KL(joint || product), in bits
    thresholded: int  # number of the word that thresholding the marginals at 1/2 gives
    decoded: int  # the class with this codeword, `NO_CLASS` if there is none

    @property
    def impossible(self) -> bool:
        """Whether the decoded class has probability 0."""
        return self.decoded != NO_CLASS and float(self.posterior[self.decoded]) == 0


def independent_bits(posterior: ArrayLike, code: OutputCode | str | ArrayLike) -> BitIndependence:
    """Compare a posterior with what its bits would imply if they were independent.

    The information lost is the total correlation of the codeword's bits: KL(joint || product), which is the
    sum of the bits' entropies minus the entropy of the classes.

    Args:
        posterior: Probabilities of the classes, (classes,).
        code: An `OutputCode`, a matrix of bits (classes, bits), or the name of a row of `CODES`; at most
            12 bits.

    Returns:
        The two distributions over words, their divergence, and the class that thresholding decodes.

    Raises:
        KeyError: For an unknown code.
        ValueError: Unless the posterior is one (within 1e-6) and fits the code.

    Source:
        S. Watanabe, Information theoretical analysis of multivariate correlation (1960).

    Example:
        >>> import lossviz as lv
        >>> facts = lv.codes.independent_bits([0, 0.5, 0.5, 0], "binary")
        >>> facts.marginals.tolist(), facts.total_correlation
        ([0.5, 0.5], 1.0)
        >>> facts.decoded, facts.impossible
        (3, True)
    """
    p = np.asarray(posterior, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all() or abs(float(p.sum()) - 1) > 1e-6:
        raise ValueError(f"posterior must be probabilities that add up to 1; got {p.tolist()}")
    made = as_code(code, len(p))
    count_in("bits of a code whose words are listed", made.length, 1, MAX_BITS)
    words = all_words(made.length)
    joint = np.zeros(len(words))
    joint[bits_to_int(made.bits)] = p
    marginals = np.clip(p @ made.bits, 0.0, 1.0)
    product = np.where(words == 1, marginals, 1 - marginals).prod(axis=1)
    support = joint > 0
    divergence = float(np.sum(joint[support] * np.log2(joint[support] / product[support])))
    thresholded = int(bits_to_int((marginals >= 0.5).astype(np.int8)))
    decoded = int(decode(marginals, made, method="threshold"))
    return BitIndependence(
        made, p, marginals, words, joint, product, max(0.0, divergence), thresholded, decoded
    )


def ambiguous_posteriors(
    classes: Sequence[int], code: OutputCode, p_first: ArrayLike | None = None
) -> list[BitIndependence]:
    """Apply `independent_bits` to posteriors from certain of one class to uniform over several.

    Args:
        classes: The classes that are possible, at least two; the first gets ``p_first``, the others share the
            rest evenly.
        code: The code of all classes.
        p_first: Probabilities of the first class, (k,); by default 41 from 1 down to the uniform share.

    Returns:
        One result for each entry of ``p_first``.

    Raises:
        ValueError: For fewer than two classes, an unknown one, or a number that is no probability.

    Example:
        >>> import lossviz as lv
        >>> code = lv.codes.CODES["binary"].code(8)
        >>> facts = lv.codes.ambiguous_posteriors((4, 2, 1), code)[-1]
        >>> facts.decoded, facts.impossible
        (0, True)
    """
    count_in("classes that share the probability", len(set(classes)), 2, code.classes)
    for c in classes:
        count_in("class", c, 0, code.classes - 1)
    uniform = 1 / len(classes)
    shares = (
        np.linspace(1, uniform, 41) if p_first is None else np.atleast_1d(np.asarray(p_first, np.float64))
    )
    results = []
    for share in shares:
        number_in("probability of the first class", float(share), 0.0, 1.0)
        posterior = np.zeros(code.classes)
        posterior[list(classes)] = (1 - share) / (len(classes) - 1)
        posterior[classes[0]] = share
        results.append(independent_bits(posterior, code))
    return results
