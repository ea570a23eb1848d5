"""Wrong bits: which neurons erred, which word came out, and how far the outputs are from the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.codes.code import all_words, bits_to_int
from lossviz.codes.digits import DigitBits
from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.losses.table import LOSSES

HISTOGRAM_BINS = 20  # of outputs, in [0, 1]
CONFIDENT = 0.95  # an output that gives the wrong bit at least this probability is confidently wrong
MAX_BITS = 8


@dataclass(frozen=True, eq=False)
class BitErrors:
    """Wrong bits of one head on the test digits, all seeds pooled, at t thresholds.

    A word is read as a binary number, most significant bit first.
    """

    bits: DigitBits
    thresholds: Floats  # (t,)
    flip_counts: NDArray[np.int64]  # (t, classes, 2^bits) by the word of flipped bits
    word_counts: NDArray[np.int64]  # (t, classes, 2^bits) by the word that came out
    ones_histogram: NDArray[np.int64]  # (20,) outputs of neurons whose bit is 1, in equal bins of [0, 1]
    zeros_histogram: NDArray[np.int64]  # (20,) outputs of neurons whose bit is 0
    confidently_wrong: int  # bits whose wrong value is given more than 95 %
    mean_gradient: Floats  # (2,) mean |dL/dz| on these bits: squared error without the 1/2, and cross-entropy

    def by_error_count(self, t: int) -> NDArray[np.int64]:
        """Number of digits with 0, 1, ... wrong bits at threshold number ``t``: (bits + 1,)."""
        distance = all_words(self.bits.code.length).sum(axis=1)
        return np.bincount(distance, self.flip_counts[t].sum(axis=0)).astype(np.int64)

    def unused(self, t: int) -> int:
        """Number of digits whose word is no codeword, at threshold number ``t``."""
        counts = self.word_counts[t]
        return int(counts.sum()) - int(counts[:, bits_to_int(self.bits.code.bits)].sum())


def bit_errors(bits: DigitBits, thresholds: Sequence[float] | Floats = (0.5,)) -> BitErrors:
    """Count wrong bits and the words that come out at several thresholds.

    Args:
        bits: The outputs of one head, from `digit_bits`; its code has at most 8 bits.
        thresholds: (t,) in [0, 1]; an output of at least the threshold is a 1.

    Returns:
        The counts, and how strongly two losses correct confidently wrong bits.

    Raises:
        ValueError: For a threshold outside [0, 1], or a code of more than 8 bits.

    Example:
        >>> import lossviz as lv
        >>> errors = lv.codes.bit_errors(lv.codes.digit_bits("4-bits-ce", seeds=1, epochs=1), [0.5])
        >>> int(errors.by_error_count(0).sum())
        597
    """
    code = bits.code
    if code.length > MAX_BITS:
        raise ValueError(f"words of at most {MAX_BITS} bits are counted; this code has {code.length}")
    for value in thresholds:
        number_in("threshold", float(value), 0.0, 1.0)
    target = code.bits[bits.y]  # (n, bits)
    p = bits.outputs.astype(np.float64)
    n_words = 2**code.length
    rows = np.broadcast_to(bits.y, p.shape[:2]).ravel() * n_words
    flip_counts: list[NDArray[np.int64]] = []
    word_counts: list[NDArray[np.int64]] = []
    for value in thresholds:
        word = (p >= value).astype(np.int8)
        for counted, counts in ((word ^ target, flip_counts), (word, word_counts)):
            table = np.bincount(rows + bits_to_int(counted).ravel(), minlength=code.classes * n_words)
            counts.append(table.reshape(code.classes, n_words))
    is_one = np.broadcast_to(target, p.shape).astype(bool)
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    p_true = np.where(is_one, p, 1 - p)  # the probability given to the true value of the bit
    wrong = p_true < 1 - CONFIDENT
    return BitErrors(
        bits,
        np.asarray(thresholds, dtype=np.float64),
        np.stack(flip_counts),
        np.stack(word_counts),
        np.histogram(p[is_one], edges)[0],
        np.histogram(p[~is_one], edges)[0],
        int(wrong.sum()),
        _mean_gradients(p[wrong], is_one[wrong]),
    )


def _mean_gradients(p: Floats, target: NDArray[np.bool_]) -> Floats:
    """Mean |dL/dz| of squared error and of cross-entropy at outputs p (n,) with targets (n,); 0 for n = 0."""
    if not len(p):
        return np.zeros(2)
    z = np.log(p + 1e-30) - np.log1p(-np.minimum(p, 1 - 1e-16))
    y = target.astype(np.float64)
    return np.array(
        [float(LOSSES[name].gradient(z, y).abs().mean()) for name in ("sigmoid-mse", "sigmoid-ce")]
    )
