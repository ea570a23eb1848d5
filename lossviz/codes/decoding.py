"""From what the neurons of a code say to a class, in four ways, and to a probability for each class."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.codes.code import Code
from lossviz.codes.table import as_code
from lossviz.common.typing import Floats

Classes = NDArray[np.int64]

NO_CLASS = -1
_TINY = np.finfo(np.float64).tiny  # a neuron that says 0 is taken to be sure, not infinitely sure
_BLOCK = 250_000  # scores that are held at once; some ten arrays are as large


def decode(bit_probabilities: ArrayLike, code: Code | ArrayLike, how: str = "likelihood") -> Classes:
    """The class that the neurons' outputs name: (...,) from outputs (..., bits) in [0, 1].

    how:
        "threshold"   each bit is 1 from 1/2 on; the class with exactly this word, -1 if none has it
        "hamming"     thresholded, then the class whose word differs in the fewest bits
        "euclidean"   the class whose word is nearest to the outputs themselves
        "likelihood"  the class whose word is likeliest if each output is the probability of a 1 and the
                      bits are independent

    Of classes that are equally near the first is taken. `code` is a `Code` or a matrix of bits.
    Raises KeyError for another way, ValueError for outputs of another shape or outside [0, 1], or a matrix
    that is no code.
    """
    if how not in DECODERS:
        raise KeyError(f"unknown way to decode {how!r}; known: {', '.join(DECODERS)}")
    found = as_code(code)
    p = _outputs(bit_probabilities, found)
    flat = p.reshape(-1, found.length)
    rows = max(1, _BLOCK // max(found.classes, found.length))
    parts = [DECODERS[how](flat[i : i + rows], found) for i in range(0, len(flat), rows)]
    return np.concatenate([*parts, np.empty(0, np.int64)]).reshape(p.shape[:-1])


def _outputs(bit_probabilities: ArrayLike, code: Code) -> Floats:
    p: Any = np.asarray(bit_probabilities, dtype=np.float64)
    if p.ndim == 0 or p.shape[-1] != code.length:
        raise ValueError(f"the code has {code.length} bits; got outputs of shape {p.shape}")
    inside = (p >= 0) & (p <= 1)  # NaN is not
    if not inside.all():
        raise ValueError(f"outputs must be probabilities in [0, 1]; got {p[~inside].flat[0]:g}")
    return np.asarray(p, dtype=np.float64)


def _threshold(p: Floats, code: Code) -> Classes:
    words = p >= 0.5
    nearest = _hamming(p, code)
    return np.where((code.bits[nearest] == words).all(axis=-1), nearest, NO_CLASS)


def _hamming(p: Floats, code: Code) -> Classes:
    return _euclidean((p >= 0.5).astype(np.float64), code)


def _euclidean(p: Floats, code: Code) -> Classes:
    # |p - b|^2 = |p|^2 + sum_j b_j (1 - 2 p_j), since a bit is its own square
    bits = code.bits.astype(np.float64)
    nearest: Classes = ((1 - 2 * p) @ bits.T).argmin(axis=-1)
    return nearest


def _likelihood(p: Floats, code: Code) -> Classes:
    likeliest: Classes = word_log_likelihood(p, code.bits).argmax(axis=-1)
    return likeliest


DECODERS: Mapping[str, Callable[[Floats, Code], Classes]] = MappingProxyType(
    {"threshold": _threshold, "hamming": _hamming, "euclidean": _euclidean, "likelihood": _likelihood}
)


def word_log_likelihood(p: Floats, words: ArrayLike) -> Floats:
    """ln of the product of the bits' probabilities, in nats: (n, m) for p (n, k) and words (m, k)."""
    bits = np.asarray(words, dtype=np.float64)
    one, zero = np.log(np.maximum(p, _TINY)), np.log(np.maximum(1 - p, _TINY))
    likelihood: Floats = one @ bits.T + zero @ (1 - bits).T
    return likelihood


def class_log_probabilities(logits: ArrayLike, code: Code | ArrayLike) -> Floats:
    """ln p(class) in nats, (..., classes), for logits (..., bits) of independent bits, given a word.

    The product of the bits' probabilities, divided by its sum over the code's words, is the softmax of the
    sums of the logits of each word's ones: what all words share cancels. With the one-hot code this is the
    softmax.
    """
    found = as_code(code)
    z = np.asarray(logits, dtype=np.float64)
    if z.ndim == 0 or z.shape[-1] != found.length:
        raise ValueError(f"the code has {found.length} bits; got logits of shape {z.shape}")
    scores = z @ found.bits.T.astype(np.float64)
    scores -= scores.max(axis=-1, keepdims=True)
    log_p: Floats = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return log_p
