"""Wrong by one bit: which neurons erred, which word came out, and how near the threshold it was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.codes.code import all_words, numbers_of
from lossviz.codes.digits import DigitBits
from lossviz.common.typing import Floats
from lossviz.common.validation import number_in
from lossviz.losses.table import LOSSES

Counts = NDArray[np.int64]
BARS = 20  # of outputs, in [0, 1]
SURE = 0.95


@dataclass(frozen=True, eq=False)
class BitErrors:
    """The mistakes of one head, all seeds pooled, for several thresholds."""

    bits: DigitBits
    thresholds: Floats  # (t,)
    flipped: Counts  # (t, classes, 2^bits) by which neurons erred, read as a word
    words: Counts  # (t, classes, 2^bits) by the word that came out
    ones: Counts  # (BARS,) outputs of neurons that should say 1
    zeros: Counts  # (BARS,) outputs of neurons that should say 0
    sure: int  # bits that are wrong at 1/2 and more than 95 % sure
    pull: Floats  # (2,) mean |dL/dz| on these bits: squared error without the 1/2, and cross-entropy

    def by_size(self, t: int) -> Counts:
        """(bits + 1,) how many digits came out with so many wrong bits, at threshold number t."""
        wrong = all_words(self.bits.code.length).sum(axis=1)
        return np.bincount(wrong, self.flipped[t].sum(axis=0)).astype(np.int64)

    def nameless(self, t: int) -> int:
        """How many digits came out as a word that names no class, at threshold number t."""
        return int(self.words[t].sum()) - int(self.words[t][:, numbers_of(self.bits.code.bits)].sum())


def bit_errors(bits: DigitBits, thresholds: Sequence[float] | Floats = (0.5,)) -> BitErrors:
    """Count the mistakes at every threshold; an output of at least the threshold is a 1.

    Raises ValueError for a threshold outside [0, 1], or a code of more than 8 bits.
    """
    code = bits.code
    if code.length > 8:
        raise ValueError(f"words are counted for codes of at most 8 bits; this one has {code.length}")
    for value in thresholds:
        number_in("threshold", float(value), 0.0, 1.0)
    true = code.bits[bits.y]  # (n, bits)
    p = bits.outputs.astype(np.float64)
    size = 2**code.length
    rows = np.broadcast_to(bits.y, p.shape[:2]).ravel() * size
    flipped: list[Counts] = []
    words: list[Counts] = []
    for value in thresholds:
        said = (p >= value).astype(np.int8)
        for found, kept in ((said ^ true, flipped), (said, words)):
            counts = np.bincount(rows + numbers_of(found).ravel(), minlength=code.classes * size)
            kept.append(counts.reshape(code.classes, size))
    target = np.broadcast_to(true, p.shape).astype(bool)
    edges = np.linspace(0, 1, BARS + 1)
    right = np.where(target, p, 1 - p)  # what the true value of the bit was given
    sure = right < 1 - SURE
    pull = np.zeros(2)
    if sure.any():
        z = np.log(p[sure] + 1e-30) - np.log1p(-np.minimum(p[sure], 1 - 1e-16))
        y = target[sure].astype(np.float64)
        pull = np.array(
            [float(LOSSES[name].gradient(z, y).abs().mean()) for name in ("sigmoid-mse", "sigmoid-ce")]
        )
    return BitErrors(
        bits,
        np.asarray(thresholds, dtype=np.float64),
        np.stack(flipped),
        np.stack(words),
        np.histogram(p[target], edges)[0],
        np.histogram(p[~target], edges)[0],
        int(sure.sum()),
        pull,
    )
